/**
 * JSON Schemas (2020-12) of the public messages, made of their Effect schemas.
 *
 * In: the contract. Out: a document by name. Promises: the same contract gives the same documents, key by key; unknown
 * fields are allowed everywhere, since fields may be added.
 */
import { Schema } from "effect"
import type { JsonSchema, Schemas } from "./Compatibility.ts"
import { MESSAGES, type PublicMessage } from "./Contract.ts"
import { CONTRACT_VERSION } from "./Headers.ts"

export const DIALECT = "https://json-schema.org/draft/2020-12/schema"

const documentOf = ({ about, name, schema }: PublicMessage): JsonSchema => {
  const { definitions, schema: body } = Schema.toJsonSchemaDocument(schema)
  return {
    $schema: DIALECT,
    $id: `urn:arbedge:contract:${CONTRACT_VERSION}:${name}`,
    title: name,
    description: about,
    ...body,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  }
}

export const jsonSchemas: Schemas = Object.fromEntries(MESSAGES.map((message) => [message.name, documentOf(message)]))
