/**
 * Ticks through Ingest and the bus into an archive in memory, until all of them are there.
 *
 * In: ticks in order. Out: the archive. Promises: batches are closed as soon as the writer looks.
 */
import { Duration, Effect, Fiber, Layer, References } from "effect"
import type { Tick } from "../../src/domain/Tick.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { write } from "../../src/streams/archive/Writer.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { ensureStreams, MARKET_DATA } from "../../src/streams/Topology.ts"
import { eventually } from "./eventually.ts"
import { Durable } from "./memoryArchive.ts"

const world = Ingest.layer({ writer: "test.0", source: "recorded", live: false, venues: true }).pipe(
  Layer.provideMerge(Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(EmbeddedBus.layer()))),
  Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None")),
)

/** `mostRecords`: of a batch; one closes when the next message would come above it. */
export const archived = (ticks: ReadonlyArray<Tick>, mostRecords?: number): Effect.Effect<Durable> =>
  Effect.gen(function* () {
    const durable = new Durable(), ingest = yield* Ingest, bus = yield* Bus
    for (let at = 0; at < ticks.length; at += 256) yield* ingest.ticks(ticks.slice(at, at + 256))
    yield* ingest.drain
    const { lastSequence } = yield* bus.streamState(MARKET_DATA.name)
    const options = {
      stream: MARKET_DATA.name,
      content: "frames" as const,
      batchFor: Duration.zero,
      onWritten: () => Effect.void,
    }
    const fiber = yield* Effect.forkChild(
      write(mostRecords === undefined ? options : { ...options, mostRecords }).pipe(Effect.provide(durable.life(null))),
    )
    const position = Effect.sync(() => durable.checkpoints.get("archive.MD")?.position ?? 0)
    yield* eventually(position, (reached) => reached >= lastSequence, "20 seconds")
    yield* Fiber.interrupt(fiber)
    return durable
  }).pipe(Effect.provide(world), Effect.orDie)
