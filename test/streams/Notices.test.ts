/** Notices as people get them: owed in the transaction that makes them true, and told once by the one way all goes. */
import { assert } from "@effect/vitest"
import { Clock, Effect, Layer, Metric, Option, Ref } from "effect"
import { TestClock } from "effect/testing"
import * as RateLimiter from "../../src/actors/RateLimiter.ts"
import * as UserQueue from "../../src/actors/UserQueue.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "../../src/domain/Preferences.ts"
import { Directory } from "../../src/layers/Directory.ts"
import { Leases } from "../../src/layers/Leases.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store, StoreError } from "../../src/layers/Store.ts"
import * as TelegramNotifier from "../../src/layers/telegram/Notifier.ts"
import { Users } from "../../src/layers/Users.ts"
import { change } from "../../src/programs/Administration.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { makeVenueReadings, observe, queueReadings, watchQueue } from "../../src/streams/AdminAlerts.ts"
import * as ChannelRouting from "../../src/streams/ChannelRouting.ts"
import { deliver } from "../../src/streams/Deliver.ts"
import { tellEndingSessions } from "../../src/streams/SessionNotices.ts"
import { tellWeek } from "../../src/streams/WeeklyFigures.ts"
import { ann, bob, people } from "../simulators/telegram/support.ts"
import { day, minute, queueItem, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, overBothStores, processOf, until } from "../support/actors.ts"
import { surroundings } from "../surfaces/bot/running.ts"

const hour = 3_600_000
const operator = { userId: null, role: "superadmin", sessionId: null, command: "arbedge users" } as const

const actors = processOf(Layer.mergeAll(
  UserQueue.behaviour,
  UserQueue.UserQueueClient.layer,
  RateLimiter.behaviour(),
  RateLimiter.RateLimiterClient.layer,
))

/** Ann and Bob at an emulated Telegram, and a process with the actors, from then on. */
const delivering = <A, E, R>(body: Effect.Effect<A, E, R>, fromMs = t0) =>
  Effect.gen(function* () {
    yield* fresh
    yield* TestClock.setTime(fromMs)
    yield* Effect.gen(function* () {
      yield* people
      yield* body
    }).pipe(
      Effect.scoped,
      Effect.provide(actors),
      Effect.provide(
        ChannelRouting.layer.pipe(Layer.provide(TelegramNotifier.layer), Layer.provideMerge(surroundings())),
      ),
    )
  })

/** With a session of a week from t0, told around the clock. */
const subscriber = Effect.fnUntraced(function* (id: number, preferences: Partial<Preferences> = {}) {
  const { userId } = yield* someUser(`${id}`)
  const wanted = { ...DEFAULT_PREFERENCES, activeHoursStart: 0, activeHoursEnd: 0, ...preferences }
  yield* Users.use((users) => users.setPreferences(userId, wanted, t0))
  yield* Sessions.use((sessions) => sessions.start({ userId, telegramId: `${id}`, nowMs: t0, ttlMs: 7 * day }))
  return userId
})

interface Row {
  readonly key: string
  readonly status: string
  readonly why: string | null
}
const rows = Effect.flatMap(
  Store,
  ({ sql }) =>
    sql<Row>`select opportunity_id as key, status, error_message as why from opportunity_distribution_queue
      where kind <> 'opportunity' order by queue_id`,
)

/** Messages that are being decided on or sent now, and those whose turn comes within seconds. */
const soon = Effect.gen(function* () {
  const { sql } = yield* Store
  const near = new Date((yield* Clock.currentTimeMillis) + 10_000)
  const [counts] = yield* sql<{ readonly now: number; readonly next: number }>`select
      (count(*) filter (where status = 'sending' or lease_owner is not null))::int as now,
      (count(*) filter (where status = 'pending' and lease_owner is null
        and coalesce(scheduled_at, ${near}) <= ${near}))::int as next
    from opportunity_distribution_queue where kind <> 'opportunity'`
  return counts ?? { now: 0, next: 0 }
})

