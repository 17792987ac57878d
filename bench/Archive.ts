/**
 * archive: frames on JetStream -> the archive's writer -> gzip NDJSON in a folder, offered at 20 MB/s of ticks.
 *
 * Counted is the CPU of this process, user and system, over the pass: reading the stream, decoding, writing lines, gzip on
 * the thread pool, files. Batches close by their records, 100,000, as in operation; positions are kept in memory. Frames
 * lie in the stream beforehand and are let through at their pace, so that none of the CPU is the publisher's. Control: the
 * same lines, at the same pace, through node:zlib at the same level into a file: what a plain gzip pipe costs.
 */
import { createWriteStream, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { createGzip } from "node:zlib"
import { Duration, Effect, Fiber, Layer, References, Stream } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import * as Subject from "../src/domain/Subject.ts"
import * as TickCodec from "../src/domain/TickCodec.ts"
import * as FolderArchive from "../src/layers/archive/FolderArchive.ts"
import { ArchiveStore } from "../src/layers/ArchiveStore.ts"
import { Bus } from "../src/layers/Bus.ts"
import { Checkpoints, type Progress } from "../src/layers/Checkpoints.ts"
import { write } from "../src/streams/archive/Writer.ts"
import { Framing } from "../src/streams/Framing.ts"
import { MARKET_DATA } from "../src/streams/Topology.ts"
import type { Benchmark, Sample } from "./Paired.ts"
import { freshBus, ownServer } from "./Servers.ts"
import { load } from "./Workload.ts"

const OFFERED_MBPS = 20
const LOOPS = 6
const MESSAGE_BYTES = 64 * 1024
const GZIP_LEVEL = 2
const BEGAN_AT = Date.UTC(2026, 0, 1)

/** CPU of this process alone. */
const measured = <E, R>(lineBytes: number, work: Effect.Effect<{ readonly writtenBytes: number }, E, R>) =>
  Effect.gen(function* () {
    const cpuBefore = process.cpuUsage(), before = performance.now()
    const { writtenBytes } = yield* work
    const seconds = (performance.now() - before) / 1000
    const used = process.cpuUsage(cpuBefore)
    const ourCores = (used.user + used.system) / 1e6 / seconds
    const ndjsonMBps = lineBytes / seconds / 1e6
    const sample: Sample = {
      ndjsonMBps,
      ourCores,
      /** At exactly the pace wanted, whatever this pass reached. */
      coresAt20MBps: ourCores * OFFERED_MBPS / ndjsonMBps,
      packedTimes: lineBytes / writtenBytes,
      seconds,
    }
    return sample
  })

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-bench-archive-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** Positions that a pass forgets. */
const positions = (reached: (position: number) => void) =>
  Layer.succeed(Checkpoints, {
    open: (wanted) =>
      Effect.succeed(wanted.map(({ name, position }) => ({ name, position, epoch: 1, snapshot: null }))),
    load: () => Effect.die("not asked"),
    list: () => Effect.succeed([]),
    save: (saved: ReadonlyArray<Progress>) => Effect.sync(() => saved.forEach(({ position }) => reached(position))),
    advance: () => Effect.void,
  })

/** Lets messages through at the pace, by what they are as lines on average. */
const paced = (bus: Bus["Service"], bytesAMessage: number): Bus["Service"] => ({
  ...bus,
  consume: (options) =>
    bus.consume(options).pipe(
      Stream.flattenIterable,
      Stream.throttle({
        cost: (messages) => messages.length,
        units: Math.round(OFFERED_MBPS * 1e6 / bytesAMessage),
        duration: "1 second",
      }),
      Stream.map((message) => [message]),
    ),
})

export const archive: ReadonlyArray<Benchmark> = [{
  name: "archive",
  about: `frames on JetStream -> gzip NDJSON in a folder, offered at ${OFFERED_MBPS} MB/s`,
  control: "the same NDJSON through gzip into a file, at the same pace and level",
  compared: "coresAt20MBps",
  targets: [{ figure: "coresAt20MBps", atMost: 0.2 }],
  prepare: Effect.gen(function* () {
    const workload = yield* load
    const server = yield* ownServer
    const framing = new Framing("bench.0", "recorded")
    const lines: Array<string> = []
    let offeredBytes = 0
    for (let loop = 0; loop < LOOPS; loop++) {
      for (const tick of workload.ticks) {
        // As live ticks at that pace are stamped: about a thousand share a frame.
        const ingestTime = BEGAN_AT + Math.floor(offeredBytes / (OFFERED_MBPS * 1e3))
        const venueTime = tick.venueTime === null ? null : ingestTime + tick.venueTime - tick.ingestTime
        const line = `${TickCodec.toLine({ ...tick, ingestTime, venueTime })}\n`
        framing.push({ ...tick, ingestTime, venueTime })
        lines.push(line)
        offeredBytes += line.length
      }
    }
    framing.flush()
    const messages = Frame.pack(framing.take(), MESSAGE_BYTES)
    const chunks = Array.from(
      { length: Math.ceil(lines.length / 1_000) },
      (_, at) => new TextEncoder().encode(lines.slice(at * 1_000, (at + 1) * 1_000).join("")),
    )
    const lineBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)

    const ours = Effect.gen(function* () {
      const bus = yield* Bus, path = yield* folder
      yield* bus.publishAll(messages.map(({ data, id, partition }) => ({
        subject: Subject.frame(partition),
        data,
        messageId: id,
      })))
      const { lastSequence } = yield* bus.streamState(MARKET_DATA.name)
      let reached = 0
      const writing = write({
        stream: MARKET_DATA.name,
        content: "frames",
        batchFor: Duration.seconds(1),
        onWritten: () => Effect.void,
      }).pipe(
        Effect.provide([positions((position) => reached = position), FolderArchive.layer(path)]),
        Effect.provideService(Bus, paced(bus, lineBytes / messages.length)),
      )
      return yield* measured(
        lineBytes,
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(writing)
          while (reached < lastSequence) yield* Effect.sleep("20 millis")
          yield* Fiber.interrupt(fiber)
          return { writtenBytes: yield* sizeOf(path) }
        }),
      )
    }).pipe(Effect.provide(freshBus(server)), Effect.scoped, Effect.provideService(References.MinimumLogLevel, "None"))

    const control = Effect.gen(function* () {
      const path = join(yield* folder, "plain.gz")
      return yield* measured(
        lineBytes,
        Effect.promise(async () => {
          const gzip = createGzip({ level: GZIP_LEVEL }), file = createWriteStream(path)
          gzip.pipe(file)
          const began = performance.now()
          let sent = 0
          for (const chunk of chunks) {
            const waitMs = sent / (OFFERED_MBPS * 1e3) - (performance.now() - began)
            if (waitMs > 20) await new Promise((resolve) => setTimeout(resolve, waitMs))
            if (!gzip.write(chunk)) await new Promise((resolve) => gzip.once("drain", resolve))
            sent += chunk.length
          }
          await new Promise<void>((resolve) => {
            file.once("close", () => resolve())
            gzip.end()
          })
          return { writtenBytes: file.bytesWritten }
        }),
      )
    }).pipe(Effect.scoped)
    return { ours, control }
  }),
}]

/** Bytes of every file in the archive. */
const sizeOf = (path: string) =>
  Effect.gen(function* () {
    const { list } = yield* ArchiveStore
    const pages = yield* Stream.runCollect(list(""))
    return pages.flat().reduce((sum, { bytes }) => sum + bytes, 0)
  }).pipe(Effect.provide(FolderArchive.layer(path)))
