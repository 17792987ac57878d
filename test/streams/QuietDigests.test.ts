/** Digests: one message when quiet time ends, of what came meanwhile and as of now; none where nothing came. */
import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "../../src/domain/Preferences.ts"
import { Opportunities } from "../../src/layers/Opportunities.ts"
import { QuietDigests } from "../../src/layers/QuietDigests.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Users } from "../../src/layers/Users.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { oweDigests, tellDigests } from "../../src/streams/QuietDigests.ts"
import { card } from "../domain/card/someCard.ts"
import { ann, people } from "../simulators/telegram/support.ts"
import { day, minute, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, overBothStores, world } from "../support/actors.ts"
import { surroundings } from "../surfaces/bot/running.ts"

const hour = 3_600_000
/** t0 is 15:06:40 UTC; quiet until 08:00 of the next day. */
const morning = Math.floor(t0 / day) * day + day + 8 * hour
const evening = morning - 10 * hour

const limiter = (waitMs: number) =>
  Layer.succeed(RateLimiterClient, {
    acquire: () =>
      Effect.map(
        Clock.currentTimeMillis,
        (nowMs) =>
          waitMs === 0 ? { _tag: "Granted", number: 1 } : { _tag: "Wait", untilMs: nowMs + waitMs, scope: "chat" },
      ),
    acquireAll: () => Effect.succeed([]),
    landed: () => Effect.void,
    paused: () => Effect.void,
  })

const subscriber = Effect.fnUntraced(function* (preferences: Partial<Preferences> = {}) {
  const { userId } = yield* someUser(`${ann}`)
  const setAtMs = yield* Clock.currentTimeMillis
  yield* Users.use((users) => users.setPreferences(userId, { ...DEFAULT_PREFERENCES, ...preferences }, setAtMs))
  yield* Sessions.use((sessions) => sessions.start({ userId, telegramId: `${ann}`, nowMs: t0, ttlMs: 7 * day }))
})

const came = (digit: string, atMs: number, ms: number, changes: Partial<Opportunity> = {}) =>
  Opportunities.use((store) =>
    store.upsert(
      card({
        id: digit.repeat(32),
        detectedAt: atMs,
        firstAt: atMs,
        lastAt: atMs + ms,
        state: "closed",
        expiresAt: atMs + ms,
        ...changes,
      }),
      atMs,
    )
  )

const seen = TelegramEmulator.use((emulator) =>
  Effect.map(emulator.chat(ann), ({ messages }) => messages.filter(({ fromBot }) => fromBot).map(({ text }) => text))
).pipe(Effect.orDie)

const look = Effect.andThen(oweDigests(), tellDigests())

const telling = <E, R>(body: Effect.Effect<void, E, R>, waitMs = 0) =>
  Effect.gen(function* () {
    yield* fresh
    yield* Effect.gen(function* () {
      const emulator = yield* people
      yield* emulator.say(ann, ann, "/start")
      yield* body
    }).pipe(Effect.provide(limiter(waitMs)), Effect.provide(surroundings()))
  })

