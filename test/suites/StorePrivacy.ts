/**
 * The PersonalData and Persons ports: all that is held of somebody, shown and erased.
 *
 * In: users with rows. Out: their export, and a store in which nothing of them is left.
 */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { NOBODY } from "../../src/domain/Person.ts"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Outbox } from "../../src/layers/Outbox.ts"
import { PersonalData } from "../../src/layers/PersonalData.ts"
import { Persons } from "../../src/layers/Persons.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { PERSONAL_TABLES } from "../../src/layers/sql/PersonalTables.ts"
import { Store } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { day, empty, queueItem, someUser, type Suite, t0 } from "./StoreWorld.ts"

/** A user with a session, preferences and a message that waits. */
const somebody = (telegramId: string) =>
  Effect.gen(function* () {
    const user = yield* someUser(telegramId)
    const sessions = yield* Sessions, users = yield* Users, queue = yield* OpportunityQueue
    yield* sessions.start({ userId: user.userId, telegramId, nowMs: t0, ttlMs: day })
    yield* users.setPreferences(user.userId, { ...DEFAULT_PREFERENCES, pairs: ["BTC/USDT"] }, t0)
    yield* queue.enqueue([queueItem({ userId: user.userId, chatId: telegramId })], t0)
    return user
  })

/** Every row of every table as text. */
export const everything = Effect.gen(function* () {
  const { sql } = yield* Store
  const tables = yield* sql<{ readonly name: string }>`select quote_ident(tablename) as name from pg_tables
    where schemaname = 'public'`
  const texts = yield* Effect.forEach(
    tables,
    ({ name }) =>
      Effect.map(
        sql.unsafe<{ readonly text: string }>(`select t::text as text from ${name} t`),
        (rows) => rows.map(({ text }) => `${name}: ${text}`),
      ),
  )
  return texts.flat()
})

export const storePrivacy: Suite = (it) => {
  it.effect("covers every table that names people", () =>
    Effect.gen(function* () {
      const { sql } = yield* Store
      const naming = yield* sql<{ readonly name: string }>`select distinct table_name as name
        from information_schema.columns where table_schema = 'public' and column_name in
          ('user_id', 'telegram_id', 'chat_id', 'registrar_id', 'subject_id', 'username', 'first_name')`
      const covered = new Set(PERSONAL_TABLES.map(({ table }) => table))
      assert.deepStrictEqual(naming.map(({ name }) => name).filter((name) => !covered.has(name)), [])
    }))

  it.effect("shows a user all of theirs, nobody else's, and no secret", () =>
    Effect.gen(function* () {
      yield* empty
      const ada = yield* somebody("47110000004711")
      yield* somebody("81500000000815")
      const rows = yield* Effect.flatMap(PersonalData, (data) => data.of(ada))
      assert.deepStrictEqual(Object.keys(rows).sort(), [
        "opportunity_distribution_queue",
        "user_notification_preferences",
        "user_sessions",
        "users",
      ])
      const text = JSON.stringify(rows)
      assert.include(text, "BTC/USDT")
      assert.include(text, "47110000004711")
      for (const hidden of ["81500000000815", "token_hash", "data_key"]) assert.notInclude(text, hidden)
    }))

  it.effect("erases a user everywhere, tells the audience nothing is left, and leaves others alone", () =>
    Effect.gen(function* () {
      yield* empty
      const ada = yield* somebody("47110000004711")
      const bob = yield* somebody("81500000000815")
      const outbox = yield* Outbox, persons = yield* Persons, data = yield* PersonalData, users = yield* Users
      const person = { userId: ada.userId, chatId: "47110000004711" }
      yield* outbox.append([{ subject: "evt.v1.test.happened", payload: { v: 1 }, person }], t0)
      const [sealed = NOBODY] = yield* persons.seal([person])
      assert.deepStrictEqual(yield* persons.open(ada.userId, sealed), Option.some(person))
      assert.isTrue(Option.isNone(yield* persons.open(bob.userId, sealed)))
      const erased = yield* data.erase(ada, t0)
      assert.deepInclude(erased, { users: 1, user_sessions: 1, opportunity_distribution_queue: 1 })
      const left = yield* everything
      assert.deepStrictEqual(left.filter((row) => row.includes("47110000004711") || row.includes(ada.userId)), [])
      assert.isTrue(left.some((row) => row.includes("evt.v1.test.happened")))
      assert.isTrue(Option.isNone(yield* persons.open(ada.userId, sealed)))
      assert.deepStrictEqual(yield* persons.seal([person]), [NOBODY])
      assert.isTrue(Option.isNone(yield* users.recipientOf("47110000004711", t0)))
      assert.isTrue(Option.isSome(yield* users.recipientOf("81500000000815", t0)))
    }))

  it.effect("gives facts of one person one alias, different people different ones, and each fact another seal", () =>
    Effect.gen(function* () {
      yield* empty
      const ada = yield* someUser("1"), bob = yield* someUser("2")
      const persons = yield* Persons
      const [first, again, other, unknown] = yield* persons.seal([
        { userId: ada.userId },
        { userId: ada.userId },
        { userId: bob.userId },
        { userId: "nobody" },
      ])
      assert.strictEqual(first?.alias, again?.alias)
      assert.notStrictEqual(first?.sealed, again?.sealed)
      assert.notStrictEqual(first?.alias, other?.alias)
      assert.deepStrictEqual(unknown, NOBODY)
    }))
}
