/** The end of mails by a link: asked for on a page, done by a click, and by nobody else. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import * as HttpListener from "../../../src/layers/HttpListener.ts"
import * as Unsubscribing from "../../../src/layers/Unsubscribing.ts"
import { UserChannels } from "../../../src/layers/UserChannels.ts"
import * as Unsubscribe from "../../../src/surfaces/http/Unsubscribe.ts"
import { someUser, t0 } from "../../suites/StoreWorld.ts"
import { fresh, world } from "../../support/actors.ts"

const links = Unsubscribing.signed("https://arb.example/", Redacted.make("12345:token"))

const served = HttpRouter.serve(Unsubscribe.layer.pipe(Layer.provide(Unsubscribing.layer(links))), {
  disableListenLog: true,
  disableLogger: true,
}).pipe(Layer.provideMerge(HttpListener.layer({ port: 0, host: "127.0.0.1" })))

/** As a browser or a mail program does. */
const ask = (method: "GET" | "POST", link: string) =>
  Effect.gen(function* () {
    const root = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
    return yield* Effect.promise(async () => {
      const body = method === "POST" ? { body: "List-Unsubscribe=One-Click" } : {}
      const response = await fetch(link.replace("https://arb.example", root), {
        method,
        headers: { connection: "close", "content-type": "application/x-www-form-urlencoded" },
        ...body,
      })
      return { status: response.status, text: await response.text() }
    })
  })

layer(world, { timeout: "60 seconds" })("A link that ends mails", (it) => {
  it.effect("asks when it is opened, ends them when that is confirmed, and says the same again", () =>
    Effect.gen(function* () {
      yield* fresh
      const { userId } = yield* someUser("100")
      const channels = yield* UserChannels
      const which = { userId, channel: "email", nowMs: t0 } as const
      const { channelId } = yield* channels.add({ ...which, address: "ada@example.org" })
      yield* channels.verify(which)
      const state = Effect.map(channels.get(which), (found) => Option.getOrThrow(found).state)
      const link = Option.getOrThrow(links.urlOf(channelId))
      yield* Effect.gen(function* () {
        const asked = yield* ask("GET", link)
        assert.include(asked.text, '<form method="post">')
        assert.strictEqual(yield* state, "verified", "mail servers open links by themselves")
        for (let times = 0; times < 2; times++) {
          const done = yield* ask("POST", link)
          assert.strictEqual(done.status, 200)
          assert.include(done.text, "no more mails")
          assert.notInclude(done.text, "ada")
        }
        assert.strictEqual(yield* state, "ended")
      }).pipe(Effect.provide(served))
    }))

  it.effect("that was not made here ends nothing", () =>
    Effect.gen(function* () {
      yield* fresh
      const { userId } = yield* someUser("100")
      const channels = yield* UserChannels
      const which = { userId, channel: "email", nowMs: t0 } as const
      const { channelId } = yield* channels.add({ ...which, address: "ada@example.org" })
      const other = Unsubscribing.signed("https://arb.example", Redacted.make("another"))
      const forged = [
        Option.getOrThrow(other.urlOf(channelId)),
        Option.getOrThrow(links.urlOf("c2")).replace("c2.", `${channelId}.`),
        `https://arb.example/unsubscribe/${channelId}`,
        "https://arb.example/unsubscribe/..%2f..%2fetc",
      ]
      yield* Effect.forEach(forged, (link) =>
        Effect.gen(function* () {
          assert.strictEqual((yield* ask("GET", link)).status, 404)
          assert.strictEqual((yield* ask("POST", link)).status, 404)
        })).pipe(Effect.provide(served))
      assert.strictEqual(Option.getOrThrow(yield* channels.get(which)).state, "pending")
    }))
})
