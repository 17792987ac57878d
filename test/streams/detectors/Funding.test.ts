/** Funding detection: the worked example on books, what a plan tells, each rejection, and checkpoints at any frame. */
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import type { DetectConfig } from "../../../src/domain/DetectConfig.ts"
import type { Tick, TickOf } from "../../../src/domain/Tick.ts"
import { Recording } from "../../../src/layers/Recording.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import { Framing } from "../../../src/streams/Framing.ts"
import { data, describeWith } from "../../support/available.ts"
import { integers } from "../../support/generators.ts"
import { restartedAfter, unbroken } from "../../support/restarts.ts"
import { book, configOf, framesOf, gap, quote, T0 } from "../../support/ticks.ts"

const HOUR = 3_600_000
/** An 8 h mark of the epoch. */
const MARK = Math.ceil(T0 / (8 * HOUR)) * 8 * HOUR
const PERP = "BTC/USDT:USDT"

const rate = (
  venue: string,
  at: number,
  text: string,
  hours: number,
  changes: Partial<TickOf<"funding">> = {},
): TickOf<"funding"> => ({
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
  ...changes,
})

const config = (changes: Readonly<Record<string, unknown>> = {}): DetectConfig =>
  configOf({
    detectors: ["funding"],
    contractSizes: Object.fromEntries([..."abc"].map((venue) => [venue, { [PERP]: "1", "BTC/USD:USDC": "1" }])),
    fees: { a: { taker: "0.0005" }, b: { taker: "0.00035" }, c: { taker: "0.0005" } },
    ...changes,
  })

const over = (ticks: ReadonlyArray<Tick>, settings: DetectConfig = config()) => {
  const analysis = new Analysis(settings)
  const transitions = analysis.frames(framesOf(ticks), 1)
  return { transitions, found: transitions.filter(({ revision }) => revision === 1), ...analysis.figures, analysis }
}

/** Deep and tight around 30000. */
const bookOf = (venue: string, at: number, instrument = PERP, price = 30_000) =>
  book(venue, instrument, at, {
    bids: [[String(price - 1), "0.2"], [String(price - 3), "50"]],
    asks: [[String(price), "0.2"], [String(price + 2), "50"]],
  })

/** B4 just after the mark: a pays +0.01% every 8 h, b +0.005% every hour. */
const b4 = [
  bookOf("a", MARK + 1),
  bookOf("b", MARK + 2),
  rate("a", MARK + 3, "0.0001", 8),
  rate("b", MARK + 4, "0.00005", 1),
]

describe("B4 on two books", () => {
  it("is long X and short Y, at 32.85% a year, and holds until the first settlement", () => {
    const { found } = over(b4)
    assert.lengthOf(found, 1)
    assert.deepInclude(found[0], {
      type: "funding",
      fingerprint: "funding:BTC:a|BTC/USDT:USDT>b|BTC/USDT:USDT",
      currency: "USDT",
      expiresAt: MARK + HOUR,
      detectedAt: MARK + 4,
    })
    assert.deepStrictEqual(found[0]?.legs.map(({ side, venue }) => [side, venue]), [["buy", "a"], ["sell", "b"]])
    assert.deepInclude(found[0]?.details, {
      type: "funding",
      pricedBy: "predicted",
      ratePerHour: "0.0000375",
      annualYield: "0.3285",
      nextSettlement: MARK + HOUR,
      horizonHours: 72,
    })
  })

  it("is sized to what the notional admits, and netted over 72 hourly and 9 eight-hourly settlements", () => {
    const details = over(b4).found[0]
    assert.strictEqual(details?.size, "0.333333333333")
    if (details?.details.type !== "funding") throw new Error("no funding")
    const { cost, entryExitCost, income, long, short } = details.details
    assert.deepStrictEqual([long.settlements, short.settlements], [9, 72])
    // 29999.5 x 0.333333333333 x (72 x 0.00005 - 9 x 0.0001)
    assert.strictEqual(income, "26.99955")
    // 0.2 at the best level and the rest at the second, four times, with 0.05% and 0.035%: by hand.
    assert.strictEqual(cost, "18.73305")
    assert.strictEqual(details.netProfit, "8.2665")
    assert.strictEqual(entryExitCost, "0.001873255")
  })

  it("breaks even by settlements at the first one that has paid the cost", () => {
    const details = over(b4).found[0]?.details
    if (details?.type !== "funding") throw new Error("no funding")
    assert.strictEqual(details.breakEvenHours, "49.95")
    // After 50 h 50 x 0.005% - 6 x 0.01% = 0.190% were paid, after 47 and 49 h 0.185%: below 0.1873%.
    assert.strictEqual(details.breakEvenSettlementsMs, 50 * HOUR - 4)
  })

  it("is told of a spot bought on a venue of its own too, whose side is paid nothing", () => {
    const { found } = over([
      bookOf("c", MARK, "BTC/USDT"),
      bookOf("b", MARK + 1),
      rate("b", MARK + 2, "0.00005", 1),
    ])
    assert.deepStrictEqual(found.map(({ fingerprint }) => fingerprint), ["funding:BTC:c|BTC/USDT>b|BTC/USDT:USDT"])
    const [{ details } = { details: null }] = found
    if (details?.type !== "funding") throw new Error("no funding")
    assert.deepInclude(details.long, { predictedRate: null, settledRate: null, intervalMs: null, settlements: 0 })
  })

  it("and of a spot on the perpetual's own venue, but never of spot sold short", () => {
    const ticks = (text: string) => [bookOf("b", MARK, "BTC/USDT"), bookOf("b", MARK + 1), rate("b", MARK + 2, text, 1)]
    assert.lengthOf(over(ticks("0.00005")).found, 1)
    assert.lengthOf(over(ticks("-0.00005")).found, 0)
  })
})

