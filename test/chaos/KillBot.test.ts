/**
 * The bot in two processes, the polling one killed: the other answers, and nobody is forgotten or begun twice.
 *
 * Promises: processes, database and streams are the test's own.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import { Store } from "../../src/layers/Store.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { arbedge } from "../support/arbedge.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import { freePort } from "../support/freePort.ts"
import { CHATS, serviceOn, telegram } from "../support/service.ts"

/** Leases of the dead run out within 3 s; the rest is the machine's. */
const TAKEN_OVER_WITHIN = "12 seconds"
const NEWCOMERS = Array.from({ length: 20 }, (_, n) => 900 + n)

describeWith([nats, postgres], "A bot in two processes, the polling one killed", () => {
  it.live("answers on from the other: every command, and what it does once", () =>
    Effect.gen(function* () {
      const where = {
        natsUrl: nats.url,
        postgresUrl: yield* ownDatabase,
        prefix: `chaos_${randomBytes(6).toString("hex")}`,
      }
      const none = { assets: [], perAsset: 0, everyMs: 1, openMs: 1 }
      const { emulator, environment } = yield* serviceOn(where, none)
      const bot = Effect.gen(function* () {
        const port = String(yield* freePort)
        const running = yield* arbedge(["run", "--roles", "bot"], { ...environment, ARBEDGE_CLUSTER_PORT: port })
        yield* eventually(Effect.sync(running.stderr), (log) => log.includes("running bot"), "30 seconds")
        return running
      })
      const answers = (chat: number) =>
        Effect.map(emulator.chat(chat), ({ messages }) => messages.filter(({ fromBot }) => fromBot).length)
      const [chat] = CHATS

      const polling = yield* bot
      yield* emulator.say(chat, chat, "/session")
      yield* eventually(answers(chat), (count) => count === 1, "30 seconds")
      const standby = yield* bot
      yield* emulator.say(chat, chat, "/help")
      yield* eventually(answers(chat), (count) => count === 2, "10 seconds")

      for (const id of NEWCOMERS) {
        yield* emulator.addPrivateChat({ id, firstName: `newcomer ${id}` })
        yield* emulator.say(id, id, "/start")
      }
      // Somewhere in the middle of them.
      yield* eventually(
        Effect.forEach(NEWCOMERS, answers),
        (counts) => counts.some((count) => count > 0),
        "10 seconds",
      )
      yield* polling.kill
      yield* emulator.say(chat, chat, "/session")
      const told = yield* eventually(
        Effect.forEach([chat, ...NEWCOMERS], answers),
        ([known = 0, ...counts]) => known >= 3 && counts.every((count) => count >= 1),
        TAKEN_OVER_WITHIN,
      )
      assert.isTrue(standby.isRunning(), standby.stderr())
      // It was said after the kill, so nobody else can have answered it.
      assert.strictEqual(told[0], 3)
      const sessions = yield* Effect.flatMap(
        Store,
        ({ sql }) =>
          sql<
            { readonly count: number }
          >`select count(*)::int as count from user_sessions s join users u using (user_id)
            where u.telegram_id::bigint >= ${NEWCOMERS[0] ?? 0}`,
      ).pipe(Effect.provide(Postgres.layer({ url: where.postgresUrl, maxConnections: 1 })))
      assert.strictEqual(sessions[0]?.count, NEWCOMERS.length)
    }).pipe(Effect.provide(telegram)), 120_000)
})
