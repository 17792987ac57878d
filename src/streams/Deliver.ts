/**
 * Deliver: leased rows of the queue leave as messages, one request a row or a batch of rows, as of now.
 *
 *   claimed --chat, group or retry_after: wait--> given back, due later
 *   claimed --all chats together: wait--> held, its lease prolonged, asked for again
 *   claimed --granted, `sending` committed--> request --> sent | unknown | failed | due later (retry_after, 5xx)
 *
 * In: due rows of `opportunity_distribution_queue`, woken by NOTIFY. Out: messages; receipts and facts in the transaction
 * that settles rows. Promises: an expired row is never sent; what is held is prolonged every second, so a killed
 * process's rows are free 3 s (claimed) or 15 s (being sent) later; a crash repeats at most what was in flight, once; one
 * chat's wait holds nobody else up. In flight: 32 a process. What outcomes lead to: docs/delivery.md.
 */
import {
  Clock,
  Duration,
  Effect,
  FiberSet,
  Metric,
  Option,
  Queue,
  Random,
  Ref,
  Schedule,
  Schema,
  Semaphore,
} from "effect"
import { RateLimiterClient } from "../actors/RateLimiter.ts"
import { ABILITIES } from "../domain/DeliveryChannel.ts"
import type { DeliverySettled } from "../domain/Fact.ts"
import { Opportunity } from "../domain/Opportunity.ts"
import { Preferences } from "../domain/Preferences.ts"
import * as Subject from "../domain/Subject.ts"
import { Notifier, type Outcome } from "../layers/Notifier.ts"
import * as Gathering from "../layers/Gathering.ts"
import { OpportunityQueue, type QueueItem, type QueueStatus, type Settlement } from "../layers/OpportunityQueue.ts"
import { type NewFact, Outbox } from "../layers/Outbox.ts"
import { type Delivered, Receipts } from "../layers/Receipts.ts"
import { Channel, Fenced, Store } from "../layers/Store.ts"
import { Users } from "../layers/Users.ts"
import { isShown, makeAsOfNow, type Shown } from "./AsOfNow.ts"
import { makeFallback } from "./ChannelRouting.ts"
import { makeClaim } from "./Claiming.ts"
import { dueOrTold } from "./Wakeup.ts"

/** Rows claimed, asked for and marked together; and requests in flight at most. */
const BATCH = 8
const IN_FLIGHT = 32
/** Of a row claimed: nothing has left yet, so another worker may soon have it where this one died. */
const CLAIM_LEASE_MS = 3_000
/** Of a row being sent. */
const SENDING_LEASE_MS = 15_000
/** How often what is held is prolonged. */
const HEARTBEAT = Duration.seconds(1)
/** Rows that wait for the limit of all chats are held this long at most before they are given back. */
const HOLD_MS = 2_000
/** How often leases that ran out and rows that expired are looked for. */
const SWEEP_EVERY_MS = 1_000
const MAX_ATTEMPTS = 5
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 300_000

/** What a row carries for its reader. */
export const Payload = Schema.Struct({ opportunity: Opportunity, language: Preferences.fields.language })
export type Payload = typeof Payload.Type

const decodePayload = Schema.decodeUnknownEffect(Payload)

const settledTotal = Metric.counter("deliveries_total", { description: "Rows settled, by status" })
const boundaries = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000]
const latencyMs = Metric.histogram("delivery_latency_ms", {
  description: "From the triggering tick to the messenger's acceptance, limiter waits taken out",
  boundaries,
})
const limiterWaitMs = Metric.histogram("delivery_limiter_wait_ms", {
  description: "Of it, spent waiting for the messenger's rate limits",
  boundaries,
})

const retryAtMs = (attempts: number, nowMs: number) =>
  Effect.map(Random.next, (chance) => {
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, attempts - 1))
    return nowMs + Math.round(wait * (0.8 + 0.4 * chance))
  })

const isGroup = (chatId: string): boolean => chatId.startsWith("-")

