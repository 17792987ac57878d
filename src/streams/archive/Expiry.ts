/**
 * Expiry: what the archive has kept for long enough goes, a day at a time.
 *
 *   days older than the limit, the oldest first --> limit noted in retention.json --> files of the day removed, one by one
 *
 * In: how long each section is kept, the archive. Out: files removed, counted, told. Promises: a group of files goes only
 * when its whole day is older than the limit, and nothing in it was written later than a day after that; the note stands before
 * the first file goes, so that whoever reads knows at any moment which batches may lack files; killed anywhere, the next pass
 * goes on. Who does it owns the role's lease.
 */
import { Array as Arr, Clock, Duration, Effect, Metric, Option, Schema, Stream } from "effect"
import * as Layout from "../../domain/ArchiveLayout.ts"
import { ArchiveStore, type ArchiveStoreError } from "../../layers/ArchiveStore.ts"
import * as Reader from "./Reader.ts"

export type Keeping = Readonly<Record<Layout.Section, Duration.Duration>>

const PASS_EVERY = Duration.hours(6)
const AGAIN_AFTER = Duration.minutes(5)
const FILES_AT_A_TIME = 4
/** A day's last batch is closed in the next day, and after an outage later. */
const LATE_MS = Duration.toMillis(Duration.days(1))

const filesTotal = Metric.counter("archive_removed_files_total", {
  description: "Files of the archive removed because they were too old, by section",
})
const bytesTotal = Metric.counter("archive_removed_bytes_total", {
  description: "Bytes of such files, by section",
})

/** Of each section: what was closed before that moment (ms) may be gone. */
const Note = Schema.Struct({ v: Schema.Literal(1), expiredMs: Schema.Record(Schema.String, Schema.Int) })
const NoteJson = Schema.fromJsonString(Note)
const decode = Schema.decodeUnknownOption(NoteJson)
const encode = Schema.encodeSync(NoteJson)

/** Nothing where none was written; one that cannot be read is written anew, and until then excuses nothing. */
const noted = Effect.gen(function* () {
  const store = yield* ArchiveStore
  const bytes = yield* Effect.catchIf(
    store.read(Layout.RETENTION),
    (error) => error.reason === "not_found",
    () => Effect.succeed(new Uint8Array()),
  )
  return Option.match(decode(new TextDecoder().decode(bytes)), {
    onNone: (): Readonly<Record<string, number>> => ({}),
    onSome: ({ expiredMs }) => expiredMs,
  })
})

/** Of a batch's files one is given: closed before when (ms) may the batch lack others? 0: never. */
export const expiredMs = Effect.map(noted, (expired) => {
  const of = (section: Layout.Section): number => expired[section] ?? 0
  const events = Math.max(of("analytics"), of("audit-logs"))
  return ({ market }: Layout.Place): number => market === null ? events : of("market-data")
})

/** Never back: with a longer time to keep, what went is gone all the same. */
const note = Effect.fnUntraced(function* (section: Layout.Section, expiredMs: number) {
  const store = yield* ArchiveStore
  const known = yield* noted
  if ((known[section] ?? 0) >= expiredMs) return
  const text = encode({ v: 1, expiredMs: { ...known, [section]: expiredMs } })
  yield* store.put(Layout.RETENTION, new TextEncoder().encode(text))
})

/** Whether nothing in it was written since: recordings of years ago may have come yesterday. */
const isOld = (expiredMs: number) => (file: Reader.ArchiveFile) =>
  Effect.map(
    Reader.membersOf(file),
    (members) => members.every((member) => Reader.isBroken(member) || member.manifest.closedAt < expiredMs),
  )

/** Of one day: groups of which every file is old. */
const oldGroups = Effect.fnUntraced(function* (files: ReadonlyArray<Reader.ArchiveFile>, expiredMs: number) {
  const groups = Object.values(Arr.groupBy(files, ({ group }) => group))
  const old = yield* Effect.filter(
    groups,
    (group) => Effect.map(Effect.forEach(group, isOld(expiredMs)), (all) => all.every((one) => one)),
    {
      concurrency: FILES_AT_A_TIME,
    },
  )
  return old.flat()
})

const removeDay = Effect.fnUntraced(
  function* (section: Layout.Section, expiredMs: number, files: Arr.NonEmptyReadonlyArray<Reader.ArchiveFile>) {
    const store = yield* ArchiveStore
    const old = yield* oldGroups(files, expiredMs)
    if (old.length === 0) return
    yield* note(section, expiredMs)
    yield* Effect.forEach(old, ({ bytes, key }) =>
      store.remove(key).pipe(
        Effect.andThen(Metric.update(Metric.withAttributes(filesTotal, { kind: section }), 1)),
        Effect.andThen(Metric.update(Metric.withAttributes(bytesTotal, { kind: section }), bytes)),
      ), { concurrency: FILES_AT_A_TIME, discard: true })
    const [day] = new Date(files[0].fromMs).toISOString().split("T")
    const bytes = old.reduce((sum, file) => sum + file.bytes, 0)
    yield* Effect.logInfo(
      `${old.length} files (${bytes} bytes) of ${section} of ${day} were kept for long enough and are removed`,
    )
  },
)

/** Everything of a section that is too old, once. */
const expireSection = Effect.fnUntraced(function* (section: Layout.Section, keptFor: Duration.Duration) {
  const limitMs = Layout.dayOf((yield* Clock.currentTimeMillis) - Duration.toMillis(keptFor))
  // Names are in order of time: what is young is not even listed.
  yield* Reader.listed(Layout.sectionFolder(section)).pipe(
    Stream.flattenIterable,
    Stream.takeWhile(({ toMs }) => toMs <= limitMs),
    Stream.groupAdjacentBy(({ fromMs }) => Layout.dayOf(fromMs)),
    Stream.runForEach(([, files]) => removeDay(section, limitMs + LATE_MS, files)),
  )
})

/** Everything that is too old, once. */
export const expire = Effect.fn("Archive.expire")((keeping: Keeping) =>
  Effect.forEach(Layout.SECTIONS, (section) => expireSection(section, keeping[section]), { discard: true })
)

/** For ever; `alone` lets nothing be merged meanwhile. */
export const keepTo = (
  keeping: Keeping,
  alone: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>,
): Effect.Effect<never, never, ArchiveStore> =>
  alone(expire(keeping)).pipe(
    Effect.as(PASS_EVERY),
    Effect.catch((error: ArchiveStoreError) =>
      Effect.as(Effect.logWarning("removing what is too old from the archive waits", error.message), AGAIN_AFTER)
    ),
    Effect.flatMap(Effect.sleep),
    Effect.forever,
  )
