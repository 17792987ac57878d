/**
 * Webhooks: events posted to a user's own server, signed as Standard Webhooks says.
 *
 * In: an https URL and a notification. Out: one POST of JSON. Promises: the signature covers id, timestamp and body; a
 * repeat of one event has the same id; each receiver has a secret of its own, made from the operator's key and stored
 * nowhere; where the URL leads is checked at each request (PublicRequest.ts).
 */
import { Clock, Effect, Option, Redacted, Schema } from "effect"
import { Buffer } from "node:buffer"
import { createHmac } from "node:crypto"
import type { NoticeMessage, Notification, Outcome } from "../Notifier.ts"
import type { Address, Outlet, Proven } from "../Outlets.ts"
import { outcomeOf, outcomeOfFault } from "./Answers.ts"
import { plainOf } from "./CardText.ts"
import { type Answer, type Options, post, type RequestFault } from "./PublicRequest.ts"

const URL_LENGTH = 2_000
const SECRET_PREFIX = "whsec_"
/** By 410 a receiver says: never again. A 404 may be a mistake of a moment. */
const GONE: ReadonlyArray<number> = [410]

const Echo = Schema.fromJsonString(Schema.Struct({ challenge: Schema.String }))
const decodeEcho = Schema.decodeUnknownOption(Echo)

const keyOf = (operatorKey: Redacted.Redacted, channelId: string): Buffer =>
  createHmac("sha256", Redacted.value(operatorKey)).update(`webhook:${channelId}`).digest()

/** As the receiver is given it. */
export const secretOf = (operatorKey: Redacted.Redacted, channelId: string): string =>
  SECRET_PREFIX + keyOf(operatorKey, channelId).toString("base64")

export interface Signed {
  readonly id: string
  /** Seconds. */
  readonly timestamp: number
  readonly body: string
}

export const signatureOf = (key: Buffer, { body, id, timestamp }: Signed): string =>
  `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`

/** An https URL without a user name; `http` only where that is allowed. */
export const readUrl = (text: string, allowLocal: boolean): Option.Option<string> => {
  const trimmed = text.trim()
  if (trimmed.length > URL_LENGTH || !URL.canParse(trimmed)) return Option.none()
  const url = new URL(trimmed)
  const secure = url.protocol === "https:" || (allowLocal && url.protocol === "http:")
  if (!secure || url.username !== "" || url.password !== "") return Option.none()
  url.hash = ""
  return Option.some(url.href)
}

const echoed = ({ body, status }: Answer, code: string): Proven => {
  if (status < 200 || status >= 300) return { _tag: "NotProven", detail: `HTTP ${status}` }
  const said = Option.match(decodeEcho(body), { onNone: () => body.trim(), onSome: ({ challenge }) => challenge })
  return said === code
    ? { _tag: "Proven", state: "proven" }
    : { _tag: "NotProven", detail: "the answer does not repeat the challenge" }
}

export const make = (operatorKey: Redacted.Redacted, options: Options): Outlet => {
  const posted = (
    { address, channelId }: Address,
    id: string,
    event: Readonly<Record<string, unknown>>,
  ): Effect.Effect<Answer, RequestFault> =>
    Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const timestamp = Math.floor(nowMs / 1_000)
      const body = JSON.stringify({ v: 1, id, at: nowMs, ...event })
      return yield* post({
        url: address,
        body,
        headers: {
          "content-type": "application/json",
          "user-agent": "ArbEdge-Webhook/1",
          "webhook-id": id,
          "webhook-timestamp": `${timestamp}`,
          "webhook-signature": signatureOf(keyOf(operatorKey, channelId), { id, timestamp, body }),
        },
      }, options)
    })

  const sent = (address: Address, id: number, event: Readonly<Record<string, unknown>>) =>
    posted(address, `n${id}`, event).pipe(
      Effect.flatMap((answer) =>
        Effect.map(
          Clock.currentTimeMillis,
          (nowMs): Outcome => outcomeOf(answer, { gone: GONE, id, nowMs }),
        )
      ),
      Effect.catch((fault) => Effect.succeed(outcomeOfFault(fault))),
    )

  const told = (address: Address, notification: Notification, type: string) => {
    const { batch = [], opportunity } = notification
    const several = batch.length > 1 ? { opportunities: batch } : {}
    return sent(address, notification.way?.id ?? 0, { type, opportunity, ...several })
  }

  const tell = (address: Address, { html, notice, way }: NoticeMessage) =>
    sent(address, way.id, { type: "notice", notice, text: plainOf(html) })

  return {
    read: (text) => readUrl(text, options.allowLocal),
    prove: (address, { code }) =>
      posted(address, `c${code.slice(0, 16)}`, { type: "challenge", challenge: code }).pipe(
        Effect.map((answer) => echoed(answer, code)),
        Effect.catch(({ detail }) => Effect.succeed<Proven>({ _tag: "NotProven", detail })),
      ),
    send: (address, notification) => told(address, notification, "opportunity.notify"),
    tell,
    edit: (address, _messageId, notification) => told(address, notification, "opportunity.update"),
    secretOf: (channelId) => secretOf(operatorKey, channelId),
    reach: Effect.succeed(null),
  }
}