/** What a request's outcome means for its row. */
const settlementOf = (item: QueueItem, outcome: Outcome, nowMs: number): Effect.Effect<Settlement> => {
  switch (outcome._tag) {
    case "Accepted":
      return Effect.succeed({ _tag: "Sent", messageId: outcome.messageId })
    case "RetryAfter":
      return Effect.succeed({ _tag: "Reschedule", dueAtMs: nowMs + outcome.afterMs, error: "retry_after" })
    case "ChatGone":
      return Effect.succeed({ _tag: "Failed", error: `chat_gone: ${outcome.detail}` })
    case "Migrated":
      return Effect.succeed({ _tag: "Cancelled", error: `migrated to ${outcome.toChatId}` })
    case "Refused":
      return Effect.succeed({ _tag: "Failed", error: `refused: ${outcome.detail}` })
    case "Unknown":
      return Effect.succeed({ _tag: "Unknown", error: outcome.detail })
    case "Unavailable":
      return item.attempts + 1 >= MAX_ATTEMPTS
        ? Effect.succeed({ _tag: "Failed", error: `unavailable ${MAX_ATTEMPTS} times: ${outcome.detail}` })
        : Effect.map(retryAtMs(item.attempts + 1, nowMs), (dueAtMs) => (
          { _tag: "Reschedule", dueAtMs, error: outcome.detail } as const
        ))
  }
}

export interface DeliverOptions {
  /** Unique for each process start. */
  readonly owner: string
  /** Counts what is under way: rows claimed and not yet settled, and looks at the queue. */
  readonly underWay: Ref.Ref<number>
  /** How long a shutdown waits for requests in flight. 5 seconds. */
  readonly drainFor?: Duration.Duration
}

/** A row that can be sent, what its reader is to see, and how long the limiter has held it. */
interface Ready {
  readonly item: QueueItem
  readonly payload: Payload
  readonly waitedMs: number
  /** What else leaves in the same message. */
  readonly mates: ReadonlyArray<Carrying>
}

interface Carrying {
  readonly item: QueueItem
  readonly payload: Payload
}

const itemsOf = ({ item, mates }: Ready): ReadonlyArray<QueueItem> => [item, ...mates.map((mate) => mate.item)]

/** Rows of one batch that are at hand become one message. */
const bundled = (ready: ReadonlyArray<Ready>): ReadonlyArray<Ready> => {
  const messages = new Map<string, Ready>()
  for (const one of ready) {
    const { batchId, channel, chatId, purpose, queueId } = one.item
    const isShared = batchId !== null && purpose === "notify" && channel === "telegram"
    const key = isShared ? `batch ${batchId} ${chatId}` : `row ${queueId}`
    const first = messages.get(key)
    messages.set(key, first === undefined ? one : { ...first, mates: [...first.mates, one] })
  }
  return [...messages.values()]
}

/** What became of one row, with what its fact tells beside. */
interface End {
  readonly item: QueueItem
  readonly settlement: Settlement
  readonly fact: Pick<DeliverySettled, "latencyMs" | "limiterWaitMs">
}

const factOf = ({ fact, item, settlement }: End, status: QueueStatus, nowMs: number): NewFact => {
  const { chatId, opportunityId, priority, purpose, queueId, userId } = item
  const payload: Omit<DeliverySettled, "person"> = {
    v: 1,
    at: nowMs,
    queueId,
    opportunityId,
    purpose,
    priority,
    status,
    messageId: settlement._tag === "Sent" ? settlement.messageId : null,
    error: settlement._tag === "Sent" ? null : settlement.error,
    ...fact,
  }
  return { subject: Subject.fact("delivery", "settled"), payload, person: { userId, chatId } }
}

/** A message that was accepted is a receipt of its own. */
const receivedBy = (
  { item: { chatId, kind, opportunityId, purpose, userId }, settlement }: End,
): ReadonlyArray<Delivered> =>
  settlement._tag === "Sent" && purpose === "notify" && kind === "opportunity"
    ? [{ userId, opportunityId, distributionType: isGroup(chatId) ? "group" : "push" }]
    : []

/** Waits until nothing is under way, by the wall's time. */
const drained = ({ drainFor = Duration.seconds(5), underWay }: DeliverOptions): Effect.Effect<void> =>
  Ref.get(underWay).pipe(
    Effect.repeat({ until: (count) => count <= 0, schedule: Schedule.spaced(Duration.millis(20)) }),
    Effect.timeoutOption(drainFor),
    Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
    Effect.asVoid,
  )

