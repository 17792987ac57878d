/**
 * The archive's writer: one stream into files, batch by batch.
 *
 *   reading --full, or 300 s old--> bounds stored --> files written --> position stored --> reading
 *
 * In: a stream from its position on. Out: parts in the archive. Promises: each message is in exactly one batch, whenever
 * the process is killed (Position.ts); while the archive cannot be reached the batch waits, and the stream keeps what
 * comes; what the stream dropped before it was read is told, and seen by `verify`.
 */
import { Clock, Duration, Effect, Metric, Option, Schedule, Stream } from "effect"
import * as Layout from "../../domain/ArchiveLayout.ts"
import * as Member from "../../layers/ArchiveMember.ts"
import { ArchiveStore, type ArchiveStoreError } from "../../layers/ArchiveStore.ts"
import { Bus, type StoredMessage } from "../../layers/Bus.ts"
import { Batch, type Content } from "./Batch.ts"
import type { LineBuffer } from "./LineBuffer.ts"
import * as Position from "./Position.ts"

export const BATCH_FOR = Duration.seconds(300)
const LOOK_EVERY = Duration.seconds(1)
const MESSAGES_AHEAD = 256
const FILES_AT_A_TIME = 4

export interface WriterOptions {
  readonly stream: string
  readonly content: Content
  /** How long a batch is collected at most. */
  readonly batchFor: Duration.Duration
  /** Records of a batch at most; default 100,000. */
  readonly mostRecords?: number
  /** How often the age of a batch is looked at; default a second. */
  readonly lookEvery?: Duration.Duration
  /** Hears which groups have a new part. */
  readonly onWritten: (groups: ReadonlyArray<string>) => Effect.Effect<void>
}

const recordsTotal = Metric.counter("archive_records_total", { description: "Records archived, by stream" })
const bytesTotal = Metric.counter("archive_bytes_total", { description: "Bytes of lines archived, by stream" })
const lostTotal = Metric.counter("archive_lost_messages_total", {
  description: "Messages that their stream dropped before they were archived, by stream",
})

const again = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("30 seconds")]).pipe(Schedule.jittered)

/** Tries until the archive takes it: what a full disk or a wrong right holds up is not lost by it. */
const patiently = <A, R>(effect: Effect.Effect<A, ArchiveStoreError, R>): Effect.Effect<A, never, R> =>
  effect.pipe(
    Effect.tapError((error) => Effect.logWarning("archiving waits", error.message, error.advice)),
    Effect.retry(again),
    Effect.orDie,
  )

/** The greatest number of a part that is there; for who archives into it for the first time. */
const greatestPart = Effect.gen(function* () {
  const { list } = yield* ArchiveStore
  return yield* Stream.runFold(list(Layout.ROOT), () => 0, (greatest, files) =>
    files.reduce((most, { key }) => {
      const part = Option.flatMapNullishOr(Layout.parse(key), (place) => place.part)
      return Math.max(most, Option.getOrElse(part, () => 0))
    }, greatest))
})

