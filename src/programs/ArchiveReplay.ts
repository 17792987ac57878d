/**
 * Replay of the archive: what a recording would hold of the same span.
 *
 * In: an ArchiveStore and what is wanted of it. Out: a playlist for the stages that replay recordings, and the same as a
 * recording: there is no second path. Promises: ticks in order of ingest time, each that was ingested once; what is
 * broken is told, and the rest comes.
 */
import { Effect, Exit, Option, Stream } from "effect"
import { badTick } from "../domain/Tick.ts"
import { ArchiveStore, type ArchiveStoreError } from "../layers/ArchiveStore.ts"
import * as TickCodec from "../domain/TickCodec.ts"
import { Recording, RecordingError } from "../layers/Recording.ts"
import { type TickQuery, ticks } from "../streams/archive/Ticks.ts"
import { Ordering } from "./record/Ordering.ts"
import { BUS_DISORDER_TICKS } from "./record/Sources.ts"
import type { PlayedBatch, Playlist, RefusedLine } from "./replay/Playlist.ts"

/** As `replay` plays it. */
export const playlistOf = Effect.fn("Archive.playlist")(function* (
  query: TickQuery,
): Effect.fn.Return<Playlist, ArchiveStoreError, ArchiveStore> {
  const store = yield* ArchiveStore
  const source = Stream.provideService(ticks(query), ArchiveStore, store)
  const first = yield* source.pipe(Stream.filter((batch) => batch.ticks.length > 0), Stream.runHead)
  const startMs = Option.match(first, {
    onNone: () => 0,
    onSome: (batch) => batch.ticks.reduce((least, { ingestTime }) => Math.min(least, ingestTime), Infinity),
  })
  const batches = Stream.suspend(() => {
    const ordering = new Ordering(BUS_DISORDER_TICKS)
    const played = Stream.map(source, ({ bad, broken, share, ticks }): PlayedBatch => ({
      ticks: ordering.push(ticks),
      bad: [
        ...bad.map((reason): RefusedLine => ({ ...badTick(reason, "an archived line"), line: 0, path: store.where })),
        ...broken.map((where): RefusedLine => ({
          ...badTick("not_json", "broken: see archive verify"),
          line: 0,
          path: where,
        })),
      ],
      progress: share,
    }))
    const rest = Stream.sync((): PlayedBatch => ({ ticks: ordering.flush(), bad: [], progress: 1 }))
    return Stream.concat(played, rest)
  }).pipe(
    Stream.mapError((error) => new RecordingError({ reason: "io", path: error.key, detail: error.message })),
  )
  return { paths: [store.where], startMs, batches }
})

/** Into a file of NDJSON, which has its name when it is complete. Out: ticks written, and what was refused. */
export const writeRecording = Effect.fn("Archive.writeRecording")(function* (
  path: string,
  playlist: Playlist,
  onProgress: (share: number, ticks: number) => Effect.Effect<void>,
) {
  const recording = yield* Recording
  const bad: Array<RefusedLine> = []
  let end: Exit.Exit<void, RecordingError> = Exit.void, ticks = 0
  const lines = playlist.batches.pipe(
    Stream.tap((batch) => {
      bad.push(...batch.bad)
      ticks += batch.ticks.length
      return onProgress(batch.progress, ticks)
    }),
    Stream.map((batch) => batch.ticks.map(TickCodec.toLine)),
    // The file is completed with what there is; the failure is told after that.
    Stream.catchCause((cause) => {
      end = Exit.failCause(cause)
      return Stream.empty
    }),
    Stream.filter((batch) => batch.length > 0),
    Stream.provideService(Recording, recording),
  )
  const written = yield* recording.write(path, lines)
  yield* end
  return { ticks: written.lines, bad }
})
