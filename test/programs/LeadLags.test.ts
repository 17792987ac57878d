/** Who moves first in real recordings: the perpetual before spot, and the venue that trades before the one that follows. */
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { type LagGrid, LIVE_LAGS } from "../../src/domain/LeadLag.ts"
import type { MarketPair } from "../../src/domain/MarketAnalysis.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { leadLagsOf } from "../../src/programs/LeadLags.ts"
import { data, describeWith } from "../support/available.ts"

const pairsIn = (name: string, lags: LagGrid, last: boolean) =>
  leadLagsOf({
    path: join(data.path, "recordings", `${name}.ndjson.gz`),
    lags,
    last,
    onProgress: () => Effect.void,
  }).pipe(
    Effect.map(({ instruments }) => new Set(instruments.flatMap(({ pairs }) => pairs))),
    Effect.provide(Layer.provide(RecordingFiles.layer, NodeServices.layer)),
  )

const shown = ({ a, b, lagMs, leader }: MarketPair) => [a.venue, b.venue, lagMs, leader]

describeWith(data, "Who moves first", () => {
  it.effect("on Binance in August 2024 is the USD-M perpetual, before spot and before COIN-M", () =>
    Effect.gen(function* () {
      const pairs = yield* pairsIn("binance-3venues-btc-20240808-quotes-trades", LIVE_LAGS, false)
      assert.deepStrictEqual([...pairs].map(shown), [
        ["binance", "binancecoinm", -100, null],
        ["binance", "binanceusdm", -50, "b"],
        ["binancecoinm", "binanceusdm", -100, "b"],
      ])
    }))

  it.effect("in Japan in August 2018 is bitFlyer, by a quarter of a minute, as last prices tell", () =>
    Effect.gen(function* () {
      const lags = { stepMs: 1_000, maxMs: 60_000 }
      const pairs = yield* pairsIn("bitflyer-btcbox-btcjpy-20180812-last", lags, true)
      assert.deepStrictEqual([...pairs].map(shown), [["bitflyer", "btcbox", 15_000, "a"]])
      const none = yield* pairsIn("bitflyer-btcbox-btcjpy-20180812-last", lags, false)
      assert.strictEqual(none.size, 0)
    }))
})
