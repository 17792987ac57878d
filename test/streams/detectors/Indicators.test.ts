/** Indicators: the library's figures against the textbook formulas, and after a restart to the last bit. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Candle } from "../../../src/domain/Candles.ts"
import { TechnicalConfig, warmUp } from "../../../src/domain/TechnicalRules.ts"
import { Indicators, IndicatorsState } from "../../../src/streams/detectors/Indicators.ts"
import { integers } from "../../support/generators.ts"

const config = Schema.decodeUnknownSync(TechnicalConfig)({})
const AsJson = Schema.fromJsonString(IndicatorsState)

/** A walk that is the same every time. */
const walk = (length: number, seed = 1): ReadonlyArray<Candle> => {
  let state = seed, price = 100
  const draw = () => (state = state * 48_271 % 2_147_483_647) / 2_147_483_647
  return Array.from({ length }, (_, n) => {
    const open = price
    price *= 1 + (draw() - 0.5) * 0.01
    return {
      from: n * 60_000,
      open,
      high: Math.max(open, price),
      low: Math.min(open, price),
      close: price,
      volume: draw(),
    }
  })
}

const ema = (values: ReadonlyArray<number>, period: number): number =>
  values.slice(1).reduce((mean, value) => mean + (value - mean) * 2 / (period + 1), values[0] ?? 0)

/** Wilder: the mean of the first changes, then each change weighs 1 / period. */
const rsi = (closes: ReadonlyArray<number>, period: number): number => {
  const changes = closes.slice(1).map((close, n) => close - (closes[n] ?? 0))
  const smoothed = (parts: ReadonlyArray<number>) =>
    parts.slice(period).reduce(
      (mean, part) => (mean * (period - 1) + part) / period,
      parts.slice(0, period).reduce((sum, part) => sum + part, 0) / period,
    )
  const gain = smoothed(changes.map((change) => Math.max(0, change)))
  const loss = smoothed(changes.map((change) => Math.max(0, -change)))
  return 100 - 100 / (1 + gain / loss)
}

describe("Readings", () => {
  const candles = walk(80), closes = candles.map(({ close }) => close)
  const indicators = new Indicators(config)
  for (const candle of candles) indicators.add(candle)

  it("are those of the textbook formulas", () => {
    const { now } = indicators
    if (now === null) throw new Error("not warm")
    const line = (count: number) => ema(closes.slice(0, count), 12) - ema(closes.slice(0, count), 26)
    const lines = Array.from({ length: 80 - 25 }, (_, n) => line(26 + n))
    assert.closeTo(now.rsi ?? 0, rsi(closes, 14), 1e-9)
    assert.closeTo(now.macd, line(80), 1e-9)
    assert.closeTo(now.macdSignal, ema(lines, 9), 1e-9)
    assert.closeTo(now.histogram, line(80) - ema(lines, 9), 1e-9)
    assert.closeTo(now.momentum, (closes[79] ?? 0) / (closes[69] ?? 1) - 1, 1e-12)
    assert.closeTo(now.meanVolume, candles.slice(59, 79).reduce((sum, { volume }) => sum + volume, 0) / 20, 1e-12)
  })

  it("are there from the first candle on by which all are warm", () => {
    const fresh = new Indicators(config), need = warmUp(config)
    const warm = walk(need + 1).map((candle) => {
      fresh.add(candle)
      return [fresh.before !== null, fresh.now !== null]
    })
    assert.deepStrictEqual(warm.slice(need - 2), [[false, false], [false, true], [true, true]])
  })

  it("say nothing of strength where the price never moved", () => {
    const still = new Indicators(config)
    for (const candle of walk(60)) still.add({ ...candle, open: 5, high: 5, low: 5, close: 5 })
    assert.isNull(still.now?.rsi)
    assert.deepStrictEqual([still.now?.momentum, still.now?.histogram], [0, 0])
  })

  it.prop(
    "are the same to the last bit after a restart at any candle",
    [integers(0, 700), integers(1, 1_000)],
    ([at, seed]) => {
      const all = walk(700, seed), through = new Indicators(config), first = new Indicators(config)
      for (const candle of all) through.add(candle)
      for (const candle of all.slice(0, at)) first.add(candle)
      const second = new Indicators(config)
      second.restore(Schema.decodeSync(AsJson)(Schema.encodeSync(AsJson)(first.snapshot())))
      assert.deepStrictEqual([second.before, second.now], [first.before, first.now])
      for (const candle of all.slice(at)) second.add(candle)
      assert.deepStrictEqual([second.before, second.now], [through.before, through.now])
    },
    { arbitrary: { runs: 30 } },
  )

  it("keep no more than six warm-ups of candles", () => {
    const long = new Indicators(config)
    for (const candle of walk(5_000)) long.add(candle)
    assert.isBelow(long.snapshot().closes.length, 6 * warmUp(config))
  })
})
