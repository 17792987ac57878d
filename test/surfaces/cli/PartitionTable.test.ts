/** Who detects on what, as `arbedge status` shows it. */
import { assert, describe, it } from "@effect/vitest"
import type { PartitionState } from "../../../src/programs/Partitions.ts"
import { partitionTable } from "../../../src/surfaces/cli/PartitionTable.ts"

const state = (partition: string, changes: Partial<PartitionState>): PartitionState => ({
  partition,
  owner: "a1",
  here: true,
  position: 1_200,
  lagMessages: 0,
  lagMs: 0,
  ticksPerSecond: 0,
  savedAtMs: 0,
  ...changes,
})

describe("The table of partitions", () => {
  it("adds up what each worker has and marks the one that was asked", () => {
    const lines = partitionTable([
      state("0", { ticksPerSecond: 3_000, lagMessages: 2, lagMs: 40 }),
      state("1", { owner: "b2", here: false, ticksPerSecond: 1_000, lagMessages: 1, lagMs: 9 }),
      state("venue.okx", { lagMessages: 3, lagMs: 7 }),
    ]).split("\n")
    assert.strictEqual(lines[0], "detection: 2 workers, 3 partitions, 4,000 ticks/s, 6 messages behind")
    const [one = "", two = ""] = lines.slice(4, 6)
    assert.match(one, /^a1 \(asked\) +2 +3,000 +5 +40 +█{15}·{5}$/)
    assert.match(two, /^b2 +1 +1,000 +1 +9 +█{5}·{15}$/)
    assert.match(lines.at(-1) ?? "", /^venue\.okx +a1 \(asked\) +1,200 +0 +3 +7$/)
  })

  it("says what nobody does and what nobody knows", () => {
    const text = partitionTable([state("0", { owner: null, here: false, lagMessages: null, lagMs: null })])
    assert.include(text, "detection: 0 workers, 1 partitions, 0 ticks/s, ? messages behind")
    assert.match(text, /\n *0 +nobody +1,200 +0 +\? +\?$/)
  })
})
