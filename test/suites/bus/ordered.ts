/** The Bus suite, second part: ordered consumers. */
import { assert } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { Bus, type StartAt } from "../../../src/layers/Bus.ts"
import { bytes, collect, eventually, fromFirst, type Kit, ownStream, publishTexts, series, text, texts } from "./kit.ts"

export const orderedCases = (kit: Kit): void => {
  const { it } = kit

  it.effect("consumes from the first message and then what arrives later", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("old", 3))
      const fiber = yield* Effect.forkScoped(collect(bus.consume(fromFirst(name)), 6))
      yield* publishTexts(`${name}.a`, series("new", 3))
      const got = yield* Fiber.join(fiber)
      assert.deepStrictEqual(texts(got), [...series("old", 3), ...series("new", 3)])
      assert.deepStrictEqual(got.map((message) => message.sequence), [1, 2, 3, 4, 5, 6])
    }))

  it.effect("consumes only new messages when asked to start with them", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("old", 3))
      const fiber = yield* Effect.forkScoped(
        collect(bus.consume({ stream: name, subjects: [], start: { _tag: "New" }, capacity: 8 }), 1),
      )
      yield* eventually(
        kit,
        Effect.andThen(publishTexts(`${name}.a`, ["new"]), Effect.sync(() => fiber.pollUnsafe() !== undefined)),
      )
      assert.deepStrictEqual(texts(yield* Fiber.join(fiber)), ["new"])
    }))

  it.effect("consumes from a sequence, inclusive", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("m", 5))
      const start: StartAt = { _tag: "Sequence", sequence: 3 }
      const got = yield* collect(bus.consume({ stream: name, subjects: [], start, capacity: 8 }), 3)
      assert.deepStrictEqual(got.map((message) => message.sequence), [3, 4, 5])
    }))

  it.effect("waits for a sequence that is not there yet", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("m", 2))
      const start: StartAt = { _tag: "Sequence", sequence: 6 }
      const fiber = yield* Effect.forkScoped(
        collect(bus.consume({ stream: name, subjects: [], start, capacity: 8 }), 1),
      )
      yield* publishTexts(`${name}.a`, ["2", "3", "4", "5"])
      assert.deepStrictEqual(texts(yield* Fiber.join(fiber)), ["5"])
    }))

  it.effect("consumes from a time", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, ["early"])
      yield* kit.pass("20 millis")
      yield* publishTexts(`${name}.a`, ["late"])
      const [, late] = yield* collect(bus.consume(fromFirst(name)), 2)
      const start: StartAt = { _tag: "Time", atMs: late?.storedAtMs ?? 0 }
      const got = yield* collect(bus.consume({ stream: name, subjects: [], start, capacity: 8 }), 1)
      assert.deepStrictEqual(texts(got), ["late"])
    }))

  it.effect("keeps to its subjects, one or several, with wildcards", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      for (const subject of ["a.x", "b.x", "a.y", "c.x.y", "b.y"]) yield* publishTexts(`${name}.${subject}`, [subject])
      const read = (subjects: ReadonlyArray<string>, length: number) =>
        Effect.map(
          collect(bus.consume(fromFirst(name, subjects.map((subject) => `${name}.${subject}`))), length),
          texts,
        )
      assert.deepStrictEqual(yield* read(["a.x"], 1), ["a.x"])
      assert.deepStrictEqual(yield* read(["a.*"], 2), ["a.x", "a.y"])
      assert.deepStrictEqual(yield* read(["c.>"], 1), ["c.x.y"])
      assert.deepStrictEqual(yield* read(["a.x", "b.*"], 3), ["a.x", "b.x", "b.y"])
    }))

  it.effect("hands over batches of what has arrived, never more than the capacity", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("m", 500))
      const sizes: Array<number> = []
      const got = yield* collect(
        bus.consume({ ...fromFirst(name), capacity: 32 }).pipe(
          Stream.tap((batch) => Effect.sync(() => sizes.push(batch.length))),
        ),
        500,
      )
      assert.deepStrictEqual(texts(got), series("m", 500))
      assert.isTrue(Math.max(...sizes) <= 32 && Math.min(...sizes) >= 1, `sizes ${sizes}`)
    }))

  it.effect("gives every message in order to a reader slower than its publisher", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      const fiber = yield* Effect.forkScoped(collect(
        bus.consume({ ...fromFirst(name), capacity: 16 }).pipe(Stream.tap(() => Effect.yieldNow)),
        3000,
      ))
      for (let round = 0; round < 3; round++) yield* publishTexts(`${name}.a`, series(`r${round}-`, 1000))
      const got = yield* Fiber.join(fiber)
      assert.deepStrictEqual(got.map((message) => message.sequence), Array.from({ length: 3000 }, (_, i) => i + 1))
    }))

  it.effect("gives each of several consumers the whole stream", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      const fibers = yield* Effect.forEach(
        [1, 2, 3],
        () => Effect.forkScoped(collect(bus.consume(fromFirst(name)), 100)),
      )
      yield* publishTexts(`${name}.a`, series("m", 100))
      for (const fiber of fibers) assert.deepStrictEqual(texts(yield* Fiber.join(fiber)), series("m", 100))
    }))

  it.effect("resumes a stalled reader at the oldest message the limits left", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxBytes: 20_000 })
      yield* publishTexts(`${name}.a`, ["0"])
      const pull = yield* Stream.toPull(bus.consume({ ...fromFirst(name), capacity: 4 }))
      const [first] = yield* pull
      assert.deepStrictEqual(texts(first), ["0"])
      yield* publishTexts(`${name}.a`, Array.from({ length: 200 }, (_, i) => String(i + 1).padStart(1000, "0")))
      const seen: Array<number> = []
      while (seen.at(-1) !== 200) {
        for (const batch of yield* pull) {
          assert.isAtMost(batch.length, 4)
          for (const message of batch) seen.push(Number(text(message.data)))
        }
      }
      assert.deepStrictEqual(seen, seen.toSorted((a, b) => a - b))
      assert.isBelow(seen.length, 100)
    }))

  it.effect("ends with stream_missing when its stream is removed", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* bus.publish({ subject: `${name}.a`, data: bytes("x") })
      const pull = yield* Stream.toPull(bus.consume(fromFirst(name)))
      yield* pull
      yield* bus.removeStream(name)
      const error = yield* Effect.flip(pull)
      assert.strictEqual("reason" in error ? error.reason : "", "stream_missing")
    }))
}
