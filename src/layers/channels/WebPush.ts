/**
 * Web push: notifications of a browser, encrypted for it, by VAPID.
 *
 * In: a push subscription as the browser gives it, and a notification. Out: one POST to its push service. Promises: the
 * payload is readable by that browser alone; a newer revision replaces one that was not shown yet; 404 and 410 mean that
 * the subscription has ended; where the endpoint leads is checked at each request (PublicRequest.ts).
 */
import { Clock, Effect, Option, Redacted, Schema } from "effect"
import webPush from "web-push"
import type { NoticeMessage, Notification, Outcome } from "../Notifier.ts"
import type { Outlet, Proven } from "../Outlets.ts"
import { outcomeOf, outcomeOfFault } from "./Answers.ts"
import { bodyOf, htmlOf, titleOf } from "./CardText.ts"
import { type Options, post, RequestFault } from "./PublicRequest.ts"
import { readUrl } from "./Webhook.ts"

export interface VapidKeys {
  readonly publicKey: string
  readonly privateKey: Redacted.Redacted
  /** Whom a push service may write to: `mailto:` or `https:`. */
  readonly contact: string
}

const GONE: ReadonlyArray<number> = [404, 410]
const TITLE_LENGTH = 120
const BODY_LENGTH = 800

const Subscription = Schema.fromJsonString(Schema.Struct({
  endpoint: Schema.String,
  keys: Schema.Struct({
    p256dh: Schema.String.check(Schema.isPattern(/^[\w-]{86,90}=?$/)),
    auth: Schema.String.check(Schema.isPattern(/^[\w-]{20,26}={0,2}$/)),
  }),
}))
const decodeSubscription = Schema.decodeUnknownOption(Subscription)
const encodeSubscription = Schema.encodeSync(Subscription)

interface Message {
  readonly title: string
  readonly body: string
  /** Messages of one tag replace each other. */
  readonly tag: string
}

interface Showing {
  readonly html: string
  readonly id: number
  readonly tag: string
  readonly priority: NoticeMessage["priority"]
  readonly expiresAt: number
}

/** Null: keys and contact are in order. */
export const complaint = ({ contact, privateKey, publicKey }: VapidKeys): string | null => {
  try {
    webPush.getVapidHeaders("https://push.example", contact, publicKey, Redacted.value(privateKey), "aes128gcm")
    return null
  } catch {
    return "the keys or the contact are not valid"
  }
}

const urgencyOf = (priority: NoticeMessage["priority"]) =>
  priority === "critical" || priority === "high" ? "high" : priority === "medium" ? "normal" : "low"

export const make = (keys: VapidKeys, options: Options): Outlet => {
  const pushed = (address: string, message: Message, rest: { readonly TTL: number; readonly urgency: Urgency }) =>
    Effect.gen(function* () {
      const subscription = Option.getOrNull(decodeSubscription(address))
      if (subscription === null) return yield* new RequestFault({ kind: "forbidden", detail: "no subscription" })
      const { body, endpoint, headers } = yield* Effect.try({
        try: () =>
          webPush.generateRequestDetails(subscription, JSON.stringify({ v: 1, ...message }), {
            ...rest,
            topic: message.tag,
            contentEncoding: "aes128gcm",
            vapidDetails: {
              subject: keys.contact,
              publicKey: keys.publicKey,
              privateKey: Redacted.value(keys.privateKey),
            },
          }),
        catch: () => new RequestFault({ kind: "forbidden", detail: "the subscription's keys are not valid" }),
      })
      const texts = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), `${value}`] as const)
      return yield* post({ url: endpoint, headers: Object.fromEntries(texts), body: body ?? "" }, options)
    })

  const shown = Effect.fnUntraced(function* (address: string, { expiresAt, html, id, priority, tag }: Showing) {
    const message = {
      title: titleOf(html).slice(0, TITLE_LENGTH),
      body: bodyOf(html).slice(0, BODY_LENGTH),
      tag,
    }
    const nowMs = yield* Clock.currentTimeMillis
    const TTL = Math.max(0, Math.ceil((expiresAt - nowMs) / 1_000))
    return yield* pushed(address, message, { TTL, urgency: urgencyOf(priority) }).pipe(
      Effect.map((answer): Outcome => outcomeOf(answer, { gone: GONE, id, nowMs })),
      Effect.catch((fault) => Effect.succeed(outcomeOfFault(fault))),
    )
  })

  const told = (address: string, notification: Notification) => {
    const { expiresAt, id: tag, priority } = notification.opportunity
    return shown(address, { expiresAt, html: htmlOf(notification), id: notification.way?.id ?? 0, priority, tag })
  }

  return {
    read: (text) =>
      Option.flatMap(
        decodeSubscription(text.trim()),
        (subscription) =>
          Option.map(readUrl(subscription.endpoint, options.allowLocal), (endpoint) =>
            encodeSubscription({ ...subscription, endpoint })),
      ),
    prove: ({ address }, { subject, text }) =>
      pushed(address, { title: subject, body: text, tag: "test" }, { TTL: 600, urgency: "high" }).pipe(
        Effect.map(({ status }): Proven =>
          status >= 200 && status < 300
            ? { _tag: "Proven", state: "proven" }
            : { _tag: "NotProven", detail: `HTTP ${status}` }
        ),
        Effect.catch(({ detail }) => Effect.succeed<Proven>({ _tag: "NotProven", detail })),
      ),
    send: ({ address }, notification) => told(address, notification),
    tell: ({ address }, { expiresAt, html, priority, way: { id } }: NoticeMessage) =>
      shown(address, { expiresAt, html, id, priority, tag: `n${id}` }),
    edit: ({ address }, _messageId, notification) => told(address, notification),
    secretOf: () => null,
    reach: Effect.succeed(complaint(keys)),
  }
}

type Urgency = ReturnType<typeof urgencyOf>
