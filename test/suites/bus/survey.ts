/** The Bus suite, fifth part: what is on the bus, what it is allowed, and limits beyond size and age. */
import { assert } from "@effect/vitest"
import { Duration, Effect, Option, Stream } from "effect"
import { Bus, type FoundStream } from "../../../src/layers/Bus.ts"
import { bytes, eventually, fresh, type Kit, ownStream, publishTexts, series, workOptions } from "./kit.ts"

const found = (name: string) =>
  Effect.flatMap(
    Bus,
    (bus) => Effect.map(bus.survey, (all) => all.find((one): one is FoundStream => one.name === name)),
  )

export const surveyCases = (kit: Kit): void => {
  const { it } = kit

  it.effect("tells of a stream what was declared, what it holds and how far its readers are", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({
        maxBytes: 1_000_000,
        maxAge: Duration.minutes(10),
        dedupWindow: Duration.seconds(7),
        maxMessages: 100,
        maxMessageBytes: 5_000,
        whenFull: "refuse",
      })
      yield* publishTexts(`${name}.a`, series("m", 6))
      const working = bus.work(workOptions(name, { durable: "slow", batchSize: 2, maxAckPending: 2 }))
      // Given to a worker that has not answered yet.
      const pull = yield* Stream.toPull(working)
      yield* pull
      yield* eventually(kit, Effect.map(found(name), (one) => one?.readers[0]?.unanswered === 2))
      const one = yield* found(name)
      const { timeToLivePerMessage, ...kept } = Option.getOrThrow(Option.fromUndefinedOr(one)).kept
      assert.notStrictEqual(timeToLivePerMessage, true)
      assert.deepStrictEqual(kept, {
        subjects: [`${name}.>`],
        maxBytes: 1_000_000,
        maxAgeMs: 600_000,
        maxMessages: 100,
        maxMessagesPerSubject: null,
        maxMessageBytes: 5_000,
        dedupWindowMs: 7_000,
        whenFull: "refuse",
        retention: "limits",
        replicas: 1,
        storage: bus.kind === "embedded" ? "memory" : "file",
      })
      assert.deepStrictEqual([one?.kind, one?.state.messages, one?.state.lastSequence], ["stream", 6, 6])
      assert.deepStrictEqual(one?.readers, [{ name: "slow", pending: 4, unanswered: 2, redelivered: 0 }])
    }))

  it.effect("tells of a bucket under the name it was opened by", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = fresh()
      const bucket = yield* bus.bucket({
        name,
        timeToLive: Option.some(Duration.seconds(90)),
        maxBytes: 50_000,
        maxValueBytes: 900,
      })
      yield* bucket.put("k", bytes("1"))
      const one = yield* found(name)
      assert.strictEqual(one?.kind, "bucket")
      assert.deepStrictEqual(
        [one?.kept.maxAgeMs, one?.kept.maxBytes, one?.kept.maxMessageBytes, one?.state.messages],
        [90_000, 50_000, 900, 1],
      )
    }))

  it.effect("brings every limit of a stream and of a bucket up to date, and takes limits away again", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxMessages: 10, maxMessageBytes: 100, whenFull: "refuse" })
      const limits = { maxBytes: 2_000_000, maxAge: Duration.minutes(5), dedupWindow: Duration.seconds(9) }
      yield* bus.ensureStream({ name, subjects: [`${name}.>`, `also-${name}`], ...limits })
      const kept = (yield* found(name))?.kept
      assert.deepStrictEqual(
        [kept?.maxMessages, kept?.maxMessageBytes, kept?.whenFull, kept?.maxBytes, kept?.maxAgeMs, kept?.dedupWindowMs],
        [null, null, "discard_old", 2_000_000, 300_000, 9_000],
      )
      assert.deepStrictEqual(kept?.subjects, [`${name}.>`, `also-${name}`])
      const key = fresh()
      yield* bus.bucket({
        name: key,
        timeToLive: Option.some(Duration.minutes(1)),
        maxBytes: 10_000,
        maxValueBytes: 10,
      })
      yield* bus.bucket({ name: key, timeToLive: Option.none(), maxBytes: 20_000 })
      const bucket = (yield* found(key))?.kept
      assert.deepStrictEqual([bucket?.maxAgeMs, bucket?.maxBytes, bucket?.maxMessageBytes], [null, 20_000, null])
    }))

  it.effect("keeps no more messages than a stream may hold, the newest", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxMessages: 3 })
      yield* publishTexts(`${name}.a`, series("m", 10))
      const { firstSequence, messages } = yield* bus.streamState(name)
      assert.deepStrictEqual([messages, firstSequence], [3, 8])
    }))

  it.effect("refuses what a full stream is told not to discard for, and what is larger than it takes", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxMessages: 2, maxMessageBytes: 100, whenFull: "refuse" })
      const large = { subject: `${name}.a`, data: new Uint8Array(200) }
      assert.strictEqual((yield* Effect.flip(bus.publish(large))).reason, "too_large")
      yield* publishTexts(`${name}.a`, ["1", "2"])
      assert.strictEqual((yield* Effect.flip(publishTexts(`${name}.a`, ["3"]))).reason, "rejected")
      assert.strictEqual((yield* bus.streamState(name)).messages, 2)
    }))

  it.effect("refuses a value larger than the bucket takes", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const bucket = yield* bus.bucket({
        name: fresh(),
        timeToLive: Option.none(),
        maxBytes: 100_000,
        maxValueBytes: 500,
      })
      assert.strictEqual((yield* Effect.flip(bucket.put("k", new Uint8Array(2_000)))).reason, "too_large")
      yield* bucket.put("k", new Uint8Array(200))
    }))

  it.effect("erases what matches without a trace, which a later create takes for absent", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = fresh()
      const bucket = yield* bus.bucket({ name, timeToLive: Option.none(), maxBytes: 100_000 })
      for (const key of ["u1", "u1.x", "u1.y", "u2.x"]) yield* bucket.put(key, bytes(key))
      yield* bucket.erase("u1.*")
      yield* bucket.erase("nobody")
      assert.deepStrictEqual((yield* bucket.keys(">")).toSorted(), ["u1", "u2.x"])
      assert.strictEqual((yield* found(name))?.state.messages, 2)
      yield* bucket.create("u1.x", bytes("again"))
      assert.strictEqual((yield* Effect.flip(bucket.erase("a..b"))).reason, "rejected")
      yield* bus.removeBucket(name)
      assert.isUndefined(yield* found(name))
      assert.strictEqual((yield* Effect.flip(bus.removeBucket(name))).reason, "stream_missing")
    }))
}
