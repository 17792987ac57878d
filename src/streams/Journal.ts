/**
 * Journal: verdicts and outcomes leave the hot path here, and are written in batches.
 *
 * In: findings, as they are made. Out: batches of 500 at most to the TrackRecord, five times a second. Promises: once
 * `flush` has returned, everything added before it is written; a batch that the store cannot take now is tried again; one
 * that it refuses for good is told and dropped. Capacity: 20,000 entries; who adds to a full journal waits until it is
 * written.
 */
import { Clock, Effect, Metric, Schedule, type Scope, Semaphore } from "effect"
import type { Outcome } from "../domain/Outcome.ts"
import type { Verdict } from "../domain/Verdict.ts"
import type { StoreError } from "../layers/Store.ts"
import { type Findings, TrackRecord } from "../layers/TrackRecord.ts"

const BATCH = 500
const CAPACITY = 20_000
const WRITE_EVERY = "200 millis"

const writtenTotal = Metric.counter("journal_entries_total", { description: "Verdicts and outcomes written" })
const droppedTotal = Metric.counter("journal_dropped_total", { description: "Entries the store refused for good" })

const again = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])

export interface Journal {
  readonly add: (findings: Findings) => Effect.Effect<void>
  /** Returns once everything added so far is written. */
  readonly flush: Effect.Effect<void>
}

/** The pace of its writing is the wall's, whatever time the process lives in. */
const inWallTime = Effect.provideService(Clock.Clock, Clock.Clock.defaultValue())

export const make: Effect.Effect<Journal, never, TrackRecord | Scope.Scope> = Effect.gen(function* () {
  const record = yield* TrackRecord
  const verdicts: Array<Verdict> = [], outcomes: Array<Outcome> = []
  const turn = (yield* Semaphore.make(1)).withPermits(1)

  const write = (findings: Findings) =>
    Effect.gen(function* () {
      const size = findings.verdicts.length + findings.outcomes.length
      yield* record.append(findings, yield* Clock.currentTimeMillis).pipe(
        Effect.tapError((error) => Effect.logWarning("the journal waits for the store", error.message)),
        Effect.retry({ schedule: again, while: (error: StoreError) => error.retryable }),
        Effect.andThen(Metric.update(writtenTotal, size)),
        Effect.catch((error) =>
          Effect.logError("entries of the journal were refused and dropped", size, error.message).pipe(
            Effect.andThen(Metric.update(droppedTotal, size)),
          )
        ),
      )
    })

  const writeAll = Effect.gen(function* () {
    while (verdicts.length + outcomes.length > 0) {
      yield* write({ verdicts: verdicts.splice(0, BATCH), outcomes: outcomes.splice(0, BATCH) })
    }
  })
  const flush = inWallTime(turn(writeAll))

  yield* Effect.forkScoped(Effect.forever(Effect.andThen(inWallTime(Effect.sleep(WRITE_EVERY)), flush)))

  return {
    add: (findings) =>
      Effect.suspend(() => {
        verdicts.push(...findings.verdicts)
        outcomes.push(...findings.outcomes)
        return verdicts.length + outcomes.length >= CAPACITY ? flush : Effect.void
      }),
    flush,
  }
})
