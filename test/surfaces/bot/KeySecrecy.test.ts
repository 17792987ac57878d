/**
 * A canary in place of a key: it goes through the wizard, failing checks, crashes and restarts, and is found nowhere.
 *
 * In: a key, a secret and a passphrase that are like nothing else; a venue that repeats them in all it says. Out: the
 * text of every table, everything logged and traced, every message and answer of the bot. Facts are looked for in the
 * outbox: the bus is given nothing but its rows. Promises: the search itself is shown to find what it looks for.
 */
import { assert, layer } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Layer, Logger, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as CcxtKeyCheck from "../../../src/layers/ccxt/CcxtKeyCheck.ts"
import * as EmbeddedRestBudgets from "../../../src/layers/embedded/RestBudgets.ts"
import type { KeyCheck } from "../../../src/layers/KeyCheck.ts"
import { Store } from "../../../src/layers/Store.ts"
import { TelegramUpdates } from "../../../src/layers/TelegramUpdates.ts"
import { Updates } from "../../../src/surfaces/bot/Updates.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { jsonServer } from "../../support/jsonServer.ts"
import { type Conversation, conversation, polled, surroundings } from "./running.ts"
import { scripted } from "./scriptedKeyCheck.ts"

const API_KEY = "canaryQk3v9AApiKeyZw81"
const SECRET = "Y2FuYXJ5U2VjcmV0WHE3N1Z0"
const PHRASE = "canary Phrase #77 ö"
const PARTS = [API_KEY, SECRET, PHRASE]

/** Each part as it is, and in the forms in which it could stand somewhere. */
const FORMS = PARTS.flatMap((part) => [
  part,
  encodeURIComponent(part),
  JSON.stringify(part).slice(1, -1),
  Buffer.from(part).toString("hex"),
  // Its middle, wherever it begins in a longer text.
  ...[0, 1, 2].map((shift) => Buffer.from("x".repeat(shift) + part).toString("base64").slice(4, -4)),
])

const traces = (where: string, text: string): ReadonlyArray<string> =>
  FORMS.filter((form) => text.includes(form)).map((form) => `${form} in ${where}`)

/** The text of every row of every table. */
const tables = Effect.gen(function* () {
  const { sql } = yield* Store
  const names = yield* sql<{ readonly name: string }>`select quote_ident(tablename) as name from pg_tables
    where schemaname = 'public'`
  const texts = yield* Effect.forEach(
    names,
    ({ name }) =>
      sql.unsafe<{ readonly text: string | null }>(`select string_agg(t::text, chr(10)) as text from ${name} t`),
  )
  return names.map(({ name }, at) => ({ name, text: texts[at]?.[0]?.text ?? "" }))
})

const foundInTables = Effect.map(tables, (all) => all.flatMap(({ name, text }) => traces(name, text)))

/** What is logged and traced while an effect runs. */
const overheard = () => {
  const said: Array<string> = []
  const logger = Logger.layer([Logger.make((entry) => said.push(Logger.formatJson.log(entry)))])
  const plain = (_: string, value: unknown) => typeof value === "bigint" ? `${value}` : value
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const end = span.end.bind(span)
      span.end = (at, exit) => {
        const failure = Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""
        said.push(JSON.stringify([span.name, [...span.attributes], span.events, failure], plain))
        end(at, exit)
      }
      return span
    },
  })
  return { said, logger, tracer }
}

const life = <E, R>(
  keyCheck: Layer.Layer<KeyCheck>,
  body: (conversation: Conversation, said: ReadonlyArray<string>) => Effect.Effect<void, E, R>,
) => {
  const { logger, said, tracer } = overheard()
  return Effect.andThen(
    fresh,
    Effect.flatMap(conversation, (talk) => body(talk, said)).pipe(
      Effect.provide(Layer.provideMerge(polled, surroundings({}, keyCheck))),
    ),
  ).pipe(Effect.provide(logger), Effect.withTracer(tracer))
}

const assertNowhere = Effect.fnUntraced(function* ({ emulator, messages }: Conversation, said: ReadonlyArray<string>) {
  const spoken = yield* messages(ann)
  const calls = (yield* emulator.log.calls).map((call) => JSON.stringify(call))
  assert.deepStrictEqual([
    ...yield* foundInTables,
    ...traces("logs and traces", said.join("\n")),
    ...traces("messages", spoken.join("\n")),
    ...traces("calls", calls.join("\n")),
  ], [])
})

const begin = (talk: Conversation, venue: string) =>
  Effect.gen(function* () {
    yield* talk.say(ann, "/start")
    yield* talk.say(ann, "/keys")
    const before = (yield* talk.messages(ann)).length
    yield* talk.tap(ann, "➕ Add a key")
    yield* talk.tap(ann, venue)
    yield* until(Effect.map(talk.messages(ann), (all) => all.length >= before + 2))
    yield* talk.settled
  })

