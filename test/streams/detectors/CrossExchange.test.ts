/** Cross-exchange detection: fees, lots, caps, freshness and contracts, each rejection under its reason. */
import { assert, describe, it } from "@effect/vitest"
import type { DetectConfig } from "../../../src/domain/DetectConfig.ts"
import type { Tick } from "../../../src/domain/Tick.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import { book, configOf, framesOf, gap, heartbeat, quote, T0 } from "../../support/ticks.ts"

const over = (ticks: ReadonlyArray<Tick>, config: DetectConfig) => {
  const analysis = new Analysis(config)
  const found = analysis.frames(framesOf(ticks), 1).filter(({ revision }) => revision === 1)
  return { found, rejected: analysis.figures.rejected, notes: analysis.figures.notes }
}

/** B1 of the worked examples, on two venues. */
const b1 = [
  book("a", "BTC/USDT", T0, {
    bids: [["29000", "9"]],
    asks: [["30000", "0.4"], ["30010", "0.6"], ["30050", "2"]],
  }, { seq: 7 }),
  book("b", "BTC/USDT", T0 + 1, {
    bids: [["30120", "0.5"], ["30100", "0.3"], ["30060", "1"]],
    asks: [["31000", "9"]],
  }),
]
const tenBps = (changes: Readonly<Record<string, unknown>> = {}) =>
  configOf({ fees: { a: { taker: "0.001" }, b: { taker: "0.001" } }, ...changes })

describe("A plan", () => {
  it("is priced at its best size with enough to recompute it by hand", () => {
    const [found] = over(b1, tenBps()).found
    assert.deepInclude(found, {
      size: "0.8",
      capacity: "0.8",
      netProfit: "37.906",
      currency: "USDT",
      notional: "24004",
    })
    assert.deepStrictEqual(found?.legs[0], {
      venue: "a",
      instrument: "BTC/USDT",
      side: "buy",
      size: "0.8",
      price: "30005",
      levels: [["30000", "0.4"], ["30010", "0.4"]],
      contracts: null,
      contractSize: null,
      fee: "24.004",
      feeCurrency: "USDT",
      feeRate: "0.001",
      bookSeq: 7,
      bookAgeMs: 1,
    })
    assert.deepInclude(found?.legs[1], { side: "sell", price: "30112.5", fee: "24.09" })
  })

  it("buys more than it sells where the fee is taken in base, so that nothing is left over", () => {
    const config = configOf({ fees: { a: { taker: "0.001", takerIn: "base" }, b: { taker: "0.001" } }, maxSize: "0.8" })
    const [found] = over(b1, config).found
    assert.deepInclude(found, { size: "0.8", netProfit: "37.87796797" })
    assert.deepInclude(found?.legs[0], { size: "0.8008008008008008008", feeCurrency: "BTC", feeRate: "0.001" })
  })

  it("is capped by a greatest size and by the share of what is visible", () => {
    assert.strictEqual(over(b1, tenBps({ maxSize: "0.5" })).found[0]?.netProfit, "28.939")
    // 1.8 of the bids are visible, fewer than the asks' 3.
    assert.strictEqual(over(b1, tenBps({ maxVisibleShare: 0.25 })).found[0]?.size, "0.45")
  })

  it("A5: at half a coin of 300000 to 360000 earns 30000, and 29910 after 0.05% on the selling leg", () => {
    const market = [
      quote("a", "BTC/JPY", T0, ["290000", "300000"]),
      quote("b", "BTC/JPY", T0, ["360000", "370000"], { bidSize: "4" }),
    ]
    const at = (sellFee: string) =>
      over(market, configOf({ fees: { a: { taker: "0" }, b: { taker: sellFee } }, maxSize: "0.5" })).found[0]
    assert.strictEqual(at("0")?.netProfit, "30000")
    assert.strictEqual(at("0.0005")?.netProfit, "29910")
  })

  it("is not taken where the next slice never pays, and is where it does", () => {
    const config = configOf({ fees: { a: { taker: "0.01" }, b: { taker: "0.01" } } })
    const at = (bid: string) => [quote("a", "X/USD", T0, ["99", "100"]), quote("b", "X/USD", T0, [bid, "110"])]
    assert.deepStrictEqual(over(at("102"), config).found, [])
    assert.strictEqual(over(at("104"), config).found[0]?.netProfit, "1.96")
  })

  it("never joins two instruments of one venue, nor two assets", () => {
    const same = [quote("a", "BTC/USDT", T0, ["1", "2"]), quote("a", "BTC/USDT:USDT", T0, ["3", "4"])]
    const other = [quote("a", "BTC/USDT", T0, ["1", "2"]), quote("b", "ETH/USDT", T0, ["3", "4"])]
    assert.deepStrictEqual(over([...same, ...other], configOf()).found, [])
  })
})

