/**
 * Turns: which messages the messenger's limits let through now.
 *
 * In: messages ready to leave, and those that have landed. Out: those that may, those that wait here for the limit of all
 * chats, and those that go back to the queue until their chat's time. Promises: how long the limits held a row is
 * remembered over its rounds, until it is settled here or expires; what leaves by other channels than Telegram is not
 * counted.
 */
import { Clock, Effect } from "effect"
import { RateLimiterClient } from "../../actors/RateLimiter.ts"
import type { QueueItem } from "../../layers/OpportunityQueue.ts"
import { isGroup } from "./Ends.ts"
import type { Message } from "./Messages.ts"

/** Messages that wait for the limit of all chats are held this long at most before they are given back. */
const HOLD_MS = 2_000

/** More rows than this are looked through for those that ended elsewhere. */
const REMEMBERED = 4_096

/** What became of those that asked. */
export interface Turns {
  readonly granted: ReadonlyArray<Message>
  /** May ask again at `untilMs`. */
  readonly waiting: ReadonlyArray<Message>
  readonly untilMs: number
  /** By when they are due again. */
  readonly back: ReadonlyMap<number, ReadonlyArray<Message>>
}

export const makeTurns = Effect.gen(function* () {
  const limiter = yield* RateLimiterClient
  /** When the limiter first made a row wait. */
  const waiters = new Map<number, { readonly sinceMs: number; readonly expiresAt: number }>()

  const waitedMs = ({ queueId }: QueueItem, nowMs: number): number => nowMs - (waiters.get(queueId)?.sinceMs ?? nowMs)

  /** Another process may send what this one gave back, or a newer edit take its place: nobody tells us then. */
  const remember = ({ expiresAt, queueId }: QueueItem, nowMs: number): void => {
    if (waiters.has(queueId)) return
    if (waiters.size >= REMEMBERED) {
      for (const [one, { expiresAt }] of waiters) if (expiresAt <= nowMs) waiters.delete(one)
    }
    waiters.set(queueId, { sinceMs: nowMs, expiresAt })
  }

  /** Asks for all at once. */
  const ask = Effect.fn("Deliver.ask")(function* (messages: ReadonlyArray<Message>) {
    const asking = messages.filter(({ item }) => item.channel === "telegram")
    const asked = yield* limiter.acquireAll(
      asking.map(({ item: { chatId } }) => ({ chatId, isGroup: isGroup(chatId) })),
    )
    const verdicts = new Map(asking.map((one, at) => [one, asked[at]]))
    const nowMs = yield* Clock.currentTimeMillis
    const granted: Array<Message> = [], waiting: Array<Message> = [], back = new Map<number, Array<Message>>()
    let untilMs = Infinity
    for (const one of messages) {
      const { item } = one, verdict = verdicts.get(one)
      if (verdict?._tag !== "Wait") {
        granted.push({ ...one, waitedMs: waitedMs(item, nowMs), grant: verdict?.number ?? null })
        continue
      }
      remember(item, nowMs)
      if (verdict.scope === "global" && verdict.untilMs - nowMs <= HOLD_MS) {
        waiting.push(one)
        untilMs = Math.min(untilMs, verdict.untilMs)
      } else back.set(verdict.untilMs, [...back.get(verdict.untilMs) ?? [], one])
    }
    return { granted, waiting, untilMs, back } satisfies Turns
  })

  /** Its request was answered, failed, or is not made. */
  const landed = ({ grant }: Message): Effect.Effect<void> => grant === null ? Effect.void : limiter.landed(grant)

  return {
    ask,
    landed,
    waitedMs,
    forget: (queueId: number): void => void waiters.delete(queueId),
    size: () => waiters.size,
  }
})
