/** A lane: one partition's way through the stream, the same wherever it is interrupted and whoever goes on with it. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Frame from "../../src/domain/Frame.ts"
import { partitionOf } from "../../src/domain/Instrument.ts"
import type { StoredMessage } from "../../src/layers/Bus.ts"
import type { Checkpoint } from "../../src/layers/Checkpoints.ts"
import { rulesOf } from "../../src/streams/Judge.ts"
import { type Fail, Lane, parsePartition, partitionName, shardOf, SHARDS } from "../../src/streams/Lane.ts"
import { portionsOf } from "../../src/streams/Portions.ts"
import { config, frames, named } from "../support/manyBases.ts"

const PARTITION = partitionOf("BTC")
const TEXT = new TextEncoder()

const messages: ReadonlyArray<StoredMessage> = Frame.pack(frames().filter(({ p }) => p === PARTITION), 2_048)
  .map(({ data }, at) => ({ subject: "", data, headers: {}, sequence: 10 * (at + 1), storedAtMs: at }))
const last = messages.at(-1)?.sequence ?? 0

const beginning: Checkpoint = { name: `analyse.${PARTITION}`, epoch: 1, position: 0, snapshot: null }
const laneOf = (checkpoint: Checkpoint, stream = { firstSequence: 1, lastSequence: last }, durable = true) =>
  new Lane(
    { partition: PARTITION, config, judging: rulesOf(config) },
    checkpoint,
    { ...stream, messages: 0, bytes: 0, durable },
    0,
  )
const never: Fail = (_, cause) => assert.fail(String(cause))
const takeAll = (lane: Lane, some: ReadonlyArray<StoredMessage>) =>
  some.flatMap((message) => lane.take(message, never)).map(named)
/** As it comes back from the store. */
const stored = (checkpoint: Checkpoint): Checkpoint => JSON.parse(JSON.stringify(checkpoint))

describe("A lane", () => {
  const unbroken = takeAll(laneOf(beginning), messages)

  it("tells the same, once, wherever it is saved, killed and begun elsewhere", () => {
    assert.isAbove(unbroken.length, 50)
    for (const share of [0.1, 0.37, 0.5, 0.81, 0.99]) {
      const cut = Math.floor(messages.length * share)
      const first = laneOf(beginning)
      const before = takeAll(first, messages.slice(0, cut))
      const second = laneOf(stored(first.save(1_000)))
      assert.isBelow(second.read, first.read)
      // The reader begins with another partition's place: what was read already is passed over.
      assert.deepStrictEqual([...before, ...takeAll(second, messages)], unbroken)
    }
  })

  it("begins anew where the stream was made anew, or does not survive a restart", () => {
    const lane = laneOf(beginning)
    takeAll(lane, messages)
    const saved = stored(lane.save(1_000))
    assert.strictEqual(laneOf(saved, { firstSequence: 1, lastSequence: 5 }).read, 0)
    assert.strictEqual(laneOf(saved, { firstSequence: 1, lastSequence: last }, false).read, 0)
    assert.strictEqual(laneOf({ ...beginning, position: 70 }).read, 70)
    assert.strictEqual(laneOf({ ...beginning, position: 70 }, { firstSequence: 90, lastSequence: last }).read, 89)
  })

  it("moves to where the reader stands once it has rewound and is saved, so that it does not hold back the next", () => {
    const lane = laneOf(beginning)
    takeAll(lane, messages)
    assert.isFalse(lane.pass(last + 500))
    lane.save(500)
    assert.isTrue(lane.pass(last + 500))
    assert.isFalse(lane.pass(last + 500))
    assert.strictEqual(lane.place().position, last + 500)
    const again = laneOf(stored(lane.save(1_000)), { firstSequence: 1, lastSequence: last + 500 })
    assert.isFalse(again.pass(last + 499))
    takeAll(again, messages)
    assert.isTrue(again.pass(last + 600))
  })

  it("passes over what nobody can read and frames of another partition, and goes on", () => {
    const other = new Frame.FrameBuilder("x.0", (PARTITION + 1) % SHARDS, "recorded").take()
    const failed: Array<number> = []
    const lane = laneOf(beginning)
    const strange = [TEXT.encode("{"), Frame.encode([other])]
      .map((data, at) => ({ subject: "", headers: {}, data, sequence: at + 1, storedAtMs: 0 }))
    for (const message of strange) lane.take(message, (sequence) => failed.push(sequence))
    assert.deepStrictEqual(failed, [1, 2])
    assert.deepStrictEqual(takeAll(lane, messages), unbroken)
  })
})

describe("Partitions", () => {
  it("have names that can be read back, and each its shard", () => {
    for (const partition of [0, 15, "kraken", "3"]) {
      assert.deepStrictEqual(parsePartition(partitionName(partition)), Option.some(partition))
      assert.isBelow(shardOf(partition), SHARDS)
    }
    for (const strange of ["16", "-1", "shard.3", "worker.0", ""]) assert.isTrue(Option.isNone(parsePartition(strange)))
  })
})

describe("Portions of a backlog", () => {
  it("hold all of it in its order, and little at a time", () => {
    const sizes = [10, 70_000, 40_000, 40_000, 1, 200_000, 5]
    const backlog = sizes.map((size, at) => (
      { subject: "", headers: {}, data: new Uint8Array(size), sequence: at, storedAtMs: 0 }
    ))
    const portions = portionsOf(backlog)
    assert.deepStrictEqual(portions.flat(), backlog)
    assert.deepStrictEqual(portions.map((portion) => portion.map(({ sequence }) => sequence)), [
      [0, 1],
      [2, 3],
      [4, 5],
      [6],
    ])
    assert.deepStrictEqual(portionsOf([]), [])
  })
})
