/**
 * nats-downtime: the nats-server is killed in the middle of ingest and comes back ten seconds later.
 *
 * Ours: ticks at a steady pace, stamped on arrival, ten seconds of them while nobody takes them. Control: the same
 * ticks with the server up. Every tick is counted that is stored. `nats-downtime`: what is held fits 64 MB, nothing may
 * be lost. `nats-downtime-overflow`: it does not, and every series that lost ticks must have been told a `gap`.
 */
import { randomUUID } from "node:crypto"
import { Effect, Layer, Stream } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import type { Tick } from "../src/domain/Tick.ts"
import { Bus } from "../src/layers/Bus.ts"
import * as NatsBus from "../src/layers/nats/Bus.ts"
import { Ingest } from "../src/streams/Ingest.ts"
import { ensureStreams, MARKET_DATA } from "../src/streams/Topology.ts"
import { natsServer, ownNatsServer } from "../test/support/natsServer.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const DOWN_MS = 10_000
const AROUND_MS = 1_000
const EVERY_MS = 10
const MARKETS = 20

interface Load {
  readonly ticksPerS: number
  /** Letters of a trade's id: how much a tick weighs. */
  readonly idLetters: number
}

const tradeOf = (n: number, idLetters: number, ingestTime: number): Tick => ({
  v: 1,
  venue: "kraken",
  instrument: `A${n % MARKETS}/USDT`,
  venueTime: ingestTime,
  ingestTime,
  kind: "trade",
  tradeId: String(n).padStart(idLetters, "0"),
  price: "30000.1",
  size: "0.01",
  side: "buy",
})

/** Which of the trades are stored, how often, and which series were told of a loss. */
class Stored {
  readonly #times: Uint8Array
  readonly gaps = new Set<string>()
  constructor(expected: number) {
    this.#times = new Uint8Array(expected)
  }
  take(data: Uint8Array): void {
    const frames = Frame.decode(data)
    if ("_tag" in frames) throw new Error(frames.detail)
    for (const frame of frames) {
      const ticks = Frame.ticks(frame)
      if ("_tag" in ticks) throw new Error(ticks.detail)
      for (const { tick } of ticks) {
        if (tick.kind === "trade") this.#times[Number(tick.tradeId)] = (this.#times[Number(tick.tradeId)] ?? 0) + 1
        if (tick.kind === "gap" && tick.reason === "overflow") this.gaps.add(tick.instrument)
      }
    }
  }
  count(times: (n: number) => boolean): ReadonlyArray<number> {
    return [...this.#times.keys()].filter((n) => times(this.#times[n] ?? 0))
  }
}

const pass = (load: Load, isDown: boolean): Effect.Effect<Sample, unknown> =>
  Effect.gen(function* () {
    const server = yield* ownNatsServer()
    const stages = yield* Layer.build(
      Ingest.layer({ writer: `bench-${randomUUID()}.1`, source: "recorded", live: false }).pipe(
        Layer.provideMerge(
          Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(NatsBus.layer({ url: server.url }))),
        ),
      ),
    )
    return yield* Effect.gen(function* () {
      const bus = yield* Bus, ingest = yield* Ingest
      const startedAt = performance.now(), endMs = DOWN_MS + 2 * AROUND_MS
      let sent = 0, downAt = isDown ? AROUND_MS : Infinity, upAt = Infinity
      for (let atMs = 0; atMs < endMs; atMs = performance.now() - startedAt) {
        if (atMs >= downAt) {
          yield* server.kill
          downAt = Infinity
          upAt = performance.now() - startedAt + DOWN_MS
        }
        if (atMs >= upAt) {
          yield* server.start
          upAt = Infinity
        }
        const due = Math.floor(atMs * load.ticksPerS / 1_000) - sent, now = Date.now()
        yield* ingest.ticks(Array.from({ length: due }, (_, at) => tradeOf(sent + at, load.idLetters, now)))
        sent += due
        yield* Effect.sleep(EVERY_MS)
      }
      if (upAt !== Infinity) yield* server.start
      const backAt = performance.now()
      yield* ingest.drain
      const recoveredMs = performance.now() - backAt
      const { lastSequence } = yield* bus.streamState(MARKET_DATA.name), stored = new Stored(sent)
      yield* bus.consume({ stream: MARKET_DATA.name, subjects: [], start: { _tag: "First" }, capacity: 512 }).pipe(
        Stream.flattenIterable,
        Stream.take(lastSequence),
        Stream.runForEach(({ data }) => Effect.sync(() => stored.take(data))),
      )
      const lost = stored.count((times) => times === 0)
      return {
        ticks: sent,
        stored: sent - lost.length,
        lost: lost.length,
        twice: stored.count((times) => times > 1).length,
        seriesTold: stored.gaps.size,
        seriesNotTold: new Set(lost.map((n) => `A${n % MARKETS}/USDT`)).difference(stored.gaps).size,
        recoveredMs,
      }
    }).pipe(Effect.provide(stages))
  }).pipe(Effect.scoped)

const benchmark = (name: string, about: string, load: Load, targets: Benchmark["targets"]): Benchmark => ({
  name,
  about,
  control: "the same ticks without the downtime",
  compared: "stored",
  targets,
  prepare: natsServer.available
    ? Effect.succeed({ ours: pass(load, true), control: pass(load, false) })
    : Effect.fail(new Error(natsServer.why)),
})

export const natsDowntime: ReadonlyArray<Benchmark> = [
  benchmark(
    "nats-downtime",
    "10 s without the server at 20,000 ticks/s: what is held fits 64 MB",
    { ticksPerS: 20_000, idLetters: 12 },
    [{ figure: "lost", atMost: 0 }, { figure: "twice", atMost: 0 }],
  ),
  benchmark(
    "nats-downtime-overflow",
    "10 s without the server at 10,000 ticks/s of 1 KB: what is held does not fit 64 MB",
    { ticksPerS: 10_000, idLetters: 1_000 },
    [{ figure: "seriesNotTold", atMost: 0 }, { figure: "lost", atLeast: 1 }, { figure: "twice", atMost: 0 }],
  ),
]
