/**
 * Distribute: transitions become rows of the queue, for the people they fit.
 *
 *   transition --Coordinator--> notify: audience, ranked, as many as can be sent before expiry -> rows -> wakes
 *                           --> edit: rows for everyone told, or about to be --> none: already known
 *
 * In: `opp.v1.>` in batches that carry their ack. Out: rows of `opportunity_distribution_queue`, facts, wakes of the
 * users' queues, while the next of the batch is worked off. Promises: a transition is acknowledged after its rows are
 * committed; a repeat makes no second row; a transition nobody can read is terminated, not retried.
 */
import { Clock, Duration, Effect, FiberSet, Metric, Option, Ref, Schedule, Schema, Stream } from "effect"
import { CoordinatorClient } from "../actors/Coordinator.ts"
import { UserQueueClient } from "../actors/UserQueue.ts"
import type { Matched } from "../domain/audience/AudienceIndex.ts"
import { Header } from "../domain/contract/Headers.ts"
import type { OpportunityDistributed } from "../domain/Fact.ts"
import { DataSource } from "../domain/Frame.ts"
import { type Opportunity, OpportunityJson } from "../domain/Opportunity.ts"
import { editDueAt, editPriority } from "../domain/LivingMessage.ts"
import { TELEGRAM_LIMITS } from "../domain/RateLimit.ts"
import * as Subject from "../domain/Subject.ts"
import { continuing } from "../domain/TraceContext.ts"
import type { TelegramId } from "../domain/User.ts"
import type { Verdict } from "../domain/Verdict.ts"
import { Bus, type Delivery } from "../layers/Bus.ts"
import { type NewQueueItem, OpportunityQueue } from "../layers/OpportunityQueue.ts"
import { Outbox } from "../layers/Outbox.ts"
import { Store } from "../layers/Store.ts"
import { StreamTime } from "../layers/StreamTime.ts"
import { ToldHistory } from "../layers/ToldHistory.ts"
import { TrackRecord } from "../layers/TrackRecord.ts"
import { UserSchedule } from "../layers/UserSchedule.ts"
import { Audience } from "./Audience.ts"
import { makeChooser, POOL } from "./Choose.ts"
import { Payload } from "./delivery/Messages.ts"
import { noteQueued } from "./StageLatencies.ts"
import { OPPORTUNITIES } from "./Topology.ts"

const DURABLE = "distribute"
const ACK_WAIT = Duration.seconds(10)
const RENEW_EVERY = Duration.seconds(3)
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

const NOBODY: { readonly matched: number; readonly rows: ReadonlyArray<NewQueueItem> } = { matched: 0, rows: [] }

/** How many messages can leave before the opportunity expires, behind those that wait already. */
const sendable = (opportunity: Opportunity, ahead: number, nowMs: number): number => {
  const { grants, windowMs } = TELEGRAM_LIMITS.global
  return Math.max(0, Math.floor(Math.max(0, opportunity.expiresAt - nowMs) / windowMs * grants) - ahead)
}

/** Level 3 of validation: how many each reason kept from it, of all it was compared with. */
const verdictOf = (opportunity: Opportunity, matched: Matched, kept: number, at: number): Verdict => {
  const { audience, eligible, refused } = matched
  const [most] = [...refused].toSorted(([, a], [, b]) => b - a)
  return {
    opportunityId: opportunity.id,
    fingerprint: opportunity.fingerprint,
    revision: opportunity.revision,
    level: 3,
    userId: null,
    passed: eligible > 0,
    reason: eligible > 0 ? null : most?.[0] ?? "nobody_there",
    values: { audience, eligible, kept, ...Object.fromEntries(refused) },
    at,
  }
}

/** Whose a row is. */
interface Owner {
  readonly userId: string
  readonly chatId: TelegramId
}

const ownersOf = (rows: ReadonlyArray<Owner>): Iterable<Owner> =>
  new Map(rows.map(({ chatId, userId }) => [userId, { userId, chatId }])).values()

export interface DistributeOptions {
  /** Stream sequence of the last transition worked off by this process, whoever it fits woken; 0: none. */
  readonly progress: Ref.Ref<number>
}

/** Those that wait behind a slow one do not come again meanwhile, here or elsewhere. */
const keepLeased = (unanswered: ReadonlySet<Delivery>) =>
  Effect.forever(Effect.delay(
    Effect.suspend(() => Effect.forEach(unanswered, ({ inProgress }) => Effect.ignore(inProgress), { discard: true })),
    RENEW_EVERY,
  ))

