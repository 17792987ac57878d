/**
 * KeepNewest: the newest of every market that this process ingests, in the bucket `market_data`.
 *
 * In: the table of newest values and the books as they stand, once a second. Out: an entry for each quote, ticker,
 * funding rate and book that changed, or whose market is quiet but alive and whose entry would soon be past its best. Promises: once a second a key at most; an
 * entry is there within 2 s of its tick while the bus takes it; what could not be written is tried again a second later.
 */
import { Clock, Duration, Effect, Metric, Option, type Scope } from "effect"
import type { DataSource } from "../domain/Frame.ts"
import { entryOf, type MarketEntry } from "../domain/MarketEntry.ts"
import { keyOf, LATEST_KINDS, type LatestKind } from "../domain/MarketQuery.ts"
import type { TickOf } from "../domain/Tick.ts"
import type { Bus } from "../layers/Bus.ts"
import type { LatestMarket, LatestMarkets } from "./LatestMarkets.ts"
import { type MarketCache, openMarketCache } from "./MarketCache.ts"

const EVERY = Duration.seconds(1)
const WRITE_DEADLINE = Duration.seconds(2)
const WRITES_AT_A_TIME = 64
/** A quiet market's entry is written again after this part of its life. */
const RENEWED_AFTER = 1 / 3

const writtenTotal = Metric.counter("market_cache_writes_total", {
  description: "Entries written to market_data, by outcome",
})
const lag = Metric.histogram("market_cache_lag_seconds", {
  description: "From a tick's ingest to its entry in market_data",
  boundaries: [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 5, 60],
})

interface Due {
  readonly market: LatestMarket
  readonly kind: LatestKind
  readonly key: string
  readonly entry: MarketEntry
  readonly isNew: boolean
}

/** What was written last, for as long as the market is known. */
type Written = WeakMap<LatestMarket, Partial<Record<LatestKind, MarketEntry>>>

const dueOf = (
  market: LatestMarket,
  kind: LatestKind,
  tick: MarketEntry["ticks"][0] | undefined,
  written: MarketEntry | undefined,
  data: DataSource,
  nowMs: number,
): Due | undefined => {
  if (tick === undefined) return undefined
  const isNew = written?.ticks[0] !== tick, asOf = market.heardAtMs
  if (!isNew) {
    if (asOf <= written.asOf) return undefined
    if (nowMs - written.asOf < (written.expiresAt - written.asOf) * RENEWED_AFTER) return undefined
  }
  const query = { kind, venue: market.venue, instrument: market.instrument }
  const key = Option.getOrUndefined(keyOf(query))
  if (key === undefined) return undefined
  const entry = entryOf(query, { data, source: "stream", asOf, ticks: [tick] }, written ?? null)
  return { market, kind, key, entry, isNew }
}

const write = (cache: MarketCache, written: Written) =>
  Effect.fnUntraced(function* ({ entry, isNew, key, kind, market }: Due) {
    const outcome = yield* cache.write(key, entry).pipe(
      Effect.timeout(WRITE_DEADLINE),
      Effect.as("written"),
      Effect.catch((error) => Effect.as(Effect.logDebug("an entry was not written", key, error.message), "failed")),
    )
    yield* Metric.update(Metric.withAttributes(writtenTotal, { outcome }), 1)
    if (outcome === "failed") return
    written.set(market, { ...written.get(market), [kind]: entry })
    if (isNew) yield* Metric.update(lag, ((yield* Clock.currentTimeMillis) - entry.ticks[0].ingestTime) / 1_000)
  })

/**
 * Runs until interrupted; never fails. `bookOf`: the book of a market as it stands, the same object while it does not
 * change; the table itself knows only what live ticks left of it.
 */
export const keepNewest = (
  table: LatestMarkets,
  data: DataSource,
  bookOf: (market: LatestMarket) => TickOf<"book"> | undefined,
): Effect.Effect<never, never, Bus | Scope.Scope> =>
  Effect.gen(function* () {
    const cache = yield* openMarketCache
    const written: Written = new WeakMap()
    const round = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis, due: Array<Due> = []
      for (const market of table.all()) {
        const before = written.get(market)
        for (const kind of LATEST_KINDS) {
          const tick = kind === "book" ? bookOf(market) : market.get(kind)
          const one = dueOf(market, kind, tick, before?.[kind], data, nowMs)
          if (one !== undefined) due.push(one)
        }
      }
      yield* Effect.forEach(due, write(cache, written), { concurrency: WRITES_AT_A_TIME, discard: true })
    })
    return yield* Effect.forever(Effect.andThen(Effect.sleep(EVERY), round))
  })
