/**
 * stalled-subscriber: what an outside operator who stops reading costs the pipeline, until the server cuts him off.
 *
 * Ours: ticks -> Ingest -> JetStream -> a consumer that decodes every frame, live ticks on; one operator follows them,
 * another has subscribed to everything and reads nothing. A thousand markets, so that live ticks are some 15 MB/s and no
 * socket's buffer swallows them. Control: the same without him. A nats-server under the generated configuration.
 */
import { randomUUID } from "node:crypto"
import { Deferred, Effect, Layer, Stream } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import type { Tick } from "../src/domain/Tick.ts"
import * as TickCodec from "../src/domain/TickCodec.ts"
import { Bus } from "../src/layers/Bus.ts"
import * as NatsBus from "../src/layers/nats/Bus.ts"
import { Ingest } from "../src/streams/Ingest.ts"
import { ensureStreams, MARKET_DATA } from "../src/streams/Topology.ts"
import { operatorsServer, stalledOperator } from "../test/support/natsOperators.ts"
import { natsServer } from "../test/support/natsServer.ts"
import { metered } from "./Meter.ts"
import type { Benchmark } from "./Paired.ts"

const MARKETS = 1_000
const ROUNDS = 600
const TURN = 250
const WINDOW = 100_000
const FRAMES_AHEAD = 1_024
const GRANTED = { venues: "all", types: [], limits: { connections: 100 } }

const tickOf = (market: number, round: number, ingestTime: number): Tick => ({
  v: 1,
  venue: "kraken",
  instrument: `A${market}/USDT`,
  venueTime: ingestTime,
  ingestTime,
  kind: "quote",
  seq: round,
  bid: `${30_000 + round}.1`,
  bidSize: "1.25",
  ask: `${30_000 + round}.7`,
  askSize: "0.75",
})

/** Every market once a round, as fast as they are taken, while no more than a window is on its way. */
const feeding = (stored: () => number) =>
  Effect.gen(function* () {
    const ingest = yield* Ingest
    for (let round = 0; round < ROUNDS; round++) {
      for (let from = 0; from < MARKETS; from += TURN) {
        const now = Date.now()
        yield* ingest.ticks(Array.from({ length: TURN }, (_, at) => tickOf(from + at, round, now)))
        do yield* Effect.yieldNow
        while (round * MARKETS + from + TURN - stored() > WINDOW)
      }
    }
    yield* ingest.drain
  })

/** One pass; the streams begin anew with each. */
const pass = (server: Effect.Success<ReturnType<typeof operatorsServer>>, isStalled: boolean) =>
  Effect.gen(function* () {
    const bus = yield* Bus
    yield* Effect.ignore(bus.removeStream(MARKET_DATA.name))
    yield* ensureStreams
    let ticks = 0, wireBytes = 0, heard = 0
    const reading = bus.consume({
      stream: MARKET_DATA.name,
      subjects: [],
      start: { _tag: "First" },
      capacity: FRAMES_AHEAD,
    }).pipe(
      Stream.takeUntil((batch) => {
        for (const { data } of batch) {
          const frames = Frame.decode(data)
          if ("_tag" in frames) throw new Error(frames.detail)
          for (const frame of frames) ticks += frame.s.length
          wireBytes += data.byteLength
        }
        return ticks >= MARKETS * ROUNDS
      }),
      Stream.runDrain,
    )
    const awake = yield* server.connectAs("awake")
    awake.subscribe("md.v1.>", { callback: () => void heard++ })
    yield* Effect.promise(() => awake.flush())
    const cut = yield* Deferred.make<number>(), startedAt = performance.now()
    if (isStalled) {
      yield* bus.subscribeLive("$SYS.ACCOUNT.OPERATOR_asleep.DISCONNECT", 8).pipe(
        Stream.runForEach(() => Deferred.succeed(cut, performance.now() - startedAt)),
        Effect.forkScoped({ startImmediately: true }),
      )
      yield* stalledOperator(server.at, "asleep", "md.v1.>")
    }
    const sample = yield* metered(
      Effect.as(
        Effect.all([feeding(() => ticks), reading], { concurrency: "unbounded" }),
        MARKETS * ROUNDS,
      ).pipe(Effect.map((moved) => ({ ticks: moved, wireBytes }))),
      { ndjsonBytes: TickCodec.toLine(tickOf(1, 1, Date.now())).length + 1 },
    )
    const cutAfterMs = isStalled ? yield* Deferred.await(cut) : NaN
    return { ...sample, livePerS: heard / (sample["seconds"] ?? NaN), ...(isStalled ? { cutAfterMs } : {}) }
  }).pipe(
    Effect.provide(
      Layer.unwrap(
        Effect.sync(() => Ingest.layer({ writer: `bench-${randomUUID()}.1`, source: "recorded", live: true })),
      )
        .pipe(
          Layer.provideMerge(Layer.unwrap(Effect.sync(() => Layer.fresh(NatsBus.layer({ url: server.serviceUrl }))))),
        ),
      { local: true },
    ),
    Effect.scoped,
  )

export const stalledSubscriber: ReadonlyArray<Benchmark> = [{
  name: "stalled-subscriber",
  about: "ingest, frames, live ticks and their readers while an operator has stopped reading, until he is cut off",
  control: "the same without him",
  compared: "ticksPerS",
  targets: [{ figure: "ratio", atLeast: 1 / 1.2 }],
  prepare: Effect.gen(function* () {
    if (!natsServer.available) return yield* Effect.fail(new Error(natsServer.why))
    const server = yield* operatorsServer([{ name: "asleep", ...GRANTED }, { name: "awake", ...GRANTED }])
    return { ours: pass(server, true), control: pass(server, false) }
  }),
}]
