/** Technical detection: signals and their life, what must not signal, what following one brings, and confirmation. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import type { DetectConfig } from "../../../src/domain/DetectConfig.ts"
import * as Decimal from "../../../src/domain/Decimal.ts"
import * as Instrument from "../../../src/domain/Instrument.ts"
import type { Tick, TickOf } from "../../../src/domain/Tick.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import { makeSlot, type Slot } from "../../../src/streams/detectors/Slot.ts"
import { Technical } from "../../../src/streams/detectors/Technical.ts"
import { integers } from "../../support/generators.ts"
import { restartedAfter, unbroken } from "../../support/restarts.ts"
import { configOf, framesOf, gap, quote, T0 } from "../../support/ticks.ts"

const SECOND = 1_000

const config = (changes: Readonly<Record<string, unknown>> = {}): DetectConfig =>
  configOf({
    detectors: ["technical"],
    technical: {
      intervalMs: SECOND,
      rsi: { period: 3 },
      macd: { fast: 3, slow: 6, signal: 3 },
      volume: { period: 4 },
      momentum: { period: 3 },
      holdCandles: 3,
    },
    ...changes,
  })

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

/** One trade a candle, half a second into it. */
const candles = (prices: ReadonlyArray<number | readonly [price: number, size: number]>, from = 0) =>
  prices.map((one, n) => {
    const [price, size] = typeof one === "number" ? [one, 1] as const : one
    return trade(T0 + (from + n) * SECOND + 500, price, size)
  })

/** Falling for long, then one rise on five times the volume: within each candle, so that it has a direction. */
const falling = Array.from({ length: 14 }, (_, n) => 120 - n)
const rise = (at: number, size = 5): ReadonlyArray<Tick> => [
  trade(T0 + at * SECOND + 400, 107, size),
  trade(T0 + at * SECOND + 600, 110, size),
]
const market = [...candles(falling), ...rise(14), trade(T0 + 15 * SECOND + 100, 110)]

const over = (ticks: ReadonlyArray<Tick>, settings: DetectConfig = config()) => {
  const analysis = new Analysis(settings)
  const transitions = analysis.frames(framesOf(ticks), 1)
  return { analysis, transitions, found: transitions.filter(({ revision }) => revision === 1), ...analysis.figures }
}

describe("A rise on volume after a long fall", () => {
  const { found } = over(market)

  it("signals once, however many indicators turned, at the trade that closed its candle", () => {
    assert.deepStrictEqual(found.map(({ fingerprint }) => fingerprint), ["technical:BTC:a|BTC/USDT:rsi_reversal:buy"])
    for (const { detectedAt, expiresAt } of found) {
      assert.strictEqual(detectedAt, T0 + 15 * SECOND + 100)
      // Three candles from the close of its own.
      assert.strictEqual(expiresAt, T0 + 18 * SECOND)
    }
  })

  it("names one leg without a size, and makes up no figure", () => {
    const [signal] = found
    assert.deepInclude(signal, {
      type: "technical",
      size: "0",
      notional: "0",
      grossBps: null,
      netBps: null,
      netProfit: null,
      priority: "low",
    })
    assert.deepStrictEqual(signal?.legs, [{
      venue: "a",
      instrument: "BTC/USDT",
      side: "buy",
      size: "0",
      price: "110",
      levels: [],
      contracts: null,
      contractSize: null,
      fee: "0",
      feeCurrency: "USDT",
      feeRate: "0",
      bookSeq: null,
      bookAgeMs: 0,
    }])
  })

  it("shows every indicator as text of six digits, and which of them agree", () => {
    const details = found.at(-1)?.details
    if (details?.type !== "technical") throw new Error("no signal")
    assert.deepInclude(details, { signal: "rsi_reversal", direction: "buy", intervalMs: SECOND, candles: 3 })
    assert.deepStrictEqual(details.confirmedBy, ["rsi", "macd", "momentum", "volume"])
    assert.deepInclude(details.indicators, { volume: "10", meanVolume: "1", close: "110", momentum: "0.00917431" })
    for (const text of Object.values(details.indicators)) assert.match(text, /^-?\d+(\.\d+)?$/)
  })

  it("is told by quotes alone that a candle is over, at the middle of the book", () => {
    const [first] = over([
      ...market.slice(0, -1),
      quote("a", "BTC/USDT", T0 + 15 * SECOND + 2, ["109", "110"]),
    ]).found
    assert.deepInclude(first, { detectedAt: T0 + 15 * SECOND + 2 })
    assert.strictEqual(first?.legs[0]?.price, "109.5")
  })
})

