/**
 * Links that end a user's mails with one click: signed, so that nobody can end another's.
 *
 * In: the public address and a secret that all processes of the product share. Out: `<address>/unsubscribe/<token>`, and
 * the channel that a token names. Promises: HMAC-SHA-256, compared in constant time; a link works for as long as the
 * address is used; without a public address there are none. The key is derived from the bot's token: no further secret
 * to keep.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"
import { Buffer } from "node:buffer"
import { Context, Layer, Option, Redacted } from "effect"

export interface UnsubscribeLinks {
  readonly urlOf: (channelId: string) => Option.Option<string>
  /** None: it was not made here. */
  readonly read: (token: string) => Option.Option<string>
}

const none: UnsubscribeLinks = { urlOf: () => Option.none(), read: () => Option.none() }

export const Unsubscribing = Context.Reference<UnsubscribeLinks>("arbedge/Unsubscribing", {
  defaultValue: () => none,
})

/** `publicUrl` such as "https://arbedge.example"; `secret` the same in every process. */
export const signed = (publicUrl: string, secret: Redacted.Redacted): UnsubscribeLinks => {
  const key = new Uint8Array(hkdfSync("sha256", Redacted.value(secret), "", "arbedge unsubscribe links v1", 32))
  const root = publicUrl.replace(/\/+$/, "")
  const sign = (channelId: string): Uint8Array => createHmac("sha256", key).update(channelId).digest().subarray(0, 16)
  return {
    urlOf: (channelId) =>
      Option.some(`${root}/unsubscribe/${channelId}.${Buffer.from(sign(channelId)).toString("base64url")}`),
    read: (token) => {
      const [, channelId = "", signature = ""] = /^([0-9a-z-]{1,64})\.([\w-]{22})$/.exec(token) ?? []
      const given = Buffer.from(signature, "base64url"), expected = sign(channelId)
      return given.length === expected.length && timingSafeEqual(given, expected)
        ? Option.some(channelId)
        : Option.none()
    },
  }
}

/** Signed where both are there. */
export const linksOf = (
  publicUrl: Option.Option<string>,
  secret: Option.Option<Redacted.Redacted>,
): UnsubscribeLinks =>
  Option.match(Option.all([publicUrl, secret]), { onNone: () => none, onSome: ([url, key]) => signed(url, key) })

export const layer = (links: UnsubscribeLinks): Layer.Layer<never> => Layer.succeed(Unsubscribing, links)
