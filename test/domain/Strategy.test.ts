/** Strategies: whom each chooses, in which order, and that rotations leave nobody out. */
import { assert, describe, it } from "@effect/vitest"
import { choose, type Standing, type Turn, zoneDistanceMs } from "../../src/domain/Strategy.ts"

const HOUR_MS = 3_600_000

const person = (userId: string, changes: Partial<Standing> = {}): Standing => ({
  userId,
  weight: 1,
  fit: 0,
  offsetMs: 0,
  isActive: true,
  ...changes,
})

const turn = (changes: Partial<Turn>): Turn => ({
  strategy: "broadcast",
  seats: Infinity,
  isScarce: false,
  cursor: null,
  served: new Map(),
  venueOffsetMs: null,
  ...changes,
})

const ids = (chosen: ReadonlyArray<Standing>) => chosen.map(({ userId }) => userId).join("")

describe("A strategy", () => {
  it("broadcast takes all, higher tiers first, and among equals as they came", () => {
    const all = [person("a"), person("b", { weight: 3 }), person("c")]
    assert.strictEqual(ids(choose(all, turn({})).chosen), "bac")
  })

  it("round-robin takes the next after the last time's, round and round, whoever joins or leaves", () => {
    const all = ["d", "a", "c", "b"].map((id) => person(id))
    const first = choose(all, turn({ strategy: "round_robin", seats: 3 }))
    assert.deepStrictEqual([ids(first.chosen), first.cursor], ["abc", "c"])
    const second = choose(all, turn({ strategy: "round_robin", seats: 3, cursor: first.cursor }))
    assert.deepStrictEqual([ids(second.chosen), second.cursor], ["dab", "b"])
    const changed = [person("a"), person("bb"), person("d")]
    assert.strictEqual(ids(choose(changed, turn({ strategy: "round_robin", seats: 2, cursor: "b" })).chosen), "bbd")
    assert.strictEqual(ids(choose(changed, turn({ strategy: "round_robin", seats: 2, cursor: "z" })).chosen), "abb")
  })

  it("priority goes by tier, then by how closely it is what they asked for", () => {
    const all = [person("a", { fit: 1 }), person("b", { weight: 2 }), person("c", { fit: 2 })]
    assert.strictEqual(ids(choose(all, turn({ strategy: "priority" })).chosen), "bca")
    // Too many to send to in time is no scarcity of the opportunity.
    assert.strictEqual(ids(choose(all, turn({ strategy: "priority", seats: 2 })).chosen), "bc")
  })

  it("priority shares what is scarce: who was served waits for the others of the tier", () => {
    const all = [person("a", { fit: 3 }), person("b")]
    const scarce = { strategy: "priority", seats: 1, isScarce: true } as const
    assert.strictEqual(ids(choose(all, turn(scarce)).chosen), "a")
    assert.strictEqual(ids(choose(all, turn({ ...scarce, served: new Map([["a", 1]]) })).chosen), "b")
  })

  it("geographic goes by active hours, then by the way to the venue's region, the short way round", () => {
    const all = [
      person("a", { offsetMs: 9 * HOUR_MS, isActive: false }),
      person("b", { offsetMs: -8 * HOUR_MS }),
      person("c", { offsetMs: 8 * HOUR_MS }),
      person("d", { offsetMs: 12 * HOUR_MS }),
    ]
    const asia = turn({ strategy: "geographic", venueOffsetMs: 9 * HOUR_MS })
    assert.strictEqual(ids(choose(all, asia).chosen), "cdba")
    assert.strictEqual(zoneDistanceMs(-11 * HOUR_MS, 12 * HOUR_MS), HOUR_MS)
  })
})
