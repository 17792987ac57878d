/** Verification: what each detector tells agrees with its evidence, no tampering goes unnoticed, and B1 by fractions alone. */
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import type { DetectConfig } from "../../src/domain/DetectConfig.ts"
import { type InputsOf, MAX_LEVELS } from "../../src/domain/Evidence.ts"
import { Opportunity, OpportunityJson } from "../../src/domain/Opportunity.ts"
import type { Tick, TickOf } from "../../src/domain/Tick.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import { Framing } from "../../src/streams/Framing.ts"
import { digestOf } from "../../src/streams/Seal.ts"
import { verify } from "../../src/streams/Verify.ts"
import { priceByFractions } from "../support/fractions.ts"
import { integers } from "../support/generators.ts"
import { marketOf, steps } from "../support/randomMarket.ts"
import { book, configOf, quote, T0 } from "../support/ticks.ts"

const throughJson = (one: Opportunity): Opportunity =>
  Schema.decodeSync(OpportunityJson)(Schema.encodeSync(OpportunityJson)(one))

/** Every transition, as whoever reads the stream has it. */
const told = (ticks: ReadonlyArray<Tick>, config: DetectConfig): ReadonlyArray<Opportunity> => {
  const framing = new Framing("test.0", "recorded", { venues: true }), analysis = new Analysis(config)
  for (const tick of ticks) framing.push(tick)
  framing.flush()
  return [...framing.take().flatMap((frame) => analysis.frames([frame], 1)), ...analysis.finish()].map(throughJson)
}

const fees = Object.fromEntries([..."abcd"].map((venue) => [venue, { taker: "0.001" }]))

const B1 = [
  book("a", "BTC/USDT", T0, { asks: [["30000", "0.4"], ["30010", "0.6"], ["30050", "2"]], bids: [["29990", "1"]] }),
  book("b", "BTC/USDT", T0 + 1, { bids: [["30120", "0.5"], ["30100", "0.3"], ["30060", "1"]], asks: [["30130", "1"]] }),
]

const crossed = configOf({ fees, minNetBps: 5 })
const transfer = configOf({
  fees: { a: { taker: "0.001", takerIn: "base" }, b: { taker: "0.001" } },
  lots: { a: { "BTC/USDT": { step: "0.001", minAmount: "0.01", minNotional: "5" } } },
  modes: ["transfer"],
  otherCosts: "0.5",
  maxVisibleShare: 0.2,
  maxSize: "0.7",
  networks: {
    a: { BTC: { BTC: { withdraw: true, deposit: true, fee: "0.0001", minWithdraw: "0.001", arrivalMs: 60_000 } } },
    b: { BTC: { BTC: { withdraw: true, deposit: true, fee: "0.0001" } } },
  },
})

/** Sold for USDC, which a third venue's book turns into USDT; and a contract whose sizes are contracts. */
const converted = [
  book("d", "USDC/USDT", T0, { bids: [["0.9999", "9000"], ["0.9998", "90000"]], asks: [["1.0001", "9000"]] }),
  book("b", "BTC/USDC", T0 + 1, { bids: [["30300", "0.5"], ["30290", "0.3"], ["30000", "1"]], asks: [["30400", "1"]] }),
  book("a", "BTC/USDT", T0 + 2, { asks: [["30000", "0.4"], ["30010", "0.6"]], bids: [["29990", "1"]] }),
]
const inverse = [
  book("a", "BTC/USDT", T0, { asks: [["30000", "0.4"], ["30010", "0.6"]], bids: [["29990", "1"]] }),
  book("b", "BTC/USD:BTC", T0 + 1, {
    bids: [["30300", "100"], ["30290", "50"], ["30000", "90"]],
    asks: [["30400", "9"]],
  }),
]

const cycle = [
  book("a", "BTC/USDT", T0, { bids: [["50200", "0.02"], ["50190", "1"]], asks: [["50300", "1"]] }),
  book("a", "ETH/BTC", T0 + 1, { bids: [["0.05", "1.5"], ["0.0499", "3"]], asks: [["0.051", "3"]] }),
  book("a", "ETH/USDT", T0 + 2, { asks: [["2490", "0.5"], ["2491", "0.7"], ["2510", "5"]], bids: [["2480", "1"]] }),
]

const HOUR = 3_600_000
const PERP = "BTC/USDT:USDT"
const MARK = Math.ceil(T0 / (8 * HOUR)) * 8 * HOUR
const rate = (venue: string, at: number, text: string, hours: number): TickOf<"funding"> => ({
  v: 1,
  venue,
  instrument: PERP,
  venueTime: null,
  ingestTime: at,
  kind: "funding",
  rate: text,
  intervalMs: hours * HOUR,
  nextFundingTime: (Math.floor(at / (hours * HOUR)) + 1) * hours * HOUR,
  predicted: true,
})
const deep = (venue: string, at: number) =>
  book(venue, PERP, at, { bids: [["29999", "0.2"], ["29997", "50"]], asks: [["30000", "0.2"], ["30002", "50"]] })
