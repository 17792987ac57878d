/**
 * live-subject: from a tick's arrival to a subscriber of its live subject, at 20,000 ticks/s.
 *
 * Quotes of 400 markets go through the real Ingest, frames beside them, to nats-server and a subscriber in a thread of
 * its own. A latency is that of a message: the newest tick of its subject, which is out at most every 20 ms; what was
 * left out is counted from the gaps, and what was missed from the sequences. Control: every tick published by NATS.js.
 */
import { randomUUID } from "node:crypto"
import process from "node:process"
import { Worker } from "node:worker_threads"
import { headers } from "@nats-io/nats-core"
import { connect } from "@nats-io/transport-node"
import { Effect, Layer, Schema } from "effect"
import { described, Header } from "../src/domain/contract/Headers.ts"
import * as Instrument from "../src/domain/Instrument.ts"
import * as Subject from "../src/domain/Subject.ts"
import type { TickOf } from "../src/domain/Tick.ts"
import * as TickCodec from "../src/domain/TickCodec.ts"
import { Ingest } from "../src/streams/Ingest.ts"
import type { Benchmark, Sample } from "./Paired.ts"
import { freshBus, type OwnServer, ownServer } from "./Servers.ts"

const SECONDS = 10
const TICKS_PER_S = 20_000
const VENUES = ["binance", "okx", "kraken", "bybit", "coinbase"]
const INSTRUMENTS = 80
/** The last ticks are out, and heard. */
const SETTLE_MS = 500
const MICROS_PER_S = 1_000_000

const Heard = Schema.Struct({
  latenciesMs: Schema.Array(Schema.Finite),
  told: Schema.Int,
  skipped: Schema.Int,
  missed: Schema.Int,
})

/** A market at random for each tick, the same on every run. */
const quotes = () => {
  let state = 1
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor(state / 65_536) % below
  }
  return (ingestTime: number): TickOf<"quote"> => ({
    v: 1,
    venue: VENUES[random(VENUES.length)] ?? "okx",
    instrument: `C${random(INSTRUMENTS)}/USDT`,
    venueTime: ingestTime - 5,
    ingestTime,
    kind: "quote",
    seq: null,
    bid: `100.${random(9)}`,
    bidSize: "1.5",
    ask: `101.${random(9)}`,
    askSize: "0.25",
  })
}

/** As many ticks as are due, a turn of the event loop at a time. Out: how many in all. */
const feed = <E, R>(take: (ticks: ReadonlyArray<TickOf<"quote">>) => Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const next = quotes(), began = performance.now()
    let fed = 0
    while (true) {
      const elapsedMs = performance.now() - began
      const due = Math.floor(Math.min(elapsedMs, SECONDS * 1_000) * TICKS_PER_S / 1_000) - fed
      const now = Date.now()
      yield* take(Array.from({ length: due }, () => next(now)))
      fed += due
      if (elapsedMs >= SECONDS * 1_000) return fed
      yield* Effect.sleep(1)
    }
  })

/** The subscriber, and a way to ask it what it has heard. */
const listening = (server: OwnServer) =>
  Effect.gen(function* () {
    const worker = yield* Effect.acquireRelease(
      Effect.sync(() => new Worker(new URL("./LiveListener.ts", import.meta.url), { workerData: { url: server.url } })),
      (worker) => Effect.promise(() => worker.terminate()),
    )
    const answer = Effect.callback<unknown, Error>((resume) => {
      const told = (result: Effect.Effect<unknown, Error>) => {
        worker.off("message", heard).off("error", failed)
        resume(result)
      }
      const heard = (message: unknown) => told(Effect.succeed(message))
      const failed = (error: Error) => told(Effect.fail(error))
      worker.on("message", heard).on("error", failed)
    })
    yield* answer
    return Effect.andThen(Effect.sync(() => worker.postMessage("figures")), answer).pipe(
      Effect.flatMap(Schema.decodeUnknownEffect(Heard)),
    )
  })

