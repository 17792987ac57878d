/** The emulator with its log in a file: every call, in order, also those of the last moment. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Schema } from "effect"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Telegram } from "../../src/layers/Telegram.ts"
import * as Client from "../../src/layers/telegram/Client.ts"
import { emulate, type Emulated, layer } from "../../src/programs/Emulator.ts"
import { until } from "../support/actors.ts"

const Line = Schema.fromJsonString(Schema.Struct({
  method: Schema.String,
  chatId: Schema.NullOr(Schema.Int),
  text: Schema.NullOr(Schema.String),
}))

const ownLog = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-emulator-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
  ),
  (folder) => join(folder, "log.ndjson"),
)

const linesOf = (path: string) =>
  readFileSync(path, "utf8").split("\n").slice(0, -1).map((line) => Schema.decodeSync(Line)(line))

const running = Effect.fnUntraced(function* (log: string, start: boolean) {
  let ready: Emulated | undefined
  const fiber = yield* Effect.forkScoped(
    Effect.scoped(emulate({ chats: [11, 12], start, log }, (told) => Effect.sync(() => void (ready = told)))),
  )
  yield* until(Effect.sync(() => ready !== undefined))
  const { apiRoot, token } = ready ?? assert.fail("not ready")
  return { fiber, client: Client.layer({ token: Redacted.make(token), apiRoot }) }
})

describe("The emulator as a process", () => {
  it.live("writes each call to the log while it runs", () =>
    Effect.gen(function* () {
      const log = yield* ownLog
      const { client } = yield* running(log, false)
      yield* Effect.gen(function* () {
        const telegram = yield* Telegram
        for (const chatId of ["12", "11"]) {
          yield* telegram.send({ chatId, html: `for ${chatId}`, buttons: [] })
        }
      }).pipe(Effect.provide(client))
      yield* until(Effect.sync(() => linesOf(log).length === 2))
      assert.deepStrictEqual(linesOf(log).map(({ chatId, text }) => [chatId, text]), [
        [12, "for 12"],
        [11, "for 11"],
      ])
    }).pipe(Effect.provide(layer(0))))

  it.live("loses no call that was made just before it ended", () =>
    Effect.gen(function* () {
      const log = yield* ownLog
      const { client, fiber } = yield* running(log, false)
      const calls = 50
      yield* Telegram.use(({ me }) => Effect.all(Array.from({ length: calls }, () => me), { concurrency: 10 })).pipe(
        Effect.provide(client),
      )
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(linesOf(log).length, calls)
    }).pipe(Effect.provide(layer(0))))

  it.live("lets each person say /start once, as soon as somebody polls", () =>
    Effect.gen(function* () {
      const { client } = yield* running(yield* ownLog, true)
      const poll = (offset: number) =>
        Telegram.use((telegram) => telegram.updates({ offset, holdSeconds: 0, kinds: ["message"] })).pipe(
          Effect.provide(client),
        )
      const first = yield* poll(0)
      assert.strictEqual(first.length, 2)
      assert.isTrue(first.every(({ payload }) => JSON.stringify(payload).includes("/start")))
      assert.deepStrictEqual(yield* poll((first.at(-1)?.updateId ?? 0) + 1), [])
    }).pipe(Effect.provide(layer(0))))

  it.live("says so when its log cannot be written, or a chat is given twice", () =>
    Effect.gen(function* () {
      const nowhere = { chats: [], start: false, log: "/dev/null/log" }
      const refused = yield* Effect.flip(Effect.scoped(emulate(nowhere, () => Effect.void)))
      assert.include(refused.message, "/dev/null/log")
      const twice = { chats: [5, 5], start: false, log: yield* ownLog }
      const again = yield* Effect.flip(Effect.scoped(emulate(twice, () => Effect.void)))
      assert.strictEqual(again._tag, "EmulatorError")
    }).pipe(Effect.provide(layer(0))))
})
