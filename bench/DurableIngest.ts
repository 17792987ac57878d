/**
 * durable-ingest: ticks -> Ingest -> JetStream -> a consumer that decodes every frame and must see every tick.
 *
 * Counted are the ticks stored on `md.frame`; live ticks are off, or on in a benchmark of their own. Dense: ticks are
 * stamped with the moment of their arrival, as live ingest does. Sparse: with the recording's own times, so that frames
 * hold about seven ticks. Feeds wait while WINDOW ticks are under way, else the frames held for the broker would
 * overflow. Control: the same Framing, Frame.pack and Frame.decode on NATS.js alone, with the same windows.
 */
import { randomUUID } from "node:crypto"
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from "@nats-io/jetstream"
import { headers, nanos } from "@nats-io/nats-core"
import { connect } from "@nats-io/transport-node"
import { Duration, Effect, Layer, Stream } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import type { Tick } from "../src/domain/Tick.ts"
import { Bus } from "../src/layers/Bus.ts"
import { Framing } from "../src/streams/Framing.ts"
import { Ingest } from "../src/streams/Ingest.ts"
import { MARKET_DATA } from "../src/streams/Topology.ts"
import { type Done, metered } from "./Meter.ts"
import type { Benchmark } from "./Paired.ts"
import { freshBus, type OwnServer, ownServer } from "./Servers.ts"
import { load, shifted } from "./Workload.ts"

const LOOPS = 12
/** About a minute. */
const LOOPS_A_MINUTE = 300
/** Ticks handed over at once, as feeds hand over what one turn of the event loop brought. */
const TURN = 256
const WINDOW = 262_144
const FRAMES_AHEAD = 1_024
const MESSAGE_BYTES = 64 * 1024
const PUBLISHES_UNDER_WAY = 256

/** The workload of a pass, a turn at a time; made when asked for, since a live feed makes its ticks too. */
type Turns = () => Iterable<ReadonlyArray<Tick>>

const turnsOf = (ticks: ReadonlyArray<Tick>, arrival: "now" | "recorded", loops: number): Turns =>
  function* () {
    for (let loop = 0; loop < loops; loop++) {
      const source = arrival === "now" ? ticks : shifted(ticks, loop).filter(({ kind }) => kind !== "gap")
      for (let at = 0; at < source.length; at += TURN) {
        const turn = source.slice(at, at + TURN), ingestTime = Date.now()
        yield arrival === "now" ? turn.map((tick): Tick => ({ ...tick, ingestTime })) : turn
      }
    }
  }

