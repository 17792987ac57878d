/** The Bus suite, first part: durable streams, publishing and their limits. */
import { assert } from "@effect/vitest"
import { Duration, Effect, Option, Stream } from "effect"
import { Bus } from "../../../src/layers/Bus.ts"
import {
  bytes,
  collect,
  eventually,
  fresh,
  fromFirst,
  type Kit,
  ownStream,
  publishTexts,
  series,
  text,
  texts,
} from "./kit.ts"

export const streamCases = (kit: Kit): void => {
  const { it } = kit

  it.effect("numbers the messages of a stream from one and keeps subject, data, headers and time", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      const first = yield* bus.publish({ subject: `${name}.a`, data: bytes("one"), headers: { kind: "frame" } })
      const second = yield* bus.publish({ subject: `${name}.b`, data: bytes("two") })
      assert.deepStrictEqual([first, second], [{ sequence: 1, duplicate: false }, { sequence: 2, duplicate: false }])
      const [one, two] = yield* collect(bus.consume(fromFirst(name)), 2)
      assert.strictEqual(one?.subject, `${name}.a`)
      assert.strictEqual(one?.headers["kind"], "frame")
      assert.strictEqual(text(one?.data ?? bytes("")), "one")
      assert.strictEqual(two?.sequence, 2)
      assert.isTrue(Number.isSafeInteger(one?.storedAtMs))
    }))

  it.effect("counts what lies behind a place in the stream, on one subject", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("m", 3))
      yield* publishTexts(`${name}.b`, series("m", 2))
      yield* publishTexts(`${name}.a`, series("m", 1))
      const [, , third] = yield* collect(bus.consume(fromFirst(name)), 3)
      assert.deepStrictEqual(yield* bus.pending(name, `${name}.a`, 2), {
        messages: 2,
        oldestStoredAtMs: third?.storedAtMs ?? null,
      })
      assert.strictEqual((yield* bus.pending(name, `${name}.a`, 0)).messages, 4)
      const nothing = { messages: 0, oldestStoredAtMs: null }
      assert.deepStrictEqual(yield* bus.pending(name, `${name}.b`, 5), nothing)
      assert.deepStrictEqual(yield* bus.pending(name, `${name}.a`, 6), nothing)
      assert.deepStrictEqual(yield* bus.pending(name, `${name}.c`, 0), nothing)
    }))

  it.effect("stores a message id once inside the dedup window and again after it", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ dedupWindow: Duration.millis(200) })
      const message = { subject: `${name}.a`, data: bytes("x"), messageId: "m1" }
      assert.deepStrictEqual(yield* bus.publish(message), { sequence: 1, duplicate: false })
      assert.deepStrictEqual(yield* bus.publish(message), { sequence: 1, duplicate: true })
      assert.deepStrictEqual(yield* bus.publish({ ...message, messageId: "m2" }), { sequence: 2, duplicate: false })
      yield* kit.pass("250 millis")
      yield* eventually(kit, Effect.map(bus.publish(message), (ack) => !ack.duplicate))
      assert.strictEqual((yield* bus.streamState(name)).lastSequence, 3)
    }))

  it.effect("acknowledges a pipelined batch in the order it was given", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      const acks = yield* publishTexts(`${name}.a`, series("m", 1000))
      assert.deepStrictEqual(acks.map((ack) => ack.sequence), Array.from({ length: 1000 }, (_, index) => index + 1))
      assert.deepStrictEqual(texts(yield* collect(bus.consume(fromFirst(name)), 1000)), series("m", 1000))
      assert.deepStrictEqual(yield* bus.publishAll([]), [])
    }))

  it.effect("refuses a subject that no stream stores with stream_missing", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const subject = `${fresh()}.nowhere`
      const error = yield* Effect.flip(bus.publish({ subject, data: bytes("x") }))
      assert.deepStrictEqual([error.reason, error.operation, error.subject], ["stream_missing", "publish", subject])
      assert.isFalse(error.retryable)
      assert.strictEqual((yield* Effect.flip(publishTexts(subject, ["a", "b"]))).reason, "stream_missing")
    }))

  it.effect("refuses a payload beyond the limit with too_large and goes on", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      const data = new Uint8Array(70_000_000)
      const error = yield* Effect.flip(bus.publish({ subject: `${name}.a`, data }))
      assert.deepStrictEqual([error.reason, error.retryable], ["too_large", false])
      assert.strictEqual((yield* Effect.flip(bus.publishLive({ subject: `${name}.a`, data }))).reason, "too_large")
      assert.strictEqual((yield* bus.publish({ subject: `${name}.a`, data: bytes("x") })).sequence, 1)
    }))

  it.effect("refuses subjects with wildcards, blanks or empty tokens when publishing", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      for (const subject of [`${name}.*`, `${name}.>`, `${name}..a`, `${name}.a b`, ""]) {
        assert.strictEqual((yield* Effect.flip(bus.publish({ subject, data: bytes("x") }))).reason, "rejected")
      }
    }))

  it.effect("refuses a stream whose subjects overlap with another's", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      const error = yield* Effect.flip(bus.ensureStream({
        name: fresh(),
        subjects: [`${name}.a.*`],
        maxBytes: 1_000_000,
        maxAge: Duration.hours(1),
        dedupWindow: Duration.seconds(1),
      }))
      assert.strictEqual(error.reason, "rejected")
    }))

  it.effect("ensures a stream twice without harm and brings its limits up to date", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      yield* publishTexts(`${name}.a`, series("m", 50))
      const spec = { name, subjects: [`${name}.>`], maxAge: Duration.hours(1), dedupWindow: Duration.seconds(30) }
      yield* bus.ensureStream({ ...spec, maxBytes: 16_000_000 })
      assert.strictEqual((yield* bus.streamState(name)).messages, 50)
      yield* bus.ensureStream({ ...spec, maxBytes: 1500 })
      yield* eventually(kit, Effect.map(bus.streamState(name), (state) => state.messages < 50 && state.bytes <= 1500))
    }))

  it.effect("discards the oldest messages when the stream is full and keeps counting", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxBytes: 10_000 })
      yield* publishTexts(`${name}.a`, Array.from({ length: 50 }, (_, index) => String(index).padStart(1000, "0")))
      const state = yield* bus.streamState(name)
      assert.isTrue(state.bytes <= 10_000 && state.messages > 3 && state.messages < 10, JSON.stringify(state))
      assert.strictEqual(state.lastSequence, 50)
      assert.strictEqual(state.firstSequence, 50 - state.messages + 1)
      const [oldest] = yield* collect(bus.consume(fromFirst(name)), 1)
      assert.strictEqual(oldest?.sequence, state.firstSequence)
      assert.strictEqual(Number(text(oldest?.data ?? bytes(""))), state.firstSequence - 1)
    }))

  it.effect("discards messages older than the stream's age", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxAge: Duration.millis(300), dedupWindow: Duration.minutes(2) })
      yield* publishTexts(`${name}.a`, ["a", "b"])
      yield* kit.pass("400 millis")
      yield* eventually(kit, Effect.map(bus.streamState(name), (state) => state.messages === 0))
      assert.strictEqual((yield* bus.publish({ subject: `${name}.a`, data: bytes("c") })).sequence, 3)
    }))

  it.effect("finds the last message on exactly one subject", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      assert.isTrue(Option.isNone(yield* bus.lastMessage(name, `${name}.a`)))
      yield* publishTexts(`${name}.a`, ["a1", "a2"])
      yield* publishTexts(`${name}.b`, ["b1"])
      const last = yield* bus.lastMessage(name, `${name}.a`)
      assert.deepStrictEqual(
        Option.map(last, (message) => [message.sequence, text(message.data), message.subject]),
        Option.some([2, "a2", `${name}.a`]),
      )
      assert.isTrue(Option.isNone(yield* bus.lastMessage(name, `${name}.c`)))
    }))

  it.effect("says how much a stream holds", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      assert.strictEqual((yield* bus.streamState(name)).messages, 0)
      yield* publishTexts(`${name}.a`, ["a", "b", "c"])
      const state = yield* bus.streamState(name)
      assert.deepStrictEqual([state.firstSequence, state.lastSequence, state.messages], [1, 3, 3])
      assert.isAbove(state.bytes, 0)
    }))

  it.effect("answers stream_missing wherever the stream is not there", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = fresh()
      const asked = [
        bus.streamState(name),
        bus.lastMessage(name, `${name}.a`),
        bus.removeStream(name),
        Stream.runDrain(bus.consume(fromFirst(name))),
        Stream.runDrain(bus.work({
          stream: name,
          subjects: [],
          durable: "d",
          start: { _tag: "First" },
          ackWait: Duration.seconds(1),
          maxDeliver: 1,
          maxAckPending: 1,
          batchSize: 1,
        })),
      ]
      for (const effect of asked) assert.strictEqual((yield* Effect.flip(effect)).reason, "stream_missing")
    }))

  it.effect("describes where it is and says connected first", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const { where, version } = yield* bus.describe
      assert.isNotEmpty(where)
      assert.isNotEmpty(version)
      assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(bus.status, 1)), ["connected"])
    }))
}
