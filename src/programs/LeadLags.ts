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
import type { Tick } from "../domain/Tick.ts"
import { HeardMarkets } from "../streams/HeardMarkets.ts"

/** Of one market: five days of a price that changes twice a second. */
const CAPACITY = 1_000_000

export interface LeadLags {
  readonly instruments: ReadonlyArray<Correlations>
  readonly bad: ReadonlyArray<BadLine>
}

/** A last price as if it were bid and asked; what tells no price stays, quotes and books count for nothing. */
const asQuote = (tick: Tick): Tick => {
  const { ingestTime, instrument, kind, v, venue, venueTime } = tick
  const envelope = { v, venue, instrument, venueTime, ingestTime }
  switch (kind) {
    case "ticker":
    case "trade": {
      const price = kind === "ticker" ? tick.last : tick.price
      return { ...envelope, kind: "quote", seq: null, bid: price, bidSize: "0", ask: price, askSize: "0" }
    }
    case "quote":
    case "book":
      return { ...envelope, kind: "heartbeat" }
    default:
      return tick
  }
}

export const leadLagsOf = Effect.fn("LeadLags.of")(function* (options: {
  readonly path: string
  readonly lags: LagGrid
  /** Last prices of tickers and trades, instead of quotes and books. */
  readonly last: boolean
  readonly onProgress: (share: number, what: string) => Effect.Effect<void>
}): Effect.fn.Return<LeadLags, RecordingError, Recording> {
  const recording = yield* Recording
  const heard = new HeardMarkets(Infinity, CAPACITY)
  const bad: Array<BadLine> = []
  let at = 0, ticks = 0
  yield* recording.read(options.path).pipe(Stream.runForEach((batch) => {
    for (const tick of batch.ticks) {
      heard.push(options.last ? asQuote(tick) : tick)
      at = Math.max(at, tick.ingestTime)
    }
    bad.push(...batch.bad)
    ticks += batch.ticks.length
    return options.onProgress(batch.progress, `${ticks} ticks`)
  }))
  const all = heard.all(Infinity), time = { at, spanMs: heard.spanMs, simulated: false }
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
