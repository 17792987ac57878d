/**
 * Distribute: transitions become rows of the queue, for the people they fit.
 *
 *   transition --Coordinator--> notify: audience, ranked, as many as can be sent before expiry -> rows -> wakes
 *                           --> edit: rows for everyone told, or about to be --> none: already known
 *
 * In: `opp.v1.>` in batches that carry their ack. Out: rows of `opportunity_distribution_queue`, facts, wakes of the
 * users' queues. Promises: a transition is acknowledged after its rows are committed; a repeat makes no second row; a
 * transition nobody can read is terminated, not retried.
 */
import { Clock, Duration, Effect, Metric, Option, Ref, Schedule, Schema, Stream } from "effect"
import { CoordinatorClient } from "../actors/Coordinator.ts"
import { UserQueueClient } from "../actors/UserQueue.ts"
import type { OpportunityDistributed } from "../domain/Fact.ts"
import { DataSource } from "../domain/Frame.ts"
import { type Opportunity, OpportunityJson } from "../domain/Opportunity.ts"
import { TELEGRAM_LIMITS } from "../domain/RateLimit.ts"
import * as Subject from "../domain/Subject.ts"
import { Bus, type Delivery } from "../layers/Bus.ts"
import { type NewQueueItem, OpportunityQueue } from "../layers/OpportunityQueue.ts"
import { Outbox } from "../layers/Outbox.ts"
import { Store } from "../layers/Store.ts"
import { StreamTime } from "../layers/StreamTime.ts"
import { SOURCE_HEADER } from "./Analyse.ts"
import { Audience } from "./Audience.ts"
import { Payload } from "./Deliver.ts"
import { OPPORTUNITIES } from "./Topology.ts"

const DURABLE = "distribute"
const ACK_WAIT = Duration.seconds(10)
const RETRY_AFTER = Duration.seconds(1)
const BATCH = 64
/** Users woken at a time: those decided on together in one process. */
const WAKES = 64
/** How long an edit is worth sending after its transition. */
const EDIT_LIFETIME_MS = 600_000

const distributedTotal = Metric.counter("distributions_total", { description: "Transitions by what they led to" })
const decodeOpportunity = Schema.decodeUnknownEffect(OpportunityJson)
const decodeSource = Schema.decodeUnknownOption(DataSource)
const decodePayload = Schema.decodeUnknownOption(Payload)
const decoder = new TextDecoder()

const languageOf = (payload: unknown): Payload["language"] =>
  Option.match(decodePayload(payload), { onNone: () => "en", onSome: (known) => known.language })

/** How many messages can leave before the opportunity expires. */
const sendable = (opportunity: Opportunity, nowMs: number): number => {
  const { grants, windowMs } = TELEGRAM_LIMITS.global
  return Math.floor(Math.max(0, opportunity.expiresAt - nowMs) / windowMs * grants)
}

export interface DistributeOptions {
  /** Stream sequence of the last transition worked off by this process; 0: none. */
  readonly progress: Ref.Ref<number>
}