describe("Lots", () => {
  const lots = (a: object, b: object = {}) => tenBps({ lots: { a: { "BTC/USDT": a }, b: { "BTC/USDT": b } } })

  it("floor the size to the coarser step of both markets before it is priced", () => {
    assert.strictEqual(over(b1, lots({ step: "0.3" }, { step: "0.01" })).found[0]?.size, "0.6")
  })

  it("refuse what is less than a step, a least amount or a least notional of either leg", () => {
    const reasons: ReadonlyArray<readonly [object, object, string]> = [
      [{ step: "1" }, {}, "below_lot"],
      [{ minAmount: "0.81" }, {}, "below_min_amount"],
      [{}, { minAmount: "0.81" }, "below_min_amount"],
      [{ minNotional: "24004.01" }, {}, "below_min_notional"],
      [{}, { minNotional: "24090.01" }, "below_min_notional"],
    ]
    for (const [a, b, reason] of reasons) {
      const { found, rejected } = over(b1, lots(a, b))
      assert.deepStrictEqual([found, rejected], [[], { [reason]: 1 }])
    }
    assert.strictEqual(over(b1, lots({ minAmount: "0.8", minNotional: "24004" })).found.length, 1)
  })

  it("are said to be unknown where no table has them", () => {
    assert.deepStrictEqual(over(b1, tenBps()).notes.get("a|BTC/USDT"), ["no_lot_limits"])
    assert.isUndefined(over(b1, lots({})).notes.get("a|BTC/USDT"))
  })
})

describe("Contracts", () => {
  const inverse = [
    quote("binanceusdm", "BTC/USDT:USDT", T0, ["61599", "61600"], { askSize: "9" }),
    quote("binancecoinm", "BTC/USD:BTC", T0, ["61671.4", "61672"], { bidSize: "2163" }),
  ]
  const fees = { binanceusdm: { taker: "0.0005" }, binancecoinm: { taker: "0.0005" } }

  it("of a coin-margined market are converted to base units, and told as contracts again", () => {
    const { found } = over(inverse, configOf({ fees, parity: { "USDT/USD": "1" } }))
    assert.strictEqual(found[0]?.size, "3.507298358721")
    assert.deepInclude(found[0]?.legs[1], { contracts: "2163", contractSize: "100" })
    assert.include(found[0]?.reasons ?? [], "not transferable: derivative leg")
  })

  it("of a size that nobody knows take no part where sizes are money, and are taken as base units elsewhere", () => {
    const { notes } = over([
      quote("a", "BTC/USD:BTC", T0, ["1", "2"]),
      quote("b", "BTC/USDT:USDT", T0, ["3", "4"]),
    ], configOf())
    assert.deepStrictEqual(notes.get("a|BTC/USD:BTC"), ["unknown_contract_size"])
    assert.deepStrictEqual(notes.get("b|BTC/USDT:USDT"), ["no_lot_limits", "contract_size_assumed_1"])
    const told = over(
      [quote("a", "BTC/USD:BTC", T0, ["1", "2"])],
      configOf({
        contractSizes: { a: { "BTC/USD:BTC": "10" } },
      }),
    )
    assert.deepStrictEqual(told.notes.get("a|BTC/USD:BTC"), ["no_lot_limits"])
  })
})

describe("Freshness", () => {
  const strict = (maxAgeMs: number, maxSkewMs: number) => configOf({ staleness: { maxAgeMs, maxSkewMs } })
  const a = (ms: number) => quote("a", "BTC/USDT", T0 + ms, ["99", "100"])
  const b = (ms: number) => quote("b", "BTC/USDT", T0 + ms, ["101", "102"])

  it("refuses a book older than allowed, by our own clock alone", () => {
    assert.deepStrictEqual(over([a(0), b(2_001)], strict(2_000, 10_000)).rejected, { stale_book: 1 })
    assert.strictEqual(over([a(0), b(2_000)], strict(2_000, 10_000)).found.length, 1)
  })

  it("refuses two books whose last frames lie too far apart", () => {
    assert.deepStrictEqual(over([a(0), b(1_001)], strict(2_000, 1_000)).rejected, { book_skew: 1 })
    assert.strictEqual(over([a(0), b(1_000)], strict(2_000, 1_000)).found.length, 1)
  })

  it("lets a heartbeat say that a quiet market is not a dead stream", () => {
    assert.strictEqual(
      over([a(0), heartbeat("a", "BTC/USDT", T0 + 1_500), b(2_001)], strict(2_000, 1_000)).found.length,
      1,
    )
  })

  it("is not asked for when switched off, but a crossed or broken book never takes part", () => {
    assert.strictEqual(over([a(0), b(3_600_000)], configOf()).found.length, 1)
    const crossed = quote("b", "BTC/USDT", T0 + 1, ["101", "101"])
    assert.deepStrictEqual(over([a(0), crossed], configOf()).found, [])
    assert.deepStrictEqual(over([a(0), gap("a", "BTC/USDT", T0 + 1), b(2)], configOf()).found, [])
  })
})

describe("A threshold", () => {
  it("is exceeded strictly: 5 bps net are not above 5", () => {
    const at = (bid: string) => [quote("a", "X/USD", T0, ["9999", "10000"]), quote("b", "X/USD", T0, [bid, "10999"])]
    assert.deepStrictEqual(over(at("10005"), configOf({ minNetBps: 5 })).found, [])
    assert.strictEqual(over(at("10005.00001"), configOf({ minNetBps: 5 })).found.length, 1)
  })

  it("may lie below zero, to see what nearly paid", () => {
    const market = [quote("a", "X/USD", T0, ["9999", "10000"]), quote("b", "X/USD", T0, ["10001", "10999"])]
    const config = configOf({ minNetBps: -5, fees: { a: { taker: "0.0002" }, b: { taker: "0" } } })
    const { found, rejected } = over(market, config)
    assert.deepStrictEqual(found, [])
    assert.deepStrictEqual(rejected, { below_threshold: 1 })
  })
})
