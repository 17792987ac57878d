/** The in-process Bus: the conformance suite in virtual time, and what only it promises. */
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Bus } from "../../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../../src/layers/embedded/Bus.ts"
import { busSuite } from "../../suites/BusSuite.ts"
import { bytes, fromFirst, ownStream, publishTexts, series } from "../../suites/bus/kit.ts"

layer(EmbeddedBus.layer())("The in-process bus", (it) => {
  busSuite({
    it,
    // Virtual time moves only while everybody waits, so let them get there first.
    pass: (duration) => Effect.andThen(Effect.repeat(Effect.yieldNow, { times: 50 }), TestClock.adjust(duration)),
    pause: Effect.yieldNow,
  })

  it.effect("never holds more than a stream's maxBytes, whoever stalls", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxBytes: 100_000 })
      const pull = yield* Stream.toPull(bus.consume({ ...fromFirst(name), capacity: 4 }))
      for (let round = 0; round < 50; round++) {
        yield* bus.publish({ subject: `${name}.a`, data: new Uint8Array(10_000) })
        assert.isAtMost((yield* bus.streamState(name)).bytes, 100_000)
      }
      const [batch] = yield* pull
      assert.isAtMost(batch.length, 4)
    }))
})

layer(EmbeddedBus.layer({ whenFull: "wait_for_readers" }))("The in-process bus that waits for readers", (it) => {
  it.effect("loses nothing although the publisher is faster than its reader", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxBytes: 2000 })
      const seen: Array<number> = []
      yield* Effect.forkScoped(Stream.runForEach(bus.consume({ ...fromFirst(name), capacity: 3 }), (batch) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => {
            for (const message of batch) seen.push(message.sequence)
          }),
        )))
      yield* Effect.yieldNow
      yield* publishTexts(`${name}.a`, series("m", 1000))
      while (seen.length < 1000) {
        yield* Effect.yieldNow
      }
      assert.deepStrictEqual(
        seen,
        Array.from({ length: 1000 }, (_, index) =>
          index + 1),
      )
    }))

  it.effect("goes on publishing as soon as the slow reader leaves", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const name = yield* ownStream({ maxBytes: 1000, maxAge: Duration.hours(1) })
      yield* Effect.scoped(Effect.gen(function* () {
        yield* bus.publish({ subject: `${name}.a`, data: bytes("x") })
        const pull = yield* Stream.toPull(bus.consume({ ...fromFirst(name), capacity: 1 }))
        yield* pull
        yield* Effect.forkScoped(publishTexts(`${name}.a`, series("m", 100)))
        yield* Effect.repeat(Effect.yieldNow, { times: 50 })
        assert.isBelow((yield* bus.streamState(name)).lastSequence, 20)
      }))
      yield* publishTexts(`${name}.a`, ["after"])
      assert.isBelow((yield* bus.streamState(name)).lastSequence, 30)
    }))
})
