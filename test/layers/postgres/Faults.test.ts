/**
 * What the Store on Postgres does when the server is too old, cuts its connections, or dies under load.
 */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Queue, Redacted, Ref, Schedule } from "effect"
import { Buffer } from "node:buffer"
import { connect, createServer, type Server } from "node:net"
import { OpportunityQueue } from "../../../src/layers/OpportunityQueue.ts"
import { Store } from "../../../src/layers/Store.ts"
import * as Postgres from "../../../src/layers/postgres/Postgres.ts"
import { queueItem, t0, worldOf } from "../../suites/StoreWorld.ts"
import { describeWith, postgres } from "../../support/available.ts"
import { ownPostgres, postgresPrograms } from "../../support/postgresServer.ts"
import { ownDatabase } from "./ownDatabase.ts"

/** Stands before the real server and lowers the version it reports. */
const olderServer = (url: URL) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Server; readonly url: string }>((resume) => {
      const server = createServer((client) => {
        const upstream = connect({ host: url.hostname, port: Number(url.port || "5432") })
        client.pipe(upstream)
        upstream.on("data", (chunk: Buffer) =>
          client.write(Buffer.from(chunk.toString("latin1").replace(/\b1[5-9]\d{4}\b/, "140020"), "latin1")))
        for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
          one.on("close", () =>
            other.destroy())
          one.on("error", () =>
            other.destroy())
        }
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const behind = new URL(url)
        behind.hostname = "127.0.0.1"
        behind.port = String(typeof address === "object" && address !== null ? address.port : 0)
        resume(Effect.succeed({ server, url: behind.href }))
      })
    }),
    ({ server }) => Effect.sync(() => server.close()),
  )

describeWith(postgres, "a Postgres that misbehaves", () => {
  it.live("is refused when older than 15, saying so, for good", () =>
    Effect.gen(function* () {
      const { url } = yield* olderServer(new URL(postgres.url))
      const error = yield* Effect.flip(
        Effect.asVoid(Store).pipe(Effect.provide(Postgres.layer({ url: Redacted.make(url) }))),
      )
      assert.strictEqual(error.reason, "unsupported")
      assert.isFalse(error.retryable)
      assert.include(error.detail, "15 or newer")
    }))

  it.live(
    "cuts every connection: listeners are told to look again, and statements go on",
    () =>
      Effect.gen(function* () {
        const url = yield* ownDatabase
        const store = Context.get(yield* Layer.build(Postgres.layer({ url })), Store)
        const notices = yield* store.listen("cut")
        yield* Queue.take(notices)
        yield* store.sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`
        assert.strictEqual((yield* Queue.take(notices))._tag, "Resumed")
        yield* store.notify("cut", "again")
        const notice = yield* Queue.take(notices)
        assert.strictEqual(notice._tag === "Notified" ? notice.payload : "-", "again")
      }),
    20_000,
  )
})

describeWith(postgresPrograms, "a Postgres that dies under load", () => {
  it.live(
    "loses nothing that was committed, and the store resumes within 10 s without help",
    () =>
      Effect.gen(function* () {
        const server = yield* ownPostgres
        const world = yield* Layer.build(worldOf(Postgres.layer({ url: Redacted.make(server.url) })))
        const committed = yield* Ref.make<ReadonlyArray<string>>([])
        yield* Effect.gen(function* () {
          const queue = yield* OpportunityQueue
          const { listen } = yield* Store
          const notices = yield* listen("after_crash")
          yield* Queue.take(notices)
          const enqueueForever = (worker: number) =>
            Effect.gen(function* () {
              for (let n = 0;; n++) {
                const chatId = `${worker}-${n}`
                yield* queue.enqueue([queueItem({ chatId })], t0).pipe(
                  Effect.retry({ schedule: Schedule.spaced("100 millis"), while: (error) => error.retryable }),
                )
                yield* Ref.update(committed, (all) => [...all, chatId])
              }
            })
          const workers = yield* Effect.forkChild(
            Effect.all(Array.from({ length: 4 }, (_, worker) => enqueueForever(worker)), { concurrency: "unbounded" }),
          )
          const grownBy = (count: number, from: number) =>
            Ref.get(committed).pipe(
              Effect.filterOrFail((all) => all.length >= from + count),
              Effect.retry(Schedule.spaced("20 millis")),
            )
          yield* grownBy(20, 0)
          yield* server.crash
          const before = (yield* Ref.get(committed)).length
          yield* server.start
          yield* Effect.timeout(grownBy(20, before), "10 seconds")
          assert.strictEqual((yield* Effect.timeout(Queue.take(notices), "10 seconds"))._tag, "Resumed")
          yield* Fiber.interrupt(workers)
          const { sql } = yield* Store
          const rows = yield* sql<{ readonly chat_id: string }>`select chat_id from opportunity_distribution_queue`
          const kept = new Set(rows.map((row) => row.chat_id))
          assert.deepStrictEqual((yield* Ref.get(committed)).filter((chatId) => !kept.has(chatId)), [])
        }).pipe(Effect.provideContext(world))
      }),
    60_000,
  )
})
