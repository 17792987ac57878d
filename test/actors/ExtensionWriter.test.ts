/** The writer of session extensions: statements shared by who came meanwhile, bounded, each row with its own answer. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Latch, Layer } from "effect"
import type { Session } from "../../src/domain/Session.ts"
import { makeExtensionWriter, makeRowWriter } from "../../src/actors/ExtensionWriter.ts"
import { SessionExtensions } from "../../src/layers/SessionExtensions.ts"
import { StoreError } from "../../src/layers/Store.ts"
import { day, t0 } from "../suites/StoreWorld.ts"

const sessionOf = (telegramId: string): Session => ({
  sessionId: `s${telegramId}`,
  userId: `u${telegramId}`,
  telegramId,
  state: "active",
  startedAt: t0,
  lastActivityAt: t0,
  expiresAt: t0 + day,
  onboardingCompleted: false,
  preferencesSet: false,
  isAsked: false,
  epoch: 1,
})

const chats = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, n) => `${100_000 + n}`)

/** Statements that wait for `open`, then write all but `missing`, or fail where they hold `broken`. */
const slowTable = Effect.gen(function* () {
  const open = yield* Latch.make(false)
  const statements: Array<ReadonlyArray<string>> = []
  const written = (keys: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      statements.push(keys)
      yield* open.await
      if (!keys.some((key) => key.endsWith("broken"))) return keys.filter((key) => !key.endsWith("missing"))
      return yield* new StoreError({ operation: "test", reason: "unreachable", detail: "down" })
    })
  const layer = Layer.succeed(SessionExtensions, {
    extendAll: ({ sessions }) =>
      Effect.map(
        written(sessions.map(({ sessionId }) => sessionId)),
        (keys) => new Map(keys.map((key) => [key, { isAsked: false }])),
      ),
    extendChats: ({ telegramIds }) =>
      Effect.map(written(telegramIds), (keys) => new Map(keys.map((key) => [key, sessionOf(key)]))),
  })
  return { open, statements, layer }
})

const settled = Effect.forEach(Array.from({ length: 20 }), () => Effect.yieldNow, { discard: true })

it.effect("what arrives while statements are under way shares the next ones, 256 at most in each", () =>
  Effect.gen(function* () {
    const { layer, open, statements } = yield* slowTable
    const write = yield* Effect.provide(makeExtensionWriter(day), layer)
    const all = yield* Effect.forkChild(
      Effect.forEach(chats(1_000), (chat) => write(sessionOf(chat)), { concurrency: "unbounded" }),
      { startImmediately: true },
    )
    yield* settled
    assert.deepStrictEqual(statements.map(({ length }) => length), [256, 256])
    yield* open.open
    assert.isTrue((yield* Fiber.join(all)).every((session) => session !== null && session.expiresAt === day))
    assert.deepStrictEqual(statements.map(({ length }) => length), [256, 256, 256, 232])
  }))

it.effect("who comes while 4,096 wait is written as well, once there is room", () =>
  Effect.gen(function* () {
    const { layer, open, statements } = yield* slowTable
    const write = yield* Effect.provide(makeRowWriter(day), layer)
    const all = yield* Effect.forkChild(
      Effect.forEach(chats(6_000), write, { concurrency: "unbounded" }),
      { startImmediately: true },
    )
    yield* settled
    yield* open.open
    assert.isTrue((yield* Fiber.join(all)).every((session) => session !== null))
    assert.strictEqual(statements.flat().length, 6_000)
    assert.strictEqual(new Set(statements.flat()).size, 6_000)
  }))

it.effect("rows are named in one order in every statement, whoever came first", () =>
  Effect.gen(function* () {
    const { layer, open, statements } = yield* slowTable
    const write = yield* Effect.provide(makeRowWriter(day), layer)
    yield* open.open
    yield* Effect.forEach(["3", "1", "2"], write, { concurrency: "unbounded" })
    assert.deepStrictEqual(statements, [["1", "2", "3"]])
  }))

it.effect("a row that was not written is null to its caller alone", () =>
  Effect.gen(function* () {
    const { layer, open } = yield* slowTable
    const write = yield* Effect.provide(makeRowWriter(day), layer)
    yield* open.open
    const answers = yield* Effect.forEach(["1", "missing", "2"], write, { concurrency: "unbounded" })
    assert.deepStrictEqual(answers.map((session) => session?.telegramId ?? null), ["1", null, "2"])
  }))

it.effect("a statement that fails fails its callers, and the next one goes on", () =>
  Effect.gen(function* () {
    const { layer, open } = yield* slowTable
    const write = yield* Effect.provide(makeRowWriter(day), layer)
    yield* open.open
    const failures = yield* Effect.forEach(["1", "broken"], (chat) => Effect.flip(write(chat)), {
      concurrency: "unbounded",
    })
    assert.deepStrictEqual(failures.map(({ reason }) => reason), ["unreachable", "unreachable"])
    assert.strictEqual((yield* write("1"))?.telegramId, "1")
  }))
