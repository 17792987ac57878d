/**
 * Channel routing: which outlet a notification goes to, and where it goes on when that one fails.
 *
 *   row of channel X --sent--> done
 *   row of channel X --refused, gone, out of quota, twice away, or to wait beyond its expiry--> row of the next channel
 *                                                             of its user's route, or failed where there is none
 *
 *   group that may not be written to any more --> paused
 *
 * In: Telegram's notifier, the outlets, users' addresses, groups' topics. Out: one Notifier before all of them, and the
 * settlement of a row whose channel failed. Promises: the Notifier's; whoever blocked the bot is told nothing by another
 * way either; a message whose end is unknown never goes on elsewhere, so nobody is told twice for it.
 */
import { Clock, Effect, Layer, Metric, Option } from "effect"
import { ABILITIES, type AddressedChannel, nextAfter, routeOf } from "../domain/DeliveryChannel.ts"
import { Groups } from "../layers/Groups.ts"
import { type NoticeMessage, type Notification, Notifier, type Outcome } from "../layers/Notifier.ts"
import type { QueueItem, Settlement } from "../layers/OpportunityQueue.ts"
import { type Address, type Outlet, Outlets } from "../layers/Outlets.ts"
import type { StoreError } from "../layers/Store.ts"
import { UserChannels } from "../layers/UserChannels.ts"

const outcomes = Metric.counter("channel_outcomes_total", { description: "Requests by channel and outcome" })
const fallbacks = Metric.counter("channel_fallbacks_total", { description: "Rows that went on to another channel" })

/** Requests that a receiver who is away gets before the next channel is tried. */
const TRIES = 2

/** Telegram's words for a topic that was closed or deleted. */
const NO_TOPIC = /message thread not found|TOPIC_(CLOSED|DELETED)/i

const refused = (detail: string): Outcome => ({ _tag: "Refused", detail })
const away = (error: StoreError): Effect.Effect<Outcome> =>
  Effect.succeed({ _tag: "Unavailable", detail: error.message })

export const layer: Layer.Layer<Notifier, never, Notifier | UserChannels | Groups> = Layer.effect(
  Notifier,
  Effect.gen(function* () {
    const telegram = yield* Notifier
    const outlets = yield* Outlets, channels = yield* UserChannels, groups = yield* Groups

    /** A topic that is gone is forgotten: the next try goes to the general one. */
    const toGroup = <M extends Notification | NoticeMessage>(
      message: M,
      nowMs: number,
      send: (message: M & { readonly threadId: number | null }) => Effect.Effect<Outcome>,
    ) =>
      Effect.gen(function* () {
        const { chatId } = message
        const group = yield* groups.get(chatId)
        const threadId = Option.isSome(group) ? group.value.threadId : null
        const outcome = yield* send({ ...message, threadId })
        // Its registrar is told by whoever looks after groups.
        if (outcome._tag === "ChatGone") yield* groups.pause(chatId, "bot_rights", nowMs)
        if (threadId === null || outcome._tag !== "Refused" || !NO_TOPIC.test(outcome.detail)) return outcome
        yield* groups.setThread(chatId, null, nowMs)
        return { _tag: "Unavailable", detail: outcome.detail } satisfies Outcome
      }).pipe(Effect.catch(away))

    const byOutlet = (
      userId: string,
      channel: AddressedChannel,
      nowMs: number,
      request: (outlet: Outlet, address: Address) => Effect.Effect<Outcome>,
      counts: boolean,
    ) =>
      Effect.gen(function* () {
        const outlet = outlets[channel]
        if (outlet === null) return refused(`${channel} is not set up`)
        const known = yield* channels.get({ userId, channel })
        if (Option.isNone(known) || known.value.state !== "verified") return refused("no verified address")
        const { perDay } = ABILITIES[channel]
        if (counts && !(yield* channels.spend({ userId, channel, perDay, nowMs }))) {
          return refused("the day's quota is used up")
        }
        const outcome = yield* request(outlet, known.value)
        if (outcome._tag === "ChatGone") yield* channels.end({ userId, channel, why: outcome.detail, nowMs })
        return outcome
      }).pipe(
        Effect.catch(away),
        Effect.tap(({ _tag }) => Metric.update(Metric.withAttributes(outcomes, { channel, outcome: _tag }), 1)),
      )

    const isGroup = ({ chatId }: Pick<Notification, "chatId">): boolean => chatId.startsWith("-")

    return {
      send: (notification) => {
        const { nowMs, way } = notification
        if (way === undefined || way.channel === "telegram") {
          return isGroup(notification) ? toGroup(notification, nowMs, telegram.send) : telegram.send(notification)
        }
        return byOutlet(way.userId, way.channel, nowMs, (outlet, to) => outlet.send(to, notification), true)
      },
      tell: Effect.fnUntraced(function* (message: NoticeMessage) {
        const nowMs = yield* Clock.currentTimeMillis
        const { way: { channel, userId } } = message
        if (channel !== "telegram") {
          return yield* byOutlet(userId, channel, nowMs, (outlet, to) => outlet.tell(to, message), true)
        }
        return yield* isGroup(message) ? toGroup(message, nowMs, telegram.tell) : telegram.tell(message)
      }),
      edit: (messageId, notification) => {
        const { nowMs, way } = notification
        return way === undefined || way.channel === "telegram" ? telegram.edit(messageId, notification) : byOutlet(
          way.userId,
          way.channel,
          nowMs,
          (outlet, to) => outlet.edit(to, messageId, notification),
          false,
        )
      },
    }
  }),
)

/** Whether this end of a request means that the row's channel is of no use to it. */
const failed = ({ attempts, channel, expiresAt }: QueueItem, outcome: Outcome, settlement: Settlement): boolean => {
  if (settlement._tag === "Failed") return channel !== "telegram" || outcome._tag !== "ChatGone"
  if (settlement._tag !== "Reschedule") return false
  if (settlement.dueAtMs >= expiresAt) return true
  return channel !== "telegram" && outcome._tag === "Unavailable" && attempts + 1 >= TRIES
}

/** What becomes of a row: what its outcome says, or the same by the next channel. */
export const makeFallback = Effect.gen(function* () {
  const channels = yield* UserChannels
  return Effect.fnUntraced(function* (item: QueueItem, outcome: Outcome, settlement: Settlement, nowMs: number) {
    if (item.purpose !== "notify" || !failed(item, outcome, settlement)) return settlement
    const next = nextAfter(routeOf(yield* channels.of(item.userId)), item.channel)
    if (next === null) return settlement
    yield* Metric.update(Metric.withAttributes(fallbacks, { from: item.channel, to: next }), 1)
    const why = "error" in settlement ? settlement.error : outcome._tag
    const moved: Settlement = { _tag: "Reschedule", dueAtMs: nowMs, error: `${item.channel}: ${why}`, channel: next }
    return moved
  })
})
