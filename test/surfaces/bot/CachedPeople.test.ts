/** The bot over its caches: it answers from them, never as they were, and keeps nothing of who is forgotten. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { DEFAULT_PREFERENCES } from "../../../src/domain/Preferences.ts"
import { Bus } from "../../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../../src/layers/embedded/Bus.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { Sessions } from "../../../src/layers/Sessions.ts"
import { Standings } from "../../../src/layers/Standings.ts"
import { Users } from "../../../src/layers/Users.ts"
import { Vault } from "../../../src/layers/Vault.ts"
import * as UserCaching from "../../../src/streams/UserCaching.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann, bob } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"
import { READS, scripted } from "./scriptedKeyCheck.ts"

const BUCKETS = ["preferences", "eligibility", "profile", "session", "session_temp"]

/** Nobody empties these caches but /forget: every entry that a change leaves behind is still there. */
const cached = polled.pipe(
  Layer.provideMerge(surroundings({}, scripted({ okx: Effect.succeed({ _tag: "Told", rights: READS }) }).layer)),
  Layer.provideMerge(UserCaching.layer),
  Layer.provideMerge(EmbeddedBus.layer()),
)

const keysOf = (name: string) =>
  Effect.flatMap(Bus, (bus) => bus.bucket({ name, timeToLive: Option.none(), maxBytes: 1_000_000 })).pipe(
    Effect.flatMap((bucket) => bucket.keys(">")),
    Effect.scoped,
  )

layer(world, { timeout: "60 seconds" })("The bot over its caches", (it) => {
  it.effect("obeys a change at the next word, denies whose session has ended, and forgets without a trace", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { say, tap } = yield* conversation
        const users = yield* Users, standings = yield* Standings, sessions = yield* Sessions
        const id = `${ann}`
        yield* say(ann, "/start")
        const { userId } = Option.getOrThrow(yield* users.byTelegramId(id))
        const opportunity = card({ expiresAt: t0 + 3_600_000 })
        yield* Effect.flatMap(Opportunities, (store) => store.upsert(opportunity, t0))
        assert.include(yield* say(ann, "/profile"), "free")
        const before = yield* say(ann, `/why ${opportunity.id}`)
        assert.notInclude(before, "your account is restricted")
        for (const name of ["preferences", "eligibility", "profile"]) {
          yield* until(Effect.map(keysOf(name), (keys) => keys.includes(id)))
        }

        yield* users.setPlan({ userId, tier: "pro", role: "user", nowMs: t0 })
        assert.include(yield* say(ann, "/profile"), "pro")
        yield* standings.restrict({ userId, reason: "under investigation", untilMs: null, by: "admin", nowMs: t0 })
        assert.include(yield* say(ann, `/why ${opportunity.id}`), "your account is restricted")
        yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, language: "ru" }, t0)
        assert.match(yield* say(ann, "/session"), /[а-я]/)
        yield* users.setPreferences(userId, DEFAULT_PREFERENCES, t0)

        // As another process ends it: what is cached of the person is all still there.
        yield* sessions.terminateChat(id, t0)
        assert.match(yield* say(ann, "/profile"), /start/i)
        yield* say(ann, "/start")
        yield* say(ann, "/forget")
        yield* tap(ann, "🗑 Yes, erase everything")
        for (const name of BUCKETS) assert.deepStrictEqual(yield* keysOf(name), [], name)
      }).pipe(Effect.provide(cached))
    }))

  it.effect("shows admins what somebody has been asked and has not answered, and nothing of what was typed", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { say, tap } = yield* conversation
        const users = yield* Users
        yield* say(bob, "/start")
        const { userId } = Option.getOrThrow(yield* users.byTelegramId(`${bob}`))
        yield* users.setPlan({ userId, tier: "free", role: "admin", nowMs: t0 })
        yield* say(ann, "/start")
        const shows = (what: string) =>
          Effect.map(
            say(bob, `/users ${ann}`),
            (page) => /has been asked since \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\): (.+)/.exec(page)?.[1] === what,
          )
        yield* say(ann, "/keys")
        yield* tap(ann, "➕ Add a key")
        yield* tap(ann, "okx")
        yield* until(shows("key-parts, apiKey"))
        yield* say(ann, "key-of-ann")
        yield* until(shows("key-parts, secret"))
        assert.notInclude(yield* say(bob, `/users ${ann}`), "key-of-ann")

        yield* say(ann, "secret-of-ann")
        yield* until(Effect.map(keysOf("session_temp"), (keys) => keys.length === 0))
        assert.notInclude(yield* say(bob, `/users ${ann}`), "has been asked")

        yield* say(ann, "/keys")
        yield* tap(ann, "➕ Add a key")
        yield* tap(ann, "okx")
        yield* until(Effect.map(keysOf("session_temp"), (keys) => keys.length === 1))
        yield* say(ann, "/logout")
        yield* until(Effect.map(keysOf("session_temp"), (keys) => keys.length === 0))
      }).pipe(Effect.provide(cached))
    }))

  it.effect("serves as well without a master key, when nothing can be sealed", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { say } = yield* conversation
        yield* say(ann, "/start")
        assert.include(yield* say(ann, "/profile"), "free")
        assert.deepStrictEqual(yield* keysOf("preferences"), [])
      }).pipe(Effect.provide(Layer.provide(cached, Vault.absent("none is set"))))
    }))
})
