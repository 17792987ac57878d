/** Market access between processes on NATS: what one ingests, another hears, and a third that begins later finds kept. */
import { assert, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Option } from "effect"
import { decode } from "../../src/domain/MarketEntry.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { MarketAccess } from "../../src/streams/MarketAccess.ts"
import { ensureStreams, MARKET_BUCKET } from "../../src/streams/Topology.ts"
import { eventually } from "../support/eventually.ts"
import { describeWith, nats } from "../support/available.ts"
import { ownPrefix, removeAll } from "../support/jetstream.ts"
import { accessOf, newWorld } from "../support/markets.ts"
import { quote } from "../support/ticks.ts"

const MARKETS = 40

describeWith(nats, "Market access on NATS", () => {
  it.live(
    "answers from another process's stream, and from what is kept of it within two seconds",
    () =>
      Effect.gen(function* () {
        const prefix = ownPrefix()
        yield* Effect.addFinalizer(() => Effect.promise(() => removeAll(nats.url, prefix)))
        const world = newWorld({ api: "fails" })
        const bus = NatsBus.layer({ url: nats.url, streamPrefix: prefix, subjectPrefix: prefix })
        const process = Layer.build(Layer.fresh(Layer.provideMerge(accessOf(world), bus)))
        const ingesting = yield* process, hearing = yield* process
        yield* Effect.provide(ensureStreams, ingesting)
        const ingest = Context.get(
          yield* Layer.build(Ingest.layer({ writer: `${prefix}.0`, source: "live", live: true })).pipe(
            Effect.provide(ingesting),
          ),
          Ingest,
        )
        const tell = Effect.gen(function* () {
          const nowMs = yield* Clock.currentTimeMillis
          yield* ingest.ticks(
            Array.from({ length: MARKETS }, (_, n) => quote("okx", `C${n}/USDT`, nowMs, ["100", "101"])),
          )
        })
        const asked = (of: Context.Context<MarketAccess>) =>
          Context.get(of, MarketAccess).ask({ kind: "quote", venue: "okx", instrument: "C7/USDT" })
        const heard = Effect.andThen(
          tell,
          Effect.match(asked(hearing), { onFailure: () => "none", onSuccess: ({ source }) => source }),
        )
        yield* eventually(heard, (source) => source === "stream", "10 seconds")
        const calls = world.calls.length

        const bucket = yield* Context.get(hearing, Bus).bucket(MARKET_BUCKET)
        yield* eventually(bucket.keys("okx.spot.*"), ({ length }) => length === MARKETS, "10 seconds")
        const lags = yield* Effect.forEach(yield* bucket.keys("okx.spot.*"), (key) =>
          Effect.map(bucket.get(key), (found) => {
            const { storedAtMs, value } = Option.getOrThrow(found)
            return storedAtMs - Option.getOrThrow(decode(value)).ticks[0].ingestTime
          }))
        assert.isAtMost(Math.max(...lags), 2_000)

        // A process that begins now has heard nothing yet.
        const late = yield* process
        assert.deepInclude(yield* asked(late), { source: "cache", data: "live" })
        assert.strictEqual(world.calls.length, calls)
      }),
    30_000,
  )
})
