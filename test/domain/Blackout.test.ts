/** Blackout windows: when they cover an asset, and what is refused. */
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { type Blackout, blackoutAt, BlackoutList } from "../../src/domain/Blackout.ts"

const window = (asset: string, from: number, to: number, reason = "news"): Blackout => ({ asset, from, to, reason })
const decode = Schema.decodeUnknownOption(BlackoutList)
const listed = (changes: Readonly<Record<string, unknown>>) =>
  decode({ v: 1, windows: [{ asset: "BTC", from: 1, to: 2, reason: "news", ...changes }] })

describe("A blackout window", () => {
  it("covers its asset from its begin until just before its end", () => {
    const windows = [window("BTC", 10, 20)]
    const covered = (asset: string, atMs: number) => Option.isSome(blackoutAt(windows, asset, atMs))
    assert.deepStrictEqual([9, 10, 19, 20].map((at) => covered("BTC", at)), [false, true, true, false])
    assert.isFalse(covered("ETH", 15))
  })

  it("of '*' covers every asset; of several the one that lasts longest is told", () => {
    const windows = [window("BTC", 0, 30, "short"), window("*", 0, 50, "long"), window("BTC", 0, 40, "middle")]
    assert.strictEqual(Option.getOrThrow(blackoutAt(windows, "BTC", 5)).reason, "long")
    assert.strictEqual(Option.getOrThrow(blackoutAt(windows, "ETH", 5)).reason, "long")
    assert.isTrue(Option.isNone(blackoutAt(windows, "ETH", 50)))
    assert.isTrue(Option.isNone(blackoutAt([], "ETH", 5)))
  })

  it("is written with milliseconds or with a time and its zone", () => {
    const windows = Option.getOrThrow(listed({ from: "2026-06-17T18:00:00Z", to: "2026-06-17T22:00+02:00" })).windows
    assert.deepStrictEqual(windows, [window("BTC", Date.UTC(2026, 5, 17, 18), Date.UTC(2026, 5, 17, 20))])
  })

  it("is refused without an asset, a reason, a zone, or an end after its begin", () => {
    const wrong = [
      { asset: "" },
      { reason: "" },
      { from: 2 },
      { from: 3 },
      { from: "2026-06-17 18:00" },
      { from: "2026-13-41T18:00:00Z" },
      { from: -1 },
      { to: "soon" },
    ]
    for (const changes of wrong) assert.isTrue(Option.isNone(listed(changes)), JSON.stringify(changes))
    assert.isTrue(Option.isSome(listed({})))
    assert.isTrue(Option.isNone(decode({ windows: [] })))
  })
})
