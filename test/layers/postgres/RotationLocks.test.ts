/**
 * A change of master keys and users who change their keys meanwhile wait for each other and never deadlock: both lock
 * the owner before what is theirs.
 */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import * as Postgres from "../../../src/layers/postgres/Postgres.ts"
import { SEALED_START } from "../../../src/layers/SealedRecords.ts"
import { Store } from "../../../src/layers/Store.ts"
import { newLine } from "../../../src/layers/vault/MasterKeys.ts"
import { processWith, secretOf } from "../../suites/StoreKeys.ts"
import { empty, eventually, isWaitedFor, someUser, t0, worldOf } from "../../suites/StoreWorld.ts"
import { describeWith, postgres } from "../../support/available.ts"
import { ownDatabase } from "./ownDatabase.ts"

const CHATS = ["101", "102", "103"]

describeWith(postgres, "A change of master keys", () => {
  const database = Layer.unwrap(Effect.map(ownDatabase, (url) => Postgres.layer({ url, maxConnections: 6 })))

  layer(worldOf(database), { timeout: "60 seconds" })((it) => {
    it.effect("holds nobody's keys while it waits for one of their owners", () =>
      Effect.gen(function* () {
        yield* empty
        const { sql, transaction } = yield* Store
        const old = yield* newLine, next = yield* newLine
        const before = yield* processWith(old)
        for (const chat of CHATS) {
          const { userId } = yield* someUser(chat)
          yield* before.keys.add({ userId, venue: "okx", label: null, secret: secretOf(chat), nowMs: t0 })
        }
        const { sealed } = yield* processWith(next, old)
        const holding = yield* Deferred.make<void>()
        const holder = yield* Effect.forkChild(transaction(Effect.gen(function* () {
          yield* sql`select from users order by user_id desc limit 1 for no key update`
          yield* Deferred.succeed(holding, undefined)
          yield* eventually(isWaitedFor)
          return yield* sql`select from user_api_keys for update skip locked`
        })))
        yield* Deferred.await(holding)
        const { rewrapped } = yield* sealed.rewrap(SEALED_START, 10)
        assert.strictEqual(rewrapped, CHATS.length)
        assert.strictEqual((yield* Fiber.join(holder)).length, CHATS.length)
      }))
  })
})
