/** What is cached of people: told only under the store's own version, gone with any change, and never missed when away. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { NO_STANDING } from "../../src/domain/Eligibility.ts"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { Bus, BusError, type KeyValue } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { Keys } from "../../src/layers/Keys.ts"
import { PersonalData } from "../../src/layers/PersonalData.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Standings } from "../../src/layers/Standings.ts"
import { ELIGIBILITY, PREFERENCES, through, UserCache } from "../../src/layers/UserCache.ts"
import { type CurrentUser, Users } from "../../src/layers/Users.ts"
import * as UserCaching from "../../src/streams/UserCaching.ts"
import { day, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"

/** What the bus of a test does instead of its work, and what was asked of its buckets. */
const newTrouble = () => ({ away: false, gets: 0 })
type Trouble = ReturnType<typeof newTrouble>

const AWAY = new BusError({ reason: "unavailable", operation: "kv", subject: "people", detail: "away" })

const busOf = (trouble: Trouble) =>
  Layer.effect(
    Bus,
    Effect.map(Bus, (bus) => {
      const unless = <A>(work: Effect.Effect<A, BusError>) =>
        Effect.suspend(() => trouble.away ? Effect.fail(AWAY) : work)
      const spoilt = (bucket: KeyValue): KeyValue => ({
        ...bucket,
        get: (key) => {
          trouble.gets++
          return unless(bucket.get(key))
        },
        put: (key, value) => unless(bucket.put(key, value)),
        erase: (filter) => unless(bucket.erase(filter)),
      })
      return { ...bus, bucket: (spec) => Effect.map(bus.bucket(spec), spoilt) }
    }),
  ).pipe(Layer.provide(EmbeddedBus.layer()))

/** A process's own cache over that bus; two of them share the bus alone. */
const cachingOf = (trouble: Trouble) => UserCaching.layer.pipe(Layer.provideMerge(busOf(trouble)))

const current = (telegramId: string) =>
  Effect.flatMap(Users, (users) => Effect.map(users.current(telegramId), Option.getOrThrow))

/** As the Gate reads them; `reads` counts what the store was asked. */
const preferencesOf = ({ user, version }: CurrentUser, counted: { reads: number }) =>
  Effect.flatMap(Users, (users) =>
    through(
      PREFERENCES,
      { telegramId: user.telegramId, version },
      Effect.suspend(() => {
        counted.reads++
        return users.preferences(user.userId)
      }),
    ))

const kept = (bucket: string) =>
  Effect.flatMap(
    Bus,
    (bus) => Effect.map(bus.survey, (all) => all.find(({ name }) => name === bucket)?.state.messages ?? 0),
  )