/** The queues decide on all that waits, and what is due leaves; time passes while nothing is on its way. */
const told = Effect.scoped(Effect.gen(function* () {
  yield* Effect.forkScoped(deliver({ owner: "test", underWay: yield* Ref.make(0) }))
  yield* TestClock.adjust("1500 millis")
  yield* UserQueue.UserQueueClient.use((queues) => queues.sweep)
  yield* until(Effect.gen(function* () {
    const { next, now } = yield* soon
    if (now === 0 && next > 0) yield* TestClock.adjust("100 millis")
    return now === 0 && next === 0
  }))
}))

const said = (id: number) =>
  TelegramEmulator.use((emulator) =>
    Effect.map(emulator.chat(id), ({ messages }) => messages.filter(({ fromBot }) => fromBot).map(({ text }) => text))
  )

/** A look at the queue every minute for so long. */
const watching = (ms: number) =>
  Effect.gen(function* () {
    for (let passed = 0; passed < ms; passed += minute) {
      yield* watchQueue
      yield* TestClock.adjust("1 minute")
    }
  })

overBothStores("A notice", (it) => {
  it.effect("tells a person of a plan that an admin changed, once, in their language", () =>
    delivering(Effect.gen(function* () {
      yield* subscriber(ann)
      yield* subscriber(bob, { language: "ru" })
      yield* change(operator, `${ann}`, { what: "tier", to: "pro" })
      yield* change(operator, `${ann}`, { what: "tier", to: "pro" })
      yield* change(operator, `${bob}`, { what: "role", to: "admin" })
      yield* told
      assert.deepStrictEqual(yield* said(ann), [
        "🎫 Your plan is pro now\nIt was free; an admin changed it. /profile shows what it includes.",
      ])
      assert.deepStrictEqual(yield* said(bob), [
        "🎫 Ваша роль теперь admin\nЕё изменил администратор. Доступные вам команды — /help.",
      ])
      assert.deepStrictEqual((yield* rows).map(({ status }) => status), ["sent", "sent"])
    })))

  it.effect("is owed with the change or not at all", () =>
    delivering(Effect.gen(function* () {
      yield* subscriber(ann)
      const { transaction } = yield* Store
      const undone = Effect.andThen(
        change(operator, `${ann}`, { what: "tier", to: "pro" }),
        new StoreError({ operation: "test", reason: "rejected", detail: "undo" }),
      )
      yield* Effect.ignore(transaction(undone))
      assert.deepStrictEqual(yield* rows, [])
      const users = yield* Directory.use((directory) => directory.find(`${ann}`, t0))
      assert.strictEqual(Option.getOrThrow(users).tier, "free")
    })))

  it.effect("waits for the end of a person's quiet hours, and is refused to who has no session or wants no push", () =>
    delivering(Effect.gen(function* () {
      // t0 is 15:06:40 UTC.
      yield* subscriber(ann, { doNotDisturbUntil: t0 + hour })
      yield* subscriber(bob, { pushEnabled: false })
      yield* change(operator, `${ann}`, { what: "beta", to: t0 + day })
      yield* change(operator, `${bob}`, { what: "beta", to: t0 + day })
      yield* told
      assert.deepStrictEqual(yield* said(ann), [])
      assert.deepStrictEqual((yield* rows).map(({ status, why }) => [status, why]), [["pending", null], [
        "cancelled",
        "push_off",
      ]])
      yield* TestClock.setTime(t0 + hour)
      yield* told
      assert.match((yield* said(ann)).join(), /^🎫 You have beta access now/)
      assert.deepStrictEqual(yield* said(bob), [])
    })))

  it.effect("says that a session ends soon once a day is left, once for each end", () =>
    delivering(
      Effect.gen(function* () {
        const userId = yield* subscriber(ann)
        assert.strictEqual(yield* tellEndingSessions, 1)
        assert.strictEqual(yield* tellEndingSessions, 0)
        yield* told
        assert.match((yield* said(ann)).join(), /^⌛️ Your session ends soon\nIt ends at 2025-06-22 15:06 \(UTC\)/)
        const sessions = yield* Sessions
        yield* sessions.start({ userId, telegramId: `${ann}`, nowMs: t0 + 6 * day + hour, ttlMs: 7 * day })
        assert.strictEqual(yield* tellEndingSessions, 0)
        const nextEnd = { nowMs: t0 + 12 * day + 2 * hour, withinMs: day, limit: 10 }
        assert.deepStrictEqual((yield* sessions.endingSoon(nextEnd)).map((ending) => ending.expiresAt), [
          t0 + 13 * day + hour,
        ])
      }),
      t0 + 6 * day,
    ))

  it.effect("is taken back where the session was prolonged before it could be told", () =>
    delivering(
      Effect.gen(function* () {
        const userId = yield* subscriber(ann, { doNotDisturbUntil: t0 + 6 * day + hour })
        assert.strictEqual(yield* tellEndingSessions, 1)
        yield* told
        yield* Sessions.use((sessions) =>
          sessions.start({ userId, telegramId: `${ann}`, nowMs: t0 + 6 * day, ttlMs: 7 * day })
        )
        yield* TestClock.setTime(t0 + 6 * day + hour)
        yield* told
        assert.deepStrictEqual(yield* said(ann), [])
        assert.deepStrictEqual((yield* rows).map(({ status, why }) => [status, why]), [[
          "cancelled",
          "the session was prolonged",
        ]])
      }),
      t0 + 6 * day,
    ))
})