const paid = [
  deep("a", MARK + 1),
  deep("b", MARK + 2),
  rate("a", MARK + 3, "0.0001", 8),
  rate("b", MARK + 4, "0.0002", 1),
]

const trade = (at: number, price: number, size = 1): TickOf<"trade"> => ({
  v: 1,
  venue: "a",
  instrument: "BTC/USDT",
  venueTime: null,
  ingestTime: at,
  kind: "trade",
  tradeId: String(at),
  price: price.toFixed(2),
  size: String(size),
  side: "buy",
})
const fall = Array.from({ length: 14 }, (_, n) => trade(T0 + n * 1_000 + 500, 120 - n))
const signal = [
  ...fall,
  trade(T0 + 14_400, 107, 5),
  trade(T0 + 14_600, 110, 5),
  quote("a", "BTC/USDT", T0 + 15_090, ["109", "110"]),
  trade(T0 + 15_100, 110),
]
const fast = {
  intervalMs: 1_000,
  rsi: { period: 3 },
  macd: { fast: 3, slow: 6, signal: 3 },
  volume: { period: 4 },
  momentum: { period: 3 },
  holdCandles: 3,
}

const CASES: Readonly<Record<string, readonly [ReadonlyArray<Tick>, DetectConfig]>> = {
  "pre-funded over two venues": [B1, crossed],
  "by a transfer, with lots, caps and a fee in base": [B1, transfer],
  "through a conversion book of a third venue": [converted, configOf({ fees })],
  "through a declared parity, sold in contracts": [
    inverse,
    configOf({ fees, parity: { "USDT/USD": "1" }, contractSizes: { b: { "BTC/USD:BTC": "100" } } }),
  ],
  "round three markets": [cycle, configOf({ fees: { a: { taker: "0.0001" } }, detectors: ["triangular"] })],
  "round three markets, with a cap and a share": [
    cycle,
    configOf({
      fees: { a: { taker: "0.0001" } },
      detectors: ["triangular"],
      maxVisibleShare: 0.3,
      triangular: { maxStart: { USDT: "500" } },
      lots: { a: { "ETH/USDT": { step: "0.01" }, "BTC/USDT": { step: "0.000001", minNotional: "5" } } },
    }),
  ],
  "funding of two perpetuals": [
    paid,
    configOf({
      detectors: ["funding"],
      contractSizes: { a: { [PERP]: "1" }, b: { [PERP]: "0.5" } },
      fees: { a: { taker: "0.0005" }, b: { taker: "0.00035" } },
    }),
  ],
  "a technical signal": [signal, configOf({ detectors: ["technical"], technical: fast })],
}

const first = (name: keyof typeof CASES): Opportunity => {
  const of = CASES[name]
  const [found] = of === undefined ? [] : told(...of)
  if (found === undefined) throw new Error(`${name}: nothing was found`)
  return found
}

/** Paths of all leaves. */
const leaves = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]))
    : [path]

/** Another value of the same kind. */
const other = (value: unknown): unknown => {
  if (typeof value === "number") return value + 1
  if (typeof value === "boolean") return !value
  if (typeof value !== "string") return "0.5"
  const last = value.search(/\d(?=\D*$)/)
  return last === -1 ? `${value}x` : value.slice(0, last) + (value[last] === "1" ? "2" : "1") + value.slice(last + 1)
}

const changed = (value: unknown, [key, ...rest]: ReadonlyArray<string>): unknown => {
  if (key === undefined) return other(value)
  if (Array.isArray(value)) return value.map((member, at) => String(at) === key ? changed(member, rest) : member)
  return typeof value !== "object" || value === null ? value : Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, name === key ? changed(member, rest) : member]),
  )
}

/** What a recomputation cannot know: docs/evidence.md says so too. */
const BEYOND = new Set(
  "v revision state at expiresAt checks lastAt confidence assessment reasons simulated settingsVersion".split(" "),
)

const decode = Schema.decodeUnknownOption(Opportunity)
const isNoticed = (tampered: unknown): boolean =>
  Option.match(decode(tampered), { onNone: () => true, onSome: (one) => verify(one).length > 0 })

