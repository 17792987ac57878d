/** Whatever comes in: Telegram's own examples and mutilated ones, by webhook and by polling. The bot lives and loses nothing. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Store } from "../../../src/layers/Store.ts"
import { read } from "../../../src/surfaces/bot/Incoming.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { data, describeWith } from "../../support/available.ts"
import { address, conversation, hooked, polled, secret, surroundings } from "./running.ts"

const FUZZED = 100

const Json = Schema.Record(Schema.String, Schema.Unknown)
type Json = typeof Json.Type
const isJson = Schema.is(Json)

/** The examples, each with an id of its own from `from` on: Telegram's page gives them all the same. */
const examples = (from: number): ReadonlyArray<Json> =>
  readFileSync(join(data.path, "telegram-updates.jsonl"), "utf8").trim().split("\n").map((line, at) => {
    const { update } = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({ update: Json })))(line)
    return { ...update, update_id: from + at }
  })

const Wrong = Schema.Union([
  Schema.Null,
  Schema.Boolean,
  Schema.Int,
  Schema.Finite,
  Schema.String,
  Schema.Array(Schema.String),
  Schema.Struct({ id: Schema.Int, text: Schema.String }),
  Schema.Literals(["", "\u0000", "\ud800", "/", "/start@", "9".repeat(40), "-9007199254740993", "<b>&", "\u202e"]),
])

const Mutation = Schema.Struct({
  example: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })),
  /** Which key at each depth. */
  path: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 }))).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(4),
  ),
  how: Schema.Literals(["replace", "remove", "add"]),
  value: Wrong,
})
type Mutation = typeof Mutation.Type

/** The same with one place of it changed; its own id stays as it is. */
const mutated = (whole: Json, [at = 0, ...deeper]: ReadonlyArray<number>, { how, value }: Mutation): Json => {
  const keys = Object.keys(whole).filter((key) => key !== "update_id")
  const key = keys[at % Math.max(1, keys.length)]
  if (key === undefined) return { ...whole, odd: value }
  const inner = whole[key]
  if (deeper.length > 0 && isJson(inner) && !Array.isArray(inner)) {
    return { ...whole, [key]: mutated(inner, deeper, { example: 0, path: [], how, value }) }
  }
  if (how === "add") return { ...whole, [`${key}_odd`]: value }
  const { [key]: _, ...rest } = whole
  return how === "remove" ? rest : { ...rest, [key]: value }
}

const fuzzed = (from: number) =>
  Effect.map(
    Arbitrary.sampleEffect(Arbitrary.schema(Mutation), { count: FUZZED, seed: 4 }),
    (mutations) => {
      const whole = examples(0)
      return mutations.map((mutation, at) => {
        const example = whole[mutation.example % whole.length] ?? {}
        return { ...mutated(example, mutation.path, mutation), update_id: from + at }
      })
    },
  ).pipe(Effect.orDie)

/** How many updates of these ids the table has, and how many of them are not done with. */
const kept = (from: number, to: number) =>
  Store.use(({ sql }) =>
    Effect.map(
      sql<{ readonly kept: number; readonly left: number }>`select count(*)::int as kept,
        (count(*) filter (where handled_at is null))::int as left from telegram_updates
        where update_id >= ${from} and update_id < ${to}`,
      ([row]) => row ?? { kept: 0, left: 0 },
    )
  )

describeWith(data, "Bad input", () => {
  layer(world, { timeout: "60 seconds" })("reaches the bot", (it) => {
    it.effect("by webhook: 200 for what can be read, 400 for the rest, and each that can is handled", () =>
      Effect.gen(function* () {
        yield* fresh
        yield* Effect.gen(function* () {
          const { say, settled } = yield* conversation
          const url = yield* address
          const post = (body: string) =>
            Effect.promise(async () => {
              const headers = { "content-type": "application/json", "x-telegram-bot-api-secret-token": secret }
              const response = await fetch(url, { method: "POST", headers, body })
              await response.body?.cancel()
              return response.status
            })
          const all = [...examples(1_000), ...yield* fuzzed(2_000)]
          const readable = all.filter((update) => Option.isSome(read(update)))
          assert.isAbove(readable.length, 40)
          assert.isAbove(all.length - readable.length, 5)
          for (const update of all) {
            const status = yield* post(JSON.stringify(update))
            assert.strictEqual(status, Option.isSome(read(update)) ? 200 : 400, JSON.stringify(update))
          }
          for (const noise of ["", "null", "[]", "7", '"update"', "{", `{"update_id":1e400}`, `{"update_id":-1}`]) {
            assert.strictEqual(yield* post(noise), 400, noise)
          }
          yield* settled
          assert.deepStrictEqual(yield* kept(1_000, 3_000), { kept: readable.length, left: 0 })
          assert.match(yield* say(ann, "/start"), /^👋/)
        }).pipe(Effect.provide(Layer.provideMerge(hooked, surroundings())))
      }))

    it.effect("by polling: what cannot be read is passed over, the rest is handled, and nothing is asked for twice", () =>
      Effect.gen(function* () {
        yield* fresh
        yield* Effect.gen(function* () {
          const { emulator, say, settled } = yield* conversation
          const from = 200_000_000
          const all = [...examples(from), ...yield* fuzzed(from + 1_000)]
          const readable: Array<Json> = []
          for (const [at, update] of all.entries()) {
            const id = yield* emulator.pushRawUpdate(update)
            if (id !== null && Option.isSome(read(update))) readable.push(update)
            if (at % 10 > 0 && at < all.length - 1) continue
            yield* until(Effect.map(kept(from, from + 2_000), (now) => now.kept === readable.length && now.left === 0))
          }
          assert.isAbove(readable.length, 40)
          yield* settled
          yield* emulator.pushRawUpdate({ update_id: from + 5_000 })
          assert.match(yield* say(ann, "/start"), /^👋/)
        }).pipe(Effect.provide(Layer.provideMerge(polled, surroundings())))
      }))
  })
})