layer(world, { timeout: "60 seconds" })("The end of quiet hours", (it) => {
  it.effect("tells once what came and went, the longest lived, and what is open at that moment", () =>
    telling(Effect.gen(function* () {
      yield* subscriber()
      yield* came("1", evening - 1, 5_000)
      yield* came("2", evening, 185_000, { netBps: "9" })
      yield* came("3", evening + hour, 1_000, { netBps: "40" })
      const open = { state: "improved" as const, expiresAt: morning + 20_000, netBps: "21" }
      yield* came("4", morning - 30_000, 29_000, open)
      yield* TestClock.setTime(morning - 1)
      assert.strictEqual(yield* look, 0)
      yield* TestClock.setTime(morning + 5_000)
      assert.strictEqual(yield* look, 1)
      assert.deepStrictEqual(yield* seen, [
        [
          "🌙 While I kept quiet (10 h)",
          "3 opportunities for you came, 2 of them went.",
          "",
          "Longest lived:",
          "• BTC/USDT kraken → okx, +9 bps, lived 3 min 5 s",
          "• BTC/USDT kraken → okx, +40 bps, lived 1 s",
          "",
          "Still open, as of now:",
          "",
          "1. 📈 BTC/USDT 🔼kraken 🔽okx",
          "+21 bps = +37.906 USDT for 0.8 BTC (24,004 USDT)",
          "Seen 35 s ago · ❔",
        ].join("\n"),
      ])
      yield* TestClock.setTime(morning + 5 * minute)
      assert.strictEqual(yield* look, 0)
      assert.strictEqual((yield* seen).length, 1)
    })))

  it.effect("says nothing where nothing came that fits, or no digest is wanted", () =>
    telling(Effect.gen(function* () {
      yield* subscriber({ minNetBps: 50 })
      yield* came("2", evening, 5_000)
      yield* TestClock.setTime(morning)
      assert.strictEqual(yield* look, 1)
      assert.deepStrictEqual(yield* seen, [])
      yield* subscriber({ quietDigest: false })
      yield* came("3", evening + day, 5_000)
      yield* TestClock.setTime(morning + day)
      assert.strictEqual(yield* look, 0)
    })))

  it.effect("waits for its turn at the messenger, and tells it then", () =>
    Effect.gen(function* () {
      yield* telling(
        Effect.gen(function* () {
          yield* subscriber()
          yield* came("2", evening, 5_000)
          yield* TestClock.setTime(morning)
          assert.strictEqual(yield* look, 1)
          assert.deepStrictEqual(yield* seen, [])
          assert.strictEqual(yield* look, 0, "not before its time")
          yield* TestClock.adjust("4 seconds")
          assert.strictEqual(yield* Effect.provide(look, limiter(0)), 1)
          assert.strictEqual((yield* seen).length, 1)
        }),
        4_000,
      )
    }))

  it.effect("also ends a wish not to be disturbed until an hour, which began when it was made", () =>
    telling(Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      yield* subscriber({ activeHoursStart: 0, activeHoursEnd: 0, doNotDisturbUntil: t0 + 2 * hour, language: "ru" })
      yield* came("1", t0 - minute, 5_000)
      yield* came("2", t0 + hour, 5_000)
      yield* TestClock.setTime(t0 + 2 * hour)
      assert.strictEqual(yield* look, 1)
      assert.match((yield* seen).at(-1) ?? "", /^🌙 Пока я молчал \(2 ч\)\nДля вас: 1 возможность, её уже нет\./)
    })))
})

overBothStores("What is owed of quiet times", (it) => {
  it.effect("is noted once, leased to one, and given up after two tries or an hour", () =>
    Effect.gen(function* () {
      yield* fresh
      const digests = yield* QuietDigests
      const owed = { userId: "u", chatId: "100", fromMs: t0 - hour, untilMs: t0 }
      assert.deepStrictEqual([yield* digests.owe([owed], t0), yield* digests.owe([owed], t0 + 1)], [1, 0])
      const taken = (nowMs: number) => digests.take({ limit: 5, nowMs, leaseMs: 1_000 })
      const both = yield* Effect.all([taken(t0), taken(t0)], { concurrency: 2 })
      assert.deepStrictEqual(both.flat(), [owed])
      yield* digests.postpone(owed, t0 + 500)
      assert.deepStrictEqual(yield* taken(t0 + 499), [])
      assert.deepStrictEqual(yield* taken(t0 + 500), [owed])
      assert.deepStrictEqual(yield* taken(t0 + 1_500), [owed])
      assert.deepStrictEqual(yield* taken(t0 + 9_000), [], "two tries are enough")
      const next = { ...owed, untilMs: t0 + 1 }
      yield* digests.owe([next], t0)
      assert.deepStrictEqual(yield* taken(t0 + 1 + hour), [])
      assert.deepStrictEqual(yield* taken(t0 + hour), [next])
      yield* digests.settle(next, 3, t0 + hour)
    }))
})
