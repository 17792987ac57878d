/** The operators file: what it grants, in subjects, and what of it is refused, with its place. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Operator from "../../src/domain/Operator.ts"
import { PUBLIC_BUCKETS, SHIPPED } from "../../src/streams/Topology.ts"

const HASH = { bcrypt: `$2a$11$${"a".repeat(53)}` }
const NKEY = { nkey: `U${"A".repeat(55)}` }

const read = (...operators: ReadonlyArray<object>) => Operator.fromUnknown({ service: HASH, operators })
const grantsOf = (entry: object) =>
  Effect.flatMap(
    read({ name: "quant", credential: NKEY, ...entry }),
    ({ operators: [operator] }) =>
      operator === undefined ? Effect.die(new Error("nobody")) : Effect.succeed(Operator.grantsOf(operator)),
  )
const refusal = (file: unknown) => Effect.map(Effect.flip(Operator.fromUnknown(file)), ({ message }) => message)

describe("An operator", () => {
  it.effect("is granted nothing that is not written down, but schemas", () =>
    Effect.gen(function* () {
      const facts = yield* grantsOf({ facts: ["opportunity.outcome"] })
      assert.deepStrictEqual(facts, { follows: ["evt.v1.opportunity.outcome"], asks: ["schema.v1", "schema.v1.>"] })
    }))

  it.effect("follows the venues, kinds and types he is granted, and hears of gaps and silence beside them", () =>
    Effect.gen(function* () {
      const { follows } = yield* grantsOf({ venues: ["okx", "gate_io"], kinds: ["quote"], types: ["funding"] })
      assert.deepStrictEqual(follows, [
        ...["okx", "gate_5fio"].flatMap((venue) =>
          ["quote", "gap", "stale"].map((kind) => `md.v1.${venue}.*.*.${kind}`)
        ),
        "opp.v1.funding.>",
      ])
      const all = yield* grantsOf({ venues: "all", types: "all" })
      assert.deepStrictEqual(all.follows, ["md.v1.>", "opp.v1.>"])
    }))

  it.effect("asks for the values of the buckets that belong to what he follows, key by key", () =>
    Effect.gen(function* () {
      const value = (bucket: string, keys: string) => `$JS.API.DIRECT.GET.KV_${bucket}.$KV.${bucket}.${keys}`
      const { asks } = yield* grantsOf({ venues: ["kraken"], types: ["triangular"] })
      assert.deepStrictEqual(asks, [
        "schema.v1",
        "schema.v1.>",
        "$JS.API.STREAM.INFO.KV_market_data",
        value("market_data", "kraken.>"),
        "$JS.API.STREAM.INFO.KV_analysis",
        value("analysis", "triangular.>"),
      ])
    }))

  it.effect("with everything there is reaches every public bucket, one stream, and nothing else that is declared", () =>
    Effect.gen(function* () {
      const { asks } = yield* grantsOf({ venues: "all", types: "all", history: true })
      const declared = [...SHIPPED.streams.map(({ name }) => name), ...SHIPPED.buckets.map(({ name }) => `KV_${name}`)]
      const open = ["OPP", ...PUBLIC_BUCKETS.map(({ name }) => `KV_${name}`)]
      assert.sameMembers(declared.filter((name) => asks.some((subject) => subject.includes(name))), open)
    }))
})

describe("An operators file", () => {
  const quant = { name: "quant", credential: NKEY, venues: "all" }
  const faults: ReadonlyArray<readonly [why: string, file: unknown, says: ReadonlyArray<string>]> = [
    ["a key nobody knows", { service: HASH, operators: [{ ...quant, venue: ["okx"] }] }, ['["operators"][0]["venue"]']],
    ["a name with a wildcard", { service: HASH, operators: [{ ...quant, name: "a.>" }] }, ["desk-1", '[0]["name"]']],
    ["the service's own name", { service: HASH, operators: [{ ...quant, name: "arbedge" }] }, ["own user", '["name"]']],
    ["a name twice", { service: HASH, operators: [quant, quant] }, ["twice", '["operators"][1]["name"]']],
    ["a password in clear", { service: { bcrypt: "s3cret" }, operators: [] }, ["credential`", '["service"]["bcrypt"]']],
    ["nothing granted", { service: HASH, operators: [{ name: "quant", credential: NKEY }] }, ["nothing", "[0]"]],
    ["an unknown type", { service: HASH, operators: [{ ...quant, types: ["fundin"] }] }, ['[0]["types"][0]']],
    ["a private fact", { service: HASH, operators: [{ ...quant, facts: ["session.started"] }] }, ['["facts"][0]']],
    [
      "history of some types",
      { service: HASH, operators: [{ ...quant, types: ["funding"], history: true }] },
      ['"types": "all"', '[0]["history"]'],
    ],
    ["no limit", { service: HASH, operators: [{ ...quant, limits: { connections: 0 } }] }, [
      '["limits"]["connections"]',
    ]],
  ]
  for (const [why, file, says] of faults) {
    it.effect(`is refused for ${why}, with its place`, () =>
      Effect.map(refusal(file), (message) => {
        for (const part of says) assert.include(message, part)
        assert.notInclude(message, "s3cret")
      }))
  }
})
