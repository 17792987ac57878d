/**
 * docs/generated against the contract: nothing stale, nothing released is broken, and all of it valid to validators that
 * know nothing of us.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Parser } from "@asyncapi/parser"
import { Ajv2020 } from "ajv/dist/2020.js"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { headersOf } from "../../../src/domain/contract/AsyncApi.ts"
import { MESSAGES } from "../../../src/domain/contract/Contract.ts"
import { documents, objections, Release, RELEASED } from "../../../src/domain/contract/Documents.ts"
import { jsonSchemas } from "../../../src/domain/contract/JsonSchemas.ts"

const folder = fileURLToPath(new URL("../../../docs/generated/", import.meta.url))
const read = (path: string) => readFileSync(join(folder, path), "utf8")

describe("docs/generated", () => {
  it("holds what `deno task docs` would write, and nothing else", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".json"))
    expect(files.toSorted()).toEqual([...documents.keys(), RELEASED].toSorted())
    for (const [path, text] of documents) expect(read(path) === text, `${path} is stale: run deno task docs`).toBe(true)
  })

  it("breaks nobody who reads by the released schemas", () => {
    const released = Schema.decodeUnknownSync(Schema.fromJsonString(Release))(read(RELEASED))
    expect(objections(released)).toEqual([])
  })

  it("holds an AsyncAPI document without an error or a warning", async () => {
    const { diagnostics, document } = await new Parser().parse(read("asyncapi.json"))
    // Severity 2 is advice: that there is a 3.1 of the specification.
    expect(diagnostics.filter(({ severity }) => severity < 2)).toEqual([])
    expect(document?.channels().all().map((channel) => channel.address())).toEqual(
      expect.arrayContaining(MESSAGES.flatMap(({ subjects }) => subjects)),
    )
  })
})

describe("The example of every message", () => {
  const ajv = new Ajv2020({ strict: true, strictTuples: false, allErrors: true })

  it.each(MESSAGES.map((message) => [message.name, message] as const))(
    "%s keeps its schema, by ajv and by us",
    (name, message) => {
      const validate = ajv.compile(jsonSchemas[name] ?? false)
      expect(validate(message.example), ajv.errorsText(validate.errors)).toBe(true)
      const isValid = Schema.is(Schema.toType(message.schema))
      expect(isValid(message.example)).toBe(true)
    },
  )

  it("goes with headers that ajv accepts, and that must be there", () => {
    const all = {
      "Schema-Version": "1.0.0",
      "Stage-Times": "venue=1,receive=2,detect=3,publish=4",
      "Live-Sequence": "4f1c.0/17",
      "Nats-Msg-Id": "x",
    }
    for (const message of MESSAGES.filter(({ kept }) => kept._tag !== "bucket")) {
      const validate = ajv.compile(headersOf(message))
      expect(validate(all), ajv.errorsText(validate.errors)).toBe(true)
      expect(validate({ ...all, "Schema-Version": "one" })).toBe(false)
      const { "Nats-Msg-Id": _, ...unnamed } = all
      expect(validate(unnamed)).toBe(message.kept._tag !== "durable")
    }
  })

  it("is refused when a field is missing or of another type", () => {
    const validate = ajv.compile(jsonSchemas["opportunity"] ?? true)
    const [opportunity] = MESSAGES.flatMap(({ example, name }) => name === "opportunity" ? [example] : [])
    const fields = Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Unknown))(opportunity)
    expect(validate({ ...fields, netBps: 15.7 })).toBe(false)
    const { legs: _, ...rest } = fields
    expect(validate(rest)).toBe(false)
    expect(validate({ ...fields, somethingNew: true })).toBe(true)
  })
})
