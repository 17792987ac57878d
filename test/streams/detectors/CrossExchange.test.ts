/** Cross-exchange detection: fees, lots, caps, freshness and contracts, each rejection under its reason. */
import { assert, describe, it } from "@effect/vitest"
import type { DetectConfig } from "../../../src/domain/DetectConfig.ts"
import { VERSION } from "../../../src/domain/FeeTable.ts"
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

/** B2: 10000 buy 100 at 100; they are sold at 101 elsewhere, after the network kept half a coin. */
const b2 = [
  book("a", "X/USD", T0, { bids: [["90", "1"]], asks: [["100", "100"]] }),
  book("b", "X/USD", T0 + 1, { bids: [["101", "500"]], asks: [["120", "1"]] }),
]
const b2Config = (changes: Readonly<Record<string, unknown>> = {}) =>
  configOf({
    fees: { a: { taker: "0.001", takerIn: "base" }, b: { taker: "0.001" } },
    modes: ["transfer"],
    otherCosts: "1",
    networks: {
      a: { X: { ERC20: { withdraw: true, deposit: true, fee: "0.5", arrivalMs: 300_000 } } },
      b: { X: { ETH: { withdraw: false, deposit: true, arrivalMs: 900_000 } } },
    },
    ...changes,
  })

describe("A transfer", () => {
  it("B2: of what 10000 buys nets 28.3606 after both fees, the network's and the other costs", () => {
    const [found, ...more] = over(b2, b2Config()).found
    assert.deepStrictEqual(more, [])
    assert.deepInclude(found, { size: "99.4", netProfit: "28.3606", netBps: "28.3606", notional: "10000" })
    assert.deepInclude(found?.legs[0], { size: "100", feeCurrency: "X", fee: "0.1" })
    assert.deepInclude(found?.legs[1], { size: "99.4", fee: "10.0394" })
    assert.deepInclude(found?.details, {
      mode: "transfer",
      transfer: { currency: "X", network: "ETHEREUM", fee: "0.5", arrivalMs: 900_000 },
      otherCosts: "1",
    })
    assert.include(found?.reasons ?? [], "transfer over ETHEREUM: at risk for about 15 min")
  })

  it("is a route of its own beside the pre-funded one, and neither takes the other's costs", () => {
    const found = over(b2, b2Config({ modes: ["pre_funded", "transfer"] })).found
    const byMode = new Map(found.map((one) => [one.details.type === "cross_exchange" ? one.details.mode : "", one]))
    assert.strictEqual(byMode.get("pre_funded")?.netProfit, "79.8101")
    assert.strictEqual(byMode.get("transfer")?.netProfit, "28.3606")
    assert.strictEqual(byMode.get("transfer")?.fingerprint, `${byMode.get("pre_funded")?.fingerprint}:transfer`)
  })

  it("needs a network that is open on both ends, with a fee that somebody stated", () => {
    const open = { withdraw: true, deposit: true, fee: "0.5" }
    const closed = [
      { a: { X: { ERC20: { ...open, withdraw: false } } }, b: { X: { ERC20: open } } },
      { a: { X: { ERC20: open } }, b: { X: { ERC20: { ...open, deposit: false } } } },
      { a: { X: { ERC20: open } }, b: { X: { TRC20: open } } },
      { a: { X: { ERC20: { withdraw: true, deposit: true } } }, b: { X: { ERC20: open } } },
      { a: { X: { ERC20: open } } },
      {},
    ]
    for (const networks of closed) {
      const { found, rejected } = over(b2, b2Config({ networks }))
      assert.deepStrictEqual([found, rejected], [[], { no_common_network: 1 }])
    }
  })

  it("takes the cheapest of several networks, and not less than it lets out", () => {
    const way = (fee: string, minWithdraw = "0") => ({ withdraw: true, deposit: true, fee, minWithdraw })
    const networks = (terms: object) => ({ a: { X: terms }, b: { X: { ERC20: way("9"), TRX: way("9") } } })
    const [found] = over(b2, b2Config({ networks: networks({ ERC20: way("0.5"), TRC20: way("0.1") }) })).found
    assert.strictEqual(found?.details.type === "cross_exchange" && found.details.transfer?.network, "TRON")
    assert.strictEqual(over(b2, b2Config({ networks: networks({ ERC20: way("0.5", "99.9") }) })).found.length, 1)
    const { rejected } = over(b2, b2Config({ networks: networks({ ERC20: way("0.5", "99.91") }) }))
    assert.deepStrictEqual(rejected, { below_min_amount: 1 })
  })

  it("of a derivative is none", () => {
    const swap = [quote("a", "X/USD:USD", T0, ["99", "100"]), quote("b", "X/USD", T0 + 1, ["110", "111"])]
    assert.deepStrictEqual(over(swap, b2Config()).found, [])
    assert.strictEqual(over(swap, b2Config({ modes: ["pre_funded", "transfer"] })).found.length, 1)
  })
})

