/** The limiter actor: one count for all callers, pauses per chat, and a memory that survives it. */
import { assert } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { behaviour, RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import { RateLimits } from "../../src/layers/RateLimits.ts"
import { StoreError } from "../../src/layers/Store.ts"
import { t0 } from "../suites/StoreWorld.ts"
import { fresh, overBothStores, processOf, until } from "../support/actors.ts"

/** One life of the limiter's process. */
const running = <A, E, R>(body: (limiter: RateLimiterClient["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(RateLimiterClient, body).pipe(
    Effect.provide(processOf(Layer.merge(behaviour(), RateLimiterClient.layer))),
  )

const chats = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ chatId: `${index + 1}`, isGroup: false }))

/** Asks, and the call lands at once. */
const calling =
  (limiter: RateLimiterClient["Service"]) => (request: { readonly chatId: string; readonly isGroup: boolean }) =>
    Effect.tap(
      limiter.acquire(request),
      (verdict) => verdict._tag === "Granted" ? limiter.landed(verdict.number) : Effect.void,
    )

/** Until the limiter knows that all has landed; the clock stands still. Chat 1 has its window full. */
const heard = (limiter: RateLimiterClient["Service"]) =>
  Effect.flatMap(RateLimits, (rows) =>
    until(Effect.andThen(
      limiter.acquire({ chatId: "1", isGroup: false }),
      rows.turn([], ({ last, open }) => ({ answer: open.length === 0, last, open, chats: [] }), t0),
    )))

overBothStores("The rate limiter", (it) => {
  it.effect("grants thirty of a hundred simultaneous requests and tells the others when to come back", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (limiter) {
        const verdicts = yield* Effect.forEach(chats(100), calling(limiter), { concurrency: "unbounded" })
        assert.strictEqual(verdicts.filter((verdict) => verdict._tag === "Granted").length, 30)
        for (const verdict of verdicts) {
          if (verdict._tag === "Wait") {
            assert.deepStrictEqual(verdict, { _tag: "Wait", untilMs: t0 + 1_010, scope: "global" })
          }
        }
        yield* heard(limiter)
        yield* TestClock.adjust("1010 millis")
        assert.strictEqual((yield* limiter.acquire({ chatId: "99", isGroup: false }))._tag, "Granted")
      }))
    }))

  it.effect("makes a paused chat wait and no other", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (limiter) {
        yield* limiter.paused("1", t0 + 7_000)
        assert.deepStrictEqual(yield* limiter.acquire({ chatId: "1", isGroup: false }), {
          _tag: "Wait",
          untilMs: t0 + 7_000,
          scope: "paused",
        })
        assert.strictEqual((yield* limiter.acquire({ chatId: "2", isGroup: false }))._tag, "Granted")
      }))
    }))

  it.effect("keeps its windows and pauses over a restart, also one of 10,072 s", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (limiter) {
        yield* Effect.forEach(chats(30), calling(limiter))
        yield* heard(limiter)
        yield* limiter.paused("77", t0 + 10_072_000)
      }))
      yield* TestClock.adjust("500 millis")
      yield* running(Effect.fnUntraced(function* (limiter) {
        // When the grants were made nobody knows any more: they are taken as made now.
        assert.deepStrictEqual(yield* limiter.acquire({ chatId: "31", isGroup: false }), {
          _tag: "Wait",
          untilMs: t0 + 1_510,
          scope: "global",
        })
        yield* TestClock.adjust("1010 millis")
        assert.strictEqual((yield* limiter.acquire({ chatId: "31", isGroup: false }))._tag, "Granted")
        assert.deepStrictEqual(yield* limiter.acquire({ chatId: "77", isGroup: false }), {
          _tag: "Wait",
          untilMs: t0 + 10_072_000,
          scope: "paused",
        })
      }))
    }))

  it.effect("takes over a call that is under way, and hears of its landing in place of the limiter that granted it", () =>
    Effect.gen(function* () {
      yield* fresh
      const one = { chatId: "1", isGroup: false }
      const granted = yield* running((limiter) => limiter.acquire(one))
      if (granted._tag === "Wait") return assert.fail("the first call waits")
      yield* TestClock.adjust("3 seconds")
      yield* running(Effect.fnUntraced(function* (limiter) {
        assert.deepStrictEqual(yield* limiter.acquire(one), { _tag: "Wait", untilMs: t0 + 4_010, scope: "chat" })
        yield* TestClock.adjust("1010 millis")
        assert.deepStrictEqual(yield* limiter.acquire(one), { _tag: "Wait", untilMs: t0 + 5_020, scope: "chat" })
        yield* limiter.landed(granted.number)
        yield* heard(limiter)
        assert.deepStrictEqual(yield* limiter.acquire(one), { _tag: "Wait", untilMs: t0 + 5_020, scope: "chat" })
        yield* TestClock.adjust("1010 millis")
        assert.strictEqual((yield* limiter.acquire(one))._tag, "Granted")
      }))
    }))

  const open = RateLimits.use((rows) =>
    rows.turn([], ({ last, open }) => ({ answer: open, last, open, chats: [] }), t0)
  )

  it.effect("lets others know within a second what has landed, though nobody asks", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (limiter) {
        yield* calling(limiter)({ chatId: "1", isGroup: false })
        assert.deepStrictEqual(yield* open, [1])
        yield* until(Effect.andThen(TestClock.adjust("1 second"), Effect.map(open, ({ length }) => length === 0)))
      }))
    }))

  it.effect("tells its successor what has landed when it ends", () =>
    Effect.gen(function* () {
      yield* fresh
      let tries = 0
      // It may end before it has heard, however long it is given: then once more.
      yield* until(Effect.gen(function* () {
        yield* TestClock.adjust("20 seconds")
        const verdict = yield* running(Effect.fnUntraced(function* (limiter) {
          const verdict = yield* calling(limiter)({ chatId: `${++tries}`, isGroup: false })
          let looks = 0
          yield* until(Effect.sync(() => ++looks > 5))
          return verdict
        }))
        const left = yield* open
        return verdict._tag === "Granted" && !left.includes(verdict.number)
      }))
    }))

  it.effect("lets a reply go before what nobody asked for", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (limiter) {
        yield* Effect.forEach(chats(29), calling(limiter))
        yield* heard(limiter)
        yield* TestClock.adjust("100 millis")
        const reply = { chatId: "99", isGroup: false, isReply: true }
        yield* limiter.acquire({ chatId: "30", isGroup: false })
        assert.strictEqual((yield* limiter.acquire(reply))._tag, "Wait")
        yield* TestClock.adjust("910 millis")
        // Twenty-nine are free again, and one of them is the reply's.
        const verdicts = yield* limiter.acquireAll(chats(60).slice(30))
        assert.strictEqual(verdicts.filter(({ _tag }) => _tag === "Granted").length, 28)
        assert.strictEqual((yield* limiter.acquire(reply))._tag, "Granted")
      }))
    }))

  it.effect("gives no grant that it could not write", () =>
    Effect.gen(function* () {
      yield* fresh
      const rows = yield* RateLimits
      const refusing = Layer.succeed(RateLimits, {
        ...rows,
        turn: () => Effect.fail(new StoreError({ operation: "turn", reason: "unreachable", detail: "gone" })),
      })
      const limiter = processOf(Layer.merge(behaviour().pipe(Layer.provide(refusing)), RateLimiterClient.layer))
      const error = yield* RateLimiterClient.use((client) => client.acquire({ chatId: "1", isGroup: false })).pipe(
        Effect.provide(limiter),
        Effect.flip,
      )
      assert.strictEqual(error._tag, "StoreError")
    }))
})
