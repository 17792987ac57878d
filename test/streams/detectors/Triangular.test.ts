/** Triangular detection: fees, lots, freshness, caps, and that what is incremental equals what is computed anew. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import * as Decimal from "../../../src/domain/Decimal.ts"
import type { DetectConfig } from "../../../src/domain/DetectConfig.ts"
import type { Frame } from "../../../src/domain/Frame.ts"
import * as Instrument from "../../../src/domain/Instrument.ts"
import type { Tick } from "../../../src/domain/Tick.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import type { Candidate } from "../../../src/streams/detectors/Candidate.ts"
import { makeSlot, type Slot } from "../../../src/streams/detectors/Slot.ts"
import { Triangular } from "../../../src/streams/detectors/Triangular.ts"
import { Framing } from "../../../src/streams/Framing.ts"
import { integers } from "../../support/generators.ts"
import { restartedAfter, unbroken } from "../../support/restarts.ts"
import { book, configOf, gap, heartbeat, quote, T0 } from "../../support/ticks.ts"

const framesOf = (ticks: ReadonlyArray<Tick>): ReadonlyArray<Frame> => {
  const framing = new Framing("test.0", "recorded", { venues: true })
  for (const tick of ticks) framing.push(tick)
  framing.flush()
  return framing.take()
}

const triangular = (changes: Readonly<Record<string, unknown>> = {}) =>
  configOf({ detectors: ["triangular"], triangular: { maxNetBps: 50_000 }, ...changes })

const over = (ticks: ReadonlyArray<Tick>, config: DetectConfig) => {
  const analysis = new Analysis(config)
  const found = framesOf(ticks).flatMap((frame) => analysis.frames([frame], 1)).filter(({ revision }) => revision === 1)
  return { found, rejected: analysis.figures.rejected, checks: analysis.figures.checks }
}

/** A10 of the worked examples: ETH is cheap in dollars and dear in bitcoins. */
const a10 = [
  quote("a", "BTC/USDT", T0, ["30000", "30001"], { bidSize: "3" }),
  quote("a", "ETH/BTC", T0 + 1, ["0.3", "0.31"], { bidSize: "10" }),
  quote("a", "ETH/USDT", T0 + 2, ["1999", "2000"], { askSize: "10", seq: 5 }),
]

