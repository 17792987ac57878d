/**
 * Deliveries to a webhook: a real HTTP server of the test's own takes them, backing off is virtual.
 * Comes in: what people do. Promises: the secret goes along, a failure is told and repeated, a chat keeps its order.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue, Schema } from "effect"
import { TestClock } from "effect/testing"
import { createServer } from "node:http"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { ann, bob, call, people, unlimited } from "./support.ts"

const free = Effect.provide(TelegramEmulator.layer(unlimited))
const Post = Schema.fromJsonString(
  Schema.Struct({ update_id: Schema.Int, message: Schema.Struct({ text: Schema.String }) }),
)

/** A webhook that answers the statuses given, then 200 for ever; what it got is in the queue. */
const hook = (...statuses: Array<number>) =>
  Effect.gen(function* () {
    const posts = yield* Queue.unbounded<{ readonly secret: unknown; readonly text: string; readonly id: number }>()
    const server = createServer((request, response) => {
      let body = ""
      request.on("data", (chunk) => body += chunk)
      request.on("end", () => {
        const { message, update_id } = Schema.decodeUnknownSync(Post)(body)
        response.writeHead(statuses.shift() ?? 200).end()
        const secret = request.headers["x-telegram-bot-api-secret-token"]
        Queue.offerUnsafe(posts, { secret, text: message.text, id: update_id })
      })
    })
    const close = () => (server.closeAllConnections(), server.close())
    yield* Effect.acquireRelease(
      Effect.callback<void>((listening) => void server.listen(0, "127.0.0.1", () => listening(Effect.void))),
      () => Effect.sync(close),
    )
    const address = server.address()
    const port = address !== null && typeof address !== "string" ? address.port : 0
    return { posts, url: `http://127.0.0.1:${port}/hook`, close }
  })

const Info = Schema.Struct({
  pending_update_count: Schema.Int,
  last_error_message: Schema.optionalKey(Schema.String),
  last_error_date: Schema.optionalKey(Schema.Int),
})
const info = Effect.map(call("getWebhookInfo"), ({ result }) => Schema.decodeUnknownSync(Info)(result))
/** Looks again, over real turns of the event loop, until the deliveries have come so far. */
const until = (holds: (now: typeof Info.Type) => boolean) =>
  Effect.gen(function* () {
    for (let look = 0; look < 2_000; look++) {
      const now = yield* info
      if (holds(now)) return now
      yield* Effect.promise(() => new Promise<void>((turn) => setImmediate(turn)))
    }
    return yield* info
  })

describe("the webhook", () => {
  it.effect("gets updates with the secret, and confirms them by 200", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const { posts, url } = yield* hook()
      yield* emulator.say(ann, ann, "before")
      yield* call("setWebhook", { url, secret_token: "s3cret" })
      yield* emulator.say(ann, ann, "after")
      for (const text of ["before", "after"]) {
        const got = yield* Queue.take(posts)
        assert.deepStrictEqual([got.secret, got.text], ["s3cret", text])
      }
      const done = yield* until((now) => now.pending_update_count === 0)
      assert.strictEqual(done.pending_update_count, 0)
    }).pipe(free))

  it.effect("gets an update again after 1, 2, 4 seconds, and the error is told", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const { posts, url } = yield* hook(500, 404, 503)
      yield* call("setWebhook", { url })
      yield* emulator.say(ann, ann, "a")
      yield* emulator.say(ann, ann, "b")
      const errors = ["500 Internal Server Error", "404 Not Found", "503 Service Unavailable"]
      for (const [round, error] of errors.entries()) {
        assert.strictEqual((yield* Queue.take(posts)).text, "a")
        const told = `Wrong response from the webhook: ${error}`
        const now = yield* until((each) => each.last_error_message === told)
        assert.deepStrictEqual([now.last_error_message, now.pending_update_count], [told, 2])
        yield* TestClock.adjust(`${2 ** round} seconds`)
      }
      assert.strictEqual((yield* Queue.take(posts)).text, "a")
      assert.strictEqual((yield* Queue.take(posts)).text, "b")
    }).pipe(free))

  it.effect("that fails for one chat does not hold up another", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const { posts, url } = yield* hook(500)
      yield* call("setWebhook", { url })
      yield* emulator.say(ann, ann, "stuck")
      assert.strictEqual((yield* Queue.take(posts)).text, "stuck")
      yield* until((now) => now.last_error_message !== undefined)
      yield* emulator.say(bob, bob, "free")
      assert.strictEqual((yield* Queue.take(posts)).text, "free")
    }).pipe(free))

  it.effect("that is not there is told as refused, and drop_pending_updates forgets", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const { close, url } = yield* hook()
      close()
      yield* call("setWebhook", { url })
      yield* emulator.say(ann, ann, "a")
      const now = yield* until((each) => each.last_error_message !== undefined)
      assert.strictEqual(now.last_error_message, "Connection refused")
      yield* call("deleteWebhook", { drop_pending_updates: true })
      assert.strictEqual((yield* info).pending_update_count, 0)
    }).pipe(free))

  it.effect("gets a duplicate with the same update_id", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const { posts, url } = yield* hook()
      yield* call("setWebhook", { url })
      yield* emulator.say(ann, ann, "a")
      const first = yield* Queue.take(posts)
      yield* emulator.duplicateUpdate()
      assert.deepStrictEqual(yield* Queue.take(posts), first)
    }).pipe(free))
})
