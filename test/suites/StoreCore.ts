/**
 * The Store port itself: transactions, savepoints, notices, migrations and what failures are called.
 */
import { assert } from "@effect/vitest"
import { Effect, Exit, Fiber, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Store } from "../../src/layers/Store.ts"
import * as Migrations from "../../src/layers/sql/Migrations.ts"
import { empty, eventually, type Suite } from "./StoreWorld.ts"

const leaseRow = (name: string) =>
  Effect.flatMap(Store, ({ sql }) =>
    sql`insert into leases (name, owner, epoch, expires_at, updated_at)
      values (${name}, 'o', 1, '2025-01-01Z', '2025-01-01Z')`)

const leaseNames = Effect.gen(function* () {
  const { sql } = yield* Store
  const rows = yield* sql<{ readonly name: string }>`select name from leases order by name`
  return rows.map((row) => row.name)
})

export const storeCore: Suite = (it) => {
  it.effect("says which server answers and where, without a password", () =>
    Effect.gen(function* () {
      const description = yield* Effect.flatMap(Store, (store) => store.describe)
      assert.match(description.version, /^\d+\.\d+$/)
      assert.notInclude(JSON.stringify(description), "secret")
    }))

  it.effect("applies every migration once and then nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Migrations.migrate, [])
      const { sql } = yield* Store
      const rows = yield* sql<{ readonly name: string }>`select name from schema_migrations order by migration_id`
      const names = rows.map((row) => row.name)
      assert.deepStrictEqual(names.slice(0, 4), ["users", "opportunities", "distribution", "pipeline"])
      assert.strictEqual(new Set(names).size, names.length)
    }))

  it.effect("leaves nothing of a transaction that fails, and keeps its error", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      const failure = yield* Effect.flip(transaction(Effect.andThen(leaseRow("a"), Effect.fail("changed my mind"))))
      assert.strictEqual(failure, "changed my mind")
      assert.deepStrictEqual(yield* leaseNames, [])
    }))

  it.effect("rolls an inner transaction back to its savepoint and keeps the outer one", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      yield* transaction(Effect.gen(function* () {
        yield* leaseRow("outer")
        yield* Effect.ignore(transaction(Effect.andThen(leaseRow("inner"), leaseRow("inner"))))
        yield* leaseRow("after")
      }))
      assert.deepStrictEqual(yield* leaseNames, ["after", "outer"])
    }))

  it.effect("rolls back a transaction whose fiber is interrupted", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      const inside = yield* Queue.unbounded<void>()
      const fiber = yield* Effect.forkChild(
        transaction(Effect.andThen(leaseRow("a"), Effect.andThen(Queue.offer(inside, undefined), Effect.never))),
      )
      yield* Queue.take(inside)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* leaseNames, [])
    }))

  it.effect("rolls back when the transaction dies of a defect", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      const exit = yield* Effect.exit(transaction(Effect.andThen(leaseRow("a"), Effect.die(new Error("bug")))))
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(yield* leaseNames, [])
    }))

  it.effect("names a broken constraint and says not to retry", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      const error = yield* Effect.flip(transaction(Effect.andThen(leaseRow("a"), leaseRow("a"))))
      assert.strictEqual(error._tag === "StoreError" ? error.reason : error._tag, "constraint")
      assert.isFalse(error._tag === "StoreError" && error.retryable)
    }))

  it.effect("lets others work while one transaction is open", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      yield* Effect.all(
        Array.from({ length: 20 }, (_, n) => transaction(Effect.andThen(leaseRow(`l${n}`), leaseNames))),
        { concurrency: "unbounded" },
      )
      assert.strictEqual((yield* leaseNames).length, 20)
    }))

  it.effect("hears a notice from another session, and begins with Resumed", () =>
    Effect.gen(function* () {
      const { listen, notify } = yield* Store
      const notices = yield* listen("suite_plain")
      assert.deepStrictEqual(yield* Queue.take(notices), { _tag: "Resumed", channel: "suite_plain" })
      yield* notify("suite_plain", "hello")
      assert.deepStrictEqual(yield* Queue.take(notices), {
        _tag: "Notified",
        channel: "suite_plain",
        payload: "hello",
      })
    }))

  it.effect("tells every listener of a channel and nobody of another", () =>
    Effect.gen(function* () {
      const { listen, notify } = yield* Store
      const [one, two, other] = [yield* listen("suite_a"), yield* listen("suite_a"), yield* listen("suite_b")]
      yield* notify("suite_a", "x")
      yield* notify("suite_b", "last")
      assert.strictEqual((yield* Queue.takeN(one, 2)).length, 2)
      assert.strictEqual((yield* Queue.takeN(two, 2)).length, 2)
      const heard = yield* Queue.takeN(other, 2)
      assert.deepStrictEqual(heard.map((notice) => notice._tag === "Notified" ? notice.payload : "-"), ["-", "last"])
    }))

  it.effect("tells of a transaction only when it commits", () =>
    Effect.gen(function* () {
      const { listen, notify, transaction } = yield* Store
      const notices = yield* listen("suite_commit")
      yield* Queue.take(notices)
      yield* Effect.ignore(transaction(Effect.andThen(notify("suite_commit", "undone"), Effect.fail("no"))))
      yield* transaction(notify("suite_commit", "done"))
      const notice = yield* Queue.take(notices)
      assert.strictEqual(notice._tag === "Notified" ? notice.payload : notice._tag, "done")
    }))

  it.effect("empties the queue of a listener that sleeps and tells it to look again", () =>
    Effect.gen(function* () {
      const { listen, notify, transaction } = yield* Store
      const slow = yield* listen("suite_slow")
      const said = Array.from({ length: 1_100 }, (_, n) => `${n}`)
      yield* transaction(Effect.forEach(said, (payload) => notify("suite_slow", payload)))
      // Resumed and 1,023 notices fill it; the next one empties it, and what follows is kept again.
      yield* eventually(Effect.map(Queue.size(slow), (size) => size === 77))
      const held = yield* Queue.takeAll(slow)
      assert.strictEqual(held[0]._tag, "Resumed")
      const last = held.at(-1)
      assert.strictEqual(last?._tag === "Notified" ? last.payload : "-", "1099")
    }))

  it.effect("goes on when virtual time leaps over weeks", () =>
    Effect.gen(function* () {
      yield* empty
      const { listen, notify, transaction } = yield* Store
      const notices = yield* listen("suite_leap")
      yield* Queue.take(notices)
      const writers = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 40 }, (_, n) => `l${n}`), (name) => transaction(leaseRow(name)), {
          concurrency: 8,
        }),
      )
      for (let week = 0; week < 8; week++) yield* TestClock.adjust("7 days")
      yield* Fiber.join(writers)
      yield* notify("suite_leap", "still here")
      const notice = yield* Queue.take(notices)
      assert.strictEqual(notice._tag === "Notified" ? notice.payload : notice._tag, "still here")
      assert.strictEqual((yield* leaseNames).length, 40)
    }))

  it.effect("streams rows without collecting them", () =>
    Effect.gen(function* () {
      const { sql } = yield* Store
      const numbers = yield* Stream.runCollect(sql<{ readonly n: number }>`select generate_series(1, 300) as n`.stream)
      assert.strictEqual(numbers.length, 300)
    }))
}