/** What the consumer has seen. */
class Seen {
  ticks = 0
  wireBytes = 0
  readonly #expected: number
  constructor(expected: number) {
    this.#expected = expected
  }
  get all(): boolean {
    return this.ticks >= this.#expected
  }
  take(data: Uint8Array): void {
    const frames = Frame.decode(data)
    if ("_tag" in frames) throw new Error(frames.detail)
    for (const frame of frames) this.ticks += frame.s.length
    this.wireBytes += data.byteLength
  }
  /** Seen exactly once each. */
  get done(): Done {
    if (this.ticks !== this.#expected) throw new Error(`${this.ticks} of ${this.#expected} ticks came through`)
    return { ticks: this.ticks, wireBytes: this.wireBytes }
  }
}

const ours = (turns: Turns, expected: number) =>
  Effect.gen(function* () {
    const bus = yield* Bus, ingest = yield* Ingest
    const seen = new Seen(expected)
    const consuming = bus.consume({
      stream: MARKET_DATA.name,
      subjects: [],
      start: { _tag: "First" },
      capacity: FRAMES_AHEAD,
    }).pipe(
      Stream.takeUntil((batch) => {
        for (const { data } of batch) seen.take(data)
        return seen.all
      }),
      Stream.runDrain,
    )
    const feeding = Effect.gen(function* () {
      let fed = 0
      for (const turn of turns()) {
        yield* ingest.ticks(turn)
        fed += turn.length
        do yield* Effect.yieldNow
        while (fed - seen.ticks > WINDOW)
      }
      yield* ingest.drain
    })
    yield* Effect.all([feeding, consuming], { concurrency: "unbounded" })
    return seen.done
  })

/** The same by hand. Publishes go out as frames close and are acknowledged behind, at most so many under way. */
const plain = async (url: string, turns: Turns, expected: number): Promise<Done> => {
  const connection = await connect({ servers: url })
  const manager = await jetstreamManager(connection), js = jetstream(connection)
  const name = `plain-${randomUUID().slice(0, 8)}`
  await manager.streams.add({
    name,
    subjects: [`${name}.*`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    max_bytes: MARKET_DATA.maxBytes,
    max_age: nanos(Duration.toMillis(MARKET_DATA.maxAge)),
    duplicate_window: nanos(Duration.toMillis(MARKET_DATA.dedupWindow)),
  })
  try {
    const { name: consumer } = await manager.consumers.add(name, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
      mem_storage: true,
    })
    const seen = new Seen(expected)
    const messages = await (await js.consumers.get(name, consumer)).consume({ max_messages: FRAMES_AHEAD })
    const consuming = (async () => {
      for await (const message of messages) {
        seen.take(message.data)
        if (seen.all) break
      }
    })()
    const framing = new Framing("plain.0", "recorded")
    let underWay = 0, fed = 0
    const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve))
    const publish = async () => {
      for (const { data, id, partition } of Frame.pack(framing.take(), MESSAGE_BYTES)) {
        while (underWay >= PUBLISHES_UNDER_WAY) await turnOfLoop()
        underWay++
        const own = headers()
        own.set("Content-Type", Frame.MEDIA_TYPE)
        js.publish(`${name}.${partition}`, data, { msgID: id, headers: own }).then(() => underWay--)
      }
    }
    let flushedAt = performance.now()
    for (const turn of turns()) {
      for (const tick of turn) framing.push(tick)
      if (performance.now() - flushedAt >= 10) {
        framing.flush()
        flushedAt = performance.now()
      }
      await publish()
      fed += turn.length
      do await turnOfLoop()
      while (fed - seen.ticks > WINDOW)
    }
    framing.flush()
    await publish()
    await consuming
    return seen.done
  } finally {
    await manager.streams.delete(name)
    await connection.close()
  }
}

const benchmark = (
  name: string,
  about: string,
  options: { readonly arrival: "now" | "recorded"; readonly live: boolean; readonly loops?: number },
  targets: Benchmark["targets"],
): Benchmark => ({
  name,
  about,
  control: "the same codec and consumer on NATS.js without Effect",
  compared: "ticksPerS",
  targets,
  prepare: Effect.gen(function* () {
    const workload = yield* load, server: OwnServer = yield* ownServer
    const { arrival, live, loops = LOOPS } = options
    const turns = turnsOf(workload.ticks, arrival, loops), expected = workload.ticks.length * loops
    const meter = { ndjsonBytes: workload.ndjsonBytes, server: server.pid }
    const ingest = Layer.unwrap(
      Effect.sync(() => Ingest.layer({ writer: `bench-${randomUUID()}.1`, source: "recorded", live })),
    )
    const bus = Layer.unwrap(Effect.sync(() => Layer.fresh(freshBus(server))))
    return {
      ours: metered(ours(turns, expected), meter).pipe(
        Effect.provide(Layer.provideMerge(ingest, bus), { local: true }),
      ),
      control: metered(Effect.promise(() => plain(server.url, turns, expected)), meter),
    }
  }),
})

export const durableIngest: ReadonlyArray<Benchmark> = [
  benchmark(
    "durable-ingest",
    "ticks -> frames -> JetStream -> consumer, stamped on arrival, live ticks off",
    { arrival: "now", live: false },
    [{ figure: "ndjsonMBps", atLeast: 100 }, { figure: "ratio", atLeast: 0.8 }],
  ),
  benchmark(
    "durable-ingest-minute",
    "the same for about a minute, every tick counted: what is not seen fails the pass",
    { arrival: "now", live: false, loops: LOOPS_A_MINUTE },
    [{ figure: "ndjsonMBps", atLeast: 100 }, { figure: "ratio", atLeast: 0.8 }],
  ),
  benchmark(
    "durable-ingest-live",
    "the same with live ticks on md.v1 beside",
    { arrival: "now", live: true },
    [],
  ),
  benchmark(
    "durable-ingest-sparse",
    "the same with the recording's own times: frames of about seven ticks",
    { arrival: "recorded", live: false },
    [],
  ),
]