describe("A cycle of one venue", () => {
  it("A10: is found from the start asset round to it again, and multiplies by 4.5", () => {
    const { checks, found: [found, ...others] } = over(a10, triangular())
    assert.deepStrictEqual(others, [])
    assert.strictEqual(checks, 2)
    assert.deepInclude(found, {
      type: "triangular",
      asset: "USDT",
      fingerprint: "triangular:USDT:a|ETH/USDT>a|ETH/BTC>a|BTC/USDT",
      size: "20000",
      notional: "20000",
      currency: "USDT",
      capacity: "20000",
      grossBps: "35000",
      netBps: "35000",
      netProfit: "70000",
    })
    assert.deepStrictEqual(found?.details, {
      type: "triangular",
      start: "USDT",
      startAmount: "20000",
      endAmount: "90000",
      path: ["USDT", "ETH", "BTC", "USDT"],
      leftOver: [],
      feeTable: null,
    })
  })

  it("tells each leg with its levels, and its fee in the asset that it receives", () => {
    const { found: [found] } = over(a10, triangular({ fees: { a: { taker: "0.01", takerIn: "quote" } } }))
    assert.deepStrictEqual(found?.legs[0], {
      venue: "a",
      instrument: "ETH/USDT",
      side: "buy",
      size: "10",
      price: "2000",
      levels: [["2000", "10"]],
      contracts: null,
      contractSize: null,
      fee: "0.1",
      feeCurrency: "ETH",
      feeRate: "0.01",
      bookSeq: 5,
      bookAgeMs: 0,
    })
    assert.deepStrictEqual(
      found?.legs.slice(1).map(({ fee, feeCurrency, side, size }) => [side, size, fee, feeCurrency]),
      [["sell", "9.9", "0.0297", "BTC"], ["sell", "2.9403", "882.09", "USDT"]],
    )
    assert.strictEqual(found?.netProfit, "67326.91")
  })

  it("B6: of three fees of 10 bps opens above 30.06 bps gross, and of 35 bps gross nets 4.925", () => {
    const at = (bid: string) => [
      quote("a", "ETH/USDT", T0, ["1999", "2000"]),
      quote("a", "ETH/BTC", T0, ["0.05", "0.051"]),
      quote("a", "BTC/USDT", T0, [bid, "50000"]),
    ]
    const config = triangular({ fees: { a: { taker: "0.001" } } })
    assert.strictEqual(over(at("40140"), config).found[0]?.netBps, "4.9251")
    assert.deepStrictEqual(over(at("40120.24"), config).found, [])
    assert.strictEqual(over(at("40120.25"), config).found.length, 1)
  })

  it("begins with the first configured asset that it goes through, else with the least by name", () => {
    const startOf = (startAssets: ReadonlyArray<string>) =>
      over(a10, triangular({ triangular: { maxNetBps: 50_000, startAssets } })).found[0]
    assert.deepInclude(startOf(["EUR", "ETH", "USDT"]), { asset: "ETH", currency: "ETH", size: "2.22222222222" })
    assert.strictEqual(startOf([])?.fingerprint, "triangular:BTC:a|BTC/USDT>a|ETH/USDT>a|ETH/BTC")
  })

  it("does not join venues, nor anything but spot", () => {
    const [btc = gap("a", "BTC/USDT", T0), eth = btc, cross = btc] = a10
    assert.strictEqual(over([btc, eth, { ...cross, venue: "b" }], triangular()).checks, 0)
    assert.strictEqual(over([btc, eth, { ...cross, instrument: "ETH/USDT:USDT" }], triangular()).checks, 0)
  })

  it("goes round four markets where that is configured", () => {
    const four = [
      quote("a", "BTC/USDT", T0, ["30000", "30001"], { bidSize: "3" }),
      quote("a", "SOL/BTC", T0, ["0.01", "0.011"], { bidSize: "100" }),
      quote("a", "SOL/ETH", T0, ["0.03", "0.0301"], { askSize: "100" }),
      quote("a", "ETH/USDT", T0, ["1999", "2000"], { askSize: "3.01" }),
    ]
    const legs = (count: number) => over(four, triangular({ triangular: { legs: count, maxNetBps: 50_000 } })).found
    assert.deepStrictEqual(legs(3), [])
    const [found] = legs(4)
    assert.deepInclude(found?.details, { path: ["USDT", "ETH", "SOL", "BTC", "USDT"], endAmount: "30000" })
    assert.strictEqual(found?.size, "6020")
  })

  it("is capped by a start amount and by the share of what is visible", () => {
    const sizeOf = (changes: Readonly<Record<string, unknown>>) => over(a10, triangular(changes)).found[0]?.size
    assert.strictEqual(sizeOf({ triangular: { maxNetBps: 50_000, maxStart: { USDT: "500", BTC: "1" } } }), "500")
    assert.strictEqual(sizeOf({ maxVisibleShare: 0.25 }), "5000")
  })

  it("floors every leg to its lots, tells what is left over, and refuses what is too little by its reason", () => {
    const lots = (of: Readonly<Record<string, object>>) => over(a10, triangular({ lots: { a: of } }))
    const { found: [found] } = lots({ "ETH/USDT": { step: "0.5" }, "ETH/BTC": { step: "0.7" } })
    assert.deepStrictEqual(found?.legs.map(({ size }) => size), ["10", "9.8", "2.94"])
    assert.deepInclude(found?.details, { leftOver: [{ asset: "ETH", amount: "0.2" }] })
    const reasons: ReadonlyArray<readonly [string, object, string]> = [
      ["ETH/BTC", { step: "11" }, "below_lot"],
      ["BTC/USDT", { minAmount: "3.1" }, "below_min_amount"],
      ["ETH/USDT", { minNotional: "20001" }, "below_min_notional"],
    ]
    for (const [instrument, rule, reason] of reasons) {
      const { found, rejected } = lots({ [instrument]: rule })
      assert.deepStrictEqual([found, rejected], [[], { [reason]: 1 }])
    }
  })

  it("of a stale, skewed, broken or crossed book is none, and says why", () => {
    const [btc = gap("a", "BTC/USDT", T0), eth = btc, cross = btc] = a10
    const fresh = triangular({ staleness: { maxAgeMs: 2_000, maxSkewMs: 500 } })
    const later = (tick: Tick, ms: number): Tick => ({ ...tick, ingestTime: tick.ingestTime + ms })
    const reasonsOf = (ticks: ReadonlyArray<Tick>) => {
      const { found, rejected } = over(ticks, fresh)
      return [found.length, rejected]
    }
    assert.deepStrictEqual(reasonsOf(a10), [1, {}])
    assert.deepStrictEqual(reasonsOf([btc, eth, later(cross, 600)]), [0, { book_skew: 1 }])
    assert.deepStrictEqual(reasonsOf([btc, eth, later(cross, 2_600)]), [0, { stale_book: 1 }])
    const alive = [btc, eth, heartbeat("a", "BTC/USDT", T0 + 2_600), heartbeat("a", "ETH/BTC", T0 + 2_600)]
    assert.deepStrictEqual(reasonsOf([...alive, later(cross, 2_600)]), [1, {}])
    assert.deepStrictEqual(reasonsOf([...a10, gap("a", "ETH/BTC", T0 + 3)]), [1, { broken_sequence: 1 }])
    const crossed = quote("a", "ETH/BTC", T0 + 3, ["0.4", "0.31"])
    assert.deepStrictEqual(reasonsOf([...a10, crossed]), [1, { crossed_book: 1 }])
  })

  it("that claims to pay more than can be true is a wrong price", () => {
    const { found, rejected } = over(a10, triangular({ triangular: {} }))
    assert.deepStrictEqual([found, rejected], [[], { implausible_spread: 1 }])
  })

  it("has a threshold of its own where one is configured", () => {
    const opened = (minNetBps: number) =>
      over(a10, triangular({ minNetBps: 40_000, triangular: { maxNetBps: 50_000, minNetBps } })).found.length
    assert.deepStrictEqual([opened(34_999), opened(35_000)], [1, 0])
  })
})

