/** Candles: from trades by ingest time, empty intervals, gaps, late trades, prices nobody confirms, and whole candles. */
import { assert, describe, it } from "@effect/vitest"
import { type Candle, CandleSeries, type Closed } from "../../src/domain/Candles.ts"

const MINUTE = 60_000
const T = 1_723_161_240_000

/** A series and all that it closed; what breaks it is written "broken". */
const playing = () => {
  const series = new CandleSeries(MINUTE)
  const told: Array<Candle | "broken"> = []
  const note = ({ broken, candles }: Closed) => told.push(...(broken ? ["broken" as const] : []), ...candles)
  return {
    series,
    told,
    trade: (price: number, size: number, at: number) => {
      note(series.advance(at))
      return series.trade(price, size, at)
    },
    pass: (at: number) => note(series.advance(at)),
    whole: (close: number, at: number, changes: Partial<Omit<Candle, "from">> = {}) => {
      const closed = series.candle({ open: close, high: close, low: close, close, volume: 1, ...changes }, at)
      if (typeof closed === "string") return closed
      note(closed)
      return null
    },
  }
}
const flat = (from: number, price: number): Candle => (
  { from, open: price, high: price, low: price, close: price, volume: 0 }
)

describe("Candles of trades", () => {
  it("hold the first, highest, lowest and last price and the volume, and close when their interval is over", () => {
    const { pass, told, trade } = playing()
    trade(100, 1, T + 10)
    trade(103, 2, T + 20)
    trade(98, 0.5, T + 30)
    trade(101, 1, T + MINUTE - 1)
    assert.deepStrictEqual(told, [])
    pass(T + MINUTE)
    assert.deepStrictEqual(told, [{ from: T, open: 100, high: 103, low: 98, close: 101, volume: 4.5 }])
  })

  it("are closed by a later trade, which begins the next one at its own price", () => {
    const { told, trade } = playing()
    trade(100, 1, T)
    trade(105, 1, T + MINUTE)
    trade(106, 1, T + 2 * MINUTE)
    assert.deepStrictEqual(told.map((candle) => candle === "broken" ? 0 : candle.open), [100, 105])
  })

  it("of an interval without a trade are flat and without volume, five in a row", () => {
    const { told, trade } = playing()
    trade(100, 1, T)
    trade(101, 1, T + 6 * MINUTE)
    assert.deepStrictEqual(told.slice(1), [1, 2, 3, 4, 5].map((n) => flat(T + n * MINUTE, 100)))
  })

  it("do not count any more after six such intervals, however they went by", () => {
    const atOnce = playing()
    atOnce.trade(100, 1, T)
    atOnce.trade(101, 1, T + 7 * MINUTE)
    assert.deepStrictEqual(atOnce.told, ["broken"])
    const slowly = playing()
    slowly.trade(100, 1, T)
    for (let n = 1; n <= 7; n++) slowly.pass(T + n * MINUTE)
    assert.strictEqual(slowly.told.at(-1), "broken")
    slowly.trade(101, 1, T + 7 * MINUTE)
    slowly.pass(T + 8 * MINUTE)
    assert.deepStrictEqual(slowly.told.at(-1), { ...flat(T + 7 * MINUTE, 101), volume: 1 })
  })

  it("leave out a trade of no size, and one that is older than the open candle", () => {
    const { told, trade } = playing()
    assert.strictEqual(trade(100, 0, T), "no_volume")
    assert.isNull(trade(100, 1, T + MINUTE))
    assert.strictEqual(trade(100, 1, T + MINUTE - 1), "late_trade")
    assert.deepStrictEqual(told, [])
  })

  it("leave out a price twice or half the last one, until three in a row agree", () => {
    const { pass, told, trade } = playing()
    trade(100, 1, T)
    assert.strictEqual(trade(1_000, 1, T + 1), "implausible_price")
    assert.strictEqual(trade(50, 1, T + 2), "implausible_price")
    assert.isNull(trade(199, 1, T + 3))
    assert.strictEqual(trade(1_000, 1, T + 4), "implausible_price")
    assert.strictEqual(trade(1_010, 1, T + 5), "implausible_price")
    assert.isNull(trade(990, 1, T + 6))
    pass(T + MINUTE)
    assert.deepStrictEqual(told, ["broken", { ...flat(T, 990), volume: 1 }])
  })
})

describe("Whole candles", () => {
  it("replace those of trades from the first on", () => {
    const { told, trade, whole } = playing()
    trade(100, 1, T)
    whole(101, T + MINUTE)
    assert.isNull(trade(102, 1, T + 2 * MINUTE))
    whole(103, T + 2 * MINUTE + 300)
    whole(104, T + 3 * MINUTE - 1)
    assert.deepStrictEqual(told, [
      "broken",
      { ...flat(T, 101), volume: 1 },
      { ...flat(T + MINUTE, 103), volume: 1 },
      { ...flat(T + 2 * MINUTE, 104), volume: 1 },
    ])
  })

  it("are taken once, and filled up where some are missing", () => {
    const { told, whole } = playing()
    whole(100, T)
    assert.strictEqual(whole(100, T + 20), "late_trade")
    whole(101, T + 3 * MINUTE)
    assert.deepStrictEqual(told.slice(2, 4), [flat(T, 100), flat(T + MINUTE, 100)])
    whole(102, T + 10 * MINUTE)
    assert.deepStrictEqual(told.slice(-2), ["broken", { ...flat(T + 9 * MINUTE, 102), volume: 1 }])
  })

  it("whose figures contradict each other, or that jump, are left out", () => {
    const { whole } = playing()
    assert.isNull(whole(100, T))
    assert.strictEqual(whole(100, T + MINUTE, { high: 99 }), "implausible_price")
    assert.strictEqual(whole(100, T + MINUTE, { low: 101 }), "implausible_price")
    assert.strictEqual(whole(1_000, T + MINUTE), "implausible_price")
  })
})
