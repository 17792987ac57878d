/** The fast codec of ticks accepts what their Schema accepts, nothing else, and names each reason against the rest. */
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { Tick } from "../../src/domain/Tick.ts"
import * as TickCodec from "../../src/domain/TickCodec.ts"
import { spoilt, ticks } from "../support/generators.ts"
import { quote, T0 } from "../support/ticks.ts"

const bySchema = Schema.decodeUnknownOption(Tick)
const byCodec = (value: unknown): Option.Option<Tick> => {
  const decoded = TickCodec.fromUnknown(value)
  return TickCodec.isBad(decoded) ? Option.none() : Option.some(decoded)
}

const reasonOf = (line: string): string => {
  const decoded = TickCodec.fromLine(line)
  return TickCodec.isBad(decoded) ? decoded.reason : "accepted"
}

const plain = quote("okx", "BTC/USDT", T0, ["30000.1", "30000.2"])
const without = (field: string) => {
  const { [field]: _, ...others } = { ...plain } as Readonly<Record<string, unknown>>
  return JSON.stringify(others)
}
const withField = (field: string, json: string) => JSON.stringify({ ...plain, [field]: "?" }).replace('"?"', json)

describe("The codec of ticks", () => {
  it.prop("reads back every tick it wrote", [ticks], ([tick]) => {
    assert.deepStrictEqual(TickCodec.fromLine(TickCodec.toLine(tick)), tick)
  }, { arbitrary: { runs: 300 } })

  it.prop("accepts every tick the Schema accepts", [ticks], ([tick]) => {
    assert.deepStrictEqual(bySchema(tick), Option.some(tick))
    assert.deepStrictEqual(byCodec(tick), Option.some(tick))
  }, { arbitrary: { runs: 300 } })

  it.prop("accepts a spoilt tick exactly when the Schema does, with equal values", [spoilt], ([value]) => {
    assert.deepStrictEqual(byCodec(value), bySchema(value))
  }, { arbitrary: { runs: 3_000 } })

  it("reads keys in any order and drops those it does not know", () => {
    const reversed = Object.fromEntries(Object.entries({ ...plain, extra: { deep: [1] } }).reverse())
    assert.deepStrictEqual(TickCodec.fromLine(JSON.stringify(reversed)), plain)
  })
})

describe("A line is refused as", () => {
  const cases: ReadonlyArray<readonly [reason: string, line: string]> = [
    ["not_json", "{"],
    ["not_json", ""],
    ["not_json", `${JSON.stringify(plain)}}`],
    ["not_an_object", "[1]"],
    ["not_an_object", "null"],
    ["not_an_object", "7"],
    ["forbidden_key", `{"__proto__":{"v":1},${JSON.stringify(plain).slice(1)}`],
    ["forbidden_key", `{"constructor":{},${JSON.stringify(plain).slice(1)}`],
    ["missing_field", without("v")],
    ["missing_field", without("kind")],
    ["missing_field", without("ingestTime")],
    ["missing_field", without("venueTime")],
    ["missing_field", without("bidSize")],
    ["missing_field", without("seq")],
    ["unknown_version", withField("v", "2")],
    ["unknown_version", withField("v", '"1"')],
    ["unknown_kind", withField("kind", '"tock"')],
    ["wrong_type", withField("venue", '"Binance"')],
    ["wrong_type", withField("bid", "30000.1")],
    ["wrong_type", withField("seq", "1.5")],
    ["bad_instrument", withField("instrument", '"BTCUSDT"')],
    ["bad_decimal", withField("bid", '"1e400"')],
    ["bad_decimal", withField("bid", '"1e-400"')],
    ["bad_decimal", withField("bid", '"abc"')],
    ["wrong_type", withField("bid", "1e400")],
    ["not_positive", withField("ask", '"-1"')],
    ["not_positive", withField("ask", '"0.00"')],
    ["not_positive", withField("askSize", '"-0.1"')],
    ["bad_time", withField("ingestTime", "-1")],
    ["bad_time", withField("ingestTime", "1e400")],
    ["bad_time", withField("venueTime", "0.5")],
    ["too_large", `{"pad":"${"x".repeat(8_000_000)}"}`],
  ]
  for (const [reason, line] of cases) {
    it(`${reason} when it reads ${line.slice(0, 60)}`, () => assert.strictEqual(reasonOf(line), reason))
  }

  it("nothing at all when a size is zero or a quote crosses: that is for whoever uses it to judge", () => {
    assert.strictEqual(reasonOf(withField("askSize", '"0"')), "accepted")
    assert.strictEqual(reasonOf(withField("bid", '"40000"')), "accepted")
  })

  it("never changes the prototype of objects", () => {
    TickCodec.fromLine(`{"__proto__":{"polluted":1},${JSON.stringify(plain).slice(1)}`)
    assert.isFalse("polluted" in {})
  })
})
