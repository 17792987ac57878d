/**
 * Playlist: the recordings of a replay, one after the other.
 *
 * In: files and folders, and what of them is played. Out: one stream of batches, in the order of the files' first ticks.
 * Promises: of a folder every file that looks like a recording is taken, folders inside it too; ticks that lie before
 * what was played already are refused, with their file, as lines out of order are.
 */
import { Effect, FileSystem, Option, Path, Stream } from "effect"
import { badTick, type Tick } from "../../domain/Tick.ts"
import { type BadLine, Recording, RecordingError } from "../../layers/Recording.ts"
import { type Chosen, Selection } from "./Selection.ts"

export interface RefusedLine extends BadLine {
  readonly path: string
}

export interface PlayedBatch {
  readonly ticks: ReadonlyArray<Tick>
  readonly bad: ReadonlyArray<RefusedLine>
  /** Share of all files read so far, 0 to 1. */
  readonly progress: number
}

export interface Playlist {
  /** In the order of playing. */
  readonly paths: ReadonlyArray<string>
  /** Ingest time of the first tick played, ms; 0: nothing is played. */
  readonly startMs: number
  readonly batches: Stream.Stream<PlayedBatch, RecordingError, Recording>
}

const RECORDING = /\.(ndjson|jsonl|json)(\.gz)?$/

const unreadable = (path: string) => (error: { readonly message: string }) =>
  new RecordingError({ reason: "not_readable", path, detail: error.message })

const filesOf = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem, paths = yield* Path.Path
  const isFolder = yield* files.stat(path).pipe(
    Effect.map(({ type }) => type === "Directory"),
    // Reading it will say what is wrong with it.
    Effect.orElseSucceed(() => false),
  )
  if (!isFolder) return [path]
  const names = yield* files.readDirectory(path, { recursive: true }).pipe(Effect.mapError(unreadable(path)))
  const found = names.filter((name) => RECORDING.test(name)).toSorted().map((name) => paths.join(path, name))
  if (found.length > 0) return found
  return yield* new RecordingError({
    reason: "not_readable",
    path,
    detail: "no recording (*.ndjson, *.ndjson.gz) in it",
  })
})

const firstTime = (path: string) =>
  Recording.use((recording) =>
    recording.read(path).pipe(
      Stream.filter(({ ticks }) => ticks.length > 0),
      Stream.runHead,
      Effect.map(Option.match({ onNone: () => Infinity, onSome: ({ ticks }) => ticks[0]?.ingestTime ?? Infinity })),
    )
  )

/** What is played of these files; begins anew with each run. */
const play = (paths: ReadonlyArray<string>, chosen: Chosen): Stream.Stream<PlayedBatch, RecordingError, Recording> =>
  Stream.suspend(() => {
    const selection = new Selection(chosen)
    let newest = -1
    const one = (path: string, index: number) =>
      Stream.unwrap(Recording.use((recording) => Effect.succeed(recording.read(path)))).pipe(
        Stream.map(({ bad, progress, ticks }): PlayedBatch & { readonly over: boolean } => {
          const refused: Array<RefusedLine> = bad.map((line) => ({ ...line, path }))
          const late = ticks.findIndex(({ ingestTime }) => ingestTime >= newest)
          const inOrder = late === 0 ? ticks : late === -1 ? [] : ticks.slice(late)
          const behind = ticks.length - inOrder.length
          if (behind > 0) {
            const detail = `${behind} ticks lie before the end of the file played before`
            refused.push({ ...badTick("time_backwards", detail), line: 0, path })
          }
          newest = inOrder.at(-1)?.ingestTime ?? newest
          const played = selection.take(inOrder)
          return {
            ticks: played,
            bad: refused,
            progress: (index + progress) / paths.length,
            over: selection.isOver(inOrder),
          }
        }),
      )
    return Stream.fromIterable(paths.map((path, index) => [path, index] as const)).pipe(
      Stream.flatMap(([path, index]) => one(path, index)),
      Stream.takeUntil(({ over }) => over),
    )
  })

export const open = Effect.fn("Playlist.open")(function* (given: ReadonlyArray<string>, chosen: Chosen) {
  const found = (yield* Effect.forEach(given, filesOf)).flat()
  const timed = found.length === 1
    ? found.map((path) => ({ path, at: 0 }))
    : yield* Effect.forEach(found, (path) => Effect.map(firstTime(path), (at) => ({ path, at })))
  const paths = timed.toSorted((a, b) => a.at === b.at ? 0 : a.at - b.at).map(({ path }) => path)
  const batches = play(paths, chosen)
  const first = yield* batches.pipe(Stream.filter(({ ticks }) => ticks.length > 0), Stream.runHead)
  const startMs = Option.match(first, { onNone: () => 0, onSome: ({ ticks }) => ticks[0]?.ingestTime ?? 0 })
  const playlist: Playlist = { paths, startMs, batches }
  return playlist
})
