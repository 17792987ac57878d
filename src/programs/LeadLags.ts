/**
 * Lead-lags: who moved first in a recording, and what moved along.
 *
 * In: a recording, the lags to look at. Out: the analyses of MarketAnalyses for each instrument, over the whole of it.
 * Promises: the figures of the live analyses; times are ingest times, on one clock: how venues were seen from here.
 */
import { Effect, Stream } from "effect"
import type { LagGrid } from "../domain/LeadLag.ts"
import { type Correlations, correlationsOf, pairsOf } from "../domain/MarketAnalysis.ts"
import { type BadLine, Recording, type RecordingError } from "../layers/Recording.ts"
import { HeardMarkets } from "../streams/HeardMarkets.ts"

/** Of one market: five days of a price that changes twice a second. */
const CAPACITY = 1_000_000

export interface LeadLags {
  readonly instruments: ReadonlyArray<Correlations>
  readonly bad: ReadonlyArray<BadLine>
}

export const leadLagsOf = Effect.fn("LeadLags.of")(function* (options: {
  readonly path: string
  readonly lags: LagGrid
  readonly onProgress: (share: number, what: string) => Effect.Effect<void>
}): Effect.fn.Return<LeadLags, RecordingError, Recording> {
  const recording = yield* Recording
  const heard = new HeardMarkets(Infinity, CAPACITY)
  const bad: Array<BadLine> = []
  let at = 0, ticks = 0
  yield* recording.read(options.path).pipe(Stream.runForEach((batch) => {
    for (const tick of batch.ticks) heard.push(tick), at = Math.max(at, tick.ingestTime)
    bad.push(...batch.bad)
    ticks += batch.ticks.length
    return options.onProgress(batch.progress, `${ticks} ticks`)
  }))
  const all = heard.all(), time = { at, spanMs: heard.spanMs, simulated: false }
  const computed = pairsOf(all, options.lags)
  const pairs = yield* Effect.forEach(
    computed,
    (compute, done) => Effect.as(options.onProgress((done + 1) / computed.length, "pairs of markets"), compute()),
  )
  const byInstrument = Map.groupBy(all, ({ instrument }) => instrument)
  const instruments = [...byInstrument].map(([instrument, markets]) =>
    correlationsOf(instrument, markets, pairs.flat(), all, time)
  )
  return { instruments, bad }
})
