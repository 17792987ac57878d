/**
 * Positions: how far a stream is archived, and which batch is being written just now.
 *
 * In: the checkpoint `archive.<stream>`. Out: the same, changed. Promises: a batch's bounds are stored before its first
 * file is written, and its end after the last one: whoever comes after a kill makes the very same batch again, under the
 * same names, and goes on behind it; nothing is lost and nothing comes twice.
 */
import { Clock, Effect, Option, Schema, Stream } from "effect"
import { Bus } from "../../layers/Bus.ts"
import { type Checkpoint, Checkpoints } from "../../layers/Checkpoints.ts"

const Bounds = Schema.Struct({
  batch: Schema.Int,
  first: Schema.Int,
  last: Schema.Int,
  /** When the bus stored the last message, ms. */
  storedAtMs: Schema.Int,
  closedAt: Schema.Int,
})
export type Bounds = typeof Bounds.Type

const State = Schema.Struct({
  v: Schema.Literal(1),
  /** Names the stream from its beginning on: sequences count within it. */
  generation: Schema.String,
  /** Number of the next batch. */
  batch: Schema.Int,
  /** When the bus stored the message at `position`, ms: by it a stream that was made anew is told from the old one. */
  storedAtMs: Schema.Int,
  /** Bounds are stored, files may be; null: none is being written. */
  pending: Schema.NullOr(Bounds),
})

export interface Position extends Omit<typeof State.Type, "v"> {
  /** Everything up to this sequence is archived. */
  readonly position: number
}

const decode = Schema.decodeUnknownOption(State)

export interface Held {
  readonly checkpoint: Checkpoint
  /** None: nothing was archived of it yet. */
  readonly position: Option.Option<Position>
}

const nameOf = (stream: string): string => `archive.${stream}`

/** Only the caller may save from now on. */
export const open = Effect.fn("ArchivePosition.open")(function* (stream: string): Effect.fn.Return<
  Held,
  Effect.Error<ReturnType<Checkpoints["Service"]["open"]>>,
  Checkpoints
> {
  const checkpoints = yield* Checkpoints
  const [checkpoint] = yield* checkpoints.open(
    [{ name: nameOf(stream), position: 0 }],
    yield* Clock.currentTimeMillis,
  )
  if (checkpoint === undefined) return yield* Effect.die(new Error(`no checkpoint ${nameOf(stream)}`))
  const position = Option.map(
    decode(checkpoint.snapshot),
    ({ v: _, ...state }): Position => ({ ...state, position: checkpoint.position }),
  )
  return { checkpoint, position }
})

export const save = Effect.fn("ArchivePosition.save")(
  function* ({ checkpoint: { epoch, name } }: Held, { position, ...state }: Position) {
    const checkpoints = yield* Checkpoints
    const snapshot: typeof State.Type = { v: 1, ...state }
    yield* checkpoints.save([{ name, epoch, position, snapshot, ticksPerSecond: 0 }], yield* Clock.currentTimeMillis)
  },
)

/** A new name for a stream that begins; `batch` goes on, so that no part takes the name of another. */
export const begun = (stream: string, nowMs: number, batch: number): Position => ({
  generation: `${stream.toLowerCase()}${nowMs.toString(36)}`,
  batch,
  position: 0,
  storedAtMs: 0,
  pending: null,
})

/** Whether it is still the stream that the position is of: one that was made anew counts from 1 again. */
export const isSame = Effect.fn("ArchivePosition.isSame")(function* (stream: string, { pending, ...at }: Position) {
  const bus = yield* Bus
  const sequence = pending?.last ?? at.position, storedAtMs = pending?.storedAtMs ?? at.storedAtMs
  if (sequence === 0) return true
  const { firstSequence, lastSequence } = yield* bus.streamState(stream)
  if (lastSequence < sequence) return false
  if (firstSequence > sequence) return true
  const start = { _tag: "Sequence", sequence } as const
  const found = yield* bus.consume({ stream, subjects: [], start, capacity: 1 }).pipe(
    Stream.flattenIterable,
    Stream.runHead,
  )
  return Option.exists(found, (message) => message.sequence > sequence || message.storedAtMs === storedAtMs)
})
