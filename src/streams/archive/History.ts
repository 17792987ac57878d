/**
 * History of a market, from the archive.
 *
 * In: an ArchiveStore. Out: the MarketArchive port. Promises: what is of another span or market is not read; ticks come in
 * order of ingest time; a broken file is the error `malformed`, never a hole that nobody sees.
 */
import { Array as Arr, Effect, Layer, Stream } from "effect"
import type { HistoryQuery } from "../../domain/MarketQuery.ts"
import { ArchiveStore } from "../../layers/ArchiveStore.ts"
import { MarketArchive, MarketArchiveError } from "../../layers/MarketArchive.ts"
import { ticks } from "./Ticks.ts"

const read = Effect.fn("ArchiveHistory.read")(function* ({ fromMs, instrument, toMs, venue }: HistoryQuery) {
  const batches = yield* Stream.runCollect(
    ticks({ fromMs, toMs, venues: [venue], instruments: [instrument] }).pipe(
      Stream.mapError((error) => new MarketArchiveError({ reason: "unreachable", detail: error.message })),
    ),
  )
  const [fault] = batches.flatMap(({ broken }) => broken)
  if (fault !== undefined) return yield* new MarketArchiveError({ reason: "malformed", detail: fault })
  const found = batches.flatMap((batch) => batch.ticks).sort((a, b) => a.ingestTime - b.ingestTime)
  return Arr.isReadonlyArrayNonEmpty(found)
    ? found
    : yield* new MarketArchiveError({ reason: "empty", detail: "the archive has nothing of that market and span" })
})

export const layer: Layer.Layer<MarketArchive, never, ArchiveStore> = Layer.effect(
  MarketArchive,
  Effect.map(Effect.context<ArchiveStore>(), (context) => ({ read: (query) => Effect.provide(read(query), context) })),
)
