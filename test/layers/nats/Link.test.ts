/** The parts of the NATS adapter that need no server: URLs, names, reply subjects. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { readUrl } from "../../../src/layers/nats/Link.ts"
import { makeNames } from "../../../src/layers/nats/Names.ts"
import { readPosition } from "../../../src/layers/nats/PullLoop.ts"

describe("A NATS URL", () => {
  it("gives addresses and credentials apart", () => {
    assert.deepStrictEqual(Result.getOrThrow(readUrl("127.0.0.1:4333")), { servers: ["127.0.0.1:4333"] })
    assert.deepStrictEqual(Result.getOrThrow(readUrl("nats://ann:p%40ss@one, nats://two:5000")), {
      servers: ["one:4222", "two:5000"],
      user: "ann",
      pass: "p@ss",
    })
    assert.deepStrictEqual(Result.getOrThrow(readUrl("tls://t0ken@one")), {
      servers: ["one:4222"],
      token: "t0ken",
      tls: {},
    })
  })

  it("is refused without being repeated when it is malformed", () => {
    for (
      const bad of [
        "",
        "http://ann:s3cret@one",
        "nats://ann:s3cret@:x",
        "nats://ann:s3cret@one:99999",
        "nats://a%zz:s3cret@one",
      ]
    ) {
      const failure = Result.getOrThrow(Result.flip(readUrl(bad)))
      assert.notInclude(failure, "s3cret")
      assert.isNotEmpty(failure)
    }
  })
})

describe("Names on the server", () => {
  it("carry the prefixes there and lose them on the way back", () => {
    const names = makeNames("run1-", "run1")
    assert.strictEqual(names.stream("md"), "run1-md")
    assert.strictEqual(names.subject("md.frame.>"), "run1.md.frame.>")
    assert.strictEqual(names.local("run1.md.frame.3"), "md.frame.3")
    assert.strictEqual(makeNames("", "").subject("md.x"), "md.x")
  })
})

describe("A reply subject", () => {
  it("says where the message stands, with and without a domain", () => {
    const position = { attempt: 2, streamSequence: 7, consumerSequence: 5, storedAtMs: 1723075200000 }
    assert.deepStrictEqual(readPosition("$JS.ACK.md.c1.2.7.5.1723075200000123456.0"), position)
    assert.deepStrictEqual(readPosition("$JS.ACK.hub.acc.md.c1.2.7.5.1723075200000123456.0.tok"), position)
  })
})