describe("Rebalancing", () => {
  it("costs a pre-funded plan its part, which the plan tells apart from fees", () => {
    const [found] = over(b1, tenBps({ rebalancingCost: "0.0005" })).found
    assert.deepInclude(found, { size: "0.8", netProfit: "25.904" })
    assert.deepInclude(found?.details, { mode: "pre_funded", transfer: null, otherCosts: "12.002" })
  })
})

describe("The profit-size curve of B1", () => {
  const curveOf = (config: DetectConfig) => {
    const details = over(b1, config).found[0]?.details
    return details?.type === "cross_exchange" ? details.curve : []
  }

  it("has the worked figures at every size where a book comes to a new level", () => {
    assert.deepStrictEqual(curveOf(tenBps()).map(({ netProfit, size }) => [size, netProfit]), [
      ["0.4", "23.952"],
      ["0.5", "28.939"],
      ["0.8", "37.906"],
      ["1", "35.892"],
      ["1.8", "-4.196"],
    ])
  })

  it("holds the size chosen, where caps or lots chose another than the best", () => {
    const curve = curveOf(tenBps({ maxSize: "0.45" }))
    assert.deepStrictEqual(curve.map(({ size }) => size), ["0.4", "0.45", "0.5", "0.8", "1", "1.8"])
    assert.strictEqual(curve[1]?.netProfit, over(b1, tenBps({ maxSize: "0.45" })).found[0]?.netProfit)
  })
})

describe("Fees", () => {
  const found = (fees: object) => over(b1, configOf({ fees })).found[0]

  it("of a market go before those of its venue", () => {
    const mixed = found({
      a: { taker: "0.02", spot: { taker: "0.001" } },
      b: { taker: "0.001", linear: { taker: "0.02" } },
    })
    assert.strictEqual(mixed?.netProfit, "37.906")
  })

  it("of the table name its version, those an operator wrote do not", () => {
    const tabled = (ticks: ReadonlyArray<Tick>, fees: object) => over(ticks, configOf({ fees })).found[0]
    const onOkx = [
      book("okx", "BTC/USDT", T0, { bids: [["29000", "9"]], asks: [["30000", "1"]] }),
      book("b", "BTC/USDT", T0 + 1, { bids: [["30120", "1"]], asks: [["31000", "9"]] }),
    ]
    const vip = tabled(onOkx, { okx: { tier: "vip1" }, b: { taker: "0" } })
    assert.deepInclude(vip?.legs[0], { feeRate: "0.0008", feeCurrency: "BTC" })
    assert.deepInclude(vip?.details, { feeTable: VERSION })
    const own = tabled(onOkx, { okx: { taker: "0.0005", tier: "vip1" }, b: { taker: "0" } })
    assert.deepInclude(own?.legs[0], { feeRate: "0.0005" })
    assert.deepInclude(own?.details, { feeTable: null })
  })

  it("of a market that nobody stated keep it out, and that is told", () => {
    const { found, notes } = over(
      b1,
      configOf({ fees: { a: { spot: { taker: "0" } }, b: { linear: { taker: "0" } } } }),
    )
    assert.deepStrictEqual(found, [])
    assert.deepStrictEqual(notes.get("b|BTC/USDT"), ["no_fee"])
  })
})

