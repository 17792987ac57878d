/**
 * Links under our own address that tell that they were followed: signed, so that nobody else can make one.
 *
 * In: the public address and a secret that all processes of the product share. Out: `<address>/r/<claim>.<signature>`, and the
 * claim of such a link. Promises: HMAC-SHA-256, compared in constant time before anything is read; without a public address links
 * lead to the venues directly, and nobody knows who follows them. The key is derived from the bot's token, whose owner
 * is the same: no further secret to keep.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"
import { Context, Layer, Option, Redacted } from "effect"
import { type ClickLink, decode, encode, targetOf } from "../domain/ClickLink.ts"

export interface Links {
  /** Null: the venue's page is not known. */
  readonly linkTo: (link: ClickLink) => string | null
  /** What a token says; none: it was not made here. The caller looks at `expiresAt`. */
  readonly read: (token: string) => Option.Option<ClickLink>
}

/** Links straight to the venues, where nobody says otherwise: clicks are unknown. */
const direct: Links = { linkTo: targetOf, read: () => Option.none() }

export const ClickLinks = Context.Reference<Links>("arbedge/ClickLinks", { defaultValue: () => direct })

/** Longer than any link of ours. */
export const MAX_TOKEN_LENGTH = 1_024

const keyOf = (secret: Redacted.Redacted): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", Redacted.value(secret), "", "arbedge click links v1", 32))

/** `publicUrl` such as "https://arbedge.example"; `secret` the same in every process. */
export const layerSigned = (publicUrl: string, secret: Redacted.Redacted): Layer.Layer<never> => {
  const key = keyOf(secret), root = publicUrl.replace(/\/+$/, "")
  const sign = (claim: string): Uint8Array => createHmac("sha256", key).update(claim).digest()
  return Layer.succeed(ClickLinks, {
    linkTo: (link) => {
      if (targetOf(link) === null) return null
      const claim = Buffer.from(encode(link), "utf8").toString("base64url")
      return `${root}/r/${claim}.${Buffer.from(sign(claim)).toString("base64url")}`
    },
    read: (token) => {
      const [claim = "", signature = "", ...more] = token.length > MAX_TOKEN_LENGTH ? [] : token.split(".")
      const given = Buffer.from(signature, "base64url"), expected = sign(claim)
      const isOurs = given.length === expected.length && timingSafeEqual(given, expected) && more.length === 0
      return isOurs ? decode(Buffer.from(claim, "base64url").toString("utf8")) : Option.none()
    },
  })
}

/** Signed where both are there. */
export const layerOf = (
  publicUrl: Option.Option<string>,
  secret: Option.Option<Redacted.Redacted>,
): Layer.Layer<never> =>
  Option.match(Option.all([publicUrl, secret]), {
    onNone: () => Layer.empty,
    onSome: ([url, key]) => layerSigned(url, key),
  })
