/** The relay of facts: in order, at least once, by one process at a time, and patient while the bus is away. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Bus, BusError, type OutgoingMessage } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { Outbox } from "../../src/layers/Outbox.ts"
import { relay } from "../../src/streams/Relay.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"

/** A bus that writes down what was stored and obeys `away`. */
const watched = (away: () => boolean, told: Array<OutgoingMessage>) =>
  Layer.effect(
    Bus,
    Effect.map(Bus, (bus) =>
      Bus.of({
        ...bus,
        publishAll: (messages) =>
          Effect.suspend(() => {
            if (away()) {
              return Effect.fail(
                new BusError({ reason: "unavailable", operation: "publish", subject: "evt", detail: "away" }),
              )
            }
            told.push(...messages)
            return bus.publishAll(messages)
          }),
      })),
  ).pipe(Layer.provide(Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(EmbeddedBus.layer()))))

const append = (from: number, count: number) =>
  Outbox.use((outbox) =>
    outbox.append(
      Array.from({ length: count }, (_, at) => ({ subject: "evt.v1.test.happened", payload: { n: from + at } })),
      t0,
    )
  )
const depth = Outbox.use((outbox) => outbox.depth)
const numbers = (told: ReadonlyArray<OutgoingMessage>): ReadonlyArray<string> =>
  told.map(({ data }) => new TextDecoder().decode(data))
const expected = (count: number) => Array.from({ length: count }, (_, at) => `{"n":${at + 1}}`)

layer(world, { timeout: "60 seconds" })("The relay", (it) => {
  it.effect("publishes every fact in order under its own message id, woken by each commit", () => {
    const told: Array<OutgoingMessage> = []
    return Effect.gen(function* () {
      yield* fresh
      yield* append(1, 300)
      yield* Effect.forkScoped(relay({ owner: "one" }))
      yield* until(Effect.map(depth, (left) => left === 0))
      yield* append(301, 3)
      yield* until(Effect.sync(() => told.length === 303))
      assert.deepStrictEqual(numbers(told), expected(303))
      assert.strictEqual(new Set(told.map(({ messageId }) => messageId)).size, 303)
      assert.isTrue(told.every(({ messageId }) => messageId !== undefined))
    }).pipe(Effect.provide(watched(() => false, told)))
  })

  it.effect("keeps the facts while the bus is away and publishes them when it is back", () => {
    const told: Array<OutgoingMessage> = []
    let away = true, refused = 0
    const asked = () => {
      if (away) refused++
      return away
    }
    return Effect.gen(function* () {
      yield* fresh
      yield* append(1, 5)
      yield* Effect.forkScoped(relay({ owner: "one" }))
      yield* until(Effect.sync(() => refused > 0))
      assert.strictEqual(yield* depth, 5)
      away = false
      yield* until(Effect.andThen(TestClock.adjust("500 millis"), Effect.map(depth, (left) => left === 0)))
      assert.deepStrictEqual(numbers(told), expected(5))
    }).pipe(Effect.provide(watched(asked, told)))
  })

  it.effect("is one process's work: two of them publish each fact once", () => {
    const told: Array<OutgoingMessage> = []
    return Effect.gen(function* () {
      yield* fresh
      yield* Effect.forkScoped(relay({ owner: "one" }))
      yield* Effect.forkScoped(relay({ owner: "two" }))
      yield* append(1, 40)
      yield* until(Effect.map(depth, (left) => left === 0))
      assert.deepStrictEqual(numbers(told), expected(40))
    }).pipe(Effect.provide(watched(() => false, told)))
  })
})
