/** What breaks whoever reads or writes by a released schema, kind by kind; and what does not. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  allBreaks,
  breaks,
  type Direction,
  type JsonSchema,
  messageOf,
} from "../../../src/domain/contract/Compatibility.ts"
import { objections, Release } from "../../../src/domain/contract/Documents.ts"

const jsonOf = (schema: Schema.Top): JsonSchema => ({ ...Schema.toJsonSchemaDocument(schema).schema })
const told = (before: Schema.Top, after: Schema.Top, direction: Direction = "published") =>
  breaks("m", jsonOf(before), jsonOf(after), direction).map(({ path, what }) => `${path} ${what}`)

const Quote = Schema.Struct({ bid: Schema.String, ask: Schema.String, note: Schema.optionalKey(Schema.String) })

describe("A published schema", () => {
  it("may be what it was, and may have more fields, values and variants", () => {
    assert.deepStrictEqual(told(Quote, Quote), [])
    assert.deepStrictEqual(told(Quote, Schema.Struct({ ...Quote.fields, mid: Schema.String })), [])
    assert.deepStrictEqual(told(Schema.Literals(["a"]), Schema.Literals(["a", "b"])), [])
    const a = Schema.Struct({ kind: Schema.Literal("a"), n: Schema.Int })
    const b = Schema.Struct({ kind: Schema.Literal("b") })
    assert.deepStrictEqual(told(Schema.Union([a]), Schema.Union([b, a])), [])
    assert.deepStrictEqual(
      told(Schema.Struct({ x: Schema.optionalKey(Schema.Int) }), Schema.Struct({ x: Schema.Int })),
      [],
      "what is always there is there too",
    )
  })

  it("breaks by a field that is removed or renamed", () => {
    const { bid: _, ...rest } = Quote.fields
    assert.deepStrictEqual(told(Quote, Schema.Struct(rest)), ["m.bid removed"])
    assert.deepStrictEqual(told(Quote, Schema.Struct({ ...rest, best: Schema.String })), ["m.bid removed"])
  })

  it("breaks by a field of another type, or one that may now be null", () => {
    const with_ = (bid: Schema.Top) => told(Quote, Schema.Struct({ ...Quote.fields, bid }))
    assert.deepStrictEqual(with_(Schema.Finite), ["m.bid retyped"])
    assert.deepStrictEqual(with_(Schema.NullOr(Schema.String)), ["m.bid retyped"])
    assert.deepStrictEqual(with_(Schema.Array(Schema.String)), ["m.bid retyped"])
    assert.deepStrictEqual(with_(Quote), ["m.bid retyped"])
  })

  it("breaks by a field that may be absent, by a narrowed enum and by a value that may be anything", () => {
    const absent = Schema.Struct({ ...Quote.fields, bid: Schema.optionalKey(Schema.String) })
    assert.deepStrictEqual(told(Quote, absent), ["m.bid may be absent"])
    assert.deepStrictEqual(told(Schema.Literals(["a", "b"]), Schema.Literals(["a"])), ["m enum narrowed"])
    assert.deepStrictEqual(told(Schema.Literals(["a", "b"]), Schema.String), ["m enum narrowed"])
  })

  it("breaks inside arrays, tuples, records and nested objects, and says where", () => {
    const of = (leaf: Schema.Top) =>
      Schema.Struct({
        legs: Schema.Array(Schema.Struct({ levels: Schema.Array(Schema.Tuple([Schema.String, leaf])) })),
        byName: Schema.Record(Schema.String, leaf),
      })
    assert.deepStrictEqual(told(of(Schema.String), of(Schema.Int)), [
      "m.legs[].levels[][1] retyped",
      "m.byName{} retyped",
    ])
    assert.deepStrictEqual(
      told(Schema.Tuple([Schema.String]), Schema.Tuple([Schema.String, Schema.String])).at(-1),
      "m retyped",
    )
  })

  it("breaks by a variant that is gone or changed inside, whatever order they stand in", () => {
    const a = Schema.Struct({ kind: Schema.Literal("a"), n: Schema.Int })
    const b = Schema.Struct({ kind: Schema.Literal("b"), n: Schema.Int })
    const textual = Schema.Struct({ kind: Schema.Literal("b"), n: Schema.String })
    assert.deepStrictEqual(told(Schema.Union([a, b]), Schema.Union([a])), ["m variant removed"])
    assert.deepStrictEqual(told(Schema.Union([a, b]), Schema.Union([textual, a])), ["m.n retyped"])
  })

  it("breaks by another pattern and by wider bounds", () => {
    const pattern = (text: string) => Schema.String.check(Schema.isPattern(new RegExp(text, "u")))
    assert.deepStrictEqual(told(pattern("^a$"), pattern("^b$")), ["m pattern changed"])
    const from = (least: number) => Schema.Int.check(Schema.isGreaterThanOrEqualTo(least))
    assert.deepStrictEqual(told(from(0), from(-1)), ["m bounds changed"])
    assert.deepStrictEqual(told(from(0), from(1)), [])
  })

  it("breaks by its whole absence", () => {
    const found = allBreaks({ quote: jsonOf(Quote), book: jsonOf(Quote) }, { quote: jsonOf(Quote) }, "published")
    assert.deepStrictEqual(found.map(messageOf), ["book: removed: the whole message is gone"])
  })
})

describe("An accepted schema", () => {
  it("breaks by what it newly asks for", () => {
    assert.deepStrictEqual(
      told(Quote, Schema.Struct({ ...Quote.fields, size: Schema.String }), "accepted"),
      ["m.size newly required"],
    )
    assert.deepStrictEqual(told(Quote, Schema.Struct({ ...Quote.fields, note: Schema.String }), "accepted"), [
      "m.note newly required",
    ])
    assert.deepStrictEqual(told(Schema.String, Schema.Literals(["a"]), "accepted"), ["m enum narrowed"])
    const from = (least: number) => Schema.Int.check(Schema.isGreaterThanOrEqualTo(least))
    assert.deepStrictEqual(told(from(0), from(1), "accepted"), ["m bounds changed"])
  })

  it("may ask for less", () => {
    const less = Schema.Struct({ ...Quote.fields, bid: Schema.optionalKey(Schema.String) })
    assert.deepStrictEqual(told(Quote, less, "accepted"), [])
  })
})

describe("A release", () => {
  const release = (version: string, schema: Schema.Top): Release => ({ version, schemas: { quote: jsonOf(schema) } })
  const more = Schema.Struct({ ...Quote.fields, mid: Schema.String })
  const { bid: _, ...less } = Quote.fields

  it("needs a later version for anything new", () => {
    assert.deepStrictEqual(objections(release("1.0.0", Quote), release("1.0.0", Quote)), [])
    assert.match(String(objections(release("1.2.0", Quote), release("1.2.0", more))), /raise CONTRACT_VERSION/)
    assert.match(String(objections(release("1.2.0", Quote), release("1.1.9", more))), /raise CONTRACT_VERSION/)
    assert.deepStrictEqual(objections(release("1.9.0", Quote), release("1.10.0", more)), [])
  })

  it("needs another major version for what breaks", () => {
    assert.deepStrictEqual(objections(release("1.0.0", Quote), release("1.1.0", Schema.Struct(less))), [
      "quote.bid: removed: whoever reads it finds nothing",
    ])
    assert.deepStrictEqual(objections(release("1.0.0", Quote), release("2.0.0", Schema.Struct(less))), [])
  })
})
