/** Each fault of a plan: that it happened, what the service was told of it, and what it made of it. */
import { assert, describe, it } from "@effect/vitest"
import { OpportunityJson } from "../../../src/domain/Opportunity.ts"
import { Schema } from "effect"
import { faulted, planOf, ticks } from "../../support/faulted.ts"

const recording = ticks(24_000)
const untouched = faulted(recording, planOf())
const encode = Schema.encodeSync(OpportunityJson)
const text = ({ opportunities }: typeof untouched) => opportunities.map((one) => encode(one)).join("\n")
const sum = (counts: Readonly<Record<string, number>> = {}) => Object.values(counts).reduce((a, b) => a + b, 0)

describe("A recording without faults", () => {
  it("passes the guard as it is", () => {
    assert.deepStrictEqual(untouched.ticks, recording)
    assert.isAbove(untouched.opportunities.length, 4)
  })
})

describe("Of a gap", () => {
  const plan = planOf("gap:0.02"), lost = faulted(recording, plan)

  it("every lost tick is announced: of a numbered book by its numbers, of the rest as lost on our side", () => {
    const struck = lost.report.struck[0] ?? 0, fates = lost.report.fates[0] ?? {}
    assert.isAbove(fates["announced by a gap (sequence)"] ?? 0, 0)
    assert.isAbove(fates["announced by a gap (overflow)"] ?? 0, 0)
    assert.strictEqual(sum(fates), struck)
    const gaps = lost.ticksOf("gap").map(({ reason }) => reason)
    assert.sameMembers([...new Set(gaps)], ["sequence", "overflow"])
  })

  it("nothing is told of a broken book until it comes whole, 500 ms later", () => {
    const ofBook = lost.ticks.filter(({ instrument, venue }) => instrument === "ETH/USDT" && venue === "a")
    let broken = 0
    for (const [at, tick] of ofBook.entries()) {
      if (tick.kind !== "gap") continue
      broken++
      const next = ofBook[at + 1]
      if (next === undefined || next.kind === "gap") continue
      assert.isTrue(next.kind === "book" && next.snapshot)
      assert.isAtLeast(next.ingestTime - tick.ingestTime, 500)
    }
    assert.isAbove(broken, 0)
    assert.isAbove(lost.figures.rejected["broken_sequence"] ?? 0, 0)
  })

  it("with several ticks in a row loses so many", () => {
    const once = faulted(recording, planOf("gap:0.02,ticks=10,instruments=BTC/USDT,venues=a"))
    const seqs = once.ticksOf("quote").filter((t) => t.venue === "a").map(({ seq }) => seq ?? 0)
    const holes = seqs.map((seq, at) => seq - (seqs[at - 1] ?? seq - 1) - 1).filter((hole) => hole > 0)
    assert.isAbove(holes.length, 0)
    assert.isTrue(holes.every((hole) => hole >= 8))
  })
})

describe("Duplicates", () => {
  it("are all ignored: the opportunities are the same, byte by byte", () => {
    const twice = faulted(recording, planOf("duplicate:0.2"))
    const struck = twice.report.struck[0] ?? 0
    assert.isAbove(struck, 100)
    assert.deepStrictEqual(twice.report.fates[0], { ignored: struck })
    assert.deepStrictEqual(twice.ticks, recording)
    assert.strictEqual(text(twice), text(untouched))
  })
})

describe("What comes out of order", () => {
  const late = faulted(recording, planOf("reorder:0.02,by=2"))

  it("is refused as going back in time; of a numbered book it breaks the book, and is ignored or waits", () => {
    const fates = late.report.fates[0] ?? {}
    assert.isAbove(fates["refused: time_backwards"] ?? 0, 0)
    assert.strictEqual(sum(fates), late.report.struck[0])
    assert.include(late.bad, "time_backwards")
    assert.include(late.ticksOf("gap").map(({ reason }) => reason), "sequence")
  })

  it("never reaches the service behind what came before it", () => {
    for (const venue of ["a", "b"]) {
      const seqs = late.ticksOf("quote").filter((t) => t.venue === venue && t.instrument === "BTC/USDT")
      assert.deepStrictEqual(seqs, seqs.toSorted((x, y) => (x.seq ?? 0) - (y.seq ?? 0)))
    }
  })
})

