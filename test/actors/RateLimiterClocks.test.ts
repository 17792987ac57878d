/**
 * Four limiters over one store, each with a clock of its own that is set by hours, each restarted now and then.
 *
 * In: ARBEDGE_LIMIT_STEPS, how many requests (500). Promises: times are the test's own; calls are judged by the true time
 * of their arrival, which none of the limiters knows: some are slow on their way, some are never told to have landed.
 */
import { assert, layer } from "@effect/vitest"
import { Clock, Context, Effect, Exit, Layer, Scope } from "effect"
import process from "node:process"
import { behaviour, RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import * as DerivedClock from "../../src/layers/clock/DerivedClock.ts"
import { TELEGRAM_LIMITS } from "../../src/domain/RateLimit.ts"
import { t0 } from "../suites/StoreWorld.ts"
import { fresh, processOf, world } from "../support/actors.ts"
import { fullest } from "../support/windows.ts"

const STEPS = Number(process.env["ARBEDGE_LIMIT_STEPS"] ?? "500")
const LIMITERS = 4
const CHATS = 40
const HOUR_MS = 3_600_000

/** Repeatable chance: whole numbers below a limit. */
const chance = (() => {
  let state = 4_711
  return (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * limit)
  }
})()

const idOf = (chat: number) => chat % 3 === 0 ? `-${chat + 1}` : `${chat + 1}`

layer(world, { timeout: "20 minutes" })("Four limiters with clocks of their own", (it) => {
  it.effect(`are together over no limit in any window in ${STEPS} steps`, () =>
    Effect.gen(function* () {
      yield* fresh
      let trueMs = t0
      const wallOffsets = Array.from({ length: LIMITERS }, (_, n) => (n - 2) * HOUR_MS)
      const limiterOf = Effect.fnUntraced(function* (n: number) {
        const scope = yield* Scope.make()
        const monotonicOffset = -chance(2 ** 30)
        const clock = DerivedClock.make({
          millis: () => trueMs + (wallOffsets[n] ?? 0),
          monotonicNanos: () => BigInt(trueMs + monotonicOffset) * 1_000_000n,
          sleep: (duration) => Clock.Clock.defaultValue().sleep(duration),
        })
        const built = yield* Layer.build(processOf(Layer.merge(behaviour(), RateLimiterClient.layer))).pipe(
          Scope.provide(scope),
          Effect.provideService(Clock.Clock, clock),
        )
        const client = Context.get(built, RateLimiterClient)
        return {
          acquire: (chats: ReadonlyArray<number>) =>
            client.acquireAll(chats.map((chat) => ({ chatId: idOf(chat), isGroup: chat % 3 === 0 }))).pipe(
              Effect.provideService(Clock.Clock, clock),
            ),
          landed: client.landed,
          end: Scope.close(scope, Exit.void),
        }
      })
      const limiters = yield* Effect.forEach(Array.from({ length: LIMITERS }, (_, n) => n), limiterOf)
      /** Calls under way, and when they land. */
      let calls: Array<{ readonly limiter: number; readonly number: number; readonly atMs: number }> = []
      const all: Array<number> = [], ofChat = new Map<number, Array<number>>()
      for (let step = 0; step < STEPS; step++) {
        trueMs += chance(20) === 0 ? chance(2_000) : chance(60)
        const n = chance(LIMITERS), dice = chance(150)
        if (dice === 0) wallOffsets[n] = (wallOffsets[n] ?? 0) + (chance(2) === 0 ? HOUR_MS : -HOUR_MS)
        if (dice === 1) {
          yield* limiters[n]?.end ?? Effect.void
          limiters[n] = yield* limiterOf(n)
        }
        const landed = Map.groupBy(calls, ({ atMs }) => atMs <= trueMs)
        yield* Effect.forEach(
          landed.get(true) ?? [],
          ({ limiter, number }) => limiters[limiter]?.landed(number) ?? Effect.void,
          { discard: true },
        )
        calls = landed.get(false) ?? []
        const chats = [...new Set(Array.from({ length: 1 + chance(8) }, () => chance(CHATS)))]
        const verdicts = yield* limiters[n]?.acquire(chats) ?? Effect.succeed([])
        for (const [at, verdict] of verdicts.entries()) {
          const chat = chats[at] ?? 0
          if (verdict._tag === "Wait") {
            assert.isAbove(verdict.untilMs, trueMs + (wallOffsets[n] ?? 0), "it waits by its own clock")
            continue
          }
          const slowMs = chance(10) === 0 ? chance(1_000) : chance(30)
          if (chance(200) > 0) calls.push({ limiter: n, number: verdict.number, atMs: trueMs + slowMs })
          const arrivalMs = trueMs + chance(slowMs + 1)
          all.push(arrivalMs)
          ofChat.set(chat, [...ofChat.get(chat) ?? [], arrivalMs])
        }
      }
      all.sort((a, b) => a - b)
      yield* Effect.forEach(limiters, ({ end }) => end, { discard: true })
      const { chat, global, group } = TELEGRAM_LIMITS
      assert.isAtMost(fullest(all, global.windowMs), global.grants)
      for (const [id, told] of ofChat) {
        told.sort((a, b) => a - b)
        assert.isAtMost(fullest(told, chat.windowMs), chat.grants)
        if (id % 3 === 0) assert.isAtMost(fullest(told, group.windowMs), group.grants)
      }
      // What has landed is told in real time, while true time here goes some ten times as fast: places are free late.
      assert.isAbove(all.length, STEPS / 8)
    }))
})
