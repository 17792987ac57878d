/**
 * Faults on request: each strikes once, at its time, in its market, and leaves the rest as it was.
 */
import { assert, describe, it } from "@effect/vitest"
import { isCrossed, type Tick, type TickOf } from "../../../src/domain/Tick.ts"
import { configure, DEFAULT_START_MS, type SimulationInput } from "../../../src/simulators/venues/Config.ts"
import { simulate } from "../../../src/simulators/venues/Simulation.ts"

const base: SimulationInput = {
  venues: ["binance", "okx"],
  assets: ["BTC", "ETH"],
  durationMs: 10_000,
  ticksPerSecond: 400,
}
const at = { atMs: 4_000, venue: "okx", instrument: "BTC/USDT" }
const run = (input: SimulationInput): ReadonlyArray<Tick> => [...simulate(configure({ ...base, ...input }))]
const struck = (tick: Tick): boolean => tick.venue === "okx" && tick.instrument === "BTC/USDT"
const timeOf = (tick: Tick): number => tick.ingestTime - DEFAULT_START_MS
const isBook = (tick: Tick): tick is TickOf<"book"> => tick.kind === "book" && struck(tick)
const isQuote = (tick: Tick): tick is TickOf<"quote"> => tick.kind === "quote" && struck(tick)

describe("a fault of the market simulator", () => {
  it("leaves every other market as it was, and its own up to its time", () => {
    const untouched = (ticks: ReadonlyArray<Tick>) => ticks.filter((tick) => !struck(tick) || timeOf(tick) < at.atMs)
    const calm = untouched(run({}))
    for (const kind of ["gap", "duplicate", "crossed"] as const) {
      assert.deepStrictEqual(untouched(run({ faults: [{ ...at, kind }] })), calm)
    }
  })

  it("gap: loses ticks for its duration, then says so and begins the book anew", () => {
    const ticks = run({ kinds: ["book"], faults: [{ ...at, kind: "gap", durationMs: 500 }] }).filter(struck)
    const index = ticks.findIndex((tick) => tick.kind === "gap")
    const [before, gap, after] = ticks.slice(index - 1, index + 2)
    assert.isBelow(before === undefined ? Number.NaN : timeOf(before), 4_000)
    assert.isAtLeast(gap === undefined ? Number.NaN : timeOf(gap), 4_500)
    assert.isTrue(gap?.kind === "gap" && gap.reason === "sequence")
    assert.isTrue(after?.kind === "book" && after.snapshot)
  })

  it("gap, not announced: only the sequence numbers tell of it", () => {
    const ticks = run({ kinds: ["book"], faults: [{ ...at, kind: "gap", announced: false }] })
    assert.isFalse(ticks.some((tick) => tick.kind === "gap"))
    const books = ticks.filter(isBook).filter((tick) => !tick.snapshot)
    const broken = books.filter((tick, i) => i > 0 && tick.prevSeq !== books[i - 1]?.seq)
    assert.strictEqual(broken.length, 1)
    assert.isAtLeast(broken[0] === undefined ? 0 : timeOf(broken[0]), 4_000)
  })

  it("strikes as often as it is named, one after another", () => {
    const faults = [2_000, 4_000, 6_000].map((atMs) => ({ ...at, atMs, kind: "gap" as const }))
    const ticks = run({ kinds: ["quote", "book"], faults })
    const gaps = ticks.filter((tick) => tick.kind === "gap").map(timeOf)
    assert.deepStrictEqual(gaps.map((timeMs) => Math.floor(timeMs / 1_000)), [2, 4, 6])
    assert.isTrue(ticks.every((tick) => tick.kind !== "gap" || struck(tick)))
  })

  it("duplicate: one tick comes twice", () => {
    const ticks = run({ faults: [{ ...at, kind: "duplicate" }] }).filter(struck)
    const twice = ticks.filter((tick, i) => i > 0 && JSON.stringify(tick) === JSON.stringify(ticks[i - 1]))
    assert.strictEqual(twice.length, 1)
    assert.isAtLeast(twice[0] === undefined ? 0 : timeOf(twice[0]), 4_000)
  })

  it("crossed: one quote has its bid above its ask", () => {
    const crossed = run({ faults: [{ ...at, kind: "crossed" }] }).filter(isQuote).filter((q) => isCrossed(q.bid, q.ask))
    assert.strictEqual(crossed.length, 1)
  })

  it("crossed: a delta puts a bid on the best ask, and a snapshot mends the book", () => {
    const books = run({ kinds: ["book"], faults: [{ ...at, kind: "crossed" }] }).filter(isBook)
    const index = books.findIndex((tick) => timeOf(tick) >= at.atMs && !tick.snapshot)
    const [crossed, mended] = books.slice(index, index + 2)
    assert.isTrue(mended?.snapshot)
    assert.isTrue(isCrossed(crossed?.bids[0]?.[0] ?? "0", mended?.bids[0]?.[0] ?? "0"))
  })

  it("silent with heartbeats: nothing but one heartbeat a second in the whole venue", () => {
    const faults = [{ atMs: 4_000, venue: "okx", kind: "silent", durationMs: 3_000, heartbeats: true }] as const
    const during = run({ faults }).filter((tick) =>
      tick.venue === "okx" && timeOf(tick) >= 4_000 && timeOf(tick) < 7_000
    )
    assert.deepStrictEqual([...new Set(during.map((tick) => tick.kind))], ["heartbeat"])
    assert.strictEqual(during.filter(struck).length, 3)
  })

  it("silent without heartbeats: nothing at all, and the book's chain still holds after it", () => {
    const faults = [{ ...at, kind: "silent", durationMs: 3_000, heartbeats: false }] as const
    const books = run({ kinds: ["book"], snapshotEveryMs: 60_000, faults }).filter(isBook)
    assert.isFalse(books.some((tick) => timeOf(tick) >= 4_000 && timeOf(tick) < 7_000))
    assert.isTrue(books.some((tick) => timeOf(tick) >= 7_000))
    assert.isTrue(books.every((tick, i) => i === 0 || tick.prevSeq === books[i - 1]?.seq))
  })
})
