/**
 * Feeding: a load run's ticks into Ingest when they are due, and what goes wrong on the way.
 *
 * In: batches of ticks in order, the fault plan. Out: the same, or what a feed makes of struck ones, handed to Ingest; how
 * many, and how late. Promises: no tick comes early and none is dropped; one that is handed over late keeps the time at
 * which it was due, so that an overload shows in latencies; faults strike the same ticks in every run.
 */
import { Clock, Duration, Effect, Stream } from "effect"
import { type FaultPlan } from "../../domain/FaultPlan.ts"
import type { FeedEvent } from "../../domain/Feed.ts"
import type { Tick } from "../../domain/Tick.ts"
import { Ingest } from "../../streams/Ingest.ts"
import { FeedGuard } from "../replay/FeedGuard.ts"
import type { Ledger } from "./Ledger.ts"

const ticksIn = (events: ReadonlyArray<FeedEvent>): number =>
  events.reduce((sum, event) => event._tag === "Ticks" ? sum + event.ticks.length : sum, 0)

export interface Feeding {
  readonly feed: <E, R>(ticks: Stream.Stream<ReadonlyArray<Tick>, E, R>) => Effect.Effect<void, E, R>
  /** Ticks struck, and outages, by the fault's place in the plan. */
  readonly struck: Effect.Effect<ReadonlyArray<number>>
}

export const make = (plan: FaultPlan, ledger: Ledger): Effect.Effect<Feeding, never, Ingest> =>
  Effect.gen(function* () {
    const ingest = yield* Ingest
    const guard = plan.faults.length === 0 ? null : new FeedGuard(plan)
    let newestMs = 0

    const handOver = (events: ReadonlyArray<FeedEvent>, lagMs: number) => {
      const ticks = ticksIn(events)
      if (ticks > 0) ledger.offered(ticks, lagMs)
      return ingest.accept(events)
    }

    const due = (ticks: ReadonlyArray<Tick>, nowMs: number) => {
      const events = guard === null ? [{ _tag: "Ticks", ticks } as const] : guard.push(ticks)
      return handOver(events, nowMs - (ticks[0]?.ingestTime ?? nowMs))
    }

    const batch = (ticks: ReadonlyArray<Tick>) =>
      Effect.gen(function* () {
        for (let from = 0; from < ticks.length;) {
          const nowMs = yield* Clock.currentTimeMillis
          let to = from
          while (to < ticks.length && (ticks[to]?.ingestTime ?? 0) <= nowMs) to++
          if (to > from) yield* due(ticks.slice(from, to), nowMs)
          else yield* Effect.sleep(Duration.millis((ticks[from]?.ingestTime ?? nowMs) - nowMs))
          from = to
        }
        newestMs = ticks.at(-1)?.ingestTime ?? newestMs
        // A source that is always late never sleeps: others must have their turn.
        yield* Effect.yieldNow
      })

    const end = Effect.suspend(() => guard === null ? Effect.void : handOver(guard.end(newestMs), 0))

    return {
      feed: (ticks) => ticks.pipe(Stream.runForEach(batch), Effect.andThen(end), Effect.andThen(ingest.drain)),
      struck: Effect.sync(() => guard?.report.struck ?? []),
    }
  })
