/** The AnalysisResults port: the newest analysis of a type and instrument, while it holds, told as a fact once. */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { HOLDS_MS, type MarketAnalysis } from "../../src/domain/MarketAnalysis.ts"
import { AnalysisResults } from "../../src/layers/AnalysisResults.ts"
import { Outbox } from "../../src/layers/Outbox.ts"
import { empty, minute, type Suite, t0 } from "./StoreWorld.ts"

const envelope = { v: 1, instrument: "BTC/USDT", spanMs: 300_000, simulated: false } as const

const on = (venue: string) => ({ venue, instrument: "BTC/USDT" })

const correlations = (at: number, correlation = 0.5): MarketAnalysis => ({
  ...envelope,
  type: "correlation",
  at,
  expiresAt: at + HOLDS_MS,
  pairs: [{ a: on("kraken"), b: on("okx"), correlation, lagMs: -150, atLag: 0.8, ratio: null, moves: 90, leader: "b" }],
  others: [],
})

const state = (at: number): MarketAnalysis => ({
  ...envelope,
  type: "market",
  at,
  expiresAt: at + HOLDS_MS,
  venues: [{ venue: "okx", mid: 70_000.1, spreadBps: 0.5, volatilityBps: null, movesPerMinute: 60, offMedianBps: 0 }],
})

const facts = Effect.gen(function* () {
  const outbox = yield* Outbox
  const told: Array<unknown> = []
  yield* outbox.relayBatch({
    limit: 100,
    nowMs: t0,
    publish: (batch) => Effect.sync(() => void told.push(...batch.map(({ payload, subject }) => [subject, payload]))),
  })
  return told
})

export const storeAnalyses: Suite = (it) => {
  it.effect("come back as they were made, each by its type and instrument, and are told as facts", () =>
    Effect.gen(function* () {
      yield* empty
      const results = yield* AnalysisResults
      const made = [state(t0), correlations(t0)]
      assert.deepStrictEqual(yield* results.save(made, t0), made)
      assert.deepStrictEqual(yield* results.newest("market", "BTC/USDT", t0), Option.some(state(t0)))
      assert.deepStrictEqual(yield* results.newest("correlation", "BTC/USDT", t0), Option.some(correlations(t0)))
      assert.deepStrictEqual(yield* results.newest("correlation", "ETH/USDT", t0), Option.none())
      assert.deepStrictEqual(yield* facts, made.map((analysis) => ["evt.v1.analysis.made", analysis]))
    }))

  it.effect("give way to newer ones alone, and what gave way to nothing is not told again", () =>
    Effect.gen(function* () {
      yield* empty
      const results = yield* AnalysisResults
      const newer = correlations(t0 + minute, 0.7)
      yield* results.save([newer], t0 + minute)
      assert.deepStrictEqual(yield* results.save([correlations(t0)], t0), [])
      assert.deepStrictEqual(yield* results.save([correlations(t0 + minute, 0.1)], t0), [])
      assert.deepStrictEqual(yield* results.newest("correlation", "BTC/USDT", t0), Option.some(newer))
      assert.strictEqual((yield* facts).length, 1)
    }))

  it.effect("are not told once their time has run out, and forgotten after that", () =>
    Effect.gen(function* () {
      yield* empty
      const results = yield* AnalysisResults
      yield* results.save([state(t0)], t0)
      assert.isTrue(Option.isSome(yield* results.newest("market", "BTC/USDT", t0 + HOLDS_MS - 1)))
      assert.isTrue(Option.isNone(yield* results.newest("market", "BTC/USDT", t0 + HOLDS_MS)))
      assert.strictEqual(yield* results.prune(t0 + HOLDS_MS), 0)
      assert.strictEqual(yield* results.prune(t0 + HOLDS_MS + 1), 1)
    }))
}
