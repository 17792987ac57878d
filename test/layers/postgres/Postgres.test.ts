/**
 * The Store on a real Postgres passes the conformance suites, in a database of its own that is dropped at the end; and
 * a server that cannot be used is refused with the reason.
 */
import { assert, it, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { Store } from "../../../src/layers/Store.ts"
import * as Postgres from "../../../src/layers/postgres/Postgres.ts"
import { storeSuites } from "../../suites/Store.ts"
import { worldOf } from "../../suites/StoreWorld.ts"
import { describeWith, postgres } from "../../support/available.ts"
import { ownDatabase } from "./ownDatabase.ts"

const refusal = (url: string) =>
  Effect.flip(Effect.asVoid(Store).pipe(Effect.provide(Postgres.layer({ url: Redacted.make(url) }))))

describeWith(postgres, "Postgres", () => {
  const database = Layer.unwrap(Effect.map(ownDatabase, (url) => Postgres.layer({ url })))

  layer(worldOf(database), { timeout: "60 seconds" })("in a database of its own", storeSuites)

  it.effect("is refused by name when the database does not exist, without the password", () =>
    Effect.gen(function* () {
      const url = new URL(postgres.url)
      url.pathname = "/arbedge_no_such_database"
      url.password = "s3cret"
      const error = yield* refusal(url.href)
      assert.strictEqual(error.reason, "rejected")
      assert.isFalse(error.retryable)
      assert.include(error.message, "arbedge_no_such_database")
      assert.notInclude(error.message, "s3cret")
    }))
})

it.effect("is unreachable, and worth another try, where nothing listens", () =>
  Effect.gen(function* () {
    const error = yield* refusal("postgres://someone:s3cret@127.0.0.1:1/nowhere")
    assert.strictEqual(error.reason, "unreachable")
    assert.isTrue(error.retryable)
    assert.include(error.message, "127.0.0.1:1/nowhere")
    assert.notInclude(error.message, "s3cret")
  }))
