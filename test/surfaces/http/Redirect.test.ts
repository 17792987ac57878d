/** The redirect: it counts a click once, and leads to a venue's page or nowhere. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import { get } from "node:http"
import { type ClickLink, encode, LINK_LIFETIME_MS } from "../../../src/domain/ClickLink.ts"
import { HOSTS } from "../../../src/domain/VenuePages.ts"
import { ClickLinks, layerSigned } from "../../../src/layers/ClickLinks.ts"
import * as HttpListener from "../../../src/layers/HttpListener.ts"
import { Receipts } from "../../../src/layers/Receipts.ts"
import { StoreError } from "../../../src/layers/Store.ts"
import * as Redirect from "../../../src/surfaces/http/Redirect.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, world } from "../../support/actors.ts"

const secret = Redacted.make("12345:token")
const signed = layerSigned("https://arb.example/", secret)

const served = HttpRouter.serve(Redirect.layer, {
  disableListenLog: true,
  disableLogger: true,
  routerConfig: Redirect.ROUTER_CONFIG,
}).pipe(
  Layer.provideMerge(HttpListener.layer({ port: 0, host: "127.0.0.1" })),
  Layer.provideMerge(signed),
)

const link: ClickLink = {
  userId: "user-1",
  opportunityId: "0123456789abcdef0123456789abcdef",
  inGroup: false,
  venue: "kraken",
  instrument: "BTC/USD",
  expiresAt: t0 + LINK_LIFETIME_MS,
}

const page = "https://pro.kraken.com/app/trade/btc-usd"

interface Reply {
  readonly status: number
  readonly location: string | undefined
}

/** Asks for the path as it is, and follows nothing. */
const ask = (path: string) =>
  Effect.gen(function* () {
    const url = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
    return yield* Effect.callback<Reply>((resume) => {
      const call = get(`${url}${path}`, { agent: false }, (response) => {
        response.resume()
        resume(Effect.succeed({ status: response.statusCode ?? 0, location: response.headers.location }))
      })
      call.on("error", (error) => resume(Effect.die(error)))
    })
  })

const pathOf = (changes: Partial<ClickLink> = {}) =>
  Effect.map(ClickLinks, (links) => (links.linkTo({ ...link, ...changes }) ?? "").replace("https://arb.example", ""))

const told = Receipts.use((receipts) =>
  receipts.delivered([{ userId: link.userId, opportunityId: link.opportunityId, distributionType: "push" }], t0)
)
const clicked = Receipts.use((receipts) => Effect.map(receipts.counts(null, t0), (counts) => counts.clicked))

layer(world, { timeout: "60 seconds" })("A link that is followed", (it) => {
  it.effect("leads to the venue's page, and counts once however often", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* told
      const path = yield* pathOf()
      assert.match(path, /^\/r\/[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/)
      for (const _ of [1, 2, 3]) assert.deepStrictEqual(yield* ask(path), { status: 302, location: page })
      assert.strictEqual(yield* clicked, 1)
      const [receipt] = yield* Receipts.use((receipts) => receipts.since(link.userId, t0, 1))
      assert.deepInclude(receipt, { clickedAt: t0, openedAt: t0 })
    }).pipe(Effect.provide(served)))

  it.effect("is refused when anything of it was changed, or somebody else signed it", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* told
      const [claim = "", signature = ""] = (yield* pathOf()).slice("/r/".length).split(".")
      const other = Buffer.from(encode({ ...link, userId: "user-2" })).toString("base64url")
      const open = Buffer.from(JSON.stringify(["u", "o", false, "//evil.example", "BTC/USD", 9e15])).toString(
        "base64url",
      )
      const strangers = yield* pathOf().pipe(
        Effect.provide(Layer.fresh(layerSigned("https://arb.example", Redacted.make("another token")))),
      )
      const forged = [
        `/r/${other}.${signature}`,
        `/r/${open}.${signature}`,
        `/r/${claim}.${signature.slice(0, -2)}AA`,
        `/r/${claim}.`,
        `/r/${claim}`,
        `/r/${claim}.${signature}.${signature}`,
        `/r/.`,
        `/r/${"A".repeat(5_000)}.${signature}`,
        `/r/https%3A%2F%2Fevil.example`,
        strangers,
      ]
      for (const path of forged) {
        assert.deepStrictEqual(yield* ask(path), { status: 404, location: undefined }, path.slice(0, 80))
      }
      assert.strictEqual(yield* clicked, 0)
    }).pipe(Effect.provide(served)))

  it.effect("is refused after its time, to the millisecond", () =>
    Effect.gen(function* () {
      yield* fresh
      const path = yield* pathOf()
      yield* TestClock.setTime(link.expiresAt - 1)
      assert.strictEqual((yield* ask(path)).status, 302)
      yield* TestClock.setTime(link.expiresAt)
      assert.deepStrictEqual(yield* ask(path), { status: 410, location: undefined })
    }).pipe(Effect.provide(served)))

  it.effect("leads on while the store does not answer", () =>
    Effect.gen(function* () {
      yield* fresh
      const down = new StoreError({ operation: "Receipts.record", reason: "unreachable", detail: "down" })
      const broken = Layer.effect(
        Receipts,
        Effect.map(Receipts, (receipts) => ({ ...receipts, record: () => Effect.fail(down) })),
      )
      const reply = yield* Effect.flatMap(pathOf(), ask).pipe(
        Effect.provide(Layer.fresh(served).pipe(Layer.provide(broken))),
      )
      assert.deepStrictEqual(reply, { status: 302, location: page })
    }))

  it.effect("is made only for venues whose page is known, and is direct without an address of our own", () =>
    Effect.gen(function* () {
      const links = yield* Effect.provide(ClickLinks, signed)
      assert.isNull(links.linkTo({ ...link, venue: "nowhere" }))
      assert.strictEqual((yield* ClickLinks).linkTo(link), page)
      assert.isTrue(HOSTS.has(new URL(page).host))
    }))
})
