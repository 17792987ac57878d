/** The schemas on the bus: the list, one by name, the whole document, and what is said to a name nobody knows. */
import { assert, describe, it } from "@effect/vitest"
import { connect } from "@nats-io/transport-node"
import { Duration, Effect, Layer, Redacted, Schema } from "effect"
import { afterAll } from "vitest"
import { asyncApi } from "../../src/domain/contract/AsyncApi.ts"
import { MESSAGES, SchemaList } from "../../src/domain/contract/Contract.ts"
import { CONTRACT_VERSION, Header } from "../../src/domain/contract/Headers.ts"
import { jsonSchemas } from "../../src/domain/contract/JsonSchemas.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { serveSchemas } from "../../src/streams/SchemaService.ts"
import { describeWith, nats } from "../support/available.ts"
import { ownPrefix, removeAll } from "../support/jetstream.ts"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown))

const ask = (subject: string) =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const message = { subject, data: new Uint8Array() }
    // Whoever answers may not be there yet.
    const { data, headers } = yield* Effect.retry(bus.request(message, Duration.seconds(5)), {
      while: ({ reason }) => reason === "unavailable",
    })
    return { headers, answer: decode(new TextDecoder().decode(data)) }
  })

/** The service beside the body. */
const serving = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.andThen(Effect.forkScoped(serveSchemas, { startImmediately: true }), body)

describe("The schema service", () => {
  const world = Effect.provide(Layer.fresh(EmbeddedBus.layer()))

  it.effect("lists every message with its subjects", () =>
    serving(Effect.gen(function* () {
      const { answer, headers } = yield* ask("schema.v1")
      const { schemas, version } = Schema.decodeUnknownSync(SchemaList)(answer)
      assert.strictEqual(version, CONTRACT_VERSION)
      assert.deepStrictEqual(schemas, MESSAGES.map(({ name, subjects }) => ({ name, subjects })))
      assert.strictEqual(headers[Header.schemaVersion], CONTRACT_VERSION)
    })).pipe(world))

  it.effect("answers each name of the list with its schema, and `asyncapi` with the document", () =>
    serving(Effect.gen(function* () {
      for (const { name } of MESSAGES) {
        assert.deepStrictEqual((yield* ask(`schema.v1.${name}`)).answer, decode(JSON.stringify(jsonSchemas[name])))
      }
      assert.deepStrictEqual((yield* ask("schema.v1.asyncapi")).answer, decode(JSON.stringify(asyncApi)))
    })).pipe(world))

  it.effect("says to a name that nobody knows where the names are", () =>
    serving(Effect.gen(function* () {
      const { answer } = yield* ask("schema.v1.moon.phase")
      const { detail, error } = Schema.decodeUnknownSync(
        Schema.Struct({ error: Schema.String, detail: Schema.String }),
      )(answer)
      assert.strictEqual(error, "unknown_schema")
      assert.match(detail, /moon\.phase.*schema\.v1 /)
    })).pipe(world))
})

describeWith(nats, "The schema service over NATS", () => {
  const prefix = ownPrefix()
  afterAll(() => removeAll(nats.url, prefix))

  it.live("answers a client that has none of our code", () =>
    serving(Effect.gen(function* () {
      yield* ask("schema.v1")
      const connection = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: nats.url })),
        (open) => Effect.promise(() => open.close()),
      )
      const answer = yield* Effect.promise(() => connection.request(`${prefix}.schema.v1.quote`))
      assert.deepStrictEqual(answer.json(), decode(JSON.stringify(jsonSchemas["quote"])))
      assert.strictEqual(answer.headers?.get(Header.schemaVersion), CONTRACT_VERSION)
    })).pipe(Effect.provide(NatsBus.layer({ url: Redacted.make(nats.url), subjectPrefix: prefix }))))
})
