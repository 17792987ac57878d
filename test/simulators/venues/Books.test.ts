/**
 * Simulated books as a reader of deltas sees them: chained sequences, and snapshots that prove the rebuilding right.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Level, TickOf } from "../../../src/domain/Tick.ts"
import { configure, type SimulationInput } from "../../../src/simulators/venues/Config.ts"
import { simulate } from "../../../src/simulators/venues/Simulation.ts"

type Side = Map<string, string>

const apply = (side: Side, levels: ReadonlyArray<Level>): void => {
  for (const [price, size] of levels) size === "0" ? side.delete(price) : side.set(price, size)
}
const sorted = (side: Side, sign: number): ReadonlyArray<Level> =>
  [...side].sort(([a], [b]) => sign * (Number(a) - Number(b)))

const booksOf = (input: SimulationInput): ReadonlyArray<TickOf<"book">> => {
  const books: Array<TickOf<"book">> = []
  for (const tick of simulate(configure({ kinds: ["book", "trade"], durationMs: 20_000, ...input }))) {
    if (tick.kind === "book") books.push(tick)
  }
  return books
}

/** Rebuilds every book, checks each step, and counts the repeated snapshots that were equal. */
const rebuild = (books: ReadonlyArray<TickOf<"book">>, depth: number): number => {
  const rebuilt = new Map<string, { readonly bids: Side; readonly asks: Side; seq: number | null }>()
  let equal = 0
  for (const tick of books) {
    const key = `${tick.venue} ${tick.instrument}`
    const known = rebuilt.get(key)
    if (tick.snapshot) {
      if (known !== undefined) {
        assert.deepStrictEqual(sorted(known.bids, -1), tick.bids)
        assert.deepStrictEqual(sorted(known.asks, 1), tick.asks)
        assert.strictEqual(tick.seq, known.seq)
        equal++
      }
      rebuilt.set(key, { bids: new Map(tick.bids), asks: new Map(tick.asks), seq: tick.seq })
      continue
    }
    if (known === undefined) return assert.fail(`${key} begins with a delta`)
    assert.strictEqual(tick.prevSeq, known.seq)
    assert.strictEqual(tick.firstSeq, (known.seq ?? 0) + 1)
    assert.isAtLeast(tick.seq ?? 0, tick.firstSeq ?? 0)
    known.seq = tick.seq
    apply(known.bids, tick.bids)
    apply(known.asks, tick.asks)
    const [bestBid] = sorted(known.bids, -1), [bestAsk] = sorted(known.asks, 1)
    assert.isBelow(Number(bestBid?.[0]), Number(bestAsk?.[0]), `${key} is crossed`)
    assert.strictEqual(known.bids.size, depth)
    assert.strictEqual(known.asks.size, depth)
  }
  return equal
}

describe("a simulated order book", () => {
  it("rebuilt from its deltas is never crossed and equals every repeated snapshot", () => {
    assert.strictEqual(rebuild(booksOf({ snapshotEveryMs: 4_000 }), 10), 25 * 4)
  })

  it("holds in a market that moves many levels at once", () => {
    const books = booksOf({ volatilityBps: 50, ticksPerSecond: 300, depth: 5, snapshotEveryMs: 1_000 })
    assert.isAbove(rebuild(books, 5), 100)
  })

  it("is cut to the depth a reader asks for without losing its chain", () => {
    const config = configure({ kinds: ["book"], durationMs: 20_000, depth: 20, snapshotEveryMs: 2_000 })
    const request = { venue: "okx", instruments: ["BTC/USDT"], kinds: ["book" as const], depth: 3 }
    const books = [...simulate(config, request)].filter((tick) => tick.kind === "book")
    assert.isAbove(rebuild(books, 3), 5)
  })
})
