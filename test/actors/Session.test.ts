/** The session actor: one session a user, sliding expiry, fencing, passivation, and rows where no actor answers. */
import { assert } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import type { ClusterOptions } from "../../src/layers/cluster/Cluster.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { SessionAnalytics } from "../../src/layers/SessionAnalytics.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Fenced, Store } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { behaviour, SessionClient, type SessionOptions } from "../../src/actors/Session.ts"
import { ResidentSessions } from "../../src/actors/ResidentSessions.ts"
import { day, queueItem, t0 } from "../suites/StoreWorld.ts"
import { fresh, overBothStores, processOf, until } from "../support/actors.ts"

const ada = { telegramId: "100", chatId: "100", username: "ada", firstName: "Ada", languageCode: null }

/** One life of a process that hosts sessions. */
const running = <A, E, R>(
  body: (sessions: SessionClient["Service"]) => Effect.Effect<A, E, R>,
  options: ClusterOptions & SessionOptions = {},
) =>
  Effect.flatMap(SessionClient, body).pipe(
    Effect.provide(processOf(Layer.merge(behaviour(options), SessionClient.layer(options)), options)),
  )

const epochOf = (telegramId: string) =>
  Effect.map(
    Sessions.use((rows) => rows.validateFromRow(telegramId, t0)),
    ({ session }) => Option.getOrThrow(session).epoch,
  )

