/**
 * Audience: everyone who may be told of anything now, in memory, kept current by events.
 *
 * In: the whole audience at start, then changes told by the Store. Out: who fits an opportunity, ranked. Promises: a
 * match reads memory alone; only recipients whose known session has just run out are asked for again, because extensions
 * are not announced; after missed notices everything is read again.
 */
import { Clock, Context, Effect, Layer, Metric, Option, Schedule, type Scope, Stream } from "effect"
import { mismatch, type MismatchReason, type Offer, offerOf, rank } from "../domain/Matching.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import type { Recipient } from "../domain/User.ts"
import type { StoreError } from "../layers/Store.ts"
import { type AudienceChange, Users } from "../layers/Users.ts"

const mismatchesTotal = Metric.counter("audience_mismatches_total", {
  description: "Recipients passed over, by reason",
})

const again = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")])

export class Audience extends Context.Service<Audience, {
  /** Who fits, best first. */
  readonly matching: (opportunity: Opportunity, nowMs: number) => Effect.Effect<ReadonlyArray<Recipient>, StoreError>
  readonly size: Effect.Effect<number>
}>()("arbedge/Audience") {
  /** Ready once the audience was read for the first time. */
  static readonly layer: Layer.Layer<Audience, StoreError, Users> = Layer.effect(Audience, Effect.suspend(() => make))
}

const make: Effect.Effect<Audience["Service"], StoreError, Users | Scope.Scope> = Effect.gen(function* () {
  const users = yield* Users
  let known = new Map<string, Recipient>()

  const readAll = Effect.gen(function* () {
    const everyone = yield* users.audience(yield* Clock.currentTimeMillis)
    known = new Map(everyone.map((recipient) => [recipient.chatId, recipient]))
  })

  const readOne = (chatId: string) =>
    Effect.gen(function* () {
      const recipient = yield* users.recipientOf(chatId, yield* Clock.currentTimeMillis)
      if (Option.isSome(recipient)) known.set(chatId, recipient.value)
      else known.delete(chatId)
      return recipient
    })

  const follow = (change: AudienceChange) => change._tag === "Unknown" ? readAll : readOne(change.telegramId)

  yield* readAll
  yield* users.audienceChanges.pipe(
    Stream.runForEach(follow),
    Effect.tapError((error) => Effect.logWarning("the audience is not followed", error.reason)),
    Effect.retry(again),
    Effect.forkScoped,
  )

  /** Recipients whose known session ran out may have extended it since. */
  const renewed = (offer: Offer, nowMs: number) =>
    Effect.gen(function* () {
      const stale = [...known.values()].filter((recipient) => recipient.sessionExpiresAt <= nowMs)
      const fresh = yield* Effect.forEach(stale, (recipient) => readOne(recipient.chatId))
      return fresh.flatMap((recipient) => Option.toArray(recipient))
        .filter((recipient) => mismatch(offer, recipient, nowMs) === null)
    })

  return {
    matching: Effect.fn("Audience.matching")(function* (opportunity: Opportunity, nowMs: number) {
      const offer = offerOf(opportunity)
      const mismatched = new Map<MismatchReason, number>()
      const fitting = [...known.values()].filter((recipient) => {
        const reason = mismatch(offer, recipient, nowMs)
        if (reason !== null) mismatched.set(reason, (mismatched.get(reason) ?? 0) + 1)
        return reason === null
      })
      for (const [reason, count] of mismatched) {
        yield* Metric.update(Metric.withAttributes(mismatchesTotal, { reason }), count)
      }
      return rank([...fitting, ...(yield* renewed(offer, nowMs))])
    }),
    size: Effect.sync(() => known.size),
  }
})
