/**
 * Audience: everyone who may be told of anything now, in memory, kept current by events.
 *
 * In: the whole audience at start, then changes told by the Store. Out: whom an opportunity fits, best first, and why it
 * does not fit the others. Promises: a match reads memory alone; only recipients whose known session has just run out
 * are asked for again, all at once, because extensions are not announced; changes are read in the order in which they
 * come, those that came together at once; after missed notices everything is read again.
 * What each was told is a hint: this process's own tellings at once, everybody's every five minutes; the queue decides.
 */
import { Clock, Context, Duration, Effect, Layer, Metric, Queue, Schedule, type Scope, Semaphore, Stream } from "effect"
import { AudienceIndex, type Matched } from "../domain/audience/AudienceIndex.ts"
import { profitOf } from "../domain/Cooldown.ts"
import { NO_STANDING } from "../domain/Eligibility.ts"
import { offerOf } from "../domain/Matching.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import type { TelegramId } from "../domain/User.ts"
import { EligibilityPolicy } from "../layers/EligibilityPolicy.ts"
import { Standings } from "../layers/Standings.ts"
import type { StoreError } from "../layers/Store.ts"
import { ToldHistory } from "../layers/ToldHistory.ts"
import { type AudienceChange, Users } from "../layers/Users.ts"

const mismatchesTotal = Metric.counter("audience_mismatches_total", {
  description: "Recipients passed over, by reason",
})

const again = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")])
const HISTORY_EVERY = Duration.minutes(5)
const HOUR_MS = 3_600_000

type Needs = Users | Standings | ToldHistory

export class Audience extends Context.Service<Audience, {
  /** Reads what was told and not read yet. Not inside a transaction: another fiber may be about it, and need the store. */
  readonly caughtUp: Effect.Effect<void, StoreError>
  /** The `limit` best of those it fits, and how many it does not by reason. */
  readonly matching: (opportunity: Opportunity, nowMs: number, limit: number) => Effect.Effect<Matched, StoreError>
  /** They are being told of it: what comes next knows. */
  readonly told: (chatId: TelegramId, opportunity: Opportunity, nowMs: number) => Effect.Effect<void>
  readonly size: Effect.Effect<number>
}>()("arbedge/Audience") {
  /** Ready once the audience was read for the first time. */
  static readonly layer: Layer.Layer<Audience, StoreError, Needs> = Layer.effect(Audience, Effect.suspend(() => make))
}

const make: Effect.Effect<Audience["Service"], StoreError, Needs | Scope.Scope> = Effect.gen(function* () {
  const users = yield* Users, standings = yield* Standings, history = yield* ToldHistory
  const rules = yield* EligibilityPolicy
  const index = new AudienceIndex(rules)

  const readTold = Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const tellings = yield* history.since(nowMs - Math.max(HOUR_MS, rules.cooldown.cooldownMs))
    const today = yield* history.today(nowMs)
    index.forgetTold()
    for (const { chatId, fingerprint, ...told } of tellings) index.tell(chatId, fingerprint, told)
    for (const chatId of index.chats()) index.setDay(chatId, today.get(chatId) ?? 0, nowMs)
  })

  const readAll = Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const everyone = yield* users.audience(nowMs)
    const all = yield* standings.all(nowMs)
    const present = new Set(everyone.map(({ chatId }) => chatId))
    for (const chatId of [...index.chats()].filter((chatId) => !present.has(chatId))) index.remove(chatId)
    for (const recipient of everyone) index.put(recipient, all.get(recipient.userId) ?? NO_STANDING)
    yield* readTold
  })

  /** Who is not found is not to be sent anything. */
  const readThese = Effect.fnUntraced(function* (chatIds: ReadonlyArray<TelegramId>, nowMs: number) {
    const found = new Map((yield* users.recipientsOf(chatIds, nowMs)).map((one) => [one.chatId, one]))
    const theirs = yield* standings.of([...found.values()].map(({ userId }) => userId), nowMs)
    for (const chatId of chatIds) {
      const recipient = found.get(chatId)
      if (recipient === undefined) index.remove(chatId)
      else index.put(recipient, theirs.get(recipient.userId) ?? NO_STANDING)
    }
  })

  /** What was told and is not read yet. */
  const told = yield* Queue.unbounded<AudienceChange>()
  const reading = yield* Semaphore.make(1)

  /** Reads all that was told so far, each chat once; what cannot be read now is read with the rest, later. */
  const catchUp = Effect.gen(function* () {
    const changes = yield* Queue.clear(told)
    if (changes.length === 0) return
    const nowMs = yield* Clock.currentTimeMillis
    const chats = new Set(changes.flatMap((change) => change._tag === "Changed" ? [change.telegramId] : []))
    const read = changes.some(({ _tag }) => _tag === "Unknown") ? readAll : readThese([...chats], nowMs)
    yield* Effect.tapError(read, () => Queue.offer(told, { _tag: "Unknown" }))
  }).pipe(reading.withPermits(1))

  yield* readAll
  yield* users.audienceChanges.pipe(
    Stream.runForEach((change) => Queue.offer(told, change)),
    Effect.tapError((error) => Effect.logWarning("the audience is not followed", error.reason)),
    Effect.retry(again),
    Effect.forkScoped,
  )
  yield* Queue.peek(told).pipe(
    Effect.andThen(catchUp),
    Effect.forever,
    Effect.tapError((error) => Effect.logWarning("the audience is not read", error.reason)),
    Effect.retry(again),
    Effect.forkScoped,
  )
  yield* Effect.sleep(HISTORY_EVERY).pipe(
    Effect.andThen(readTold),
    Effect.catch((error) => Effect.logWarning("what was told is not read again", error.reason)),
    Effect.forever,
    Effect.forkScoped,
  )

  return {
    caughtUp: Effect.withSpan(catchUp, "Audience.caughtUp"),
    matching: Effect.fn("Audience.matching")(function* (opportunity: Opportunity, nowMs: number, limit: number) {
      const expired = index.expired(nowMs)
      if (expired.length > 0) yield* readThese(expired, nowMs)
      const matched = index.match(offerOf(opportunity), nowMs, limit)
      for (const [reason, count] of matched.refused) {
        yield* Metric.update(Metric.withAttributes(mismatchesTotal, { reason }), count)
      }
      return matched
    }),
    told: (chatId, opportunity, nowMs) =>
      Effect.sync(() => index.tell(chatId, opportunity.fingerprint, { atMs: nowMs, netProfit: profitOf(opportunity) })),
    size: Effect.sync(() => index.size),
  }
})
