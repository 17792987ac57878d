/** The headers of the contract: written, read back, and what a jump of the sequence says. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Headers from "../../../src/domain/contract/Headers.ts"

describe("Headers", () => {
  it("tell the stages that are known, in the order in which a message passes them", () => {
    const text = Headers.formatStageTimes({ publish: 4, detect: null, venue: 1, receive: 2 })
    assert.strictEqual(text, "venue=1,receive=2,publish=4")
    assert.deepStrictEqual(Headers.parseStageTimes(text), { venue: 1, receive: 2, publish: 4 })
  })

  it("are read without stages nobody knows and parts that are malformed", () => {
    assert.deepStrictEqual(Headers.parseStageTimes("venue=1,moon=2,detect=x,publish=-3,receive"), { venue: 1 })
    assert.deepStrictEqual(Headers.parseStageTimes(undefined), {})
  })

  it("number what one writer published on one subject", () => {
    const at = (n: number, writer = "a.0") => ({ writer, n })
    assert.deepStrictEqual(Headers.parseLiveSequence(Headers.formatLiveSequence(at(7))), Option.some(at(7)))
    assert.deepStrictEqual(Headers.missedBetween(at(7), at(8)), Option.some(0))
    assert.deepStrictEqual(Headers.missedBetween(at(7), at(11)), Option.some(3))
    assert.isTrue(Option.isNone(Headers.missedBetween(at(7), at(1, "b.0"))), "another writer")
    assert.isTrue(Option.isNone(Headers.missedBetween(at(7), at(7))), "not a later one")
    for (const text of [undefined, "", "7", "a/", "a/x"]) assert.isTrue(Option.isNone(Headers.parseLiveSequence(text)))
  })
})
