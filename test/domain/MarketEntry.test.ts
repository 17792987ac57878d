/** Entries of `market_data` and their keys: read back as written, refused when they are not what they say. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { decode, encode, entryOf } from "../../src/domain/MarketEntry.ts"
import { keyOf, type LatestQuery } from "../../src/domain/MarketQuery.ts"
import { quote, T0 } from "../support/ticks.ts"

const query: LatestQuery = { kind: "quote", venue: "okx", instrument: "BTC/USDT" }
const entry = (asOf: number, bid: string, before: ReturnType<typeof entryOf> | null = null) =>
  entryOf(
    query,
    { data: "live", source: "stream", asOf, ticks: [quote("okx", "BTC/USDT", asOf, [bid, "200"])] },
    before,
  )

describe("An entry of market_data", () => {
  it("is read back as it was written, and is plain JSON", () => {
    const written = entry(T0, "100")
    assert.deepStrictEqual(decode(encode(written)), Option.some(written))
    assert.include(new TextDecoder().decode(encode(written)), `"asOf":${T0},"ticks":[{"v":1,"venue":"okx"`)
  })

  it("is refused when it has no ticks, a tick that is none, or is no JSON", () => {
    const written = entry(T0, "100")
    const spoilt = [
      { ...written, ticks: [] },
      { ...written, ticks: [{ ...written.ticks[0], bid: "-1" }] },
      { ...written, bpsPerS: -1 },
      { ...written, v: 2 },
      "text",
    ]
    const bytes = (text: string) => new TextEncoder().encode(text)
    for (const one of spoilt) assert.isTrue(Option.isNone(decode(bytes(JSON.stringify(one)))))
    assert.isTrue(Option.isNone(decode(bytes("{"))))
  })

  it("takes its market's pace from the entry before it, over any gap in time", () => {
    const first = entry(T0, "100"), second = entry(T0 + 10_000, "100.03", first)
    // Mid 150 to 150.015: a basis point in ten seconds.
    assert.closeTo(second.bpsPerS ?? NaN, 0.1, 1e-6)
    assert.strictEqual(second.expiresAt - second.asOf, 60_000)
    assert.strictEqual(first.expiresAt - first.asOf, 15_000)
  })

  it("is kept under its market's subject, kinds other than quotes with one part more", () => {
    const key = (changes: Partial<LatestQuery>) => Option.getOrNull(keyOf({ ...query, ...changes }))
    assert.strictEqual(key({}), "okx.spot.BTC-USDT")
    assert.strictEqual(key({ venue: "gate_io", instrument: "1INCH/USDT:USDT" }), "gate_5fio.linear-USDT.1INCH-USDT")
    assert.strictEqual(key({ kind: "book" }), "okx.spot.BTC-USDT.book")
    assert.strictEqual(key({ instrument: "BTCUSDT" }), null)
    const candles = { kind: "candle", venue: "okx", instrument: "BTC/USDT", intervalMs: 60_000, limit: 5 } as const
    assert.strictEqual(Option.getOrNull(keyOf(candles)), "okx.spot.BTC-USDT.candle-60000")
  })
})