describe("Identity", () => {
  /** A11: two tokens of one name. */
  const neiro = (ms: number, other = "0.02965") => [
    quote("a", "NEIRO/USDT", T0 + ms, ["0.0002665", "0.0002666"]),
    quote("b", "NEIRO/USDT", T0 + ms + 1, [other, "0.03"]),
  ]
  const pair = (status: string) => ({
    asset: "NEIRO",
    a: { venue: "a", symbol: "NEIRO" },
    b: { venue: "b", symbol: "NEIRO" },
    status,
  })

  it("A11: prices a hundredfold apart are no opportunity but one suspicion, with its spread and bound", () => {
    const analysis = new Analysis(configOf())
    assert.deepStrictEqual(analysis.frames(framesOf([...neiro(0), ...neiro(10)]), 1), [])
    assert.deepStrictEqual(analysis.takeSuspicions(), [{
      asset: "NEIRO",
      a: { venue: "a", symbol: "NEIRO" },
      b: { venue: "b", symbol: "NEIRO" },
      spread: "110.2153",
      bound: 0.5,
      at: T0 + 1,
    }])
    assert.deepStrictEqual(analysis.takeSuspicions(), [])
    assert.deepStrictEqual(analysis.figures.rejected, { identity_suspect: 3 })
  })

  it("stays suspect when the spread falls, on every market of the two symbols, and over a restart", () => {
    const before = new Analysis(configOf())
    before.frames(framesOf(neiro(0)), 1)
    const after = new Analysis(configOf())
    const swap = quote("b", "NEIRO/USDT:USDT", T0 + 30, ["0.0003", "0.00031"])
    after.frames(framesOf([...neiro(10, "0.0003")].slice(0, 1)), 1)
    after.restore(before.snapshot())
    after.resume()
    for (const analysis of [before, after]) {
      assert.deepStrictEqual(analysis.frames(framesOf([...neiro(20, "0.0003"), swap]), 2), [])
      assert.isAbove(analysis.figures.rejected["identity_suspect"] ?? 0, 1)
    }
    assert.deepStrictEqual(after.takeSuspicions(), [])
    // Without the suspicion it would have been one.
    assert.strictEqual(over(neiro(20, "0.0003"), configOf()).found.length, 1)
  })

  it("is settled by whoever approves or denies the pair, and a suspect in the configuration needs no spread", () => {
    const settled = (status: string, other?: string) =>
      over(neiro(0, other), configOf({ identities: { pairs: [pair(status)] } }))
    assert.strictEqual(settled("approved").found.length, 1)
    assert.deepStrictEqual(settled("denied", "0.0003"), { found: [], rejected: {}, notes: settled("denied").notes })
    assert.deepStrictEqual(settled("suspect", "0.0003").found, [])
    const restored = new Analysis(configOf({ identities: { pairs: [pair("approved")] } }))
    const suspecting = new Analysis(configOf())
    suspecting.frames(framesOf(neiro(0)), 1)
    restored.restore(suspecting.snapshot())
    restored.resume()
    assert.strictEqual(restored.frames(framesOf(neiro(20)), 2).length, 1)
  })

  it("has a bound for each asset, and one for all others", () => {
    const tight = configOf({ identities: { maxSpread: 0.2, bounds: { NEIRO: 0.1 } } })
    assert.deepStrictEqual(over(neiro(0, "0.0003"), tight).rejected, { identity_suspect: 1 })
    assert.strictEqual(over(neiro(0, "0.00029"), tight).found.length, 1)
    assert.deepStrictEqual(over(neiro(0, "0.0003"), configOf({ identities: { maxSpread: 0.1 } })).rejected, {
      identity_suspect: 1,
    })
  })

  it("of an asset that the curated map verifies is beyond doubt: an absurd price is refused, and the next one taken", () => {
    const fees = { okx: { taker: "0" }, kraken: { taker: "0" } }
    const at = (ms: number, bid: string) => [
      quote("okx", "BTC/USDT", T0 + ms, ["29990", "30000"]),
      quote("kraken", "BTC/USDT", T0 + ms + 1, [bid, "99999"]),
    ]
    const { found, rejected } = over([...at(0, "90000"), ...at(5, "30100")], configOf({ fees }))
    // The absurd one is met twice: when it comes, and when the other side moves.
    assert.deepStrictEqual(rejected, { implausible_spread: 2 })
    assert.deepStrictEqual(found.map(({ netProfit }) => netProfit), ["100"])
  })

  it("of an asset that a venue lists by another name is the asset's: it meets the others, in their partition", () => {
    const fees = { binanceusdm: { taker: "0" }, okx: { taker: "0" } }
    const luna = [
      quote("binanceusdm", "LUNA2/USDT:USDT", T0, ["0.9", "1"]),
      quote("okx", "LUNA/USDT", T0 + 1, ["1.1", "1.2"]),
    ]
    const [found] = over(luna, configOf({ fees })).found
    assert.deepInclude(found, { asset: "LUNA", netProfit: "0.1" })
    assert.deepStrictEqual(
      over(
        [...luna].map((tick) => ({ ...tick, venue: tick.venue === "okx" ? "okx" : "bybit" })),
        configOf({
          fees: { okx: { taker: "0" }, bybit: { taker: "0" } },
        }),
      ).found.length,
      1,
    )
    // Elsewhere LUNA2 is what its letters say.
    assert.deepStrictEqual(
      over(luna.map((tick) => ({ ...tick, venue: tick.venue === "okx" ? "a" : "b" })), configOf()).found,
      [],
    )
  })

  it("is not doubted by a book that is crossed, broken or stale", () => {
    const crossed = [neiro(0)[0], quote("b", "NEIRO/USDT", T0 + 1, ["0.03", "0.02"])].flatMap((one) => one ?? [])
    const analysis = new Analysis(configOf())
    analysis.frames(framesOf(crossed), 1)
    assert.deepStrictEqual(analysis.takeSuspicions(), [])
  })
})

describe("Swapping two venues", () => {
  it("mirrors what is found: the same figures the other way round", () => {
    const one = over(b1, tenBps()).found[0]
    const other = over(b1.map((tick) => ({ ...tick, venue: tick.venue === "a" ? "b" : "a" })), tenBps()).found[0]
    for (const key of ["size", "netProfit", "netBps", "grossBps", "capacity", "notional"] as const) {
      assert.strictEqual(other?.[key], one?.[key])
    }
    assert.deepStrictEqual(other?.legs.map(({ venue }) => venue), ["b", "a"])
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