describe("A funding opportunity", () => {
  it("turns round with the rates", () => {
    const { found } = over([...b4.slice(0, 2), rate("a", MARK + 3, "0.0008", 8), rate("b", MARK + 4, "0.000005", 1)])
    assert.deepStrictEqual(found.map(({ fingerprint }) => fingerprint), [
      "funding:BTC:b|BTC/USDT:USDT>a|BTC/USDT:USDT",
    ])
  })

  it("takes a new interval from its tick on", () => {
    // The same rate every 8 h instead of every hour pays an eighth: nothing is left.
    const { found, rejected } = over([...b4.slice(0, 3), rate("b", MARK + 4, "0.00005", 8)])
    assert.lengthOf(found, 0)
    assert.deepStrictEqual(Object.keys(rejected), ["below_threshold"])
    const changed = over([...b4, rate("b", MARK + 5, "0.00005", 8)]).transitions
    assert.deepStrictEqual(changed.map(({ state }) => state), ["opened", "closed"])
  })

  it("never compares a predicted rate with a settled one", () => {
    const settled = { predicted: false } as const
    const mixed = over([...b4.slice(0, 3), rate("b", MARK + 4, "0.00005", 1, settled)])
    assert.lengthOf(mixed.found, 0)
    assert.strictEqual(mixed.rejected["incomparable_rates"], 2)
    const [both] = over([
      ...b4.slice(0, 2),
      rate("a", MARK + 3, "0.0001", 8, settled),
      rate("b", MARK + 4, "0.00005", 1, settled),
    ]).found
    if (both?.details.type !== "funding") throw new Error("no funding")
    assert.deepInclude(both.details, { pricedBy: "settled" })
    assert.deepInclude(both.details.short, { predictedRate: null, settledRate: "0.00005" })
    assert.include([...both.reasons], "reckoned with the rates paid last: no prediction on both sides")
  })

  it("closes at the settlement it held until, and opens anew with the rates of the next", () => {
    const next = MARK + HOUR
    const { transitions } = over([
      ...b4,
      bookOf("a", next + 1),
      bookOf("b", next + 2),
      rate("b", next + 3, "0.00005", 1),
    ], config({ hysteresis: true }))
    assert.deepStrictEqual(transitions.map(({ at, state }) => [state, at]), [
      ["opened", MARK + 4],
      ["closed", next],
      ["opened", next + 3],
    ])
  })

  it("is checked at once on a new rate, and on books at most once a second", () => {
    const books = Array.from({ length: 2_001 }, (_, n) => bookOf("a", MARK + 5 + n))
    const quiet = over(b4).checks
    assert.strictEqual(over([...b4, ...books]).checks - quiet, 4)
  })
})