const echo = PARTS.join(" ")
/** Binance is given no passphrase, and so cannot repeat it. */
const echoOfTwo = `${API_KEY} ${SECRET}`
const theVenue = (answer: Parameters<typeof jsonServer>[0]) =>
  Effect.map(
    jsonServer(answer),
    ({ origin }) =>
      CcxtKeyCheck.layer({ baseUrls: { okx: origin, binance: origin } }).pipe(Layer.provide(EmbeddedRestBudgets.layer)),
  )

layer(world, { timeout: "60 seconds" })("A canary in place of a key", (it) => {
  it.effect("is found where it is, so that its absence means something", () =>
    Effect.gen(function* () {
      yield* fresh
      const { sql } = yield* Store
      const nowMs = yield* Clock.currentTimeMillis
      yield* Effect.flatMap(TelegramUpdates, (updates) =>
        updates.insertIfNew({ updateId: 1, payload: { text: PHRASE }, receivedAt: nowMs }))
      yield* sql`insert into outbox (subject, payload, created_at)
        values ('evt', ${sql.json({ data: Buffer.from(SECRET).toString("base64") })}, now())`
      const found = (yield* foundInTables).join("\n")
      assert.include(found, "in telegram_updates")
      assert.include(found, "in outbox")
    }))

  it.effect("goes through the wizard to a venue that repeats it in a refusal, and stays nowhere", () =>
    Effect.gen(function* () {
      const venue = yield* theVenue(() => ({
        status: 401,
        body: { code: "50111", msg: `Invalid OK-ACCESS-KEY ${echo}` },
      }))
      yield* life(venue, (talk, said) =>
        Effect.gen(function* () {
          yield* begin(talk, "okx")
          for (const part of PARTS) {
            yield* talk.say(ann, part)
            yield* assertNowhere(talk, said)
          }
          assert.include((yield* talk.messages(ann)).at(-1), "The exchange does not take it now")
        }))
    }).pipe(Effect.scoped))

  it.effect("is asked about twice, by a venue that answers rubbish and then wants fewer calls", () =>
    Effect.gen(function* () {
      let calls = 0
      const venue = yield* theVenue(() =>
        calls++ === 0
          ? { status: 200, body: `<html>${echoOfTwo}` }
          : { status: 429, body: { code: -1003, msg: `Too many requests of ${echoOfTwo}` } }
      )
      yield* life(venue, (talk, said) =>
        Effect.gen(function* () {
          yield* begin(talk, "binance")
          yield* talk.say(ann, API_KEY)
          yield* talk.say(ann, SECRET)
          yield* talk.say(ann, "/keys")
          const before = (yield* talk.messages(ann)).length
          yield* talk.tap(ann, "⏳ binance #1")
          yield* talk.tap(ann, "🔄 Check again")
          yield* until(Effect.map(talk.messages(ann), (all) => all.length > before))
          yield* talk.settled
          assert.strictEqual(calls, 2)
          yield* assertNowhere(talk, said)
        }))
    }).pipe(Effect.scoped))

  it.effect("is in what a broken check throws, and is not told to anybody", () =>
    life(
      scripted({ binance: Effect.die(new Error(`cannot sign with ${echo}`)) }).layer,
      (talk, said) =>
        Effect.gen(function* () {
          yield* begin(talk, "binance")
          yield* talk.say(ann, API_KEY)
          assert.include(yield* talk.say(ann, SECRET), "the check broke off")
          assert.include(said.join(), "broke off")
          yield* assertNowhere(talk, said)
        }),
    ))

  it.effect("waits in the table when the process dies over it, sealed, and is nowhere once it was handled", () => {
    const { asked, gate, layer } = scripted({ binance: Effect.succeed({ _tag: "Unanswered", detail: "nobody there" }) })
    const { logger, said, tracer } = overheard()
    return Effect.gen(function* () {
      yield* fresh
      const { sql } = yield* Store
      const talk = yield* Effect.gen(function* () {
        const talk = yield* conversation
        yield* begin(talk, "binance")
        yield* talk.say(ann, API_KEY)
        yield* gate.close
        yield* talk.emulator.say(ann, ann, SECRET)
        yield* until(Effect.map(
          talk.emulator.log.calls,
          (calls) => calls.filter(({ method }) => method === "deleteMessage").length === 2,
        ))
        return talk
      }).pipe(Effect.provide(Layer.fresh(polled)))

      const waiting = yield* sql`select 1 from telegram_updates where handled_at is null and payload ? 'sealed'`
      assert.strictEqual(waiting.length, 1)
      yield* assertNowhere(talk, said)

      yield* gate.open
      yield* until(Effect.andThen(TestClock.adjust("2 seconds"), Effect.sync(() => asked.length > 0))).pipe(
        Effect.andThen(Effect.flatMap(Updates, ({ idle }) => idle)),
        Effect.provide(Layer.fresh(polled)),
      )
      assert.strictEqual(asked.length, 1)
      assert.include((yield* talk.messages(ann)).at(-1), "nobody there")
      const kept = yield* sql`select 1 from telegram_updates where handled_at is null or payload <> 'null'`
      assert.deepStrictEqual(kept, [])
      yield* assertNowhere(talk, said)
    }).pipe(Effect.provide(surroundings({}, layer)), Effect.provide(logger), Effect.withTracer(tracer))
  })
})
