/** What a running service stands on, asked at once and never waited for long. */
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Ref } from "effect"
import { TestClock } from "effect/testing"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { Health as HealthService } from "../../src/layers/Health.ts"
import { Telegram, TelegramError, Unavailable } from "../../src/layers/Telegram.ts"
import * as Health from "../../src/programs/Health.ts"
import { makeWatch } from "../../src/streams/Pipeline.ts"
import { world } from "../support/actors.ts"

const answering = Effect.succeed({ id: 1, firstName: "Bot", username: "some_bot" })
const away = new TelegramError({ method: "getMe", reason: new Unavailable({ detail: "no connection" }) })

const asked = (me: Telegram["Service"]["me"]) =>
  Effect.gen(function* () {
    const watch = yield* makeWatch
    const found = Effect.flatMap(HealthService, ({ dependencies }) => dependencies).pipe(
      Effect.provide(Health.layer(watch).pipe(Layer.provide([EmbeddedBus.layer(), Layer.mock(Telegram)({ me })]))),
    )
    return { watch, found }
  })

layer(world, { timeout: "60 seconds" })("Health", (it) => {
  it.effect("tells what answers, and that nobody here asks the venues", () =>
    Effect.gen(function* () {
      const { found } = yield* asked(answering)
      const all = yield* found
      assert.deepStrictEqual(all.map(({ name, state }) => [name, state]), [
        ["bus", "up"],
        ["store", "up"],
        ["telegram", "up"],
        ["venues", "unknown"],
      ])
      assert.match(all[1]?.detail ?? "", /^pglite \d/)
    }))

  it.effect("tells what is down and why, and what a venue said last", () =>
    Effect.gen(function* () {
      const { found, watch } = yield* asked(Effect.fail(away))
      yield* Ref.set(watch.sources, [{
        source: "api",
        venue: "okx",
        answered: 3,
        missed: 0,
        failed: 9,
        p50Ms: 80,
        p99Ms: 120.4,
        breaker: "open",
        lastError: null,
      }])
      const all = yield* found
      assert.deepStrictEqual([all[2]?.state, all[2]?.detail], ["down", "getMe: Unavailable (no connection)"])
      assert.deepStrictEqual(all[3], { name: "okx", state: "down", latencyMs: 120, detail: "" })
    }))

  it.effect("waits for nobody longer than two seconds", () =>
    Effect.gen(function* () {
      const { found } = yield* asked(Effect.never)
      const fiber = yield* Effect.forkChild(found, { startImmediately: true })
      yield* TestClock.adjust("2 seconds")
      const telegram = (yield* Fiber.join(fiber)).find(({ name }) => name === "telegram")
      assert.strictEqual(telegram?.state, "down")
      assert.match(telegram?.detail ?? "", /no answer within/)
    }))
})