describe("A check is turned down", () => {
  const reasonsOf = (ticks: ReadonlyArray<Tick>, settings?: DetectConfig) => {
    const { found, rejected } = over(ticks, settings)
    assert.lengthOf(found, 0)
    return rejected
  }
  const usual = { below_threshold: 2 }

  it("where no book is known, as in a recording of rates alone", () => {
    assert.deepStrictEqual(reasonsOf(b4.slice(2)), { insufficient_depth: 1, below_threshold: 1 })
  })

  it("where a book holds nothing on a side, or is crossed, old, or far in time from the other", () => {
    const rates = b4.slice(2)
    const [a, b] = b4
    if (a === undefined || b === undefined) throw new Error("no books")
    const empty = book("b", PERP, MARK + 2, { bids: [["29999", "1"]] })
    const crossed = quote("b", PERP, MARK + 2, ["30001", "30000"])
    assert.strictEqual(reasonsOf([a, empty, ...rates])["insufficient_depth"], 1)
    assert.strictEqual(reasonsOf([a, crossed, ...rates])["crossed_book"], 1)
    const fresh = config({ staleness: { maxAgeMs: 2_000, maxSkewMs: 1_000 } })
    assert.lengthOf(over(b4, fresh).found, 1)
    assert.strictEqual(reasonsOf([bookOf("a", MARK - 3_000), b, ...rates], fresh)["stale_book"], 1)
    assert.strictEqual(reasonsOf([bookOf("a", MARK - 1_500), b, ...rates], fresh)["book_skew"], 1)
  })

  it("where currencies differ and no parity was declared; with one it is had", () => {
    const other = "BTC/USD:USDC"
    const ticks = [
      bookOf("a", MARK + 1),
      bookOf("b", MARK + 2, other),
      rate("a", MARK + 3, "0.0001", 8),
      rate("b", MARK + 4, "0.00005", 1, { instrument: other }),
    ]
    assert.deepStrictEqual(reasonsOf(ticks), { no_conversion: 1, below_threshold: 1 })
    const [found] = over(ticks, config({ parity: { "USDT/USD": "1" } })).found
    assert.include(found?.reasons ?? [], "parity USDT/USD = 1 (declared)")
    assert.deepInclude(found, { netProfit: "8.2665", currency: "USDT" })
  })

  it("where the rate, its interval or its settlement cannot be", () => {
    for (
      const absurd of [
        rate("b", MARK + 4, "0.5", 1),
        rate("b", MARK + 4, "0.00005", 24 * 40),
        rate("b", MARK + 4, "0.00005", 1, { nextFundingTime: MARK + 100 * HOUR }),
      ]
    ) assert.deepStrictEqual(reasonsOf([...b4.slice(0, 3), absurd]), { implausible_rate: 1 })
    const closed = over([...b4, rate("b", MARK + 5, "0.5", 1)])
    assert.deepStrictEqual(closed.transitions.map(({ state }) => state), ["opened", "closed"])
  })

  it("where an interval is nothing, which no frame of ours holds", () => {
    const frames = framesOf(b4).map((frame) => ({
      ...frame,
      x: frame.x.map((own) => "intervalMs" in own ? { ...own, intervalMs: 0 } : own),
    }))
    const analysis = new Analysis(config())
    assert.deepStrictEqual(analysis.frames(frames, 1), [])
    assert.deepStrictEqual(analysis.figures.refused, { malformed_funding: 2 })
  })

  it("where the settlement a rate was predicted for is over, or nobody says when it is", () => {
    const late = [bookOf("a", MARK + HOUR + 1), bookOf("b", MARK + HOUR + 1)]
    assert.strictEqual(reasonsOf([...b4.slice(2), ...late])["stale_rate"], 2)
    const unknown = { nextFundingTime: null }
    assert.deepStrictEqual(
      reasonsOf([...b4.slice(0, 3), rate("b", MARK + 4, "0.00005", 1, unknown)]),
      { unknown_settlement: 2 },
    )
  })

  it("where the yield is below what the operator asks for", () => {
    assert.deepStrictEqual(reasonsOf(b4, config({ funding: { minAnnualYield: "0.33" } })), usual)
    assert.lengthOf(over(b4, config({ funding: { minAnnualYield: "0.3285" } })).found, 1)
  })

  it("where the horizon is too short for the settlements to pay the cost", () => {
    assert.deepStrictEqual(reasonsOf(b4, config({ funding: { horizonHours: 45 } })), usual)
    assert.lengthOf(over(b4, config({ funding: { horizonHours: 46 } })).found, 1)
  })

  it("where the two prices cannot be of one asset", () => {
    const far = bookOf("b", MARK + 2, PERP, 60_000)
    assert.deepStrictEqual(reasonsOf([bookOf("a", MARK + 1), far, ...b4.slice(2)]), {
      identity_suspect: 1,
      below_threshold: 1,
    })
  })

  it("where a leg is smaller than its market admits", () => {
    const lots = (lot: object) => config({ lots: { a: { [PERP]: lot } } })
    assert.strictEqual(reasonsOf(b4, lots({ step: "1" }))["below_lot"], 1)
    assert.strictEqual(reasonsOf(b4, lots({ minAmount: "0.4" }))["below_min_amount"], 1)
    assert.strictEqual(reasonsOf(b4, lots({ minNotional: "10001" }))["below_min_notional"], 1)
    assert.strictEqual(over(b4, lots({ step: "0.001" })).found[0]?.size, "0.333")
  })
})

