/**
 * SchemaService: the schemas of the public messages, for whoever asks on the bus.
 *
 * In: requests on `schema.v1` and `schema.v1.<name>`, whatever they hold. Out: the list; a JSON Schema; under the name
 * `asyncapi` the whole document; for any other name an error that says what to ask. Promises: every process may answer,
 * one does; answers are made once.
 */
import { Effect } from "effect"
import { asyncApi } from "../domain/contract/AsyncApi.ts"
import { schemaList } from "../domain/contract/Contract.ts"
import { CONTRACT_VERSION, Header } from "../domain/contract/Headers.ts"
import { jsonSchemas } from "../domain/contract/JsonSchemas.ts"
import * as Subject from "../domain/Subject.ts"
import { Bus, type BusError, type Reply } from "../layers/Bus.ts"

/** Requests that wait at most; an answer takes microseconds. */
const CAPACITY = 256

const encoder = new TextEncoder()
const headers = { [Header.contentType]: "application/json", [Header.schemaVersion]: CONTRACT_VERSION }
const reply = (value: unknown): Reply => ({ data: encoder.encode(JSON.stringify(value)), headers })

const unknownName = (name: string): Reply =>
  reply({
    v: 1,
    error: "unknown_schema",
    detail: `there is no schema called ${name.slice(0, 100)}: ask ${Subject.SCHEMAS} for the list`,
  })

/** Answers until interrupted. */
export const serveSchemas: Effect.Effect<never, BusError, Bus> = Effect.gen(function* () {
  const bus = yield* Bus
  const list = reply(schemaList)
  const byName = new Map(
    Object.entries({ ...jsonSchemas, asyncapi: asyncApi }).map(([name, one]) => [name, reply(one)]),
  )
  const nameOf = (subject: string) => subject.slice(Subject.SCHEMAS.length + 1)
  const answers = bus.respond(Subject.ALL_SCHEMAS, CAPACITY, ({ subject }) =>
    Effect.sync(() => {
      const name = nameOf(subject)
      return byName.get(name) ?? unknownName(name)
    }))
  return yield* Effect.raceFirst(bus.respond(Subject.SCHEMAS, CAPACITY, () => Effect.succeed(list)), answers)
})
