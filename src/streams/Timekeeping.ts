/**
 * Timekeeping: a process lives in the time of the newest frame on the bus, from its first moment on.
 *
 * In: the newest message of the MD stream, once a second. Out: observations of StreamTime. Promises: after a restart
 * nothing is judged by the wall's time while recorded data is being played, and a process that reads no frames itself
 * (delivery alone) still lives in their time; while no frame arrives, time goes on at the wall's pace. Not for processes
 * that ingest: what they stamp is the wall's.
 */
import { Clock, Effect, Option, Ref, Schedule, Stream } from "effect"
import * as Frame from "../domain/Frame.ts"
import { Bus, type BusError, type StoredMessage } from "../layers/Bus.ts"
import { StreamTime } from "../layers/StreamTime.ts"
import { MARKET_DATA } from "./Topology.ts"

const LOOK_EVERY = Schedule.spaced("1 second")
const WAIT_FOR_BUS = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")])

const wall = Clock.Clock.defaultValue()

/** Of a message's last frame: its source and the time of its last tick; null where it cannot be read. */
const lastOf = (message: StoredMessage): { readonly source: Frame.DataSource; readonly at: number } | null => {
  const frames = Frame.decode(message.data)
  const frame = "_tag" in frames ? undefined : frames.at(-1)
  return frame === undefined ? null : { source: frame.f, at: frame.t + (frame.i.at(-1) ?? 0) }
}

/** Looks at the newest message, unless `seen` is it; out: its place in the stream. */
const look = Effect.fn("Timekeeping.look")(function* (seen: number) {
  const bus = yield* Bus, streamTime = yield* StreamTime
  const { lastSequence, messages } = yield* bus.streamState(MARKET_DATA.name)
  if (lastSequence === seen || messages === 0) return seen
  const start = { _tag: "Sequence", sequence: lastSequence } as const
  const newest = yield* bus.consume({ stream: MARKET_DATA.name, subjects: [], start, capacity: 1 }).pipe(
    Stream.flattenIterable,
    Stream.runHead,
  )
  const last = Option.match(newest, { onNone: () => null, onSome: lastOf })
  if (Option.isNone(newest) || last === null) return seen
  // Time has gone on since it was stored.
  const sinceMs = Math.max(0, wall.currentTimeMillisUnsafe() - newest.value.storedAtMs)
  yield* streamTime.observe(last.source, last.at + sinceMs)
  return newest.value.sequence
})

/** Sets the time; returns once the bus has been asked. */
export const begin: Effect.Effect<number, never, Bus | StreamTime> = look(0).pipe(
  Effect.tapError((error: BusError) => Effect.logWarning("whose time it is waits for the bus", error.reason)),
  Effect.retry(WAIT_FOR_BUS),
  Effect.orDie,
)

/** Follows the newest message for ever. */
export const follow = (seen: number): Effect.Effect<never, never, Bus | StreamTime> =>
  Effect.gen(function* () {
    const last = yield* Ref.make(seen)
    const step = Effect.flatMap(Ref.get(last), look).pipe(
      Effect.flatMap((sequence) => Ref.set(last, sequence)),
      Effect.ignore,
    )
    return yield* Effect.andThen(Effect.repeat(step, LOOK_EVERY), Effect.never)
  })
