/** The Bus suite, fourth part: buckets. */
import { assert } from "@effect/vitest"
import { Duration, Effect, Fiber, Option, Stream } from "effect"
import { type BucketSpec, Bus } from "../../../src/layers/Bus.ts"
import { bytes, eventually, fresh, type Kit, text } from "./kit.ts"

const own = (changes: Partial<BucketSpec> = {}) =>
  Effect.flatMap(
    Bus,
    (bus) => bus.bucket({ name: fresh(), timeToLive: Option.none(), maxBytes: 1_000_000, ...changes }),
  )

export const keyValueCases = (kit: Kit): void => {
  const { it } = kit

  it.effect("puts and gets the latest value of a key with a growing revision", () =>
    Effect.gen(function* () {
      const bucket = yield* own()
      assert.isTrue(Option.isNone(yield* bucket.get("a.b")))
      const first = yield* bucket.put("a.b", bytes("1"))
      const second = yield* bucket.put("a.b", bytes("2"))
      assert.isAbove(second, first)
      const entry = yield* bucket.get("a.b")
      assert.deepStrictEqual(
        Option.map(entry, (found) => [found.key, text(found.value), found.revision]),
        Option.some(["a.b", "2", second]),
      )
      yield* bucket.put("empty", new Uint8Array())
      assert.isTrue(Option.isSome(yield* bucket.get("empty")))
    }))

  it.effect("creates only what is absent, also after a removal", () =>
    Effect.gen(function* () {
      const bucket = yield* own()
      yield* bucket.create("k", bytes("1"))
      assert.strictEqual((yield* Effect.flip(bucket.create("k", bytes("2")))).reason, "revision_conflict")
      yield* bucket.remove("k")
      assert.isTrue(Option.isNone(yield* bucket.get("k")))
      yield* bucket.create("k", bytes("3"))
      assert.deepStrictEqual(Option.map(yield* bucket.get("k"), (found) => text(found.value)), Option.some("3"))
    }))

  it.effect("updates only from the revision the writer saw", () =>
    Effect.gen(function* () {
      const bucket = yield* own()
      const first = yield* bucket.create("k", bytes("1"))
      const second = yield* bucket.update("k", bytes("2"), first)
      const error = yield* Effect.flip(bucket.update("k", bytes("x"), first))
      assert.deepStrictEqual([error.reason, error.retryable], ["revision_conflict", false])
      yield* bucket.update("k", bytes("3"), second)
      assert.strictEqual((yield* Effect.flip(bucket.update("absent", bytes("x"), 1))).reason, "revision_conflict")
    }))

  it.effect("lets exactly one of many concurrent writers win a compare and set", () =>
    Effect.gen(function* () {
      const bucket = yield* own()
      const seen = yield* bucket.put("k", bytes("0"))
      const results = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => index),
        (index) => Effect.result(bucket.update("k", bytes(String(index)), seen)),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(results.filter((result) => result._tag === "Success").length, 1)
    }))

  it.effect("lists the keys that match and forgets removed ones", () =>
    Effect.gen(function* () {
      const bucket = yield* own()
      assert.deepStrictEqual(yield* bucket.keys(">"), [])
      for (const key of ["a.x", "a.y", "b.x"]) yield* bucket.put(key, bytes(key))
      yield* bucket.remove("a.y")
      assert.deepStrictEqual((yield* bucket.keys(">")).toSorted(), ["a.x", "b.x"])
      assert.deepStrictEqual(yield* bucket.keys("b.*"), ["b.x"])
      assert.deepStrictEqual(yield* bucket.keys("c.>"), [])
    }))

  it.effect("watches present values first, then writes and removals", () =>
    Effect.gen(function* () {
      const bucket = yield* own()
      yield* bucket.put("a.x", bytes("1"))
      yield* bucket.put("b.x", bytes("1"))
      const seen: Array<string> = []
      const fiber = yield* Effect.forkScoped(
        bucket.watch("a.*").pipe(
          Stream.map(({ key, entry }) =>
            `${key}=${Option.match(entry, { onNone: () => "gone", onSome: (found) => text(found.value) })}`
          ),
          Stream.tap((line) => Effect.sync(() => seen.push(line))),
          Stream.take(3),
          Stream.runCollect,
        ),
      )
      yield* eventually(kit, Effect.sync(() => seen.length === 1))
      yield* bucket.put("a.y", bytes("2"))
      yield* eventually(kit, Effect.sync(() => seen.length === 2))
      yield* bucket.put("b.y", bytes("2"))
      yield* bucket.remove("a.x")
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["a.x=1", "a.y=2", "a.x=gone"])
    }))

  it.effect("forgets a key its time to live after the last write", () =>
    Effect.gen(function* () {
      const bucket = yield* own({ timeToLive: Option.some(Duration.millis(400)) })
      yield* bucket.put("k", bytes("1"))
      assert.isTrue(Option.isSome(yield* bucket.get("k")))
      yield* kit.pass("450 millis")
      yield* eventually(kit, Effect.map(bucket.get("k"), Option.isNone))
      assert.deepStrictEqual(yield* bucket.keys(">"), [])
      yield* bucket.create("k", bytes("2"))
    }))

  it.effect("opens the same bucket for everyone who names it", () =>
    Effect.gen(function* () {
      const name = fresh()
      const one = yield* own({ name })
      const two = yield* own({ name })
      yield* one.put("k", bytes("1"))
      assert.isTrue(Option.isSome(yield* two.get("k")))
    }))

  it.effect("refuses keys and filters that no bucket can hold", () =>
    Effect.gen(function* () {
      const bucket = yield* own()
      for (const key of ["", "a b", ".a", "a.", "a.*", ">"]) {
        assert.strictEqual((yield* Effect.flip(bucket.put(key, bytes("x")))).reason, "rejected", key)
        assert.strictEqual((yield* Effect.flip(bucket.get(key))).reason, "rejected", key)
      }
      assert.strictEqual((yield* Effect.flip(bucket.keys("a..b"))).reason, "rejected")
    }))

  it.effect("refuses a write beyond the bucket's size", () =>
    Effect.gen(function* () {
      const bucket = yield* own({ maxBytes: 2000 })
      yield* bucket.put("k", new Uint8Array(1000))
      const error = yield* Effect.flip(bucket.put("other", new Uint8Array(1500)))
      assert.strictEqual(error.reason, "rejected")
      assert.isTrue(Option.isSome(yield* bucket.get("k")))
    }))
}
