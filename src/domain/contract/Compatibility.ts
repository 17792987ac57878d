/**
 * Compatibility: whether who reads (or writes) by a released schema still can by today's.
 *
 * In: two JSON Schemas, and which way their messages go. Out: every break, where it is and what it means. Promises: pure;
 * additions are no breaks: a field more, a value more in an enum, an object more in a union; whoever reads has to expect
 * them. Knows the keywords that our schemas are made of and passes over others.
 */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** `published`: we write, others read. `accepted`: others write, we read. */
export type Direction = "published" | "accepted"

export interface Break {
  /** `opportunity.legs[].price`, from the schema's name on. */
  readonly path: string
  readonly what:
    | "removed"
    | "retyped"
    | "may be absent"
    | "newly required"
    | "enum narrowed"
    | "variant removed"
    | "pattern changed"
    | "bounds changed"
  readonly detail: string
}

export const messageOf = ({ detail, path, what }: Break): string => `${path}: ${what}: ${detail}`

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const schemas = (value: unknown): ReadonlyArray<JsonSchema> => Array.isArray(value) ? value.filter(isSchema) : []
const texts = (value: unknown): ReadonlyArray<string> =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : []
const shown = (value: unknown): string => JSON.stringify(value) ?? "nothing"

const propertiesOf = (schema: JsonSchema): ReadonlyMap<string, JsonSchema> =>
  new Map(isSchema(schema["properties"]) ? Object.entries(schema["properties"]).filter(isEntry) : [])
const isEntry = (entry: [string, unknown]): entry is [string, JsonSchema] => isSchema(entry[1])

/** The values that are listed: an enum, or a constant. Null: any. */
const listed = (schema: JsonSchema): ReadonlyArray<unknown> | null => {
  if (Array.isArray(schema["enum"])) return schema["enum"]
  return "const" in schema ? [schema["const"]] : null
}

/** A union is looked at by its members; anything else is its only member. */
const membersOf = (schema: JsonSchema): ReadonlyArray<JsonSchema> => {
  const members = schemas(schema["anyOf"] ?? schema["oneOf"])
  return members.length === 0 ? [schema] : members.flatMap(membersOf)
}

const typeOf = (schema: JsonSchema): string => typeof schema["type"] === "string" ? schema["type"] : "anything"
const typesOf = (members: ReadonlyArray<JsonSchema>): string => [...new Set(members.map(typeOf))].sort().join(" or ")

/** What tells one object of a union from another: fields with a single value, such as `kind`. */
const tagOf = (member: JsonSchema): string =>
  [...propertiesOf(member)].flatMap(([name, property]) => {
    const values = listed(property)
    return values?.length === 1 ? [`${name}=${shown(values[0])}`] : []
  }).sort().join(" ")

const LOWER = ["minimum", "exclusiveMinimum", "minLength", "minItems"]
const UPPER = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"]