describe("An opportunity told", () => {
  for (const [name, [ticks, config]] of Object.entries(CASES)) {
    it(`agrees with its evidence to the last digit: ${name}`, () => {
      const all = told(ticks, config)
      assert.isAbove(all.length, 0)
      for (const one of all) assert.deepStrictEqual(verify(one), [])
    })

    it(`fails when any one figure, level, fee or date is changed: ${name}`, () => {
      const one = first(name)
      const paths = leaves(one).filter(([top]) => !BEYOND.has(top ?? ""))
      assert.isAbove(paths.length, 40)
      assert.deepStrictEqual(paths.filter((path) => !isNoticed(changed(one, path))).map((path) => path.join(".")), [])
    })
  }

  it("fails by its figures where a tamperer makes a new digest too", () => {
    const one = first("pre-funded over two venues"), { evidence } = one
    const inputs = evidence?.inputs
    if (inputs?.type !== "cross_exchange" || evidence === null) return assert.fail("no evidence")
    const forged = { ...evidence, inputs: { ...inputs, buy: { ...inputs.buy, feeRate: "0.0009" } } }
    const faults = verify({ ...one, evidence: { ...forged, digest: digestOf(forged) } })
    assert.includeMembers(faults.map(({ path }) => path), ["netProfit", "netBps", "legs.0.fee"])
    assert.deepInclude(faults, { path: "netProfit", told: '"37.906"', recomputed: '"40.3064"' })
  })

  it("has the same digest after a store has put its keys in another order", () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).toReversed().map(([key, member]) => [key, reversed(member)]))
        : value
    const one = first("funding of two perpetuals")
    assert.deepStrictEqual(verify(Option.getOrThrow(decode(reversed(one)))), [])
  })

  it("keeps the level at which the next slice stops paying, and none that decided nothing", () => {
    const inputs = first("pre-funded over two venues").evidence?.inputs
    if (inputs?.type !== "cross_exchange") return assert.fail("no evidence")
    assert.deepStrictEqual(inputs.buy.asks, {
      levels: [["30000", "0.4"], ["30010", "0.6"], ["30050", "2"]],
      count: 3,
      cut: false,
      visible: null,
    })
    assert.strictEqual(inputs.buy.bids, null)
    assert.strictEqual(inputs.sell.bids?.levels.length, 3)
  })

  it("of more levels than are kept says that its evidence was cut", () => {
    const asks = Array.from({ length: MAX_LEVELS + 50 }, (_, n) => [String(30_000 + n / 100), "0.001"] as const)
    const [one] = told([
      book("a", "BTC/USDT", T0, { asks, bids: [["29990", "1"]] }),
      book("b", "BTC/USDT", T0 + 1, { bids: [["30120", "5"]], asks: [["30130", "1"]] }),
    ], crossed)
    const inputs = one?.evidence?.inputs
    if (one === undefined || inputs?.type !== "cross_exchange") return assert.fail("no evidence")
    assert.deepInclude(inputs.buy.asks, { cut: true, count: MAX_LEVELS + 50 })
    assert.deepStrictEqual(verify(one), [{
      path: "evidence.inputs.buy.asks",
      told: "cut",
      recomputed: "needs more levels than are kept",
    }])
  })

  it("has evidence too where its route closes and opens again at one check, at less than before", () => {
    const at = (ms: number, bid: string) => quote("b", "BTC/USDT", T0 + ms, [bid, "10999"])
    const again = configOf({ hysteresis: true, minNetBps: 5 })
    for (const [below, later] of [["10000", 5_000], [null, 40_000]] as const) {
      const all = told([
        quote("a", "BTC/USDT", T0, ["9990", "10000"]),
        at(1, "10020"),
        ...(below === null ? [] : [at(100, below)]),
        at(later, "10010"),
      ], again)
      assert.strictEqual(all.filter(({ state }) => state === "opened").length, 2)
      for (const one of all) assert.deepStrictEqual(verify(one), [])
    }
  })

  it("without evidence does not pass for verified", () => {
    assert.strictEqual(verify({ ...first("a technical signal"), evidence: null })[0]?.path, "evidence")
  })
})

describe("Whatever a market does", () => {
  const cheap = Object.fromEntries([..."abc"].map((venue) => [venue, { taker: "0.0001" }]))
  let verified = 0

  it.prop("agrees in every transition", [steps, integers(0, 3)], ([script, how]) => {
    const config = configOf({ fees: cheap, minNetBps: 1, parity: { "USDT/USD": "1" }, hysteresis: how > 1 })
    for (const one of told(marketOf(script, how % 2 === 0), config)) {
      assert.deepStrictEqual(verify(one), [])
      verified++
    }
  }, { arbitrary: { runs: 100 } })

  it("had hundreds of transitions to agree in", () => assert.isAbove(verified, 200))
})

describe("B1 by fractions of integers, without a line of ours", () => {
  const inputsOf = (one: Opportunity): InputsOf<"cross_exchange"> => {
    const inputs = one.evidence?.inputs
    if (inputs?.type !== "cross_exchange") throw new Error("no evidence")
    return inputs
  }

  it("gives the best size, the profit and the basis points told", () => {
    const one = first("pre-funded over two venues")
    assert.deepInclude(one, { size: "0.8", netProfit: "37.906" })
    assert.deepStrictEqual(priceByFractions(inputsOf(one)), {
      capacity: one.capacity,
      size: one.size,
      notional: one.notional,
      grossBps: one.grossBps,
      netBps: one.netBps,
      netProfit: one.netProfit,
    })
  })

  it("gives the same of contracts sold under a parity", () => {
    const one = first("through a declared parity, sold in contracts")
    assert.strictEqual(priceByFractions(inputsOf(one)).netProfit, one.netProfit)
    assert.strictEqual(priceByFractions(inputsOf(one)).size, one.size)
  })
})