export const write = Effect.fn("Archive.write")(function* (options: WriterOptions) {
  const { content, stream } = options
  const bus = yield* Bus, store = yield* ArchiveStore
  const held = yield* Position.open(stream)
  const batch = new Batch(content, options.mostRecords)
  const counted = <A>(metric: Metric.Metric<number, A>, by: number) =>
    Metric.update(Metric.withAttributes(metric, { stream }), by)

  const begin = Effect.gen(function* () {
    const known = Option.getOrNull(held.position)
    if (known !== null && (yield* Position.isSame(stream, known))) return known
    const number = known === null ? 1 + (yield* patiently(greatestPart)) : (known.pending?.batch ?? known.batch - 1) + 1
    return Position.begun(stream, yield* Clock.currentTimeMillis, number)
  })
  let position = yield* begin
  /** Sequence that the batch begins with. */
  let from = position.position + 1, since = 0, storedAtMs = 0

  /** `repeated`: some of its files may be there. Files of one batch and group are the same whoever makes them. */
  const writeFile = Effect.fnUntraced(function* (
    [group, lines]: readonly [string, LineBuffer],
    { batch: number, closedAt, first, last }: Position.Bounds,
    files: number,
    repeated: boolean,
  ) {
    const key = Layout.partOf(group, number)
    const about = { stream, generation: position.generation, batch: number, first, last, files, closedAt }
    if (repeated) {
      const head = yield* store.read(key, { offset: 0, length: Member.MOST_HEADER_BYTES }).pipe(
        Effect.catchIf((error) => error.reason === "not_found", () => Effect.succeed(new Uint8Array())),
        patiently,
      )
      const header = Member.headerOf(head)
      if (Option.exists(header, ({ manifest }) => manifest.generation === about.generation)) return
    }
    const member = yield* Member.pack({ ...about, records: lines.records }, lines.bytes)
    yield* patiently(store.put(key, member))
    yield* counted(recordsTotal, lines.records)
    yield* counted(bytesTotal, lines.length)
  })

  const writeFiles = Effect.fnUntraced(function* (bounds: Position.Bounds, repeated: boolean) {
    const { files } = batch
    yield* Effect.forEach(files, (file) => writeFile(file, bounds, files.length, repeated), {
      concurrency: FILES_AT_A_TIME,
      discard: true,
    })
    const { batch: number, last: at, storedAtMs } = bounds
    position = { ...position, batch: number + 1, position: at, storedAtMs, pending: null }
    yield* Position.save(held, position)
    yield* options.onWritten(files.map(([group]) => group))
    batch.clear()
    from = at + 1
  })

  const close = Effect.gen(function* () {
    if (batch.records === 0) return
    const closedAt = yield* Clock.currentTimeMillis
    const bounds = { batch: position.batch, first: from, last: batch.last, storedAtMs, closedAt }
    yield* Position.save(held, { ...position, pending: bounds })
    yield* writeFiles(bounds, false)
  })

  /** The batch that was being written when its process ended, from the same messages. */
  const repeat = Effect.fnUntraced(function* (bounds: Position.Bounds) {
    const start = { _tag: "Sequence", sequence: bounds.first } as const
    yield* bus.consume({ stream, subjects: [], start, capacity: MESSAGES_AHEAD }).pipe(
      Stream.flattenIterable,
      Stream.takeWhile(({ sequence }) => sequence <= bounds.last),
      Stream.takeUntil(({ sequence }) => sequence === bounds.last),
      Stream.runForEach((message) => Effect.sync(() => batch.take(position.generation, message))),
    )
    yield* Effect.logInfo(
      `batch ${bounds.batch} of ${stream} is written again: sequences ${bounds.first} to`,
      bounds.last,
    )
    yield* writeFiles(bounds, true)
  })

  const take = Effect.fnUntraced(function* (message: StoredMessage) {
    const expected = Math.max(from, batch.last + 1)
    if (message.sequence > expected && position.position > 0) {
      const lost = message.sequence - expected
      yield* Effect.logError(`${lost} messages of ${stream} went before they were archived, from ${expected} on`)
      yield* counted(lostTotal, lost)
    }
    if (message.sequence > expected) {
      yield* close
      from = message.sequence
    }
    if (batch.isFull) yield* close
    if (batch.records === 0) since = yield* Clock.currentTimeMillis
    const { unreadable } = batch
    batch.take(position.generation, message)
    storedAtMs = message.storedAtMs
    if (batch.unreadable > unreadable) {
      yield* Effect.logError(`message ${message.sequence} of ${stream} cannot be read and is not archived whole`)
    }
  })

  const look = Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    if (batch.records > 0 && nowMs - since >= Duration.toMillis(options.batchFor)) yield* close
  })

  if (position.pending !== null) yield* repeat(position.pending)
  const start = { _tag: "Sequence", sequence: position.position + 1 } as const
  const arriving = bus.consume({ stream, subjects: [], start, capacity: MESSAGES_AHEAD })
  return yield* Stream.merge(
    Stream.map(arriving, (messages) => Effect.forEach(messages, take, { discard: true })),
    Stream.as(Stream.tick(options.lookEvery ?? LOOK_EVERY), look),
  ).pipe(Stream.runForEach((step) => step))
})
