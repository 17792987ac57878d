/** The table of newest values: what a gap takes away, when a book may be shown, how much it holds. */
import { assert, describe, it } from "@effect/vitest"
import { LatestMarkets } from "../../src/streams/LatestMarkets.ts"
import { book, gap, heartbeat, quote, T0 } from "../support/ticks.ts"

const okx = ["okx", "BTC/USDT"] as const

/** A snapshot numbered 10, best 100 to 101. */
const snapshot = book(...okx, T0, { bids: [["100", "1"], ["99", "2"]], asks: [["101", "1"]] }, { seq: 10 })
const delta = (seq: number, prevSeq: number | null, bid: string) =>
  book(...okx, T0 + seq, { bids: [[bid, "3"]] }, { snapshot: false, seq, prevSeq })

const bids = (table: LatestMarkets) => {
  const tick = table.get("book", ...okx)?.tick
  return tick?.kind === "book" ? tick.bids : null
}

describe("The newest of each market", () => {
  it("is told with the time of its subscription's last sign of life", () => {
    const table = new LatestMarkets()
    table.push(quote(...okx, T0, ["100", "101"]))
    table.push(heartbeat(...okx, T0 + 5_000))
    table.push(heartbeat("okx", "ETH/USDT", T0 + 9_000))
    assert.strictEqual(table.get("quote", ...okx)?.asOf, T0 + 5_000)
    assert.strictEqual(table.get("quote", ...okx)?.tick.ingestTime, T0)
    assert.isUndefined(table.get("quote", "okx", "ETH/USDT"))
    assert.isUndefined(table.get("ticker", ...okx))
  })

  it("is forgotten at a gap, but for what is newer and was only told before it", () => {
    const table = new LatestMarkets()
    table.push(quote(...okx, T0 + 10, ["100", "101"]))
    table.push(gap(...okx, T0 + 5))
    assert.isDefined(table.get("quote", ...okx))
    table.push(gap(...okx, T0 + 10))
    assert.isUndefined(table.get("quote", ...okx))
  })

  it("shows a book as long as each delta is proven to follow, and quotes its best levels where there are no quotes", () => {
    const table = new LatestMarkets()
    table.push(snapshot)
    table.push(delta(11, 10, "100.5"))
    assert.deepStrictEqual(bids(table), [["100.5", "3"], ["100", "1"], ["99", "2"]])
    const derived = table.get("quote", ...okx)?.tick
    assert.deepInclude(derived, { kind: "quote", bid: "100.5", bidSize: "3", ask: "101", askSize: "1", seq: 11 })
    // The same object until the book changes: whoever asks knows that nothing is new.
    assert.strictEqual(table.get("quote", ...okx)?.tick, derived)
    table.push(delta(13, 12, "100.7"))
    assert.isNull(bids(table))
    assert.isUndefined(table.get("quote", ...okx))
    table.push(delta(14, 13, "100.8"))
    assert.isNull(bids(table))
    table.push({ ...snapshot, ingestTime: T0 + 20, seq: 20 })
    assert.deepStrictEqual(bids(table), [["100", "1"], ["99", "2"]])
  })

  it("shows no book whose deltas cannot be proven to follow, nor one that is crossed", () => {
    const unnumbered = book(...okx, T0 + 1, { bids: [["100.5", "3"]] }, { snapshot: false })
    const table = new LatestMarkets()
    table.push({ ...snapshot, seq: null })
    assert.isNotNull(bids(table))
    table.push(unnumbered)
    assert.isNull(bids(table))
    const crossed = new LatestMarkets()
    crossed.push(snapshot)
    crossed.push(delta(11, 10, "101"))
    assert.isNull(bids(crossed))
  })

  it("holds ten thousand markets: those silent for a minute make room, else the new one is refused", () => {
    const table = new LatestMarkets()
    for (let n = 0; n < 10_000; n++) table.push(quote("okx", `C${n}/USDT`, T0, ["1", "2"]))
    table.push(quote("okx", "NEW/USDT", T0 + 1_000, ["1", "2"]))
    assert.isUndefined(table.get("quote", "okx", "NEW/USDT"))
    assert.strictEqual(table.refused, 1)
    table.push(heartbeat("okx", "C1/USDT", T0 + 60_000))
    table.push(quote("okx", "NEW/USDT", T0 + 60_001, ["1", "2"]))
    assert.isDefined(table.get("quote", "okx", "NEW/USDT"))
    assert.isDefined(table.get("quote", "okx", "C1/USDT"))
    assert.isUndefined(table.get("quote", "okx", "C2/USDT"))
  })
})
