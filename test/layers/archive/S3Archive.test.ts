/** The archive in S3: the suite against a local server, and what happens when the store fails. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { elements, unescaped } from "../../../src/layers/archive/S3Xml.ts"
import { ArchiveStore } from "../../../src/layers/ArchiveStore.ts"
import { archiveStoreSuite } from "../../suites/ArchiveStoreSuite.ts"
import { archiveAt, faultyS3, PIECE_BYTES, s3Archive, s3Server, SECRET } from "../../support/s3Server.ts"

archiveStoreSuite("The archive in S3", s3Archive, PIECE_BYTES * 0.6)

const put = Effect.flatMap(ArchiveStore, ({ put }) => put("k", new TextEncoder().encode("v")))

/** Time goes on while it waits to try again. */
const inFastTime = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    const driving = yield* Effect.forkChild(
      Effect.forever(Effect.andThen(TestClock.adjust("1 second"), TestClock.withLive(Effect.sleep("20 millis")))),
    )
    return yield* Effect.ensuring(Fiber.join(fiber), Fiber.interrupt(driving))
  })

describe("The archive in S3, when the store fails", () => {
  it.effect("tries again after 503, 429, 500 and a connection that is lost", () =>
    Effect.gen(function* () {
      const { asked, endpoint } = yield* faultyS3([503, 429, -1, 500])
      yield* inFastTime(put).pipe(Effect.provide(archiveAt(endpoint)))
      assert.strictEqual(asked(), 5)
    }))

  it.effect("says in the end that it is unreachable, in the store's own words", () =>
    Effect.gen(function* () {
      const { asked, endpoint } = yield* faultyS3(Array.from({ length: 20 }, () => 503))
      const result = yield* Effect.result(inFastTime(put)).pipe(Effect.provide(archiveAt(endpoint)))
      assert.isTrue(Result.isFailure(result))
      if (Result.isSuccess(result)) return
      assert.strictEqual(result.failure.reason, "unreachable")
      assert.include(result.failure.message, "503 SlowDown Reduce your rate.")
      assert.strictEqual(asked(), 7)
    }))

  it.live("is denied with an unknown key, at once, and shows no secret", () =>
    Effect.gen(function* () {
      const { endpoint } = yield* s3Server
      const result = yield* Effect.result(put).pipe(Effect.provide(archiveAt(endpoint, "nobody")))
      assert.isTrue(Result.isFailure(result))
      if (Result.isSuccess(result)) return
      assert.strictEqual(result.failure.reason, "denied")
      assert.notInclude(JSON.stringify(result.failure) + result.failure.message, SECRET)
      assert.include(result.failure.advice, "secret")
    }))
})

describe("S3's XML", () => {
  it("gives the texts of elements, with entities read", () => {
    const xml = "<L><C><Key>a&amp;b&#x2F;c&#47;d</Key></C><C><Key>e</Key></C></L>"
    assert.deepStrictEqual(elements(xml, "C").flatMap((one) => elements(one, "Key")).map(unescaped), ["a&b/c/d", "e"])
  })
})
