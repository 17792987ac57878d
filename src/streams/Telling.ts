/**
 * Telling: what the lanes found leaves on `opp.v1.>`, and their places are saved, neither ahead of the other.
 *
 *   found --last save ended--> told --> places saved behind it --> the next may be told
 *
 * In: transitions as they were found. Out: their messages; checkpoints of the lanes. Promises: a place is saved only after
 * the transitions before it are stored, and the next are told only after it is saved, so that a kill or a change of owner
 * loses none and changes no id; they leave oldest first. The analysis goes on while a place is being saved.
 */
import { Effect, Fiber, Latch, Metric } from "effect"
import type { StageTimes } from "../domain/contract/Headers.ts"
import type * as Frame from "../domain/Frame.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import { continuing } from "../domain/TraceContext.ts"
import { Bus, type StoredMessage } from "../layers/Bus.ts"
import { Checkpoints } from "../layers/Checkpoints.ts"
import type { Fenced, StoreError } from "../layers/Store.ts"
import type { Journal } from "./Journal.ts"
import type { Lane } from "./Lane.ts"
import { messagesOf } from "./Transitions.ts"

/** So many transitions are held at most while a place is being saved. */
const UNTOLD_MOST = 256

const transitionsTotal = Metric.counter("opportunity_transitions_total", { description: "Transitions by state" })

/** What a lane found in a batch. */
export interface Found {
  readonly lane: Lane
  readonly transitions: ReadonlyArray<Opportunity>
  /** Of the message that let them out, for its trace; and since when it was analysed (wall time, ns). */
  readonly headers: StoredMessage["headers"]
  readonly begunAt: bigint
}

/** A transition that nobody has been told of yet. */
interface Untold extends Omit<Found, "transitions"> {
  readonly transition: Opportunity
  readonly source: Frame.DataSource
  readonly times: StageTimes
}

export interface TellingOptions {
  /** What was found must be written before the place behind it is. */
  readonly journal: Journal
  /** Runs before each transition is told, after the one before it was. */
  readonly before: ((transition: Opportunity) => Effect.Effect<void>) | undefined
}

/** One batch at a time calls these; saves go on in the scope of whoever made it. */
export const make = Effect.fnUntraced(function* ({ before, journal }: TellingOptions) {
  const bus = yield* Bus, checkpoints = yield* Checkpoints, scope = yield* Effect.scope

  /** A repeat after a restart has the same message id. */
  const tell = ({ begunAt, headers, source, times, transition }: Untold) => {
    const { id, revision, state, type } = transition
    return (before?.(transition) ?? Effect.void).pipe(
      Effect.andThen(messagesOf(transition, source, times)),
      Effect.flatMap(bus.publishAll),
      Effect.andThen(Metric.update(Metric.withAttributes(transitionsTotal, { state }), 1)),
      continuing(headers, "Analyse.detect", { opportunityId: id, revision, state, type }, { begunAt }),
    )
  }

  /** Oldest first; the latch is open while they wait for nothing but the save under way. */
  const untold: Array<Untold> = []
  const gathered = yield* Latch.make(false)

  /** The last save: whoever joins it learns how it ended. */
  let saving: Fiber.Fiber<void, StoreError | Fenced> = yield* Effect.forkScoped(Effect.void)
  const saved = Effect.suspend(() => Fiber.join(saving))

  /** In their order; where nobody acts between them, none waits for another. Out: whose they were. */
  const tellAll = Effect.gen(function* () {
    yield* saved
    gathered.closeUnsafe()
    const telling = untold.splice(0)
    yield* Effect.forEach(telling, tell, { concurrency: before === undefined ? "unbounded" : 1, discard: true })
    return new Set(telling.map(({ lane }) => lane))
  })

  return {
    /** `detect`: when they were found. */
    add: (found: ReadonlyArray<Found>, detect: number): void => {
      for (const { transitions, ...where } of found) {
        const { origins, source } = where.lane.analysis
        for (const transition of transitions) {
          untold.push({ ...where, transition, source, times: { ...origins.of(transition), detect } })
        }
      }
    },
    isOwed: (): boolean => untold.length > 0,
    /** A place is being saved just now, and what was found may gather until it is. */
    mayGather: (): boolean => before === undefined && untold.length < UNTOLD_MOST && saving.pollUnsafe() === undefined,
    /** What has gathered is told as soon as the save under way ends, by whoever waits for `due`. */
    gather: gathered.open,
    due: Effect.andThen(gathered.await, saved),
    saved,
    /** Tells all; begins to save where these stand now, and whoever has just told something. */
    save: Effect.fnUntraced(function* (wanted: ReadonlyArray<Lane>, nowMs: number) {
      const some = [...new Set([...wanted, ...yield* tellAll])].filter((lane) => lane.changed)
      if (some.length === 0) return
      const places = some.map((lane) => lane.save(nowMs))
      // What was found before the checkpoint is not found again after it.
      saving = yield* Effect.forkIn(Effect.andThen(journal.flush, checkpoints.save(places, nowMs)), scope)
    }),
  }
})