describe("A venue with more cycles than can be followed", () => {
  it("says which of its markets are not in all of theirs", () => {
    const pairs = Array.from({ length: 52 }, (_, at) => Array.from({ length: at }, (_, other) => `A${at}/A${other}`))
      .flat()
    const analysis = new Analysis(triangular())
    for (const frame of framesOf(pairs.map((pair) => quote("a", pair, T0, ["1", "1.1"])))) analysis.frames([frame], 1)
    const { notes } = analysis.figures
    assert.deepStrictEqual(notes.get("a|A51/A50"), ["no_lot_limits", "cycles_left_out"])
    assert.deepStrictEqual(notes.get("a|A3/A2"), ["no_lot_limits"])
  })
})

const ASSETS = ["USDT", "BTC", "ETH", "SOL"] as const
const MARKETS = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "ETH/BTC", "SOL/BTC", "SOL/ETH"] as const
const PRICES = [40_000, 2_000, 100, 0.05, 0.0025, 0.05] as const

type Step = readonly [market: number, kind: number, pause: number, off: number, sizes: number]
const steps = Arbitrary.array(
  Arbitrary.all([integers(0, 5), integers(0, 19), integers(0, 40), integers(-60, 60), integers(1, 9)]),
  { minLength: 12, maxLength: 60 },
)