describe("A signal", () => {
  const states = (ticks: ReadonlyArray<Tick>, settings?: DetectConfig) =>
    over(ticks, settings).transitions.filter(({ fingerprint }) => fingerprint.endsWith("rsi_reversal:buy"))
      .map(({ at, reasons, state }) => `${state} ${at - T0}${state === "closed" ? ` ${reasons.at(-1)}` : ""}`)

  it("holds while it is confirmed, for as many candles as configured", () => {
    const onwards = candles([111, 112, 113, 114], 16)
    assert.deepStrictEqual(states([...market, ...onwards]), [
      "opened 15100",
      "closed 18500 closed: unconfirmed",
    ])
    assert.deepStrictEqual(states([...market, ...onwards], config({ hysteresis: true })), [
      "opened 15100",
      "closed 18000 closed: expired",
    ])
  })

  it("holds on where another of its direction comes, which is not told beside it", () => {
    const surge = [
      ...candles([110.5], 16),
      trade(T0 + 17 * SECOND + 400, 110.6, 20),
      trade(T0 + 17 * SECOND + 600, 112, 20),
    ]
    const { transitions } = over([...market, ...surge, ...candles([112.5, 113, 113.5, 114], 18)])
    assert.deepStrictEqual(
      transitions.map(({ at, fingerprint, state }) => [fingerprint.split(":").at(-2), state, at - T0]),
      [
        ["rsi_reversal", "opened", 15_100],
        ["rsi_reversal", "closed", 21_500],
      ],
    )
  })

  it("closes at the candle at which the indicators no longer confirm it", () => {
    assert.deepStrictEqual(states([...market, ...candles([100, 95], 16)]), [
      "opened 15100",
      "closed 17500 closed: unconfirmed",
    ])
  })

  it("is not told where too few agree, and counted", () => {
    // Volume says buy and so does strength; histogram and momentum say sell.
    const faint = [
      ...candles(falling),
      trade(T0 + 14 * SECOND + 400, 105.9, 5),
      trade(T0 + 14 * SECOND + 600, 106, 5),
      trade(T0 + 15 * SECOND + 1, 106),
    ]
    const { found, rejected } = over(faint)
    assert.deepStrictEqual(found, [])
    assert.strictEqual(rejected["unconfirmed"], 1)
  })

  it("does not stand on an old price", () => {
    const late = [...market.slice(0, -1), gap("a", "BTC/USDT", T0 + 15 * SECOND + 3_000)]
    const { found } = over(late, config({ staleness: { maxAgeMs: 2_000, maxSkewMs: 1_000 } }))
    assert.deepStrictEqual(found, [])
  })
})

describe("What makes no signal", () => {
  const rejectedOf = (ticks: ReadonlyArray<Tick>) => {
    const { found, rejected } = over(ticks)
    assert.deepStrictEqual(found, [])
    return rejected
  }

  it("is a trade of ten times the last price", () => {
    const spiked = [...candles(falling), trade(T0 + 14 * SECOND + 500, 1_070, 50), trade(T0 + 15 * SECOND + 1, 106)]
    assert.strictEqual(rejectedOf(spiked)["implausible_price"], 1)
  })

  it("is a candle without volume", () => {
    const quiet = [...candles(falling), trade(T0 + 14 * SECOND + 500, 112, 0), trade(T0 + 15 * SECOND + 1, 106)]
    assert.strictEqual(rejectedOf(quiet)["no_volume"], 2)
  })

  it("is a rise after a gap in the trades: the indicators warm up anew", () => {
    const after = [...candles(falling), ...rise(25), trade(T0 + 26 * SECOND + 1, 112)]
    assert.strictEqual(rejectedOf(after)["candle_gap"], 1)
  })

  it("is a late trade", () => {
    const { rejected } = over([...market, { ...trade(T0 + 16 * SECOND, 112) }, trade(T0 + 15 * SECOND + 200, 1)])
    assert.strictEqual(rejected["late_trade"], 1)
  })

  it("are pairs of two currencies, which serve conversion", () => {
    const ticks = market.map((tick): Tick => ({ ...tick, instrument: "USDC/USDT" }))
    assert.strictEqual(over(ticks).checks, 0)
  })
})

describe("Whole candles of a venue", () => {
  const whole = (n: number, [open, close]: readonly [number, number], volume: number): TickOf<"candle"> => ({
    v: 1,
    venue: "a",
    instrument: "BTC/USDT",
    venueTime: T0 + n * SECOND,
    ingestTime: T0 + n * SECOND,
    kind: "candle",
    intervalMs: SECOND,
    open: String(open),
    high: String(Math.max(open, close)),
    low: String(Math.min(open, close)),
    close: String(close),
    volume: String(volume),
  })

  it("signal as those of trades do", () => {
    const ticks = [...falling.map((price, n) => whole(n, [price, price], 1)), whole(14, [107, 110], 10)]
    assert.deepStrictEqual(
      over(ticks).found.map(({ fingerprint }) => fingerprint.split(":").at(-2)),
      ["rsi_reversal"],
    )
    const hourly = ticks.map((tick): Tick => ({ ...tick, intervalMs: 3_600_000 }))
    assert.strictEqual(over(hourly).checks, 0)
  })
})

