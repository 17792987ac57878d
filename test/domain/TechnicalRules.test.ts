/** Technical rules: what each indicator says, what happened at a candle, and when enough of them agree. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Rules from "../../src/domain/TechnicalRules.ts"

const decode = Schema.decodeUnknownSync(Rules.TechnicalConfig)
const config = decode({})

const readings = (
  { candle, ...changes }: Partial<Omit<Rules.Readings, "candle">> & {
    readonly candle?: Partial<Rules.Readings["candle"]>
  },
): Rules.Readings => ({
  candle: { from: 0, open: 100, high: 100, low: 100, close: 100, volume: 10, ...candle },
  rsi: 50,
  macd: 0,
  macdSignal: 0,
  histogram: 0,
  momentum: 0,
  meanVolume: 10,
  ...changes,
})
const calm = readings({})

describe("An indicator", () => {
  const cases: ReadonlyArray<readonly [Rules.IndicatorName, Parameters<typeof readings>[0], Rules.Direction | null]> = [
    ["rsi", { rsi: 30 }, "buy"],
    ["rsi", { rsi: 30.01 }, null],
    ["rsi", { rsi: 70 }, "sell"],
    ["rsi", { rsi: null }, null],
    ["macd", { histogram: 0.001 }, "buy"],
    ["macd", { histogram: -0.001 }, "sell"],
    ["macd", { histogram: 1e-10 }, null],
    ["momentum", { momentum: 0.001 }, "buy"],
    ["momentum", { momentum: -0.001 }, "sell"],
    ["volume", { candle: { volume: 20, close: 101 } }, "buy"],
    ["volume", { candle: { volume: 20, close: 99 } }, "sell"],
    ["volume", { candle: { volume: 20 } }, null],
    ["volume", { candle: { volume: 19.9, close: 101 } }, null],
    ["volume", { candle: { volume: 20, close: 101 }, meanVolume: 0 }, null],
  ]
  for (const [name, now, said] of cases) {
    it(`says ${said ?? "nothing"} by ${name} of ${JSON.stringify(now)}`, () => {
      assert.strictEqual(Rules.votesOf(calm, readings(now), config)[name], said)
    })
  }

  it("of strength still speaks at the candle that leaves its zone", () => {
    assert.strictEqual(Rules.votesOf(readings({ rsi: 20 }), readings({ rsi: 40 }), config).rsi, "buy")
  })
})

describe("A candle", () => {
  const happened = (before: Parameters<typeof readings>[0], now: Parameters<typeof readings>[0]) =>
    Rules.signalsOf(readings(before), readings(now), config).map(({ direction, name }) => `${name}:${direction}`)

  it("signals what changed at it, once", () => {
    assert.deepStrictEqual(happened({ rsi: 20 }, { rsi: 40 }), ["rsi_reversal:buy"])
    assert.deepStrictEqual(happened({ rsi: 80 }, { rsi: 60 }), ["rsi_reversal:sell"])
    assert.deepStrictEqual(happened({ rsi: 20 }, { rsi: 25 }), [])
    assert.deepStrictEqual(happened({ histogram: -1 }, { histogram: 1 }), ["macd_cross:buy"])
    assert.deepStrictEqual(happened({ histogram: 1 }, { histogram: -1 }), ["macd_cross:sell"])
    assert.deepStrictEqual(happened({ histogram: 1 }, { histogram: 2 }), [])
    const surge = { candle: { volume: 50, close: 99 } }
    assert.deepStrictEqual(happened({}, surge), ["volume_surge:sell"])
    assert.deepStrictEqual(happened(surge, surge), [])
  })

  it("without volume signals nothing", () => {
    assert.deepStrictEqual(happened({ rsi: 20, histogram: -1 }, { rsi: 40, histogram: 1, candle: { volume: 0 } }), [])
  })
})

describe("A direction is confirmed", () => {
  const votes = (
    rsi: Rules.Direction | null,
    macd: Rules.Direction | null,
    momentum: Rules.Direction | null,
    volume: Rules.Direction | null,
  ): Rules.Votes => ({ rsi, macd, momentum, volume })
  it("by two indicators at least, of which more say it than the opposite", () => {
    assert.deepStrictEqual(Rules.confirmers(votes("buy", "buy", null, null), "buy"), ["rsi", "macd"])
    assert.deepStrictEqual(Rules.confirmers(votes("buy", "buy", "sell", null), "buy"), ["rsi", "macd"])
    assert.isNull(Rules.confirmers(votes("buy", null, null, null), "buy"))
    assert.isNull(Rules.confirmers(votes("buy", "buy", "sell", "sell"), "buy"))
    assert.isNull(Rules.confirmers(votes("buy", "buy", null, null), "sell"))
  })
})

describe("The configuration", () => {
  it("is refused where a low lies above a high, or a fast average is slower than the slow one", () => {
    assert.throws(() => decode({ rsi: { low: 70, high: 30 } }), /low must lie below high/)
    assert.throws(() => decode({ macd: { fast: 26, slow: 12 } }), /fast must lie below slow/)
    assert.throws(() => decode({ rsi: { period: 1 } }))
  })
})
