/** The audience in memory: it follows starts, ends, settings and extensions, and ranks whom it matches. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { DEFAULT_PREFERENCES, type Preferences } from "../../src/domain/Preferences.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Standings } from "../../src/layers/Standings.ts"
import { Users } from "../../src/layers/Users.ts"
import { Audience } from "../../src/streams/Audience.ts"
import { day, minute, queueItem, someOpportunity, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"

const join = Effect.fnUntraced(function* (telegramId: string, ttlMs = 7 * day) {
  const { userId } = yield* someUser(telegramId)
  yield* Sessions.use((sessions) => sessions.start({ userId, telegramId, nowMs: t0, ttlMs }))
  return userId
})

const prefer = (userId: string, changes: Partial<Preferences>) =>
  Users.use((users) => users.setPreferences(userId, { ...DEFAULT_PREFERENCES, ...changes }, t0))

const opportunity = someOpportunity({ netBps: "10.0000" })
const matching = (nowMs = t0) =>
  Effect.flatMap(
    Audience,
    (audience) =>
      Effect.map(audience.matching(opportunity, nowMs, 1_000), ({ targets }) => targets.map(({ chatId }) => chatId)),
  )
const becomes = (...chats: ReadonlyArray<string>) =>
  until(Effect.map(matching(), (found) => found.join() === chats.join()))

/** An audience that begins now. */
const watching = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.provide(body, Layer.fresh(Audience.layer))

layer(world, { timeout: "60 seconds" })("The audience", (it) => {
  it.effect("knows at once everyone who was there when it began", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* join("100")
      yield* watching(Effect.gen(function* () {
        assert.deepStrictEqual(yield* matching(), ["100"])
        assert.strictEqual(yield* Audience.use((audience) => audience.size), 1)
      }))
    }))

  it.effect("follows who comes, who changes their mind and who goes", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* watching(Effect.gen(function* () {
        assert.deepStrictEqual(yield* matching(), [])
        const userId = yield* join("100")
        yield* becomes("100")
        yield* prefer(userId, { minNetBps: 11 })
        yield* becomes()
        yield* prefer(userId, { minNetBps: 10 })
        yield* becomes("100")
        yield* prefer(userId, { pushEnabled: false })
        yield* becomes()
        yield* prefer(userId, {})
        yield* becomes("100")
        yield* Sessions.use((sessions) => sessions.terminateChat("100", t0))
        yield* becomes()
      }))
    }))

  it.effect("puts higher tiers first", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* join("100")
      const rich = yield* join("200")
      yield* Users.use((users) => users.setPlan({ userId: rich, tier: "pro", role: "user", nowMs: t0 }))
      yield* watching(Effect.gen(function* () {
        assert.deepStrictEqual(yield* matching(), ["200", "100"])
      }))
    }))

  it.effect("asks again for a session that seems to have run out, because extensions are not announced", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* join("100", minute)
      yield* join("200", minute)
      yield* watching(Effect.gen(function* () {
        const sessions = yield* Sessions
        const { session } = yield* sessions.validateFromRow("100", t0)
        assert.strictEqual(session._tag, "Some")
        if (session._tag === "Some") yield* sessions.extend({ session: session.value, nowMs: t0, ttlMs: day })
        assert.deepStrictEqual(yield* matching(t0 + 2 * minute), ["100"])
        assert.strictEqual(yield* Audience.use((audience) => audience.size), 1)
      }))
    }))

  it.effect("hears of restrictions, and that they end by themselves", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* join("100")
      const restriction = { userId, reason: "chargeback", untilMs: t0 + minute, by: "root", nowMs: t0 }
      yield* watching(Effect.gen(function* () {
        yield* Standings.use((standings) => standings.restrict(restriction))
        yield* becomes()
        assert.deepStrictEqual(yield* matching(t0 + minute), ["100"])
      }))
    }))

  it.effect("knows whom it told at once, and after a restart from the rows, for the hour and the cooldown", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* join("100")
      yield* prefer(userId, { maxPerHour: 1, maxPerDay: 2 })
      const refused = (id: string, fingerprint: string, nowMs: number) =>
        Audience.use((audience) =>
          Effect.map(audience.matching({ ...opportunity, id, fingerprint }, nowMs, 10), (found) => [...found.refused])
        )
      yield* watching(Effect.gen(function* () {
        yield* Audience.use((audience) => audience.told("100", opportunity, t0))
        assert.deepStrictEqual(yield* refused("b", "other", t0), [["hour_limit", 1]])
      }))
      const payload = { opportunity, language: "en" }
      const row = queueItem({ userId, chatId: "100", opportunityId: opportunity.id, expiresAt: t0 + 2 * day, payload })
      yield* OpportunityQueue.use((queue) => queue.enqueue([row], t0))
      yield* watching(Effect.gen(function* () {
        assert.deepStrictEqual(yield* refused("b", "other", t0 + minute), [["hour_limit", 1]])
        assert.deepStrictEqual(yield* refused("b", opportunity.fingerprint, t0 + 61 * minute), [["cooldown", 1]])
        assert.deepStrictEqual(yield* refused("b", "other", t0 + 61 * minute), [])
      }))
    }))
})
