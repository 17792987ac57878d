/** Conversions: never by name; through a declared parity either way, or through a book with its fee, depth and age. */
import { assert, describe, it } from "@effect/vitest"
import type { DetectConfig } from "../../../src/domain/DetectConfig.ts"
import { partitionOf } from "../../../src/domain/Instrument.ts"
import type { Tick } from "../../../src/domain/Tick.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import { book, configOf, framesOf, gap, quote, T0 } from "../../support/ticks.ts"

/** Bought for USDT on "a", sold for USD on "b", a hundred apart. */
const market = (ms = 0): ReadonlyArray<Tick> => [
  quote("a", "BTC/USDT", T0 + ms, ["9990", "10000"]),
  quote("b", "BTC/USD", T0 + ms + 1, ["10100", "10110"]),
]

const over = (ticks: ReadonlyArray<Tick>, config: DetectConfig) => {
  const analysis = new Analysis(config)
  const found = analysis.frames(framesOf(ticks), 1).filter(({ revision }) => revision === 1)
  return { found, rejected: analysis.figures.rejected }
}

describe("Two quote currencies", () => {
  it("are never equal by their names", () => {
    assert.deepStrictEqual(over(market(), configOf()).found, [])
  })

  it("are equal by a parity the operator declares, in either direction, and the reader is told", () => {
    const one = over(market(), configOf({ parity: { "USDT/USD": "1" } })).found[0]
    assert.deepInclude(one, { netProfit: "100", currency: "USDT" })
    assert.include(one?.reasons ?? [], "parity USDT/USD = 1 (declared)")
    assert.strictEqual(over(market(), configOf({ parity: { "USDT/USD": "1.01" } })).found.length, 0)
    assert.strictEqual(over(market(), configOf({ parity: { "USD/USDT": "1.001" } })).found[0]?.netProfit, "110.1")
    assert.strictEqual(over(market(), configOf({ parity: { "USDT/USD": "0.8" } })).found[0]?.netProfit, "2625")
  })

  it("convert through a book that sells the one for the other, with its fee and as a leg of its own", () => {
    const config = configOf({ fees: { a: { taker: "0" }, b: { taker: "0.001" } } })
    const through = quote("b", "USD/USDT", T0, ["0.999", "1.001"], { bidSize: "1000000" })
    const { found } = over([through, ...market()], config)
    // 10100 x 0.999 USD arrive, sold at 0.999 less a tenth of a percent.
    assert.strictEqual(found[0]?.netProfit, "69.7302899")
    assert.include(found[0]?.reasons ?? [], "converted on b USD/USDT")
    assert.deepInclude(found[0]?.legs[2], {
      venue: "b",
      side: "sell",
      instrument: "USD/USDT",
      size: "10089.9",
      price: "0.999",
      feeCurrency: "USDT",
    })
  })

  it("convert through a book that buys the other with the one", () => {
    const through = quote("b", "USDT/USD", T0, ["0.999", "1.001"], { askSize: "1000000" })
    const { found } = over([through, ...market()], configOf())
    assert.strictEqual(found[0]?.netProfit, "89.91008991")
    assert.deepInclude(found[0]?.legs[2], { venue: "b", side: "buy", instrument: "USDT/USD", price: "1.001" })
  })

  it("convert no more than that book holds", () => {
    const through = quote("b", "USD/USDT", T0, ["1", "1.001"], { bidSize: "5050" })
    assert.strictEqual(over([through, ...market()], configOf()).found[0]?.size, "0.5")
  })

  it("convert through as many levels as the amount needs, and stop where the next one stops paying", () => {
    const deep = (bids: ReadonlyArray<readonly [string, string]>) =>
      over([book("b", "USD/USDT", T0, { bids, asks: [["1.1", "1"]] }), ...market()], configOf()).found[0]
    // Half of the 10100 USD at 1, half at 0.995: 10074.75 for what cost 10000.
    const whole = deep([["1", "5050"], ["0.995", "9000"]])
    assert.deepInclude(whole, { size: "1", netProfit: "74.75" })
    assert.deepInclude(whole?.legs[2], {
      size: "10100",
      levels: [["1", "5050"], ["0.995", "5050"]],
      price: "0.9975",
    })
    assert.deepInclude(deep([["1", "5050"], ["0.9", "9000"]]), { size: "0.5", netProfit: "50" })
  })

  it("pay that book's fee in the coins bought where its venue takes it there", () => {
    const through = quote("b", "USDT/USD", T0, ["0.9", "1"], { askSize: "1000000" })
    const inBase = configOf({ fees: { a: { taker: "0" }, b: { taker: "0.001", takerIn: "base" } } })
    const found = over([through, ...market()], inBase).found[0]
    // 10100 less a tenth of a percent arrive, and buy as many USDT, less a tenth of a percent.
    assert.strictEqual(found?.netProfit, "79.8101")
    assert.deepInclude(found?.legs[2], { fee: "10.0899", feeCurrency: "USDT" })
  })

  it("convert on the buying venue where the selling one has no such book", () => {
    const through = quote("a", "USDT/USD", T0, ["0.999", "1"], { askSize: "1000000" })
    assert.include(over([through, ...market()], configOf()).found[0]?.reasons ?? [], "converted on a USDT/USD")
  })

  it("convert on a third venue where neither leg's venue has such a book, and name it as a leg", () => {
    const through = quote("c", "USDT/USD", T0, ["0.999", "1"], { askSize: "1000000" })
    const { found } = over([through, ...market()], configOf())
    assert.include(found[0]?.reasons ?? [], "converted on c USDT/USD")
    assert.strictEqual(found[0]?.legs[2]?.venue, "c")
  })

  it("do not convert through a crossed book, or one that broke", () => {
    const at = (venue: string, prices: readonly [string, string]) => quote(venue, "USDT/USD", T0, prices)
    assert.deepStrictEqual(over([at("b", ["1.1", "1"]), ...market()], configOf()).found, [])
    const broken = [at("b", ["0.999", "1"]), gap("b", "USDT/USD", T0), ...market()]
    assert.deepStrictEqual(over(broken, configOf()).found, [])
  })

  it("do not convert through a book that broke, in the partition that it shares with their asset either", () => {
    const shared = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((letter) => `${letter}X`).find((asset) =>
      partitionOf(asset) === partitionOf("USDT")
    )
    const asset = (ticks: ReadonlyArray<Tick>) =>
      ticks.map((tick) => ({ ...tick, instrument: tick.instrument.replace("BTC", shared ?? "") }))
    const through = quote("b", "USDT/USD", T0, ["0.999", "1"], { askSize: "1000000" })
    const poor = quote("b", "BTC/USD", T0 + 1, ["9000", "10110"])
    const before = asset([...market().slice(0, 1), poor])
    assert.strictEqual(over([through, ...before, ...asset(market(10))], configOf()).found.length, 1)
    const after = [through, ...before, gap("b", "USDT/USD", T0 + 5), ...asset(market(10))]
    assert.deepStrictEqual(over(after, configOf()).found, [])
  })

  it("do not convert through a book that has grown old", () => {
    const through = quote("b", "USDT/USD", T0, ["0.999", "1"], { askSize: "1000000" })
    const config = configOf({ staleness: { maxAgeMs: 2_000, maxSkewMs: 1_000 } })
    assert.deepStrictEqual(over([through, ...market(5_000)], config).rejected, { conversion_stale: 1 })
    assert.strictEqual(over([through, ...market(1_000)], config).found.length, 1)
  })

  it("follow the conversion's price as it moves", () => {
    const at = (ms: number, ask: string) => quote("b", "USDT/USD", T0 + ms, ["0.9", ask], { askSize: "1000000" })
    const later = over([at(0, "1.02"), ...market(), at(5, "1.001"), ...market(10)], configOf())
    assert.strictEqual(later.found.length, 1)
    assert.strictEqual(later.found[0]?.detectedAt, T0 + 10)
  })
})
