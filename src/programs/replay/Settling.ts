/**
 * Settling: knowing when nothing more happens at this instant, and bringing the time to the next one that matters.
 *
 * In: the pipeline's watch, queue, opportunities. Out: `settle` returns when every transition is distributed, every due
 * row delivered and every expiry told; `nextInstant` is when something is due. Promises: looks with the wall's pauses of
 * a millisecond, whatever time the replay lives in; after 30 s without progress it says so
 * instead of waiting for ever.
 */
import { Clock, Duration, Effect, Option, Ref, Schema } from "effect"
import { Bus, type BusError } from "../../layers/Bus.ts"
import { Opportunities } from "../../layers/Opportunities.ts"
import { OpportunityQueue } from "../../layers/OpportunityQueue.ts"
import type { StoreError } from "../../layers/Store.ts"
import type { Watch } from "../../streams/Pipeline.ts"
import { OPPORTUNITIES } from "../../streams/Topology.ts"

export class ReplayStuck extends Schema.TaggedError<ReplayStuck>()("ReplayStuck", { detail: Schema.String }) {
  override get message(): string {
    return `nothing moved for ${PATIENCE_MS / 1_000} s while waiting for ${this.detail}`
  }
}

const PAUSE = Duration.millis(1)
const PATIENCE_MS = 30_000
const OPEN_LIMIT = 10_000

const wall = Clock.Clock.defaultValue()
const inWallTime = Effect.provideService(Clock.Clock, wall)

/** Waits in the wall's time until the look finds nothing to wait for (null). */
export const until = <E, R>(
  look: Effect.Effect<string | null, E, R>,
): Effect.Effect<void, E | ReplayStuck, R> =>
  Effect.gen(function* () {
    let since = wall.currentTimeMillisUnsafe(), before: string | null = null
    while (true) {
      const waitsFor = yield* look
      if (waitsFor === null) return
      if (waitsFor !== before) {
        before = waitsFor
        since = wall.currentTimeMillisUnsafe()
      } else if (wall.currentTimeMillisUnsafe() - since > PATIENCE_MS) {
        return yield* new ReplayStuck({ detail: waitsFor })
      }
      yield* inWallTime(Effect.sleep(PAUSE))
    }
  })

export const make = (watch: Watch) =>
  Effect.gen(function* () {
    const bus = yield* Bus, opportunities = yield* Opportunities, queue = yield* OpportunityQueue

    const look: Effect.Effect<string | null, BusError | StoreError> = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const { lastSequence } = yield* bus.streamState(OPPORTUNITIES.name)
      const distributed = yield* Ref.get(watch.distributed)
      if (distributed < lastSequence) return `transition ${distributed + 1} of ${lastSequence} to be distributed`
      if ((yield* opportunities.overdue(nowMs, 1)).length > 0) return "an opportunity to expire"
      if ((yield* Ref.get(watch.delivering)) > 0) return "a delivery under way"
      if ((yield* queue.undecidedUsers).length > 0) return "a user's queue to decide"
      const due = yield* queue.nextDueAt(nowMs)
      return Option.isSome(due) && due.value <= nowMs ? "a due row to be delivered" : null
    })

    /** Twice at rest: a delivery that ended between two questions may have left something behind. */
    const settle = Effect.andThen(until(look), until(look))

    const nextInstant = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const due = yield* queue.nextDueAt(nowMs)
      const open = yield* opportunities.open(nowMs, OPEN_LIMIT)
      const instants = [...Option.toArray(due), ...open.map(({ expiresAt }) => expiresAt)]
      return instants.length === 0 ? Option.none() : Option.some(Math.min(...instants))
    })

    return { settle, nextInstant }
  })
