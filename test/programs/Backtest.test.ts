/** Backtest and verification of the recordings: golden figures, the same twice in a row and on every runtime. */
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { SHIPPED_LOTS } from "../../src/domain/ShippedLots.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { backtestFile } from "../../src/programs/Backtest.ts"
import { analyseFile } from "../../src/programs/FileAnalysis.ts"
import { verify } from "../../src/streams/Verify.ts"
import { data, describeWith } from "../support/available.ts"
import { priceByFractions } from "../support/fractions.ts"
import { configOf } from "../support/ticks.ts"

const path = join(data.path, "recordings", "binance-3venues-btc-20240808-quotes-trades.ndjson.gz")
const taker = (rate: string) => ({
  binance: { taker: rate },
  binanceusdm: { taker: rate },
  binancecoinm: { taker: rate },
})
const published = configOf({
  fees: { ...taker("0.0005"), binance: { taker: "0.001" } },
  lots: SHIPPED_LOTS,
  parity: { "USDT/USD": "1" },
})
/** Fees that nobody is offered: many opportunities. */
const cheap = configOf({ fees: taker("0.0001"), staleness: {}, parity: { "USDT/USD": "1" } })

const transitionsOf = (config: typeof cheap) =>
  Effect.gen(function* () {
    const told: Array<Opportunity> = []
    yield* analyseFile({
      path,
      config,
      onTold: ({ transitions }) => Effect.sync(() => void told.push(...transitions)),
      onProgress: () => Effect.void,
    })
    return told
  }).pipe(Effect.provide(RecordingFiles.layer))

const backtested = backtestFile({ path, config: cheap, source: "recorded", onProgress: () => Effect.void }).pipe(
  Effect.map(({ report }) => report),
  Effect.provide(RecordingFiles.layer),
)

describeWith(data, "The quotes recording, verified", () => {
  it.effect(
    "its one opportunity holds, by our recomputation and by fractions of integers alone",
    () =>
      Effect.gen(function* () {
        const [one, ...closings] = yield* transitionsOf(published)
        assert.isDefined(one)
        for (const told of [one, ...closings]) assert.deepStrictEqual(verify(told), [])
        const last = closings.at(-1) ?? one, inputs = last.evidence?.inputs
        if (inputs?.type !== "cross_exchange") return assert.fail("no evidence")
        assert.deepStrictEqual(priceByFractions(inputs), {
          capacity: last.capacity,
          size: last.size,
          notional: last.notional,
          grossBps: last.grossBps,
          netBps: last.netBps,
          netProfit: last.netProfit,
        })
      }),
    60_000,
  )

  it.effect("each of 417 transitions holds where fees are low", () =>
    Effect.gen(function* () {
      const told = yield* transitionsOf(cheap)
      assert.lengthOf(told, 417)
      assert.deepStrictEqual(told.flatMap((one) => verify(one)), [])
    }), 120_000)
})

describeWith(data, "The quotes recording, backtested", () => {
  it.effect("earns the golden figures, twice in a row to the last character", () =>
    Effect.gen(function* () {
      const report = yield* backtested
      assert.strictEqual(JSON.stringify(yield* backtested), JSON.stringify(report))
      assert.deepStrictEqual({ found: report.found, checks: report.checks, silent: report.silent }, GOLDEN.counts)
      assert.deepStrictEqual(
        report.earned.map(({ currency, delayMs, total }) => `${delayMs} ${total} ${currency}`),
        GOLDEN.earned,
      )
      assert.deepStrictEqual(report.lived.map(({ count }) => count), GOLDEN.lived)
    }), 120_000)
})

/** Of 2026-11-21; the same on Deno 2.9.6 and Node 24. */
const GOLDEN: {
  readonly counts: { readonly found: number; readonly checks: number; readonly silent: number }
  readonly earned: ReadonlyArray<string>
  readonly lived: ReadonlyArray<number>
} = {
  "counts": { "found": 186, "checks": 451266, "silent": 0 },
  "earned": [
    "0 36.02617069 USD",
    "100 13.92971168 USD",
    "1000 21.5513053 USD",
    "5000 26.19663877 USD",
    "30000 11.21598449 USD",
    "60000 6.07256597 USD",
    "0 420.26950349 USDT",
    "100 -10.74633444 USDT",
    "1000 -10.86539491 USDT",
    "5000 -48.17741133 USDT",
    "30000 -45.23607649 USDT",
    "60000 -50.94032969 USDT",
  ],
  "lived": [90, 32, 34, 24, 4, 2, 0, 0],
}