/** A detector by itself, fed as Detect feeds it. */
const alone = (settings: DetectConfig = config({ fees: { a: { taker: "0.001" } } })) => {
  const technical = new Technical(settings)
  const slot: Slot = Option.getOrThrow(
    makeSlot(settings, "a", Option.getOrThrow(Instrument.parse("BTC/USDT"))).slot,
  )
  technical.add(slot)
  const feed = (ticks: ReadonlyArray<Tick>) => {
    for (const tick of ticks) {
      if (tick.kind === "trade") technical.trade(slot, tick, tick.ingestTime, slot.stamp("trade", tick.ingestTime), [])
    }
  }
  return { technical, slot, feed }
}

describe("Following a signal", () => {
  it("earns the way since it opened, less both taker fees, and is unknown of one never seen", () => {
    const { feed, slot, technical } = alone()
    feed(market)
    const of = (direction: string) => {
      const found = technical.revalue(`technical:BTC:a|BTC/USDT:rsi_reversal:${direction}`, slot.fee, T0 + 16 * SECOND)
      return found === null || typeof found === "string" ? found : Decimal.format(found.netBps)
    }
    // 110 x 0.999 / (110 x 1.001) - 1
    assert.strictEqual(of("buy"), "-19.98")
    feed([trade(T0 + 15 * SECOND + 900, 111.1)])
    assert.strictEqual(of("buy"), "79.8202")
    assert.isNull(of("sell"))
  })
})

describe("The indicators", () => {
  it("confirm a direction of a market they know, and say nothing once their candle is long over", () => {
    const { feed, technical } = alone()
    const at = T0 + 15 * SECOND + 200
    assert.isNull(technical.confirms("a", "BTC/USDT", "buy", at))
    feed(market)
    assert.isTrue(technical.confirms("a", "BTC/USDT", "buy", at))
    assert.isFalse(technical.confirms("a", "BTC/USDT", "sell", at))
    assert.isNull(technical.confirms("b", "BTC/USDT", "buy", at))
    assert.isNull(technical.confirms("a", "BTC/USDT", "buy", T0 + 17 * SECOND))
  })
})

describe("A checkpoint restored at any frame", () => {
  /** Trades that walk and jump, quotes, whole candles now and then, gaps, pauses of milliseconds to many candles. */
  const steps = Arbitrary.array(
    Arbitrary.all([integers(0, 39), integers(0, 39), integers(-20, 20), integers(0, 9)]),
    { minLength: 40, maxLength: 160 },
  )
  type Step = readonly [kind: number, pause: number, move: number, size: number]
  const marketOf = (script: ReadonlyArray<Step>): ReadonlyArray<Tick> => {
    let now = T0, price = 100
    return script.map(([kind, pause, move, size]): Tick => {
      now += pause < 3 ? 0 : pause < 39 ? pause * 25 : 4_000 + move * 200
      price = Math.max(20, price + move / 10)
      if (kind === 0) return gap("a", "BTC/USDT", now)
      if (kind < 6) return quote("a", "BTC/USDT", now, [price.toFixed(2), (price + 0.1).toFixed(2)])
      return trade(now, kind === 6 ? price * 10 : price, kind === 7 ? 0 : size === 9 ? 50 : 1 + size)
    })
  }

  for (const hysteresis of [true, false]) {
    const settings = config({ hysteresis, staleness: { maxAgeMs: 2_000, maxSkewMs: 1_000 } })
    it.prop(
      `changes no transition, ${hysteresis ? "with" : "without"} hysteresis`,
      [steps, integers(0, 160)],
      ([script, where]) => {
        const frames = framesOf(marketOf(script))
        assert.deepStrictEqual(
          restartedAfter(settings, frames, where % (frames.length + 1)),
          unbroken(settings, frames),
        )
      },
      { arbitrary: { runs: 200 } },
    )
  }

  it("changes no transition of a market of trades alone, of whose book nothing is known", () => {
    const settings = config({ hysteresis: true })
    const frames = framesOf([...market, ...candles([111, 112, 113, 114], 16)])
    for (let at = 0; at <= frames.length; at++) {
      assert.deepStrictEqual(restartedAfter(settings, frames, at), unbroken(settings, frames))
    }
    assert.isNotEmpty(unbroken(settings, frames))
  })

  it("is a test of something: such a market signals", () => {
    const script = Array.from({ length: 160 }, (_, n) => [9, 20, n % 40 < 20 ? -7 : 9, n % 10] as const)
    assert.isAbove(unbroken(config(), framesOf(marketOf(script))).length, 4)
  })
})
