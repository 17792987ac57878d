/**
 * The files under docs/generated that are made of the contract.
 *
 * In: the contract; what was released before. Out: paths and texts; why today's schemas may not be released. Promises:
 * pure: `deno task docs` writes them, a test compares them.
 */
import { Schema } from "effect"
import { asyncApi } from "./AsyncApi.ts"
import { allBreaks, messageOf, type Schemas } from "./Compatibility.ts"
import { CONTRACT_VERSION } from "./Headers.ts"
import { jsonSchemas } from "./JsonSchemas.ts"

/** The schemas of a release, all in one. */
export const Release = Schema.Struct({
  version: Schema.String,
  schemas: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Unknown)),
})
export type Release = typeof Release.Type

export const RELEASED = "released.json"

const file = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** By path under docs/generated, without what was released. */
export const documents: ReadonlyMap<string, string> = new Map([
  ["asyncapi.json", file(asyncApi)],
  ...Object.entries(jsonSchemas).map(([name, schema]) => [`schemas/${name}.json`, file(schema)] as const),
])

export const releaseText: string = file({ version: CONTRACT_VERSION, schemas: jsonSchemas } satisfies Release)

const numbersOf = (version: string): ReadonlyArray<number> => version.split(".").map(Number)
const isLater = (version: string, than: string): boolean => {
  const [a, b] = [numbersOf(version), numbersOf(than)]
  const at = a.findIndex((part, index) => part !== (b[index] ?? 0))
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

/** The version is part of a schema's name; what counts is the rest. */
const withoutId = (schemas: Schemas): string =>
  JSON.stringify(Object.entries(schemas).map(([name, { $id: _, ...schema }]) => [name, schema]))

/** Why today's schemas cannot stand beside the released ones; empty: they can. */
export const objections = (
  released: Release,
  today: Release = { version: CONTRACT_VERSION, schemas: jsonSchemas },
): ReadonlyArray<string> => {
  if (numbersOf(today.version)[0] !== numbersOf(released.version)[0]) return []
  const broken = allBreaks(released.schemas, today.schemas, "published").map(messageOf)
  if (broken.length > 0) return broken
  const isChanged = withoutId(released.schemas) !== withoutId(today.schemas)
  return isChanged && !isLater(today.version, released.version)
    ? [`the schemas have changed since ${released.version}: raise CONTRACT_VERSION (src/domain/contract/Headers.ts)`]
    : []
}
