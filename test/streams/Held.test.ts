/** What is held while the broker is away: all of it, until the room is used up; then the oldest goes and is told. */
import { assert, describe, it } from "@effect/vitest"
import type { Packed } from "../../src/domain/Frame.ts"
import { Held } from "../../src/streams/Held.ts"

const message = (id: string, bytes: number, series = ["okx|BTC/USDT|quote"]): Packed => ({
  partition: 0,
  id,
  ticks: 10,
  series,
  venueTime: null,
  receivedAt: 0,
  data: new Uint8Array(bytes),
})
const idsOf = (messages: ReadonlyArray<Packed>) => messages.map(({ id }) => id)

describe("Frames on their way to the broker", () => {
  it("are handed out oldest first and stay held until they are confirmed", () => {
    const held = new Held(1_000)
    held.push([message("1", 100), message("2", 100), message("3", 100)])
    assert.deepStrictEqual(idsOf(held.take(2)), ["1", "2"])
    assert.deepStrictEqual(idsOf(held.take(2)), ["1", "2"])
    held.confirm()
    assert.deepStrictEqual([held.size, held.bytes], [1, 100])
    assert.deepStrictEqual(idsOf(held.take(2)), ["3"])
    held.confirm()
    assert.deepStrictEqual([held.size, held.bytes, held.droppedTicks], [0, 0, 0])
  })

  it("beyond the room are dropped oldest first, and every series that lost ticks is named once", () => {
    const held = new Held(250)
    held.push([message("1", 100, ["a|X/USD|quote", "a|X/USD|trade"]), message("2", 100, ["b|X/USD|book|refresh"])])
    const lost = held.push([message("3", 100, ["c|X/USD|quote"]), message("4", 100)])
    assert.deepStrictEqual([...lost], ["a|X/USD", "b|X/USD"])
    assert.deepStrictEqual(idsOf(held.take(9)), ["3", "4"])
    assert.deepStrictEqual([held.droppedTicks, held.bytes], [20, 200])
  })

  it("are not dropped while the publisher has them in hand", () => {
    const held = new Held(250)
    held.push([message("1", 100), message("2", 100, ["b|X/USD|quote"])])
    held.take(1)
    const lost = held.push([message("3", 100)])
    assert.deepStrictEqual([...lost], ["b|X/USD"])
    held.confirm()
    assert.deepStrictEqual(idsOf(held.take(9)), ["3"])
  })

  it("fill at most 64 MB when nothing else is said", () => {
    const held = new Held()
    const [megabyte, messages] = [1_024 * 1_024, 65]
    const lost = new Set<string>()
    for (let n = 1; n <= messages; n++) {
      for (const series of held.push([message(String(n), megabyte, [`v${n}|X/USD|quote`])])) lost.add(series)
    }
    assert.deepStrictEqual([...lost], ["v1|X/USD"])
    assert.strictEqual(held.bytes, 64 * megabyte)
  })
})