const make = Effect.fnUntraced(function* (options: DistributeOptions) {
  const audience = yield* Audience, coordinator = yield* CoordinatorClient, userQueue = yield* UserQueueClient
  const queue = yield* OpportunityQueue, outbox = yield* Outbox, store = yield* Store
  const schedule = yield* UserSchedule, streamTime = yield* StreamTime, choose = yield* makeChooser
  const history = yield* ToldHistory, record = yield* TrackRecord

  const notifications = Effect.fnUntraced(function* (opportunity: Opportunity, nowMs: number) {
    const seats = sendable(opportunity, yield* history.ahead(opportunity.priority, nowMs), nowMs)
    const matched = yield* audience.matching(opportunity, nowMs, Math.max(seats, POOL))
    const { chosen, strategy } = yield* choose(opportunity, matched.targets, seats, nowMs)
    const verdict = verdictOf(opportunity, matched, chosen.length, nowMs)
    yield* record.append({ verdicts: [verdict], outcomes: [] }, nowMs)
    return {
      matched: matched.eligible,
      rows: chosen.map(({ chatId, language, userId }): NewQueueItem => ({
        strategy,
        opportunityId: opportunity.id,
        userId,
        chatId,
        purpose: "notify",
        priority: opportunity.priority,
        scheduledAt: null,
        expiresAt: opportunity.expiresAt,
        payload: { opportunity, language } satisfies Payload,
      })),
    }
  })

  /** Also for those whose notification still waits: until it expires they are owed it, and its end right after. */
  const edits = (opportunity: Opportunity, nowMs: number) =>
    Effect.map(queue.toldOf(opportunity.id), (told) => ({
      matched: told.length,
      rows: told.map(({ chatId, payload, touchedAt, userId }): NewQueueItem => ({
        opportunityId: opportunity.id,
        userId,
        chatId,
        purpose: `edit:${opportunity.revision}`,
        priority: editPriority(opportunity.priority),
        scheduledAt: editDueAt(
          opportunity.state,
          { isGroup: chatId.startsWith("-"), touchedAtMs: touchedAt },
          nowMs,
        ),
        expiresAt: nowMs + EDIT_LIFETIME_MS,
        payload: { opportunity, language: languageOf(payload) } satisfies Payload,
      })),
    }))

  /** Has the users' queues decide; who is overlooked is found by the sweep. */
  const wake = (users: Iterable<Owner>, admitted: (owner: Owner) => Effect.Effect<void>) =>
    Effect.forEach(users, (owner) =>
      userQueue.wake(owner.userId).pipe(
        Effect.tap((decided) => decided.admitted > 0 ? admitted(owner) : Effect.void),
        Effect.catch((error) => Effect.logDebug("a wake is left to the sweep", owner.userId, error._tag)),
      ), { concurrency: WAKES, discard: true })

  /** Rows and fact in one transaction; out: the wakes that are left to do. */
  const distribute = Effect.fn("Distribute.distribute")(function* (opportunity: Opportunity) {
    const { action } = yield* coordinator.handle(opportunity)
    const nowMs = yield* Clock.currentTimeMillis
    yield* Metric.update(Metric.withAttributes(distributedTotal, { action }), 1)
    if (action === "notify") yield* audience.caughtUp
    const { hastened, inserted } = yield* store.transaction(Effect.gen(function* () {
      // Who was told before of what is worth telling anew sees it where they were told.
      const told = action === "none" || opportunity.revision === 1 ? NOBODY : yield* edits(opportunity, nowMs)
      const fresh = action === "notify" ? yield* notifications(opportunity, nowMs) : NOBODY
      const matched = action === "notify" ? fresh.matched : told.matched
      const rows = [...fresh.rows, ...told.rows]
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
      const hastened = state === "improved" ? yield* schedule.hasten(opportunity, nowMs) : []
      return { inserted, hastened }
    }))
    // Edits have their times already.
    const fresh = ownersOf(inserted.filter(({ purpose }) => purpose === "notify")), sooner = ownersOf(hastened)
    return Effect.andThen(
      wake(fresh, ({ chatId }) => audience.told(chatId, opportunity, nowMs)),
      wake(sooner, () => Effect.void),
    )
  })

  const inItsTime = (opportunity: Opportunity, delivery: Delivery) =>
    Option.match(decodeSource(delivery.headers[Header.dataSource]), {
      onNone: () => Effect.void,
      onSome: (source) => streamTime.observe(source, opportunity.at),
    })

  const good = (opportunity: Opportunity, delivery: Delivery) =>
    inItsTime(opportunity, delivery).pipe(
      Effect.andThen(distribute(opportunity)),
      Effect.tap(() => noteQueued(delivery)),
      Effect.tap(() => delivery.ack),
      Effect.catch((error) =>
        Effect.logWarning("a transition comes again", opportunity.id, error._tag, error.message).pipe(
          Effect.andThen(delivery.nak(RETRY_AFTER)),
          Effect.as(Effect.void),
        )
      ),
    )

  const unreadable = (error: Schema.SchemaError, delivery: Delivery) =>
    Effect.andThen(
      Effect.logWarning("an unreadable transition", delivery.subject, error.message),
      Effect.as(delivery.term("unreadable"), Effect.void),
    )

  const transition = (delivery: Delivery) =>
    decodeOpportunity(decoder.decode(delivery.data)).pipe(
      Effect.matchEffect({
        onFailure: (error) => unreadable(error, delivery),
        onSuccess: (opportunity) => good(opportunity, delivery),
      }),
      continuing(delivery.headers, "Distribute.transition", { subject: delivery.subject, attempt: delivery.attempt }),
    )

  const one = (delivery: Delivery) =>
    Subject.isExpired(delivery.subject) ? Effect.as(delivery.ack, Effect.void) : transition(delivery)

  /** In order; users are woken beside the next transitions, so that a burst of them is decided on together. */
  return (deliveries: ReadonlyArray<Delivery>) =>
    Effect.scoped(Effect.gen(function* () {
      const waking = yield* FiberSet.make<void>(), unanswered = new Set(deliveries)
      yield* Effect.forkScoped(keepLeased(unanswered))
      for (const delivery of deliveries) {
        const wakes = yield* one(delivery)
        unanswered.delete(delivery)
        yield* FiberSet.run(waking, continuing(delivery.headers, "Distribute.wake", {})(wakes))
      }
      yield* FiberSet.awaitEmpty(waking)
      const last = deliveries.at(-1)
      if (last !== undefined) yield* Ref.set(options.progress, last.sequence)
    }))
})

const again = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")])

/** Works off transitions, in order, for ever. Several processes share them. */
export const distribute = Effect.fnUntraced(function* (options: DistributeOptions) {
  const bus = yield* Bus
  const batch = yield* make(options)
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
    Stream.runForEach(batch),
    Effect.tapError((error) => Effect.logWarning("distribution waits for the bus", error.reason, error.detail)),
    Effect.retry(again),
    Effect.orDie,
  )
})