export const breaks = (
  name: string,
  released: JsonSchema,
  today: JsonSchema,
  direction: Direction,
): ReadonlyArray<Break> => {
  const found: Array<Break> = []
  const published = direction === "published"

  /** `ref` into the document's own definitions. */
  const resolved = (schema: JsonSchema, document: JsonSchema): JsonSchema => {
    const name = /^#\/\$defs\/(.+)$/.exec(typeof schema["$ref"] === "string" ? schema["$ref"] : "")?.[1]
    const definitions = document["$defs"]
    const target = name === undefined || !isSchema(definitions) ? undefined : definitions[name]
    return isSchema(target) ? target : schema
  }

  const compare = (before: JsonSchema, after: JsonSchema, path: string, into: Array<Break>, depth: number): void => {
    if (depth > 64) return
    const was = membersOf(resolved(before, released)).map((member) => resolved(member, released))
    const is = membersOf(resolved(after, today)).map((member) => resolved(member, today))
    const tell = (what: Break["what"], detail: string) => void into.push({ path, what, detail })
    // Of a union of objects some may come and go; anything else keeps its types.
    const plain = (member: JsonSchema) => typeOf(member) !== "object"
    const [wasPlain, isPlain] = [typesOf(was.filter(plain)), typesOf(is.filter(plain))]
    const hasObjects = (members: ReadonlyArray<JsonSchema>) => members.some((member) => !plain(member))
    if (wasPlain !== isPlain || hasObjects(was) !== hasObjects(is)) {
      return tell("retyped", `was ${typesOf(was)}, is ${typesOf(is)}`)
    }
    for (const member of was) {
      const rivals = is.filter((other) => typeOf(other) === typeOf(member))
      const same = rivals.filter((other) => tagOf(other) === tagOf(member))
      const candidates = same.length > 0 ? same : was.length === 1 && rivals.length === 1 ? rivals : []
      const trials = candidates.map((other) => {
        const trial: Array<Break> = []
        one(member, other, path, trial, depth + 1)
        return trial
      })
      const best = trials.toSorted((a, b) => a.length - b.length)[0]
      if (best === undefined) tell("variant removed", `there is no ${tagOf(member) || typeOf(member)} any more`)
      else into.push(...best)
    }
  }

  /** Two schemas of one type, neither of them a union. */
  const one = (before: JsonSchema, after: JsonSchema, path: string, into: Array<Break>, depth: number): void => {
    const tell = (what: Break["what"], detail: string, at = path) => void into.push({ path: at, what, detail })
    const values = listed(before), now = listed(after)
    if (values !== null && now !== null) {
      const gone = values.filter((value) => !now.some((other) => shown(other) === shown(value)))
      if (gone.length > 0) tell("enum narrowed", `no longer ${gone.map(shown).join(", ")}`)
    } else if (values !== null && published) {
      tell("enum narrowed", `was one of ${shown(values)}, is any ${typeOf(after)}`)
    } else if (now !== null && !published) tell("enum narrowed", `was any ${typeOf(before)}, is one of ${shown(now)}`)
    if (before["pattern"] !== after["pattern"]) {
      tell("pattern changed", `was ${shown(before["pattern"])}, is ${shown(after["pattern"])}`)
    }
    bounds(before, after, tell)
    fields(before, after, path, into, depth)
    for (const [keyword, at] of [["items", "[]"], ["additionalProperties", "{}"]] as const) {
      const [old, young] = [before[keyword], after[keyword]]
      if (isSchema(old) && isSchema(young)) compare(old, young, path + at, into, depth)
      else if (isSchema(old) !== isSchema(young)) tell("retyped", `${keyword} was ${shown(old)}, is ${shown(young)}`)
    }
    const [old, young] = [schemas(before["prefixItems"]), schemas(after["prefixItems"])]
    if (old.length !== young.length) tell("retyped", `was ${old.length} items, is ${young.length}`)
    else old.forEach((item, at) => compare(item, young[at] ?? {}, `${path}[${at}]`, into, depth))
  }

  const bounds = (before: JsonSchema, after: JsonSchema, tell: (what: Break["what"], detail: string) => void): void => {
    for (const keyword of [...LOWER, ...UPPER]) {
      const [old, young] = [before[keyword], after[keyword]]
      const [narrow, wide] = published ? [old, young] : [young, old]
      if (typeof narrow !== "number") continue
      const isWider = typeof wide !== "number" || (LOWER.includes(keyword) ? wide < narrow : wide > narrow)
      if (isWider) tell("bounds changed", `${keyword} was ${shown(old)}, is ${shown(young)}`)
    }
  }

  const fields = (before: JsonSchema, after: JsonSchema, path: string, into: Array<Break>, depth: number): void => {
    const [was, is] = [propertiesOf(before), propertiesOf(after)]
    const [needed, needs] = [new Set(texts(before["required"])), new Set(texts(after["required"]))]
    for (const [field, schema] of was) {
      const now = is.get(field), at = `${path}.${field}`
      if (now === undefined) {
        into.push({ path: at, what: "removed", detail: "whoever reads it finds nothing" })
        continue
      }
      if (published && needed.has(field) && !needs.has(field)) {
        into.push({ path: at, what: "may be absent", detail: "it was always there" })
      }
      compare(schema, now, at, into, depth)
    }
    if (published) return
    for (const field of needs) {
      if (needed.has(field)) continue
      into.push({ path: `${path}.${field}`, what: "newly required", detail: "whoever writes does not know it" })
    }
  }

  compare(released, today, name, found, 0)
  return found
}

export type Schemas = { readonly [name: string]: JsonSchema }

/** Of everything that was released. */
export const allBreaks = (released: Schemas, today: Schemas, direction: Direction): ReadonlyArray<Break> =>
  Object.entries(released).flatMap(([name, schema]) => {
    const now = today[name]
    if (now !== undefined) return breaks(name, schema, now, direction)
    return [{ path: name, what: "removed" as const, detail: "the whole message is gone" }]
  })
