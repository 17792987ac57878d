/** The Bus suite, fifth part: live messages, at most once. */
import { assert } from "@effect/vitest"
import { Effect, Fiber, type Scope, Stream } from "effect"
import { Bus, type BusError } from "../../../src/layers/Bus.ts"
import { bytes, eventually, fresh, type Kit, ownStream, text } from "./kit.ts"

export const liveCases = (kit: Kit): void => {
  const { it } = kit
  const say = (subject: string, content: string) =>
    Effect.flatMap(Bus, (bus) => bus.publishLive({ subject, data: bytes(content) }))

  /** Everything heard on `pattern`, kept in an array; returns when a first message on `ready` was heard. */
  const listen = (
    pattern: string,
    ready: string,
    capacity = 1000,
  ): Effect.Effect<Array<string>, BusError, Bus | Scope.Scope> =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const heard: Array<string> = []
      const hear = Stream.runForEach(bus.subscribeLive(pattern, capacity), (message) =>
        Effect.sync(() => {
          heard.push(text(message.data))
        }))
      yield* Effect.forkScoped(hear)
      yield* eventually(kit, Effect.andThen(say(ready, "ready"), Effect.sync(() => heard.length > 0)))
      yield* say(ready, "go")
      yield* eventually(kit, Effect.sync(() => heard.at(-1) === "go"))
      heard.length = 0
      return heard
    })

  it.effect("reaches every subscriber whose pattern matches, in order", () =>
    Effect.gen(function* () {
      const root = fresh()
      const exact = yield* listen(`${root}.a.b`, `${root}.a.b`)
      const star = yield* listen(`${root}.*.b`, `${root}.a.b`)
      const rest = yield* listen(`${root}.>`, `${root}.a.b`)
      for (const list of [exact, star, rest]) list.length = 0
      for (const subject of ["a.b", "c.b", "a.c", "a.b.c"]) yield* say(`${root}.${subject}`, subject)
      yield* say(`${root}.a.b`, "end")
      yield* eventually(kit, Effect.sync(() => [exact, star, rest].every((list) => list.at(-1) === "end")))
      assert.deepStrictEqual(exact, ["a.b", "end"])
      assert.deepStrictEqual(star, ["a.b", "c.b", "end"])
      assert.deepStrictEqual(rest, ["a.b", "c.b", "a.c", "a.b.c", "end"])
    }))

  it.effect("keeps subject and headers, and tells nobody when nobody listens", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const subject = `${fresh()}.x`
      const message = { subject, data: bytes("x"), headers: { kind: "gap" } }
      yield* bus.publishLive(message)
      const fiber = yield* Effect.forkScoped(Stream.runHead(bus.subscribeLive(subject, 4)))
      yield* eventually(
        kit,
        Effect.andThen(bus.publishLive(message), Effect.sync(() => fiber.pollUnsafe() !== undefined)),
      )
      const head = yield* Effect.fromOption(yield* Fiber.join(fiber))
      assert.deepStrictEqual([head.subject, head.headers["kind"], text(head.data)], [subject, "gap", "x"])
    }))

  it.effect("drops the oldest for a subscriber that does not read, and holds nobody up", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const subject = `${fresh()}.x`
      const pull = yield* Stream.toPull(bus.subscribeLive(subject, 4))
      const first = yield* Effect.forkScoped(pull)
      yield* eventually(kit, Effect.andThen(say(subject, "ready"), Effect.sync(() => first.pollUnsafe() !== undefined)))
      const other = yield* listen(subject, subject)
      for (let index = 0; index < 100; index++) yield* say(subject, String(index))
      yield* eventually(kit, Effect.sync(() => other.at(-1) === "99"))
      const kept: Array<string> = []
      while (kept.at(-1) !== "99") for (const message of yield* pull) kept.push(text(message.data))
      assert.deepStrictEqual(kept, ["96", "97", "98", "99"])
    }))

  it.effect("hears durable messages, and a stream stores live ones on its subjects", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream()
      const heard = yield* listen(`${name}.>`, `${name}.ready`)
      const before = (yield* bus.streamState(name)).lastSequence
      yield* bus.publish({ subject: `${name}.a`, data: bytes("durable") })
      yield* say(`${name}.b`, "live")
      yield* eventually(kit, Effect.sync(() => heard.length === 2))
      assert.deepStrictEqual(heard, ["durable", "live"])
      yield* eventually(kit, Effect.map(bus.streamState(name), (state) => state.lastSequence === before + 2))
    }))

  it.effect("refuses a malformed pattern", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      for (const pattern of ["a..b", "a.>.b", "", "a b"]) {
        const error = yield* Effect.flip(Stream.runDrain(bus.subscribeLive(pattern, 4)))
        assert.strictEqual(error.reason, "rejected")
      }
    }))
}