/** t0 is a Sunday afternoon; this is eight o'clock on Monday and some minutes. */
const monday = t0 + 17 * hour

const makeAdmin = (id: number) =>
  Users.use((users) =>
    Effect.flatMap(
      users.byTelegramId(`${id}`),
      (user) => users.setPlan({ userId: Option.getOrThrow(user).userId, role: "admin", tier: "free", nowMs: t0 }),
    )
  )

overBothStores("The week in figures", (it) => {
  it.effect("is owed to admins once a week, on Mondays from eight o'clock on", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* subscriber(ann)
      yield* subscriber(bob)
      yield* makeAdmin(ann)
      const owedAt = (atMs: number) => Effect.andThen(TestClock.setTime(atMs), tellWeek)
      const moments = [t0, monday - hour, monday, monday + hour, monday + 16 * hour, monday + 7 * day]
      assert.deepStrictEqual(yield* Effect.forEach(moments, owedAt), [0, 0, 1, 0, 0, 1])
      const { sql } = yield* Store
      const kinds = yield* sql`select distinct kind, chat_id as chat from opportunity_distribution_queue`
      assert.deepStrictEqual(kinds, [{ kind: "analytics", chat: `${ann}` }])
    }))

  it.effect("tells what became of messages and sessions in the seven days before", () =>
    delivering(
      Effect.gen(function* () {
        yield* subscriber(ann)
        yield* subscriber(bob)
        yield* makeAdmin(ann)
        const { sql } = yield* Store
        yield* OpportunityQueue.use((queue) => queue.enqueue([1, 2, 3].map((n) => queueItem({ chatId: `9${n}` })), t0))
        yield* sql`update opportunity_distribution_queue
          set status = case chat_id when '93' then 'failed' else 'sent' end, updated_at = ${new Date(t0)}`
        assert.strictEqual(yield* tellWeek, 1)
        yield* told
        const [text = "", ...more] = yield* said(ann)
        assert.deepStrictEqual([more, yield* said(bob)], [[], []])
        assert.match(text, /^📈 The week in figures\nFrom 2025-06-09 08:06 \(UTC\) to 2025-06-16 08:06 \(UTC\)\./)
        assert.match(text, /Messages: 2 sent, 1 failed, 0 too late\.\nSessions begun: 2;/)
      }),
      monday,
    ))
})