/** Consistent prices, each up to 60 bps off; quotes, books, deltas, gaps and heartbeats. */
const marketOf = (script: ReadonlyArray<Step>): ReadonlyArray<Tick> => {
  let now = T0
  const seqs = new Map<string, number>()
  return script.map(([which, kind, pause, off, size]): Tick => {
    const instrument = MARKETS[which] ?? "BTC/USDT", middle = (PRICES[which] ?? 1) * (1 + off / 10_000)
    now += pause < 10 ? 0 : pause < 36 ? pause : pause * 100
    const at = (bps: number) => Number((middle * (1 + bps / 10_000)).toPrecision(8)).toString()
    if (kind === 0) {
      seqs.delete(instrument)
      return gap("a", instrument, now)
    }
    if (kind === 1) return heartbeat("a", instrument, now)
    if (kind < 7) {
      return quote("a", instrument, now, [at(-2), at(2)], { bidSize: String(size), askSize: String(10 - size) })
    }
    const seq = seqs.get(instrument), next = (seq ?? 100) + 1
    seqs.set(instrument, next)
    const sides = {
      bids: [[at(-2), String(size)], [at(-9), String(10 - size)]],
      asks: [[at(2), String(size)], [at(9), String(10 - size)]],
    } as const
    return seq === undefined || kind < 15
      ? book("a", instrument, now, sides, { seq: next })
      : book("a", instrument, now, sides, { snapshot: false, firstSeq: next, seq: next, prevSeq: next - 1 })
  })
}

const fees = { a: { taker: "0.0005" } }
const lots = Object.fromEntries(MARKETS.map((name, at) => [name, { step: ["0.001", "0.01", "0.1"][at % 3] }]))

/** Plays ticks into slots and a detector, as Detect does. */
const play = (config: DetectConfig, ticks: ReadonlyArray<Tick>) => {
  const detector = new Triangular(config), slots = new Map<string, Slot>(), told = new Map<string, Candidate>()
  for (const tick of ticks) {
    const known = slots.get(tick.instrument)
    const slot = known ?? slotOf(config, tick.instrument)
    if (known === undefined) {
      slots.set(tick.instrument, slot)
      detector.add(slot)
    }
    const out: Array<Candidate> = []
    switch (tick.kind) {
      case "quote":
        slot.stamp("quote", tick.ingestTime)
        slot.quote(tick.bid, tick.bidSize, tick.ask, tick.askSize, tick.seq)
        detector.book(slot, "quote", tick.ingestTime, 0, out)
        break
      case "book":
        slot.stamp("book", tick.ingestTime)
        slot.event(tick)
        detector.book(slot, "book", tick.ingestTime, 0, out)
        break
      case "gap":
        slot.break()
        detector.book(slot, "gap", tick.ingestTime, 0, out)
    }
    for (const candidate of out) told.set(candidate.fingerprint, candidate)
  }
  return { detector, slots, told }
}

const slotOf = (config: DetectConfig, name: string): Slot =>
  Option.getOrThrow(
    Option.flatMap(Instrument.parse(name), (instrument) => makeSlot(config, "a", instrument).slot),
  )

const figuresOf = ({ fingerprint, plan }: Candidate) => ({
  fingerprint,
  netProfit: plan === null ? null : Decimal.format(plan.netProfit ?? Decimal.ZERO),
  size: plan === null ? null : Decimal.format(plan.size),
  details: plan?.details,
})

const above = (candidates: Iterable<Candidate>) =>
  [...candidates].filter(({ level }) => level === "above").map(figuresOf)
    .sort((a, b) => a.fingerprint < b.fingerprint ? -1 : 1)