describe("Crossed prices", () => {
  it("are refused by that reason and never told; a crossed book is asked for again", () => {
    const crossed = faulted(recording, planOf("cross:0.05"))
    const struck = crossed.report.struck[0] ?? 0, fates = crossed.report.fates[0] ?? {}
    assert.isAbove(fates["refused: crossed"] ?? 0, 10)
    assert.strictEqual(sum(fates), struck)
    assert.strictEqual(crossed.bad.filter((reason) => reason === "crossed").length, fates["refused: crossed"])
    assert.isTrue(crossed.ticksOf("quote").every(({ ask, bid }) => Number(bid) < Number(ask)))
    assert.isUndefined(crossed.figures.refused["crossed_book"])
    assert.isAbove(crossed.ticksOf("book").filter(({ snapshot }) => snapshot).length, 1)
  })
})

describe("A clock that is off by two seconds", () => {
  for (const offsetMs of [2_000, -2_000]) {
    it(`at the venue (${offsetMs} ms) is estimated, and changes no opportunity`, () => {
      const skewed = faulted(recording, planOf(`clock_skew:${offsetMs},clock=venue,venues=a`))
      const offsets = skewed.events.flatMap((event) => event._tag === "ClockOffset" ? [event] : [])
      assert.strictEqual(offsets.find(({ venue }) => venue === "a")?.offsetMs, offsetMs - 5)
      assert.strictEqual(offsets.find(({ venue }) => venue === "b")?.offsetMs, -5)
      assert.deepStrictEqual(skewed.opportunities.map(({ id }) => id), untouched.opportunities.map(({ id }) => id))
    })

    it(`at one of two receivers (${offsetMs} ms) is caught: what would pay is turned down as skewed`, () => {
      const skewed = faulted(recording, planOf(`clock_skew:${offsetMs},venues=a`))
      assert.deepStrictEqual(skewed.opportunities, [])
      assert.isAbove(skewed.figures.rejected["book_skew"] ?? 0, 50)
      assert.strictEqual(skewed.report.struck[0], recording.filter(({ venue }) => venue === "a").length)
    })
  }
})

describe("A storm of disconnects", () => {
  const storm = faulted(recording, planOf("disconnect:4000,lengthMs=900"))
  const outages = storm.report.struck[0] ?? 0, fates = storm.report.fates[0] ?? {}

  it("takes the venues' ticks away for as long as it says, and announces each instrument", () => {
    assert.strictEqual(outages, 2 * 6)
    assert.strictEqual(fates["announced by a gap (disconnect)"], 2 * outages)
    const missing = recording.length - storm.ticks.filter(({ kind }) => kind !== "gap").length
    // Each book comes whole after each outage.
    assert.strictEqual(missing, (fates["ticks lost meanwhile"] ?? 0) - outages / 2)
    assert.isTrue(storm.ticksOf("gap").every(({ reason }) => reason === "disconnect"))
  })

  it("leaves no price to be used meanwhile, and whole books after it", () => {
    assert.isAbove(storm.figures.rejected["broken_sequence"] ?? 0, 0)
    assert.strictEqual(storm.ticksOf("book").filter(({ snapshot }) => snapshot).length, 1 + outages / 2)
    assert.isUndefined(storm.figures.refused["sequence_gap"])
  })
})

describe("A fault plan", () => {
  const all = [
    "gap:0.01",
    "duplicate:0.05",
    "reorder:0.01",
    "cross:0.01",
    "clock_skew:1500,venues=b,from=9000,to=12000",
  ]

  it("strikes the same whatever batches the ticks come in, and otherwise with another seed", () => {
    const plan = planOf(...all, "disconnect:7000,venues=a")
    const [small, large] = [faulted(recording, plan, 3), faulted(recording, plan, 1_000)]
    assert.deepStrictEqual(large.ticks, small.ticks)
    assert.deepStrictEqual(large.report, small.report)
    assert.strictEqual(text(large), text(small))
    assert.notDeepEqual(faulted(recording, { ...plan, seed: 8 }).ticks, small.ticks)
  })

  it("keeps to its window, venues and instruments", () => {
    const some = faulted(recording, planOf("cross:1,from=5000,to=6000,venues=b,instruments=BTC/USDT"))
    assert.strictEqual(some.report.struck[0], 10)
    assert.strictEqual(some.bad.length, 10)
  })
})
