/**
 * The in-process sessions behave like connections: whole messages from any chunks, turns, and nothing left by the dead.
 */
import { PGlite } from "@electric-sql/pglite"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { Buffer } from "node:buffer"
import { Duplex } from "node:stream"
import { collectGarbage, look } from "../../../src/programs/load/Resources.ts"
import { eventually } from "../../suites/StoreWorld.ts"
import { protocolStream } from "../../../src/layers/pglite/ProtocolStream.ts"

const backend = Effect.acquireRelease(
  Effect.promise(() => PGlite.create()),
  (db) => Effect.promise(() => db.close()),
)

const client = (stream: () => Duplex, maxConnections = 2) =>
  PgClient.make({ stream, username: "postgres", password: Redacted.make("x"), database: "postgres", maxConnections })
    .pipe(Effect.provide(Reactivity.layer))

/** The same session, but each byte is written alone. */
const bytewise = (inner: Duplex): Duplex => {
  const outer: Duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      for (const byte of chunk) inner.write(Buffer.of(byte))
      done()
    },
    destroy: (error, done) => {
      inner.destroy()
      done(error)
    },
  })
  inner.on("data", (chunk) => outer.push(chunk))
  inner.on("end", () => outer.push(null))
  return outer
}

const prepared = (db: PGlite) =>
  Effect.promise(() => db.query<{ n: number }>("select count(*)::int as n from pg_prepared_statements")).pipe(
    Effect.map((result) => result.rows[0]?.n),
  )

describe("sessions over one PGlite", () => {
  it.live("puts messages together from single bytes", () =>
    Effect.gen(function* () {
      const stream = protocolStream(yield* backend)
      const sql = yield* client(() => bytewise(stream()))
      assert.deepStrictEqual(yield* sql`select ${"é"}::text as a, ${7} as b`, [{ a: "é", b: 7 }])
    }))

  it.live("goes on after an error and keeps the right answers with the right session", () =>
    Effect.gen(function* () {
      const sql = yield* client(protocolStream(yield* backend), 4)
      const ask = (n: number): Effect.Effect<number | string | undefined> =>
        sql<{ readonly n: number }>`select ${n}::int + 0 / ${n % 3}::int as n`.pipe(
          Effect.map((rows): number | string | undefined => rows[0]?.n),
          Effect.orElseSucceed(() => "error"),
        )
      const numbers = Array.from({ length: 60 }, (_, n) => n)
      const results = yield* Effect.forEach(numbers, ask, { concurrency: "unbounded" })
      assert.deepStrictEqual(results, numbers.map((n) => n % 3 === 0 ? "error" : n))
    }))

  it.live("rolls back and lets others go on when a session dies inside a transaction", () =>
    Effect.gen(function* () {
      const db = yield* backend
      const opened: Array<Duplex> = []
      const stream = protocolStream(db)
      const sql = yield* client(() => {
        const duplex = stream()
        opened.push(duplex)
        return duplex
      })
      yield* sql`create table t (n int)`
      const dying = yield* Effect.forkChild(
        Effect.exit(sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`insert into t values (1)`
            for (const duplex of opened) duplex.destroy()
            yield* sql`insert into t values (2)`
          }),
        )),
      )
      yield* Fiber.join(dying)
      const other = yield* client(stream)
      assert.deepStrictEqual(yield* other`select n from t`, [])
    }))

  it.live("drops a session's prepared statements with it", () =>
    Effect.gen(function* () {
      const db = yield* backend
      const stream = protocolStream(db)
      yield* Effect.scoped(Effect.flatMap(client(stream, 1), (sql) =>
        Effect.gen(function* () {
          yield* sql`select 1 as one`
          yield* sql`select 2 as two`
          assert.isAbove((yield* prepared(db)) ?? 0, 0)
        })))
      yield* eventually(Effect.map(prepared(db), (count) => count === 0))
    }))

  it.live("keeps nothing of an answer that was handed over", () =>
    Effect.gen(function* () {
      const sql = yield* client(protocolStream(yield* backend))
      const heapMiB = Effect.sync(() => {
        collectGarbage()
        return look().heapMiB
      })
      const ask = sql`select repeat('x', 1000000) as text`
      yield* ask
      const before = yield* heapMiB
      for (let asked = 0; asked < 50; asked++) yield* ask
      assert.isBelow((yield* heapMiB) - before, 10)
    }))

  it.live("survives the interruption of a statement", () =>
    Effect.gen(function* () {
      const sql = yield* client(protocolStream(yield* backend))
      const fiber = yield* Effect.forkChild(sql`select pg_sleep(0.05)`, { startImmediately: true })
      yield* Effect.sleep(10)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* sql`select 1 as n`, [{ n: 1 }])
    }))
})