const make = Effect.fnUntraced(function* (options: DistributeOptions) {
  const audience = yield* Audience, coordinator = yield* CoordinatorClient, userQueue = yield* UserQueueClient
  const queue = yield* OpportunityQueue, outbox = yield* Outbox, store = yield* Store
  const streamTime = yield* StreamTime

  const notifications = (opportunity: Opportunity, nowMs: number) =>
    Effect.map(audience.matching(opportunity, nowMs), (matched) => ({
      matched: matched.length,
      rows: matched.slice(0, sendable(opportunity, nowMs)).map(({ chatId, preferences, userId }): NewQueueItem => ({
        opportunityId: opportunity.id,
        userId,
        chatId,
        purpose: "notify",
        priority: opportunity.priority,
        scheduledAt: null,
        expiresAt: opportunity.expiresAt,
        payload: { opportunity, language: preferences.language } satisfies Payload,
      })),
    }))

  /** Also for those whose notification still waits: until it expires they are owed it, and its end right after. */
  const edits = (opportunity: Opportunity, nowMs: number) =>
    Effect.map(queue.toldOf(opportunity.id), (told) => ({
      matched: told.length,
      rows: told.map(({ chatId, payload, userId }): NewQueueItem => ({
        opportunityId: opportunity.id,
        userId,
        chatId,
        purpose: `edit:${opportunity.revision}`,
        priority: opportunity.priority,
        scheduledAt: null,
        expiresAt: nowMs + EDIT_LIFETIME_MS,
        payload: { opportunity, language: languageOf(payload) } satisfies Payload,
      })),
    }))

  /** Rows and fact in one transaction; out: whose queues to wake. */
  const distribute = Effect.fn("Distribute.distribute")(function* (opportunity: Opportunity) {
    const { action } = yield* coordinator.handle(opportunity)
    const nowMs = yield* Clock.currentTimeMillis
    yield* Metric.update(Metric.withAttributes(distributedTotal, { action }), 1)
    const inserted = yield* store.transaction(Effect.gen(function* () {
      const { matched, rows } = action === "notify"
        ? yield* notifications(opportunity, nowMs)
        : action === "edit"
        ? yield* edits(opportunity, nowMs)
        : { matched: 0, rows: [] }
      const inserted = rows.length === 0 ? [] : yield* queue.enqueue(rows, nowMs)
      const { id: opportunityId, revision, state } = opportunity
      const payload: OpportunityDistributed = {
        v: 1,
        at: nowMs,
        opportunityId,
        revision,
        state,
        action,
        matched,
        enqueued: inserted.length,
      }
      yield* outbox.append([{ subject: Subject.fact("opportunity", "distributed"), payload }], nowMs)
      return inserted
    }))
    yield* Effect.forEach(new Set(inserted.map((row) => row.userId)), (userId) =>
      userQueue.wake(userId).pipe(
        Effect.catch((error) => Effect.logDebug("a wake is left to the sweep", userId, error._tag)),
      ), { concurrency: WAKES, discard: true })
  })

  const inItsTime = (opportunity: Opportunity, delivery: Delivery) =>
    Option.match(decodeSource(delivery.headers[SOURCE_HEADER]), {
      onNone: () => Effect.void,
      onSome: (source) => streamTime.observe(source, opportunity.at),
    })

  const good = (opportunity: Opportunity, delivery: Delivery) =>
    inItsTime(opportunity, delivery).pipe(
      Effect.andThen(distribute(opportunity)),
      Effect.andThen(delivery.ack),
      Effect.catch((error) =>
        Effect.andThen(
          Effect.logWarning("a transition comes again", opportunity.id, error._tag, error.message),
          delivery.nak(RETRY_AFTER),
        )
      ),
    )

  const unreadable = (error: Schema.SchemaError, delivery: Delivery) =>
    Effect.andThen(
      Effect.logWarning("an unreadable transition", delivery.subject, error.message),
      delivery.term("unreadable"),
    )

  return (delivery: Delivery) =>
    decodeOpportunity(decoder.decode(delivery.data)).pipe(
      Effect.matchEffect({
        onFailure: (error) => unreadable(error, delivery),
        onSuccess: (opportunity) => good(opportunity, delivery),
      }),
      Effect.andThen(Ref.set(options.progress, delivery.sequence)),
    )
})

const again = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")])

/** Works off transitions, in order, for ever. Several processes share them. */
export const distribute = Effect.fnUntraced(function* (options: DistributeOptions) {
  const bus = yield* Bus
  const one = yield* make(options)
  return yield* bus.work({
    stream: OPPORTUNITIES.name,
    subjects: [],
    durable: DURABLE,
    start: { _tag: "First" },
    ackWait: ACK_WAIT,
    maxDeliver: 1_000,
    maxAckPending: BATCH,
    batchSize: BATCH,
  }).pipe(
    Stream.runForEach((deliveries) => Effect.forEach(deliveries, one, { discard: true })),
    Effect.tapError((error) => Effect.logWarning("distribution waits for the bus", error.reason, error.detail)),
    Effect.retry(again),
    Effect.orDie,
  )
})