/** Every order of three different assets, walked in floats over a grid of start amounts: the most that any earns. */
const naiveBest = (slots: ReadonlyMap<string, Slot>, fee: number): number => {
  const pass = (from: string, to: string, amount: number): number => {
    const selling = slots.get(`${from}/${to}`), buying = slots.get(`${to}/${from}`)
    const slot = selling ?? buying
    if (slot === undefined || slot.book.state !== "synced" || slot.book.crossed) return 0
    let left = amount, got = 0
    for (const [price, size] of slot.book[selling === undefined ? "asks" : "bids"].levels()) {
      const take = Math.min(Number(size), selling === undefined ? left / Number(price) : left)
      got += selling === undefined ? take : take * Number(price)
      left -= selling === undefined ? take * Number(price) : take
    }
    return left > 1e-9 * amount ? 0 : got * (1 - fee)
  }
  let most = 0
  for (const second of ASSETS.slice(1)) {
    for (const third of ASSETS.slice(1)) {
      if (second === third) continue
      for (let at = 1; at <= 40; at++) {
        const amount = at * 20
        const back = pass(third, "USDT", pass(second, third, pass("USDT", second, amount)))
        most = Math.max(most, back - amount)
      }
    }
  }
  return most
}

describe("Over a random market of one venue", () => {
  it.prop("no cycle on a grid of start amounts earns more than the best that is found", [steps], ([script]) => {
    const config = triangular({ fees })
    const { slots, told } = play(config, marketOf(script))
    const found = [...told.values()].filter(({ level, route }) => level === "above" && route.asset === "USDT")
    const best = Math.max(0, ...found.map(({ plan }) => Decimal.toNumber(plan?.netProfit ?? Decimal.ZERO)))
    assert.isAtLeast(best + 1e-6, naiveBest(slots, 0.0005))
  }, { arbitrary: { runs: 300 } })

  it.prop("what stands incrementally is what a detector finds that looks at everything anew", [steps], ([script]) => {
    const config = triangular({ fees, lots: { a: lots }, triangular: { legs: 4, maxNetBps: 50_000 } })
    const { slots, told } = play(config, marketOf(script))
    const anew = new Triangular(config), seen = new Map<string, Candidate>(), out: Array<Candidate> = []
    for (const slot of slots.values()) anew.add(slot)
    for (const slot of slots.values()) anew.book(slot, "book", T0, 0, out)
    for (const candidate of out) seen.set(candidate.fingerprint, candidate)
    assert.deepStrictEqual(above(told.values()), above(seen.values()))
  }, { arbitrary: { runs: 300 } })

  it.prop("the order in which the markets were met changes no figure", [steps], ([script]) => {
    const config = triangular({ fees })
    const ticks = marketOf(script)
    const meeting = MARKETS.toReversed().map((name): Tick => gap("a", name, T0))
    assert.deepStrictEqual(
      above(play(config, [...meeting, ...ticks]).told.values()),
      above(play(config, [...meeting.toReversed(), ...ticks]).told.values()),
    )
  }, { arbitrary: { runs: 100 } })

  it.prop("a revaluation at the size found gives the figures found", [steps], ([script]) => {
    const { detector, told } = play(triangular({ fees, lots: { a: lots } }), marketOf(script))
    for (const { fingerprint, level, plan } of told.values()) {
      if (level !== "above" || plan === null) continue
      const again = detector.revalue(fingerprint, plan.size, T0)
      assert.isNotString(again)
      if (again === null || typeof again === "string") continue
      assert.deepStrictEqual([again.netBps, again.netProfit], [plan.netBps, plan.netProfit])
    }
  }, { arbitrary: { runs: 200 } })

  for (const [at, changes] of [{ hysteresis: true }, { staleness: { maxAgeMs: 2_000, maxSkewMs: 50 } }, {}].entries()) {
    it.prop(
      `a checkpoint restored at any frame changes no transition, ${at + 1}`,
      [steps, integers(0, 120)],
      ([script, where]) => {
        const config = triangular({ fees, lots: { a: lots }, detectors: ["cross_exchange", "triangular"], ...changes })
        const frames = framesOf(marketOf(script))
        const place = where % (frames.length + 1)
        assert.deepStrictEqual(restartedAfter(config, frames, place), unbroken(config, frames))
      },
      { arbitrary: { runs: 200 } },
    )
  }
})
