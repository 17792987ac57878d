/**
 * The Audit and Directory ports: a chain that tells what was done to it, and users found and listed.
 */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { AuditEntry } from "../../src/domain/AuditEntry.ts"
import { Audit } from "../../src/layers/Audit.ts"
import { Directory } from "../../src/layers/Directory.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { day, empty, queueItem, someUser, type Suite, t0 } from "./StoreWorld.ts"

const entry = (changes: Partial<AuditEntry> = {}): AuditEntry => ({
  userId: "an admin",
  subjectId: "somebody",
  action: "tier_changed",
  at: t0,
  ipAddress: null,
  userAgent: null,
  sessionId: null,
  command: "/users",
  success: true,
  error: null,
  details: { to: "pro", from: "free", "ключ": "Ünï'); drop table audit_log; --" },
  ...changes,
})

export const storeAudit: Suite = (it) => {
  it.effect("tells each entry as a fact that names its place in the chain, and nobody", () =>
    Effect.gen(function* () {
      yield* empty
      const { userId } = yield* someUser("7")
      const audit = yield* Audit, { sql } = yield* Store
      const { hash, sequence } = yield* audit.record(entry({ subjectId: userId }))
      const rows = yield* sql<{ readonly payload: Record<string, unknown> }>`select payload from outbox
        where subject = 'evt.v1.audit.recorded'`
      assert.deepInclude(rows[0]?.payload, { action: "tier_changed", sequence, hash, success: true, command: "/users" })
      assert.notInclude(JSON.stringify(rows), userId)
    }))

  it.effect("chains entries one after the other, however many write at once", () =>
    Effect.gen(function* () {
      yield* empty
      const audit = yield* Audit
      const times = Array.from({ length: 12 }, (_, at) => t0 + at)
      const recorded = yield* Effect.forEach(times, (at) => audit.record(entry({ at })), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        recorded.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
        times.map((_, at) => at + 1),
      )
      const { broken, intact } = yield* audit.verify
      assert.strictEqual(intact, 12)
      assert.isNull(broken)
      assert.deepStrictEqual((yield* audit.recent(1))[0]?.details, entry().details)
    }))

  it.effect("names the first entry that was changed, taken out, or cut off the end", () =>
    Effect.gen(function* () {
      const { sql } = yield* Store
      const audit = yield* Audit
      const chainOf = (length: number) =>
        Effect.andThen(empty, Effect.forEach(Array.from({ length }), () => audit.record(entry()), { discard: true }))
      const broken = Effect.map(audit.verify, (found) => found.broken)
      yield* chainOf(4)
      yield* sql`update audit_log set details = '{"from":"free","to":"basic"}' where chain_sequence = 3`
      assert.deepStrictEqual(yield* broken, { sequence: 3, why: "changed" })
      yield* chainOf(4)
      yield* sql`delete from audit_log where chain_sequence = 2`
      assert.deepStrictEqual(yield* broken, { sequence: 2, why: "missing" })
      yield* chainOf(4)
      yield* sql`delete from audit_log where chain_sequence = 4`
      assert.deepStrictEqual(yield* broken, { sequence: 4, why: "missing" })
      yield* chainOf(3)
      yield* sql`update audit_log set previous_hash = 'x' where chain_sequence = 2`
      assert.deepStrictEqual(yield* broken, { sequence: 2, why: "unlinked" })
    }))

  it.effect("keeps nothing of a transaction that failed", () =>
    Effect.gen(function* () {
      yield* empty
      const audit = yield* Audit
      const { transaction } = yield* Store
      yield* audit.record(entry())
      yield* Effect.ignore(transaction(Effect.andThen(audit.record(entry()), Effect.fail("undone"))))
      yield* audit.record(entry())
      assert.deepStrictEqual((yield* audit.verify).intact, 2)
      assert.isNull((yield* audit.verify).broken)
    }))
}

export const storeDirectory: Suite = (it) => {
  it.effect("finds a user by name, Telegram id and user id, and lists by role, tier and last contact", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const directory = yield* Directory
      const met = (telegramId: string, username: string | null, nowMs: number) =>
        users.contact({ telegramId, username, firstName: "Ada", lastName: null, isGroup: false, nowMs })
      const ada = yield* met("1", "Ada_L", t0)
      yield* met("2", null, t0 + 1)
      const boss = yield* met("3", "boss", t0 + 2)
      yield* users.setPlan({ userId: boss.userId, tier: "pro", role: "superadmin", nowMs: t0 })
      const idOf = (found: Option.Option<{ readonly telegramId: string }>) =>
        Option.getOrNull(Option.map(found, ({ telegramId }) => telegramId))
      for (const who of ["@ada_l", "ADA_L", "1", ada.userId]) {
        assert.strictEqual(idOf(yield* directory.find(who, t0)), "1", who)
      }
      for (const who of ["", "@", "@nobody", "4", "ada%", "' or true --"]) {
        assert.isNull(idOf(yield* directory.find(who, t0)), who)
      }
      const idsOf = (filter: { role?: "superadmin"; tier?: "free"; limit?: number }) =>
        Effect.map(
          directory.users({ role: filter.role ?? null, tier: filter.tier ?? null, limit: filter.limit ?? 10 }, t0 + 3),
          (rows) => rows.map(({ telegramId }) => telegramId),
        )
      assert.deepStrictEqual(yield* idsOf({}), ["3", "2", "1"])
      assert.deepStrictEqual(yield* idsOf({ limit: 1 }), ["3"])
      assert.deepStrictEqual(yield* idsOf({ tier: "free" }), ["2", "1"])
      assert.deepStrictEqual(yield* idsOf({ role: "superadmin" }), ["3"])
      assert.deepStrictEqual((yield* directory.staff(t0)).map(({ telegramId }) => telegramId), ["3"])
    }))

  it.effect("lists the sessions that last, and counts what became of messages since an instant", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      const directory = yield* Directory
      const queue = yield* OpportunityQueue
      const user = yield* someUser("7")
      yield* sessions.start({ userId: user.userId, telegramId: "7", nowMs: t0, ttlMs: day })
      assert.deepStrictEqual(
        (yield* directory.sessions(10, t0 + 1)).map(({ expiresAt, telegramId }) => ({
          expiresAt,
          telegramId,
        })),
        [{ telegramId: "7", expiresAt: t0 + day }],
      )
      assert.deepStrictEqual(yield* directory.sessions(10, t0 + day), [])
      assert.strictEqual(
        Option.getOrNull(yield* directory.find("7", t0 + 1))?.sessionExpiresAt,
        t0 + day,
      )
      assert.deepStrictEqual(yield* directory.deliveries(t0), { sent: 0, failed: 0, errors: [] })
      yield* queue.enqueue([queueItem({ userId: user.userId, chatId: "7" })], t0)
      const { sql } = yield* Store
      yield* sql`update opportunity_distribution_queue set status = 'failed', error_message = 'blocked',
        updated_at = to_timestamp(${(t0 + 5) / 1_000})`
      const { errors, failed, sent } = yield* directory.deliveries(t0)
      assert.deepStrictEqual({ failed, sent, errors: errors.map(({ count, error }) => ({ count, error })) }, {
        failed: 1,
        sent: 0,
        errors: [{ count: 1, error: "blocked" }],
      })
      assert.deepStrictEqual((yield* directory.deliveries(t0 + day)).errors, [])
    }))
}