overBothStores("An alert to admins", (it) => {
  it.effect("tells them alone that messages wait too long, and that it is over, and nothing between", () =>
    delivering(Effect.gen(function* () {
      yield* subscriber(ann)
      yield* subscriber(bob)
      yield* makeAdmin(ann)
      const { sql } = yield* Store
      // A row that another worker holds, and does not send.
      yield* OpportunityQueue.use((queue) => queue.enqueue([queueItem({ expiresAt: t0 + day })], t0))
      yield* sql`update opportunity_distribution_queue set lease_owner = 'x', lease_until = expires_at`
      yield* watching(3 * minute)
      yield* told
      assert.deepStrictEqual(yield* said(ann), [])
      yield* watching(2 * minute)
      yield* told
      const [began, ...more] = yield* said(ann)
      assert.deepStrictEqual(more, [])
      assert.match(
        began ?? "",
        /^🚨 Messages wait too long\nThe oldest has waited for \d+ s\. arbedge queue shows where\./,
      )
      yield* sql`update opportunity_distribution_queue set status = 'cancelled', lease_owner = null, lease_until = null
        where lease_owner = 'x'`
      yield* watching(30 * minute)
      yield* told
      assert.strictEqual((yield* said(ann)).length, 1)
      yield* watching(40 * minute)
      yield* told
      const all = yield* said(ann)
      assert.strictEqual(all.length, 2)
      assert.match(all[1] ?? "", /^✅ Messages leave in time again\nIt lasted from 2025-06-15 15:0\d \(UTC\) to /)
      assert.deepStrictEqual(yield* said(bob), [])
    })))

  it.effect("measures failures by the ends of the last ten minutes, and needs twenty of them", () =>
    delivering(Effect.gen(function* () {
      const { sql } = yield* Store
      const ends = (count: number, status: string) =>
        Effect.andThen(
          OpportunityQueue.use((queue) =>
            queue.enqueue(
              Array.from({ length: count }, (_, n) => queueItem({ chatId: `${status}${n}`, expiresAt: t0 })),
              t0,
            )
          ),
          sql`update opportunity_distribution_queue set status = ${status}, delivered_at = case ${status}
              when 'sent' then created_at end
            where chat_id like ${`${status}%`}`,
        )
      const share = Effect.map(
        queueReadings,
        (readings) => readings.find(({ kind }) => kind === "delivery_failures")?.value,
      )
      yield* ends(19, "failed")
      assert.strictEqual(yield* share, 0)
      yield* ends(19, "sent")
      assert.strictEqual(yield* share, 0.5)
      yield* TestClock.setTime(t0 + 11 * minute)
      assert.strictEqual(yield* share, 0)
    })))

  it.effect("speaks of a venue only while its feed is this process's, from when it became so", () =>
    delivering(Effect.gen(function* () {
      const leases = yield* Leases
      const gauge = Metric.withAttributes(Metric.gauge("ingest_last_tick_timestamp_seconds"), { venue: "notices-a" })
      const readings = yield* makeVenueReadings("me", ["notices-a", "notices-b", "notices-c"])
      const hold = (venue: string, owner: string) =>
        leases.acquire({ name: `venue:${venue}`, owner, nowMs: t0, ttlMs: hour })
      yield* hold("notices-a", "me")
      yield* hold("notices-b", "another")
      yield* Metric.update(gauge, t0 / 1_000 - 600)
      assert.deepStrictEqual(yield* readings, [{ kind: "stale_venue", subject: "notices-a", value: 0 }])
      yield* TestClock.setTime(t0 + minute)
      assert.deepStrictEqual((yield* readings).map(({ value }) => value), [60])
      yield* Metric.update(gauge, t0 / 1_000 + 50)
      assert.deepStrictEqual((yield* readings).map(({ value }) => value), [10])
      yield* observe(yield* readings)
    })))
})