const make = (options: DeliverOptions) =>
  Effect.gen(function* () {
    const { owner, underWay } = options
    const count = (by: number) => Ref.update(underWay, (n) => n + by)
    const queue = yield* OpportunityQueue, outbox = yield* Outbox, store = yield* Store, users = yield* Users
    const limiter = yield* RateLimiterClient, notifier = yield* Notifier, fallback = yield* makeFallback
    const asOfNow = yield* makeAsOfNow, receipts = yield* Receipts
    /** When the limiter first made a row wait. */
    const waitingSince = new Map<number, number>()

    /** Rows and facts change together, those of all sends that ended meanwhile in one transaction. */
    const settleAll = (ends: ReadonlyArray<End>) =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        return yield* store.transaction(Effect.gen(function* () {
          const settled = yield* queue.settleAll({
            owner,
            nowMs,
            ends: ends.map(({ item: { queueId }, settlement }) => ({ queueId, settlement })),
          })
          const facts = ends.flatMap((end) => {
            const status = settled.get(end.item.queueId)
            return status === undefined ? [] : [factOf(end, status, nowMs)]
          })
          yield* outbox.append(facts, nowMs)
          yield* receipts.delivered(
            ends.flatMap((end) => settled.has(end.item.queueId) ? receivedBy(end) : []),
            nowMs,
          )
          return ends.map(({ item }) => Option.fromNullishOr(settled.get(item.queueId)))
        }))
      })
    const settled = yield* Gathering.make({
      most: IN_FLIGHT,
      work: settleAll,
      isOnesFault: (error) => !error.retryable,
    })

    const settle = (item: QueueItem, settlement: Settlement, fact: End["fact"]) =>
      Effect.gen(function* () {
        const status = yield* Effect.flatMap(settled({ item, settlement, fact }), Effect.fromOption).pipe(
          Effect.catchTag(
            "NoSuchElementError",
            () => new Fenced({ operation: "Deliver.settle", key: `queue row ${item.queueId}` }),
          ),
        )
        if (status !== "pending" && status !== "unknown") waitingSince.delete(item.queueId)
        yield* Metric.update(Metric.withAttributes(settledTotal, { status }), 1)
      })

    /** What the outcome means beyond its row. */
    const follow = (item: QueueItem, outcome: Outcome, nowMs: number) => {
      // What another channel says is of that channel alone (ChannelRouting.ts).
      if (item.channel !== "telegram") return Effect.void
      switch (outcome._tag) {
        case "RetryAfter":
          return limiter.paused(item.chatId, nowMs + outcome.afterMs)
        case "ChatGone":
          return Effect.andThen(
            users.deactivate(item.chatId, nowMs),
            queue.cancelChat(item.chatId, "chat_gone", nowMs),
          )
        case "Migrated": {
          const { expiresAt, opportunityId, payload, priority, purpose, userId } = item
          const moved = { expiresAt, opportunityId, payload, priority, purpose, userId, scheduledAt: nowMs }
          return Effect.andThen(
            users.migrateChat(item.chatId, outcome.toChatId, nowMs),
            queue.enqueue([{ ...moved, chatId: outcome.toChatId }], nowMs),
          )
        }
        default:
          return Effect.void
      }
    }

    const request = (
      item: QueueItem,
      language: Payload["language"],
      shown: Shown,
      nowMs: number,
    ): Effect.Effect<Outcome> => {
      const way = { channel: item.channel, userId: item.userId, id: item.queueId }
      const notification = { chatId: item.chatId, ...shown, language, nowMs, way }
      return item.purpose !== "notify" && item.messageId !== null
        ? notifier.edit(item.messageId, notification)
        : notifier.send(notification)
    }

    /** The end of one row of a message. */
    const end = ({ item, payload }: Carrying, outcome: Outcome, shown: Shown, waitedMs: number, nowMs: number) =>
      Effect.gen(function* () {
        const latency = outcome._tag === "Accepted" && item.purpose === "notify"
          ? nowMs - payload.opportunity.detectedAt
          : null
        const meant = yield* fallback(item, outcome, yield* settlementOf(item, outcome, nowMs), nowMs)
        const isNew = meant._tag === "Sent" && item.purpose === "notify" && shown.batch.length === 0
        const told = isNew ? { ...meant, toldAfterMs: shown.toldAfterMs } : meant
        yield* settle(item, told, { latencyMs: latency, limiterWaitMs: waitedMs })
        if (latency !== null) {
          // What waited for company says nothing of how fast we are.
          if (item.batchId === null) yield* Metric.update(latencyMs, latency - waitedMs)
          yield* Metric.update(limiterWaitMs, waitedMs)
        }
      })

    /** A message that may leave now, as of now: one request, and the end of all its rows recorded. */
    const send = ({ item, mates, payload, waitedMs }: Ready) =>
      Effect.gen(function* () {
        const carried = { item, opportunity: payload.opportunity }
        const others = mates.map((mate) => ({ item: mate.item, opportunity: mate.payload.opportunity }))
        const askedMs = yield* Clock.currentTimeMillis
        const shown = yield* asOfNow(carried, others, askedMs)
        const outcome = yield* request(item, payload.language, shown, askedMs)
        const nowMs = yield* Clock.currentTimeMillis
        yield* Effect.forEach([{ item, payload }, ...mates], (row) => end(row, outcome, shown, waitedMs, nowMs), {
          concurrency: "unbounded",
          discard: true,
        })
        // A chat that moved takes each row along; all else is of the chat, and said once.
        const followed = outcome._tag === "Migrated" ? [item, ...mates.map((mate) => mate.item)] : [item]
        yield* Effect.forEach(followed, (row) => follow(row, outcome, nowMs), { discard: true })
      }).pipe(
        Effect.catch((error) =>
          Effect.logWarning("a delivery goes back to the queue", item.queueId, error._tag, error.message)
        ),
        Effect.withSpan("Deliver.send", { attributes: { queueId: item.queueId, purpose: item.purpose } }),
      )

    /** What can be sent at all; the rest is settled here. */
    const readable = (item: QueueItem, nowMs: number) =>
      Effect.gen(function* () {
        const nothing = { latencyMs: null, limiterWaitMs: 0 }
        if (item.purpose !== "notify" && item.messageId === null) {
          yield* settle(item, { _tag: "Cancelled", error: "nothing was sent that could be edited" }, nothing)
          return []
        }
        if (item.purpose !== "notify" && !ABILITIES[item.channel].edits) {
          yield* settle(item, { _tag: "Cancelled", error: `${item.channel} takes no edits` }, nothing)
          return []
        }
        const payload = yield* Effect.option(decodePayload(item.payload))
        if (Option.isNone(payload)) {
          yield* settle(item, { _tag: "Failed", error: "unreadable payload" }, nothing)
          return []
        }
        const carried = { item, opportunity: payload.value.opportunity }
        if (item.purpose !== "notify" && isShown(yield* asOfNow(carried, [], nowMs))) {
          yield* settle(item, { _tag: "Cancelled", error: "shown already" }, nothing)
          return []
        }
        const waitedMs = nowMs - (waitingSince.get(item.queueId) ?? nowMs)
        return [{ item, payload: payload.value, waitedMs, mates: [] } satisfies Ready]
      })

    /** What this process has claimed or is sending: its heartbeats prolong them. */
    const held = new Set<number>()
    /** A row whose lease ran out may be claimed here again while it is still held: it counts once. */
    const took = (items: ReadonlyArray<QueueItem>) =>
      Effect.suspend(() => {
        const before = held.size
        for (const { queueId } of items) held.add(queueId)
        return count(held.size - before)
      })
    const left = (items: ReadonlyArray<Pick<QueueItem, "queueId">>) =>
      Effect.suspend(() => count(-items.filter(({ queueId }) => held.delete(queueId)).length))

    const heartbeat = Effect.gen(function* () {
      yield* Effect.sleep(HEARTBEAT)
      if (held.size === 0) return
      const nowMs = yield* Clock.currentTimeMillis
      const leases = { claimMs: CLAIM_LEASE_MS, sendingMs: SENDING_LEASE_MS }
      yield* queue.prolong({ owner, queueIds: [...held], nowMs, ...leases }).pipe(
        Effect.catch((error) => Effect.logWarning("leases are not prolonged", error.message)),
      )
    })

    /** Asks the limiter for all. Out: those that may leave, and those held until then; the others have gone back. */
    const admitted = (ready: ReadonlyArray<Ready>) =>
      Effect.gen(function* () {
        // The limits are Telegram's: what goes elsewhere is not counted against them.
        const asking = ready.filter(({ item }) => item.channel === "telegram")
        const asked = yield* limiter.acquireAll(
          asking.map(({ item: { chatId } }) => ({ chatId, isGroup: isGroup(chatId) })),
        )
        const verdicts = ready.map((one) => asked[asking.indexOf(one)])
        const nowMs = yield* Clock.currentTimeMillis
        const granted: Array<Ready> = [], waiting: Array<Ready> = [], back = new Map<number, Array<Ready>>()
        let untilMs = Infinity
        for (const [at, one] of ready.entries()) {
          const verdict = verdicts[at]
          if (verdict?._tag !== "Wait") {
            const since = waitingSince.get(one.item.queueId)
            granted.push({ ...one, waitedMs: since === undefined ? one.waitedMs : nowMs - since })
            continue
          }
          if (!waitingSince.has(one.item.queueId)) waitingSince.set(one.item.queueId, nowMs)
          if (verdict.scope === "global" && verdict.untilMs - nowMs <= HOLD_MS) {
            waiting.push(one)
            untilMs = Math.min(untilMs, verdict.untilMs)
          } else back.set(verdict.untilMs, [...back.get(verdict.untilMs) ?? [], one])
        }
        yield* Effect.forEach(back, ([dueAtMs, some]) =>
          Effect.andThen(
            queue.release({ owner, queueIds: some.flatMap(itemsOf).map(({ queueId }) => queueId), dueAtMs }),
            left(some.flatMap(itemsOf)),
          ), { discard: true })
        return { granted, waiting, untilMs }
      })

    const requests = yield* FiberSet.make<void>()
    const flying = new Set<number>()
    const inFlight = yield* Semaphore.make(IN_FLIGHT)

    /** Commits that these leave, and lets them. */
    const launch = (granted: ReadonlyArray<Ready>) =>
      Effect.gen(function* () {
        if (granted.length === 0) return
        const queueIds = granted.flatMap(itemsOf).map(({ queueId }) => queueId)
        const nowMs = yield* Clock.currentTimeMillis
        const mine = new Set(yield* queue.markSending({ owner, queueIds, nowMs, leaseMs: SENDING_LEASE_MS }))
        for (const all of granted) {
          const [first, ...mates] = [all, ...all.mates].filter(({ item }) => mine.has(item.queueId))
          yield* left(itemsOf(all).filter(({ queueId }) => !mine.has(queueId)))
          if (first === undefined) continue
          const one = { ...all, item: first.item, payload: first.payload, mates }
          const flown = itemsOf(one)
          for (const { queueId } of flown) flying.add(queueId)
          const landed = Effect.andThen(
            Effect.sync(() => flown.forEach(({ queueId }) => flying.delete(queueId))),
            left(flown),
          )
          yield* FiberSet.run(requests, Effect.ensuring(inFlight.withPermits(1)(send(one)), landed))
        }
      })

    /** One batch of rows: read, asked for together until each has left or gone back. */
    const batch = (items: ReadonlyArray<QueueItem>) =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        const readables = (yield* Effect.forEach(items, (item) => readable(item, nowMs))).flat()
        yield* left(items.filter((item) => !readables.some((one) => one.item === item)))
        let ready = bundled(readables)
        while (ready.length > 0) {
          // Grants are used at once, or they would bunch: so that is waited for first.
          yield* inFlight.withPermits(BATCH)(Effect.void)
          const { granted, untilMs, waiting } = yield* admitted(ready)
          yield* launch(granted)
          ready = waiting
          if (ready.length > 0) yield* Effect.sleep(Math.max(1, untilMs - (yield* Clock.currentTimeMillis)))
        }
      }).pipe(
        Effect.catch((error) =>
          Effect.andThen(
            Effect.logWarning("a batch goes back to the queue", error._tag, error.message),
            left(items.filter(({ queueId }) => !flying.has(queueId))),
          )
        ),
      )

    /** Claimed batches wait here for the one before; full: nothing more is claimed. */
    const claimed = yield* Queue.bounded<ReadonlyArray<QueueItem>>(1)
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.take(claimed), batch)))
    yield* Effect.forkScoped(Effect.forever(heartbeat))
    // Runs before the workers end: nothing new is claimed any more, and what has left learns its answer.
    yield* Effect.addFinalizer(() => drained(options))

    const claim = makeClaim(queue, { owner, limit: BATCH, leaseMs: CLAIM_LEASE_MS })
    /** One look at the queue; out: whether there was anything. */
    let sweptAt = -Infinity
    const look = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      // A clock that was set back (a recording that begins anew) sweeps at once.
      if (Math.abs(nowMs - sweptAt) >= SWEEP_EVERY_MS) {
        yield* queue.reclaim(nowMs)
        yield* queue.expire(nowMs)
        sweptAt = nowMs
      }
      const due = yield* claim(nowMs)
      if (due.length === 0) return false
      yield* took(due)
      const batchIds = [...new Set(due.flatMap(({ batchId }) => batchId ?? []))]
      const mates = batchIds.length === 0
        ? []
        : yield* queue.claimMates({ owner, batchIds, nowMs, leaseMs: CLAIM_LEASE_MS }).pipe(
          Effect.onError(() => left(due)),
        )
      yield* took(mates)
      const items = [...due, ...mates]
      yield* Effect.onInterrupt(Queue.offer(claimed, items), () => left(items))
      return true
    })
    const round = Effect.acquireUseRelease(count(1), () => look, () => count(-1))
    return { round, nextDueAt: queue.nextDueAt }
  })

/** Sends what is due, for ever; while the Store is away it waits and tries again. */
export const deliver = (options: DeliverOptions) =>
  Effect.scoped(Effect.gen(function* () {
    const { nextDueAt, round } = yield* make(options)
    return yield* dueOrTold({ channel: Channel.queue, name: "delivery", round, nextDueAt })
  }))
