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
 * chat's wait holds nobody else up. In flight: 32 a process. The steps are in delivery/: Messages, Reader, Turns, Sending, Ends.
 */
import { Clock, Duration, Effect, FiberSet, Queue, Ref, Schedule, Semaphore } from "effect"
import { OpportunityQueue, type QueueItem } from "../layers/OpportunityQueue.ts"
import { Channel } from "../layers/Store.ts"
import { makeAsOfNow } from "./AsOfNow.ts"
import { makeClaim } from "./Claiming.ts"
import { makeSettle } from "./delivery/Ends.ts"
import { bundled, itemsOf, makeReading, type Message } from "./delivery/Messages.ts"
import { makeReader } from "./delivery/Reader.ts"
import { makeSend } from "./delivery/Sending.ts"
import { makeTurns } from "./delivery/Turns.ts"
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
/** How often leases that ran out and rows that expired are looked for. */
const SWEEP_EVERY_MS = 1_000

export interface DeliverOptions {
  /** Unique for each process start. */
  readonly owner: string
  /** Counts what is under way: rows claimed and not yet settled, and looks at the queue. */
  readonly underWay: Ref.Ref<number>
  /** How long a shutdown waits for requests in flight. 5 seconds. */
  readonly drainFor?: Duration.Duration
}

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
    const queue = yield* OpportunityQueue, asOfNow = yield* makeAsOfNow
    const turns = yield* makeTurns
    const settle = yield* makeSettle({ owner, most: IN_FLIGHT, onEnd: turns.forget })
    const send = yield* makeSend({ asOfNow, settle, landed: turns.landed })
    const read = makeReading({ asOfNow, reader: yield* makeReader, settle, waitedMs: turns.waitedMs })

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

    const requests = yield* FiberSet.make<void>()
    const flying = new Set<number>()
    const inFlight = yield* Semaphore.make(IN_FLIGHT)

    /** Commits that these leave, and lets them. */
    const launch = (granted: ReadonlyArray<Message>) =>
      Effect.gen(function* () {
        if (granted.length === 0) return
        const queueIds = granted.flatMap(itemsOf).map(({ queueId }) => queueId)
        const nowMs = yield* Clock.currentTimeMillis
        const marked = yield* queue.markSending({ owner, queueIds, nowMs, leaseMs: SENDING_LEASE_MS }).pipe(
          Effect.onError(() => Effect.forEach(granted, turns.landed, { discard: true })),
        )
        const mine = new Set(marked)
        for (const all of granted) {
          const [first, ...mates] = [all, ...all.mates].filter(({ item }) => mine.has(item.queueId))
          yield* left(itemsOf(all).filter(({ queueId }) => !mine.has(queueId)))
          if (first === undefined) {
            yield* turns.landed(all)
            continue
          }
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

    /** Goes back to the queue until its chat's time. */
    const giveBack = (messages: ReadonlyArray<Message>, dueAtMs: number) => {
      const items = messages.flatMap(itemsOf), queueIds = items.map(({ queueId }) => queueId)
      return Effect.andThen(queue.release({ owner, queueIds, dueAtMs }), left(items))
    }

    /** One batch of rows: read, asked for together until each has left or gone back. */
    const batch = (items: ReadonlyArray<QueueItem>) =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        const messages = (yield* Effect.forEach(items, (item) => read(item, nowMs), { concurrency: "unbounded" }))
          .flat()
        yield* left(items.filter((item) => !messages.some((one) => one.item === item)))
        let ready = bundled(messages)
        while (ready.length > 0) {
          // Grants are used at once, or they would bunch: so that is waited for first.
          yield* inFlight.withPermits(BATCH)(Effect.void)
          const { back, granted, untilMs, waiting } = yield* turns.ask(ready)
          yield* launch(granted)
          yield* Effect.forEach(back, ([dueAtMs, those]) => giveBack(those, dueAtMs), { discard: true })
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
