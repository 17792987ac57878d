/**
 * What every ArchiveStore promises, run against each implementation.
 *
 * In: a name and a layer whose archive is empty. Out: tests.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Result, Stream } from "effect"
import { ArchiveStore } from "../../src/layers/ArchiveStore.ts"

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const keysUnder = (prefix: string) =>
  Effect.flatMap(ArchiveStore, ({ list }) => Stream.runCollect(list(prefix))).pipe(
    Effect.map((pages) => pages.flat().map(({ bytes, key }) => `${key} ${bytes}`)),
  )

/** `large`: bytes of a file that the implementation joins in its way for large files. */
export const archiveStoreSuite = <E>(
  name: string,
  archive: () => Layer.Layer<ArchiveStore, E>,
  large: number,
): void => {
  describe(name, () => {
    it.live("gives back what was put, whole or in part", () =>
      Effect.gen(function* () {
        const { put, read } = yield* ArchiveStore
        yield* put("a/b/c.json.gz", bytesOf("0123456789"))
        assert.strictEqual(textOf(yield* read("a/b/c.json.gz")), "0123456789")
        assert.strictEqual(textOf(yield* read("a/b/c.json.gz", { offset: 3, length: 4 })), "3456")
        assert.strictEqual(textOf(yield* read("a/b/c.json.gz", { offset: 8, length: 40 })), "89")
        assert.strictEqual(textOf(yield* read("a/b/c.json.gz", { offset: 10, length: 4 })), "")
      }).pipe(Effect.provide(archive())))

    it.live("keeps the last of two puts, and says not_found of what is not there", () =>
      Effect.gen(function* () {
        const { put, read, remove } = yield* ArchiveStore
        yield* put("k", bytesOf("first"))
        yield* put("k", bytesOf("second"))
        assert.strictEqual(textOf(yield* read("k")), "second")
        yield* remove("k")
        yield* remove("k")
        const gone = yield* Effect.result(read("k"))
        assert.isTrue(Result.isFailure(gone) && gone.failure.reason === "not_found" && !gone.failure.retryable)
      }).pipe(Effect.provide(archive())))

    it.live("lists by the beginning of keys, in order, with sizes", () =>
      Effect.gen(function* () {
        const { put } = yield* ArchiveStore
        const keys = ["r/day=02/x.gz", "r/day=01/y.gz", "r/day=01/x&1.gz", "r/day=01/w/z.gz", "s/x.gz"]
        for (const key of keys) yield* put(key, bytesOf(key))
        const all = ["r/day=01/w/z.gz", "r/day=01/x&1.gz", "r/day=01/y.gz", "r/day=02/x.gz"]
        assert.deepStrictEqual(yield* keysUnder("r/"), all.map((key) => `${key} ${key.length}`))
        assert.deepStrictEqual(yield* keysUnder("r/day=01/y"), ["r/day=01/y.gz 13"])
        assert.deepStrictEqual(yield* keysUnder("nothing/"), [])
      }).pipe(Effect.provide(archive())))

    it.live("joins files, also onto one of them", () =>
      Effect.gen(function* () {
        const { join, put, read } = yield* ArchiveStore
        const sources = [{ key: "one", bytes: 3 }, { key: "two", bytes: 3 }]
        yield* put("one", bytesOf("abc"))
        yield* put("two", bytesOf("def"))
        yield* join("one", sources)
        assert.strictEqual(textOf(yield* read("one")), "abcdef")
        assert.strictEqual(textOf(yield* read("two")), "def")
        const lost = yield* Effect.result(join("three", [{ key: "none", bytes: 3 }]))
        assert.isTrue(Result.isFailure(lost) && lost.failure.reason === "not_found")
        assert.deepStrictEqual(yield* keysUnder("three"), [])
      }).pipe(Effect.provide(archive())))

    it.live("joins what is too large for one request", () =>
      Effect.gen(function* () {
        const { join, put, read } = yield* ArchiveStore
        const first = new Uint8Array(large).fill(1), second = new Uint8Array(large + 1).fill(2)
        yield* put("first", first)
        yield* put("second", second)
        yield* join("first", [{ key: "first", bytes: first.length }, { key: "second", bytes: second.length }])
        const whole = yield* read("first")
        assert.strictEqual(whole.length, 2 * large + 1)
        assert.strictEqual(whole.indexOf(2), large)
        assert.strictEqual(whole.lastIndexOf(1), large - 1)
      }).pipe(Effect.provide(archive())))
  })
}