describe("A position once told", () => {
  it("is worth on the books of a later moment what it would bring from then on", () => {
    const analysis = new Analysis(config())
    analysis.frames(framesOf([...b4, bookOf("a", MARK + 500), bookOf("b", MARK + 70_000)]), 1)
    analysis.finish()
    const [outcome] = analysis.findings().outcomes
    assert.strictEqual(outcome?.type, "funding")
    assert.deepStrictEqual(outcome?.realised.map(({ netBps }) => netBps), Array(5).fill(outcome?.netBps))
  })
})

describe("A checkpoint restored at any frame", () => {
  /** Two perpetuals and a spot: books, both kinds of rates, absurd ones, gaps, pauses of milliseconds to hours. */
  const steps = Arbitrary.array(
    Arbitrary.all([integers(0, 2), integers(0, 9), integers(0, 29), integers(-3, 8), integers(0, 3)]),
    { minLength: 5, maxLength: 60 },
  )
  type Step = readonly [which: number, kind: number, pause: number, size: number, hours: number]
  const marketOf = (script: ReadonlyArray<Step>): ReadonlyArray<Tick> => {
    let now = MARK
    return script.flatMap(([which, kind, pause, size, hours]): ReadonlyArray<Tick> => {
      const venue = "abc"[which] ?? "a", instrument = which === 2 ? "BTC/USDT" : PERP
      now += pause < 8 ? pause : pause < 26 ? pause * 50 : (pause - 25) * 20 * 60_000
      if (kind === 0) return [gap(venue, instrument, now)]
      if (kind < 5 || which === 2) return [bookOf(venue, now, instrument, 30_000 + size)]
      const every = [1, 1, 4, 8][hours] ?? 1
      return [rate(venue, now, kind === 5 ? "0.9" : `${size}e-4`, every, { predicted: kind !== 6 })]
    })
  }

  for (const hysteresis of [true, false]) {
    const settings = config({ hysteresis, minNetBps: 2, staleness: { maxAgeMs: 2_000, maxSkewMs: 1_500 } })
    it.prop(
      `changes no transition, ${hysteresis ? "with" : "without"} hysteresis`,
      [steps, integers(0, 60)],
      ([script, where]) => {
        const frames = framesOf(marketOf(script))
        assert.deepStrictEqual(
          restartedAfter(settings, frames, where % (frames.length + 1)),
          unbroken(settings, frames),
        )
      },
      { arbitrary: { runs: 300 } },
    )
  }

  it("is a test of something: such markets open and close opportunities", () => {
    const kinds = [6, 6, 1, 1, 7, 7, 1, 1, 1, 7]
    const script = Array.from({ length: 60 }, (_, n) => [n % 2, kinds[n % 10] ?? 1, 9, n % 9, 0] as const)
    const settings = config({ minNetBps: 2 })
    assert.isAbove(unbroken(settings, framesOf(marketOf(script))).length, 2)
  })
})

describeWith(data, "The recording of seven venues' settled rates", () => {
  it.effect(
    "has no book: nothing is told, and every check that rates alone would pay for is counted",
    () =>
      Effect.gen(function* () {
        const venues = ["binance", "gate", "bybit", "htx", "kucoin", "mexc", "dydx"]
        const settings = configOf({
          detectors: ["funding"],
          fees: Object.fromEntries(venues.map((venue) => [venue, { taker: "0.0005" }])),
          minNetBps: 5,
        })
        const analysis = new Analysis(settings), framing = new Framing("file.0", "recorded")
        const recording = yield* Recording
        yield* recording.read(join(data.path, "recordings", "funding-7venues-btc-eth-2020-2022.ndjson.gz")).pipe(
          Stream.runForEach(({ ticks }) => Effect.sync(() => ticks.forEach((tick) => framing.push(tick)))),
        )
        framing.flush()
        assert.deepStrictEqual(analysis.frames(framing.take(), 1), [])
        const { checks, rejected } = analysis.figures
        assert.deepStrictEqual(Object.keys(rejected).toSorted(), [
          "below_threshold",
          "insufficient_depth",
          "stale_rate",
        ])
        assert.isAbove(rejected["insufficient_depth"] ?? 0, 30_000)
        assert.strictEqual(Object.values(rejected).reduce((sum, count) => sum + count, 0), checks)
      }).pipe(Effect.provide(RecordingFiles.layer)),
    60_000,
  )
})
