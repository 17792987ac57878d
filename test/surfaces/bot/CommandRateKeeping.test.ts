/** Counts of commands over processes: who takes the bot over goes on counting, and nobody waits for it. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { Bus, BusError } from "../../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../../src/layers/embedded/Bus.ts"
import { CommandRate } from "../../../src/surfaces/bot/CommandRate.ts"
import * as CommandRateKeeping from "../../../src/surfaces/bot/CommandRateKeeping.ts"
import { t0 } from "../../suites/StoreWorld.ts"

const MINUTE = "60 seconds"

/** A process's own counts. */
const process = Effect.map(
  Layer.build(Layer.fresh(CommandRateKeeping.layer)),
  (context) => Context.get(context, CommandRate),
)

/** Lets who is forked do what it can before time moves. */
const settle = Effect.repeat(Effect.yieldNow, { times: 200 })
const pass = (duration: "1 second" | typeof MINUTE) =>
  settle.pipe(Effect.andThen(TestClock.adjust(duration)), Effect.andThen(settle))

const answers = (rate: typeof CommandRate.Service, times: number, nowMs: number) =>
  Array.from({ length: times }, () => rate.turn("7", "command", nowMs)._tag)

describe("The counts of commands that are kept", () => {
  it.effect("go on in another process, for a minute, and stand under the day", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const first = yield* process
      assert.isTrue(answers(first, 10, t0).every((tag) => tag === "Serve"))
      yield* pass("1 second")
      const bucket = yield* (yield* Bus).bucket({ name: "rate_limit", timeToLive: Option.none(), maxBytes: 1_000_000 })
      assert.deepStrictEqual(yield* bucket.keys(">"), ["7.2025-06-15"])
      const second = yield* process
      yield* settle
      assert.deepStrictEqual(answers(second, 1, t0 + 1_000), ["TooFast"])
      yield* pass(MINUTE)
      assert.deepStrictEqual(answers(second, 1, t0 + 61_000), ["Serve"])
      // What one process writes counts once in it.
      yield* pass("1 second")
      assert.strictEqual(answers(second, 10, t0 + 62_000).filter((tag) => tag === "Serve").length, 9)
    }).pipe(Effect.provide(EmbeddedBus.layer())))

  it.effect("are this process's own while the bus is away", () => {
    const away = new BusError({ reason: "unavailable", operation: "bucket", subject: "rate_limit", detail: "away" })
    const bus = Layer.effect(Bus, Effect.map(Bus, (bus) => ({ ...bus, bucket: () => Effect.fail(away) })))
    return Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const rate = yield* process
      yield* pass("1 second")
      assert.strictEqual(answers(rate, 12, t0).filter((tag) => tag === "Serve").length, 10)
    }).pipe(Effect.provide(Layer.provide(bus, EmbeddedBus.layer())))
  })
})
