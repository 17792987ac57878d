/**
 * What is stored of the market data as it comes: who writes of which venues, and which gaps were announced.
 *
 * In: the stream of frames, from its first. Out: gaps, and the last writer of each venue's data. Promises: it ends with
 * the scope; a stream that is not there yet is waited for.
 */
import { Context, Effect, Layer, Schedule, Stream } from "effect"
import * as Frame from "../../src/domain/Frame.ts"
import { Bus, type BusError } from "../../src/layers/Bus.ts"
import { MARKET_DATA } from "../../src/streams/Topology.ts"

export interface Stored {
  /** "venue reason writer" of every gap. */
  readonly gaps: ReadonlyArray<string>
  /** By venue: who wrote its last tick that is no gap. */
  readonly writerOf: ReadonlyMap<string, string>
}

/** Out: what has been read so far. */
export const followStored = Effect.fnUntraced(function* (on: Layer.Layer<Bus, BusError>) {
  const bus = Context.get(yield* Layer.build(on), Bus)
  const gaps = new Set<string>(), writerOf = new Map<string, string>()
  const take = (data: Uint8Array) => {
    const frames = Frame.decode(data)
    if ("_tag" in frames) return
    for (const frame of frames) {
      const ticks = Frame.ticks(frame)
      if ("_tag" in ticks) continue
      for (const { tick } of ticks) {
        if (tick.kind === "gap") gaps.add(`${tick.venue} ${tick.reason} ${frame.w}`)
        else writerOf.set(tick.venue, frame.w)
      }
    }
  }
  yield* bus.consume({ stream: MARKET_DATA.name, subjects: [], start: { _tag: "First" }, capacity: 1_024 }).pipe(
    Stream.flattenIterable,
    Stream.runForEach(({ data }) => Effect.sync(() => take(data))),
    Effect.retry(Schedule.spaced("100 millis")),
    Effect.forkScoped,
  )
  return Effect.sync((): Stored => ({ gaps: [...gaps], writerOf: new Map(writerOf) }))
})