layer(world, { timeout: "60 seconds" })("What is cached of people", (it) => {
  it.effect("is kept open in memory for a minute, and then looked for in its bucket again", () => {
    const counted = { reads: 0 }, trouble = newTrouble()
    return Effect.gen(function* () {
      yield* fresh
      yield* someUser("1")
      const user = yield* current("1")
      yield* preferencesOf(user, counted)
      yield* until(Effect.map(kept("preferences"), (count) => count === 1))
      yield* preferencesOf(user, counted)
      const looked = trouble.gets
      yield* preferencesOf(user, counted)
      assert.strictEqual(trouble.gets, looked)
      yield* TestClock.setTime(t0 + 60_000)
      yield* preferencesOf(user, counted)
      assert.deepStrictEqual([trouble.gets, counted.reads], [looked + 1, 1])
    }).pipe(Effect.provide(cachingOf(trouble)))
  })

  it.effect("is read from the store once, and from the cache as long as nothing changes", () => {
    const counted = { reads: 0 }
    return Effect.gen(function* () {
      yield* fresh
      yield* someUser("1")
      const first = yield* preferencesOf(yield* current("1"), counted)
      yield* until(Effect.map(kept("preferences"), (count) => count === 1))
      for (let round = 0; round < 5; round++) {
        assert.deepStrictEqual(yield* preferencesOf(yield* current("1"), counted), first)
      }
      assert.strictEqual(counted.reads, 1)
    }).pipe(Effect.provide(cachingOf(newTrouble())))
  })

  it.effect("is never told after a change, although nobody has erased it", () => {
    const counted = { reads: 0 }
    return Effect.gen(function* () {
      yield* fresh
      const { userId } = yield* someUser("1")
      const users = yield* Users, keys = yield* Keys, standings = yield* Standings
      const key = () =>
        keys.add({
          userId,
          venue: "okx",
          label: null,
          secret: { apiKey: Redacted.make("a"), secret: Redacted.make("b"), passphrase: null },
          nowMs: t0,
        })
      const changes = [
        users.setPreferences(userId, { ...DEFAULT_PREFERENCES, minNetBps: 77 }, t0),
        users.setPlan({ userId, tier: "pro", role: "user", nowMs: t0 }),
        users.setCountry({ userId, country: "DE", nowMs: t0 }),
        users.setBetaUntil({ userId, betaUntil: t0 + day, nowMs: t0 }),
        standings.restrict({ userId, reason: "fraud", untilMs: null, by: "admin", nowMs: t0 }),
        standings.lift(userId, t0),
        users.deactivate("1", t0),
      ]
      const versions = new Set<number>()
      for (const change of [...changes, Effect.asVoid(key())]) {
        const before = yield* current("1")
        yield* preferencesOf(before, counted)
        yield* until(Effect.map(kept("preferences"), (count) => count === 1))
        const readBefore = counted.reads
        yield* change
        const after = yield* current("1")
        assert.isAbove(after.version, before.version)
        versions.add(after.version)
        yield* preferencesOf(after, counted)
        assert.strictEqual(counted.reads, readBefore + 1)
      }
      assert.strictEqual(versions.size, changes.length + 1)
      assert.strictEqual((yield* preferencesOf(yield* current("1"), counted)).minNetBps, 77)
    }).pipe(Effect.provide(cachingOf(newTrouble())))
  })

  it.effect("does not grant what another process has taken away meanwhile", () => {
    const trouble = newTrouble(), counted = { reads: 0 }
    return Effect.gen(function* () {
      yield* fresh
      const { userId } = yield* someUser("1")
      const users = yield* Users, standings = yield* Standings
      const eligibility = ({ user, version }: CurrentUser) =>
        through(
          ELIGIBILITY,
          { telegramId: user.telegramId, version },
          Effect.gen(function* () {
            counted.reads++
            const standing = (yield* standings.of([userId], t0)).get(userId) ?? NO_STANDING
            return { preferences: yield* users.preferences(userId), standing }
          }),
        )
      const before = yield* current("1")
      assert.isNull((yield* eligibility(before)).standing.restriction)
      yield* until(Effect.map(kept("eligibility"), (count) => count === 1))
      // As another process, or somebody at the database, does it: this one's cache hears of nothing.
      yield* standings.restrict({ userId, reason: "fraud", untilMs: null, by: "admin", nowMs: t0 })
      const cached = Option.getOrThrow(
        yield* (yield* UserCache).read("eligibility", { telegramId: "1", version: before.version }),
      )
      assert.notInclude(cached, "fraud")
      assert.strictEqual((yield* eligibility(yield* current("1"))).standing.restriction?.reason, "fraud")
    }).pipe(Effect.provide(cachingOf(trouble)))
  })

  it.effect("is read from the store while the bus is away, and asked of the bus once a second then", () => {
    const trouble = newTrouble(), counted = { reads: 0 }
    return Effect.gen(function* () {
      yield* fresh
      yield* someUser("1")
      yield* preferencesOf(yield* current("1"), counted)
      yield* until(Effect.map(kept("preferences"), (count) => count === 1))
      trouble.away = true
      trouble.gets = 0
      for (let round = 0; round < 10; round++) {
        assert.deepStrictEqual(yield* preferencesOf(yield* current("1"), counted), DEFAULT_PREFERENCES)
      }
      assert.strictEqual(counted.reads, 11)
      assert.strictEqual(trouble.gets, 1)
    }).pipe(Effect.provide(cachingOf(trouble)))
  })

  it.effect("is sealed, so that who reads the bucket learns nothing", () =>
    Effect.gen(function* () {
      yield* fresh
      const { userId } = yield* someUser("1")
      yield* Users.use((users) => users.setPreferences(userId, { ...DEFAULT_PREFERENCES, pairs: ["XMR/USDT"] }, t0))
      yield* preferencesOf(yield* current("1"), { reads: 0 })
      yield* until(Effect.map(kept("preferences"), (count) => count === 1))
      const bucket = yield* (yield* Bus).bucket({ name: "preferences", timeToLive: Option.none(), maxBytes: 1_000_000 })
      const text = new TextDecoder().decode(Option.getOrThrow(yield* bucket.get("1")).value)
      assert.match(text, /^v1\./)
      assert.notInclude(text, "XMR")
      // Put under somebody else's name, or another purpose, it does not open.
      yield* someUser("2")
      yield* bucket.put("2", new TextEncoder().encode(text))
      const { version } = yield* current("1")
      assert.isTrue(Option.isNone(yield* (yield* UserCache).read("preferences", { telegramId: "2", version })))
    }).pipe(Effect.provide(cachingOf(newTrouble()))))

  it.effect("is erased when the store announces a change, and all of it with the person", () =>
    Effect.gen(function* () {
      yield* fresh
      const owner = yield* someUser("1")
      yield* someUser("2")
      const sessions = yield* Sessions, cache = yield* UserCache, bus = yield* Bus
      const both = (count: number) =>
        until(
          Effect.map(Effect.all([kept("preferences"), kept("session")]), (all) => all.every((one) => one === count)),
        )
      const fill = Effect.forEach(["1", "2"], (telegramId) =>
        Effect.gen(function* () {
          yield* preferencesOf(yield* current(telegramId), { reads: 0 })
          yield* cache.keepSession(telegramId, { sessionId: `s${telegramId}`, expiresAt: t0 + day })
        }))
      yield* fill
      yield* both(2)
      // The first word to whoever listens is that changes may have been missed: everything goes.
      yield* Effect.forkScoped(UserCaching.keepTrue("one"))
      yield* both(0)
      yield* fill
      yield* both(2)
      const started = yield* sessions.start({ userId: owner.userId, telegramId: "1", nowMs: t0, ttlMs: day })
      assert.isTrue(started.created)
      yield* both(1)
      assert.isTrue(Option.isNone(yield* cache.session("1")))

      const rates = yield* bus.bucket({ name: "rate_limit", timeToLive: Option.none(), maxBytes: 1_000_000 })
      yield* rates.put("1.2026-01-01", new Uint8Array(1))
      yield* rates.put("2.2026-01-01", new Uint8Array(1))
      yield* cache.write("profile", { telegramId: "1", version: 0 }, () => "{}")
      yield* PersonalData.use((data) => data.erase(owner, t0))
      yield* cache.forgetPerson("1")
      for (const name of ["session", "preferences", "eligibility", "profile", "rate_limit"]) {
        const bucket = yield* bus.bucket({ name, timeToLive: Option.none(), maxBytes: 1_000_000 })
        assert.isFalse((yield* bucket.keys(">")).some((key) => key === "1" || key.startsWith("1.")), name)
      }
      assert.deepStrictEqual(yield* rates.keys(">"), ["2.2026-01-01"])
    }).pipe(Effect.provide(cachingOf(newTrouble()))))
})
