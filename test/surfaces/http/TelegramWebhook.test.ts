/** The webhook's route against everything that is no update from Telegram: it answers 4xx, and the process lives. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { request } from "node:http"
import { TelegramUpdates } from "../../../src/layers/TelegramUpdates.ts"
import { MAX_BODY_BYTES } from "../../../src/surfaces/http/TelegramWebhook.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { address, conversation, path, secret, served, surroundings } from "../bot/running.ts"

interface Post {
  readonly body: string
  readonly secret?: string | null
  /** Sends so many megabytes, as they are taken, instead of the body. */
  readonly megabytes?: number
  readonly chunked?: boolean
  readonly method?: string
}

interface Reply {
  readonly status: number
  readonly sentBytes: number
}

/** Posts by hand, so that nothing is set right on the way; stops writing once it is answered. */
const post = (url: string, what: Post) =>
  Effect.callback<Reply>((resume) => {
    const header = what.secret === undefined ? secret : what.secret
    const total = (what.megabytes ?? 0) * 1_000_000
    let sentBytes = 0
    let answered = false
    const call = request(url, {
      method: what.method ?? "POST",
      headers: {
        "content-type": "application/json",
        ...(header === null ? {} : { "x-telegram-bot-api-secret-token": header }),
        ...(total > 0 && what.chunked !== true ? { "content-length": total } : {}),
      },
    }, (response) => {
      answered = true
      response.resume()
      resume(Effect.succeed({ status: response.statusCode ?? 0, sentBytes }))
    })
    // A connection that is cut while we write is an answer of its own; the test wants the one that was sent.
    call.on("error", () => answered ? undefined : resume(Effect.succeed({ status: 0, sentBytes })))
    if (total === 0) {
      call.end(what.body)
      return
    }
    const chunk = Buffer.alloc(65_536, 32)
    const write = () => {
      if (answered || call.destroyed) return
      if (sentBytes >= total) return void call.end()
      sentBytes += chunk.length
      call.write(chunk, () => setImmediate(write))
    }
    write()
  })

const updateOf = (updateId: number, text: string) => ({
  update_id: updateId,
  message: {
    message_id: updateId,
    date: 1_750_000_000,
    chat: { id: ann, type: "private", first_name: "Ann" },
    from: { id: ann, is_bot: false, first_name: "Ann" },
    text,
  },
})

const recorded = TelegramUpdates.use((table) => Effect.map(table.unhandled(100), (left) => left.length))

layer(world, { timeout: "60 seconds" })("The webhook's route", (it) => {
  const life = <A, E, R>(body: Effect.Effect<A, E, R>) =>
    Effect.andThen(fresh, Effect.provide(body, Layer.provideMerge(served, surroundings())))

  it.effect("refuses a missing or wrong secret before it reads anything", () =>
    life(Effect.gen(function* () {
      const url = yield* address
      const body = JSON.stringify(updateOf(1, "/start"))
      for (const wrong of [null, "", "x", `${secret}x`, secret.toUpperCase()]) {
        assert.strictEqual((yield* post(url, { body, secret: wrong })).status, 401, `secret ${wrong}`)
      }
      assert.strictEqual((yield* post(url, { body: "{", secret: null })).status, 401)
      assert.strictEqual(yield* recorded, 0)
    })))

  it.effect("answers 400 to what is no update", () =>
    life(Effect.gen(function* () {
      const url = yield* address
      const bodies = [
        "",
        "null",
        "{",
        "[]",
        "{}",
        "42",
        '"text"',
        '{"update_id":"1"}',
        '{"update_id":1.5}',
        '{"update_id":-1}',
        '{"update_id":1e400}',
        '{"update_id":1,"message":"hello"}',
        '{"update_id":1,"message":{}}',
        '{"update_id":1,"message":null}',
        '{"update_id":1,"callback_query":{"id":"1","from":{"id":"ann"}}}',
        '{"update_id":1,"my_chat_member":{"chat":{"id":1},"from":{"id":1}}}',
        '{"__proto__":{"update_id":1}}',
        "\u0000\u0001\u0002",
        "[".repeat(100_000),
      ]
      for (const body of bodies) {
        assert.strictEqual((yield* post(url, { body })).status, 400, body.slice(0, 60))
      }
      assert.strictEqual(yield* recorded, 0)
    })))

  it.effect("refuses 50 MB without reading them all, announced or not", () =>
    life(Effect.gen(function* () {
      const url = yield* address
      const announced = yield* post(url, { body: "", megabytes: 50 })
      assert.strictEqual(announced.status, 413)
      assert.isBelow(announced.sentBytes, 20_000_000)
      const streamed = yield* post(url, { body: "", megabytes: 50, chunked: true })
      assert.strictEqual(streamed.status, 413)
      assert.isBelow(streamed.sentBytes, 20_000_000)
      const justUnder = JSON.stringify({ ...updateOf(1, "/help"), padding: "x".repeat(MAX_BODY_BYTES - 1_000) })
      assert.strictEqual((yield* post(url, { body: justUnder })).status, 200)
    })))

  it.effect("knows only its own path and method", () =>
    life(Effect.gen(function* () {
      const url = yield* address
      const body = JSON.stringify(updateOf(1, "/start"))
      assert.strictEqual((yield* post(url.replace(path, "/other"), { body })).status, 404)
      assert.strictEqual((yield* post(url, { body: "", method: "GET" })).status, 404)
    })))

  it.effect("serves as before after all of that, and an update posted twice once", () =>
    life(Effect.gen(function* () {
      const { messages, settled } = yield* conversation
      const url = yield* address
      yield* post(url, { body: "null" })
      yield* post(url, { body: "", megabytes: 50 })
      for (const update of [updateOf(7, "/start"), updateOf(7, "/start"), updateOf(8, "/help")]) {
        assert.strictEqual((yield* post(url, { body: JSON.stringify(update) })).status, 200)
      }
      yield* until(Effect.map(messages(ann), (said) => said.length === 2))
      yield* settled
      const said = yield* messages(ann)
      assert.deepStrictEqual(
        said.map((text) => text.slice(0, 10)),
        ["👋 Welcome ", "ArbEdge fi"].map((text) => text.slice(0, 10)),
      )
      assert.strictEqual(yield* recorded, 0)
    })))
})