const percentile = (sorted: ReadonlyArray<number>, p: number): number =>
  sorted[Math.max(0, Math.ceil(p / 100 * sorted.length) - 1)] ?? NaN

const measured = <E, R>(
  heard: Effect.Effect<typeof Heard.Type, unknown>,
  fed: Effect.Effect<number, E, R>,
): Effect.Effect<Sample, unknown, R> =>
  Effect.gen(function* () {
    yield* heard
    const cpuBefore = process.cpuUsage(), before = performance.now()
    const ticks = yield* fed
    const seconds = (performance.now() - before) / 1_000, used = process.cpuUsage(cpuBefore)
    yield* Effect.sleep(SETTLE_MS)
    const { latenciesMs, missed, skipped, told } = yield* heard
    if (missed === 0 && told + skipped !== ticks) {
      return yield* Effect.fail(new Error(`${told} ticks told and ${skipped} left out of ${ticks}`))
    }
    const sorted = latenciesMs.toSorted((a, b) => a - b)
    return {
      p50Ms: percentile(sorted, 50),
      p99Ms: percentile(sorted, 99),
      maxMs: percentile(sorted, 100),
      ticksPerS: ticks / seconds,
      messagesPerS: sorted.length / seconds,
      conflated: skipped / ticks,
      missed,
      ourCores: (used.user + used.system) / MICROS_PER_S / seconds,
    }
  })

const plain = (server: OwnServer) =>
  Effect.gen(function* () {
    const connection = yield* Effect.acquireRelease(
      Effect.promise(() => connect({ servers: server.url })),
      (open) => Effect.promise(() => open.close()),
    )
    const subjects = new Map<string, string>()
    const subjectOf = ({ instrument, kind, venue }: TickOf<"quote">) => {
      const key = `${venue}|${instrument}`
      const known = subjects.get(key)
      if (known !== undefined) return known
      const made = `plain.${Subject.live(venue, Effect.runSync(Effect.fromOption(Instrument.parse(instrument))), kind)}`
      subjects.set(key, made)
      return made
    }
    const fed = yield* feed((ticks) =>
      Effect.sync(() => {
        for (const tick of ticks) {
          const own = headers()
          const times = described({ venue: tick.venueTime, receive: tick.ingestTime, publish: Date.now() })
          own.set(Header.stageTimes, times[Header.stageTimes] ?? "")
          connection.publish(subjectOf(tick), TickCodec.toLine(tick), { headers: own })
        }
      })
    )
    yield* Effect.promise(() => connection.flush())
    return fed
  }).pipe(Effect.scoped)

export const liveSubject: ReadonlyArray<Benchmark> = [{
  name: "live-subject",
  about: `${TICKS_PER_S} ticks/s of ${
    VENUES.length * INSTRUMENTS
  } markets -> Ingest -> md.v1 -> a subscriber in a thread of its own`,
  control: "every tick published by NATS.js, without frames and conflation",
  compared: "p99Ms",
  targets: [{ figure: "p99Ms", atMost: 25 }, { figure: "ticksPerS", atLeast: TICKS_PER_S * 0.99 }],
  prepare: Effect.gen(function* () {
    const server = yield* ownServer, heard = yield* listening(server)
    const ingest = Layer.unwrap(
      Effect.sync(() => Ingest.layer({ writer: `bench-${randomUUID()}.1`, source: "live", live: true })),
    )
    const bus = Layer.unwrap(Effect.sync(() => Layer.fresh(freshBus(server))))
    return {
      ours: measured(heard, Effect.flatMap(Ingest, ({ drain, ticks }) => Effect.tap(feed(ticks), () => drain))).pipe(
        Effect.provide(Layer.provideMerge(ingest, bus), { local: true }),
      ),
      control: measured(heard, plain(server)),
    }
  }),
}]