overBothStores("A session", (it) => {
  it.effect("is one however many starts of its user arrive at once", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        const starts = yield* Effect.forEach(Array.from({ length: 100 }), () => sessions.start(ada), {
          concurrency: "unbounded",
        })
        assert.strictEqual(starts.filter(({ outcome }) => outcome === "created").length, 1)
        assert.strictEqual(new Set(starts.map(({ session }) => session.sessionId)).size, 1)
        assert.strictEqual(yield* Sessions.use((rows) => rows.countActive(t0)), 1)
      }))
    }))

  it.effect("is created once for each of a hundred users who start at once", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        const starts = yield* Effect.forEach(
          Array.from({ length: 100 }, (_, index) => `${200 + index}`),
          (telegramId) => sessions.start({ ...ada, telegramId }),
          { concurrency: "unbounded" },
        )
        // Where an actor's answer comes too late the row answers, and finds the session that the actor has made.
        assert.isTrue(starts.every(({ outcome }) => outcome === "created" || outcome === "already_active"))
        assert.strictEqual(new Set(starts.map(({ session }) => session.sessionId)).size, 100)
        assert.strictEqual(yield* Sessions.use((rows) => rows.countActive(t0)), 100)
      }))
    }))

  // Each day is a process's life of its own: nothing lives that would have to wake on the way.
  it.effect("moves its expiry with every interaction: days 0, 3 and 8 end on days 7, 10 and 15", () =>
    Effect.gen(function* () {
      yield* fresh
      const { session } = yield* running((sessions) => sessions.start(ada))
      assert.strictEqual(session.expiresAt, t0 + 7 * day)
      yield* TestClock.adjust("3 days")
      const third = yield* running((sessions) => sessions.touch("100", "/help"))
      assert.deepStrictEqual([third.verdict, third.session?.expiresAt], ["valid", t0 + 10 * day])
      yield* TestClock.adjust("5 days")
      const eighth = yield* running((sessions) => sessions.touch("100", "/session"))
      assert.deepStrictEqual([eighth.verdict, eighth.session?.expiresAt], ["valid", t0 + 15 * day])
      const { session: row } = yield* Sessions.use((rows) => rows.validateFromRow("100", t0 + 8 * day))
      assert.strictEqual(Option.getOrThrow(row).expiresAt, t0 + 15 * day)
    }))

  it.effect("expires after its time of silence, and starts anew under another id", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(
        Effect.fnUntraced(function* (sessions) {
          const first = yield* sessions.start(ada)
          yield* TestClock.adjust("7 minutes")
          assert.strictEqual((yield* sessions.touch("100", "/session")).verdict, "expired")
          const second = yield* sessions.start(ada)
          assert.strictEqual(second.outcome, "renewed")
          assert.notStrictEqual(second.session.sessionId, first.session.sessionId)
          assert.strictEqual((yield* sessions.touch("100", "/session")).verdict, "valid")
        }),
        { timeout: "7 minutes" },
      )
    }))

  it.effect("ends by logout, with everything that waited for its chat, and says so in the outbox", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        yield* sessions.start(ada)
        yield* OpportunityQueue.use((queue) => queue.enqueue([queueItem()], t0))
        assert.deepStrictEqual(yield* sessions.end("100"), { ended: true })
        assert.deepStrictEqual(yield* sessions.end("100"), { ended: false })
        assert.strictEqual((yield* sessions.touch("100", "/session")).verdict, "terminated")
        assert.strictEqual((yield* OpportunityQueue.use((queue) => queue.counts)).cancelled, 1)
        const { sql } = yield* Store
        const facts = yield* sql<{ subject: string }>`select subject from outbox order by id`
        assert.deepStrictEqual(facts.map(({ subject }) => subject), ["evt.v1.session.started", "evt.v1.session.ended"])
      }))
    }))

  it.effect("tells at its end how long it was, which commands were used and what was received, its own id in none of it", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        const { session: { sessionId, userId } } = yield* sessions.start(ada)
        const { sql } = yield* Store
        yield* TestClock.adjust("10 minutes")
        const done = { sessionId, userId, day: new Date(t0).toISOString().slice(0, 10) }
        yield* SessionAnalytics.use((analytics) =>
          analytics.count([
            { ...done, activity: "command:keys", times: 2 },
            { ...done, activity: "command:session", times: 1 },
            { ...done, activity: "tap", times: 9 },
          ])
        )
        // Before its start, in it, after its last interaction.
        for (const minutes of [-1, 5, 11]) {
          yield* sql`insert into distribution_analytics (user_id, opportunity_id, distribution_type, delivered_at)
            values (${userId}, ${`o${minutes}`}, 'push', ${new Date(t0 + minutes * 60_000)})`
        }
        yield* sessions.touch("100", "/logout")
        yield* sessions.end("100")
        const facts = yield* sql<{ payload: Record<string, unknown> }>`select payload from outbox order by id`
        const [started, ended] = facts.map(({ payload: { person: _, ...payload } }) => payload)
        assert.match(String(started?.["session"]), /^[0-9a-f]{32}$/)
        assert.deepStrictEqual(started, { v: 1, at: t0, outcome: "created", session: started?.["session"] })
        assert.deepStrictEqual(ended, {
          v: 1,
          at: t0 + 600_000,
          outcome: "logout",
          session: started?.["session"],
          durationMs: 600_000,
          commandsUsed: 3,
          opportunitiesReceived: 1,
        })
        assert.notInclude(JSON.stringify(facts), sessionId)
      }))
    }))

  it.effect("is none for an unknown chat, which activates no actor", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(
        Effect.fnUntraced(function* (sessions) {
          yield* sessions.start(ada)
          // The process holds one actor at most and has it: another could not be activated.
          assert.deepStrictEqual(yield* sessions.touch("404", "/help"), { verdict: "none", session: null })
          assert.deepStrictEqual(yield* sessions.look("404"), { verdict: "none", expiresAt: null, asked: null })
          assert.deepStrictEqual(yield* sessions.end("404"), { ended: false })
        }),
        { maxResidentEntities: 1 },
      )
    }))

  it.effect("is judged and extended by its row when the process has no room for its actor", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(
        Effect.fnUntraced(function* (sessions) {
          yield* sessions.start(ada)
          const second = yield* sessions.start({ ...ada, telegramId: "101", chatId: "101" })
          assert.strictEqual(second.outcome, "created")
          yield* TestClock.adjust("1 minute")
          const judged = yield* sessions.touch("101", "/help")
          assert.strictEqual(judged.verdict, "valid")
          assert.strictEqual(judged.session?.expiresAt, t0 + 60_000 + 7 * day)
          assert.deepStrictEqual(yield* sessions.end("101"), { ended: true })
        }),
        { maxResidentEntities: 1 },
      )
    }))

  it.effect("is passivated when idle and comes back from its row with a higher epoch", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        const { session } = yield* sessions.start(ada)
        yield* sessions.touch("100", "/help")
        assert.strictEqual(yield* epochOf("100"), session.epoch)
        yield* TestClock.adjust("15 minutes")
        assert.strictEqual((yield* sessions.touch("100", "/help")).session?.sessionId, session.sessionId)
        // The row has answered; the actor comes up behind the answer.
        yield* until(Effect.map(epochOf("100"), (epoch) => epoch > session.epoch))
        assert.strictEqual((yield* sessions.touch("100", "/help")).session?.epoch, yield* epochOf("100"))
      }))
    }))

  it.effect("that is only asked beside the mailbox stays awake, and leaves memory when nobody asks", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.provide(
        Effect.gen(function* () {
          const sessions = yield* SessionClient
          const residents = yield* ResidentSessions
          assert.isUndefined(residents.find("100"))
          const { session } = yield* sessions.start(ada)
          for (let minutes = 0; minutes < 30; minutes += 2) {
            yield* TestClock.adjust("2 minutes")
            assert.strictEqual((yield* sessions.touch("100", "/help")).session?.epoch, session.epoch)
          }
          assert.isDefined(residents.find("100"))
          yield* TestClock.adjust("15 minutes")
          yield* until(Effect.sync(() => residents.find("100") === undefined))
        }),
        processOf(Layer.mergeAll(behaviour(), SessionClient.layer(), ResidentSessions.layer)),
      )
    }))

  it.effect("that ends while touches are under way admits none after its end, however they interleave", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        yield* sessions.start(ada)
        const touch = sessions.touch("100", "/help")
        const both = yield* Effect.all([
          Effect.forEach(Array.from({ length: 300 }), () => touch, { concurrency: "unbounded" }),
          sessions.end("100"),
        ], { concurrency: "unbounded" })
        assert.deepStrictEqual(both[1], { ended: true })
        assert.isTrue(both[0].every(({ verdict }) => verdict === "valid" || verdict === "terminated"))
        assert.strictEqual((yield* touch).verdict, "terminated")
        const { outcome, session } = yield* sessions.start(ada)
        assert.strictEqual(outcome, "renewed")
        assert.strictEqual((yield* touch).session?.sessionId, session.sessionId)
      }))
    }))

  it.effect("survives a restart of its process", () =>
    Effect.gen(function* () {
      yield* fresh
      const { session } = yield* running((sessions) => sessions.start(ada))
      const judged = yield* running((sessions) => sessions.touch("100", "/help"))
      assert.strictEqual(judged.session?.sessionId, session.sessionId)
    }))

  it.effect("held by an older owner cannot be written by it once another has activated it", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        const { session } = yield* sessions.start(ada)
        const taken = Option.getOrThrow(yield* Sessions.use((rows) => rows.activate("100")))
        const refused = yield* Effect.flip(
          Sessions.use((rows) => rows.extend({ session, nowMs: t0 + 1, ttlMs: day })),
        )
        assert.instanceOf(refused, Fenced)
        // Its actor finds out at its next write, activates again, and so fences the other in turn.
        assert.strictEqual((yield* sessions.touch("100", "/help")).session?.epoch, taken.epoch + 1)
      }))
    }))

  it.effect("that the cleanup expired is answered as expired by an actor that still held it", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        yield* sessions.start(ada)
        yield* sessions.touch("100", "/help")
        yield* Sessions.use((rows) => rows.expireBatch({ nowMs: t0 + 8 * day }))
        assert.strictEqual((yield* sessions.touch("100", "/help")).verdict, "expired")
      }))
    }))

  it.effect("begins in the language of its user, and keeps what they set when it is renewed", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* running(Effect.fnUntraced(function* (sessions) {
        const users = yield* Users
        const { session } = yield* sessions.start({ ...ada, languageCode: "ru" })
        const preferences = yield* users.preferences(session.userId)
        assert.strictEqual(preferences.language, "ru")
        yield* users.setPreferences(session.userId, { ...preferences, language: "en", maxPerHour: 1 }, t0)
        yield* sessions.end("100")
        yield* sessions.start({ ...ada, languageCode: "ru" })
        const kept = yield* users.preferences(session.userId)
        assert.deepStrictEqual([kept.language, kept.maxPerHour], ["en", 1])
      }))
    }))

  it.effect("keeps what its user was asked through its owner's end and another's coming, until it ends itself", () =>
    Effect.gen(function* () {
      yield* fresh
      const asked = { topic: "alert", step: "price", data: { pair: "BTC/USDT" }, askedAt: t0 }
      yield* running(Effect.fnUntraced(function* (sessions) {
        assert.isFalse(yield* sessions.setDialogue("100", Option.some(asked)), "there is no session")
        yield* sessions.start(ada)
        assert.isTrue(yield* sessions.setDialogue("100", Option.some(asked)))
        // Its actor is fenced, notices it at its next write, and writes all the same.
        yield* Sessions.use((rows) => rows.activate("100"))
        assert.isTrue(yield* sessions.setDialogue("100", Option.some({ ...asked, step: "side" })))
        assert.isTrue(yield* sessions.mark("100", { preferencesSet: true }))
      }))
      yield* running(
        Effect.fnUntraced(function* (sessions) {
          assert.deepStrictEqual(yield* sessions.dialogue("100"), Option.some({ ...asked, step: "side" }))
          assert.isTrue(yield* sessions.setDialogue("100", Option.some(asked)), "the row alone is enough")
          yield* TestClock.adjust("1 hour")
          assert.isTrue(Option.isNone(yield* sessions.dialogue("100")), "nobody answers after so long")
        }),
        { maxResidentEntities: 0 },
      )
      yield* running(Effect.fnUntraced(function* (sessions) {
        yield* sessions.setDialogue("100", Option.some({ ...asked, askedAt: t0 + 3_600_000 }))
        assert.isTrue(yield* sessions.mark("100", { onboardingCompleted: true }))
        yield* sessions.end("100")
        assert.isFalse(yield* sessions.mark("100", { onboardingCompleted: false }))
        assert.isTrue(Option.isNone(yield* sessions.dialogue("100")))
        const { sql } = yield* Store
        assert.deepStrictEqual(yield* sql`select metadata::text as text from user_sessions`, [{ text: "{}" }])
      }))
    }))
})
