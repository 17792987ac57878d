/** What is kept of REST calls: what was asked and answered, and nothing of a key. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { loadCcxtClass } from "../../../src/layers/ccxt/CcxtModules.ts"
import type { CcxtExchange } from "../../../src/layers/ccxt/CcxtShape.ts"
import { listenToRest } from "../../../src/layers/ccxt/RestEar.ts"
import type { FrameListener, HeardAnswer, HeardRequest } from "../../../src/layers/FrameListener.ts"

const CANARY = "CANARY-3f9c1d77"

/** The real ccxt code, whose network answers by `answer`. */
const heardBy = Effect.fnUntraced(function* (answer: (url: string) => Promise<object>) {
  const Class = yield* Effect.promise(() => loadCcxtClass("binance"))
  const exchange: CcxtExchange = new Class({ newUpdates: true, enableRateLimit: false, options: {} })
  exchange.fetch = async (url, method = "GET", headers, body) =>
    await exchange.handleRestResponse(await answer(url), url, method, headers, body)
  const asked: Array<HeardRequest> = [], answered: Array<HeardAnswer> = []
  const listener: FrameListener["Service"] = {
    heard: () => {},
    lost: () => {},
    dropped: () => {},
    asked: (request) => void asked.push(request),
    answered: (one) => void answered.push(one),
  }
  let nowMs = 0
  listenToRest("binance", exchange, listener, () => ++nowMs)
  return { exchange, asked, answered }
})

const response = (status: number, body: string) => ({
  status,
  statusText: "said",
  headers: new Headers({ "content-type": "application/json", "set-cookie": CANARY }),
  text: () => Promise.resolve(body),
})

describe("What is kept of a REST call", () => {
  it.effect("is the request, the status, the body as it came, and both times", () =>
    Effect.gen(function* () {
      const { answered, asked, exchange } = yield* heardBy(() => Promise.resolve(response(200, `{"serverTime": 1.50}`)))
      yield* Effect.promise(() => exchange.fetch("https://api.binance.com/api/v3/time?a=1", "GET"))
      assert.deepStrictEqual(asked, [
        { venue: "binance", method: "GET", url: "https://api.binance.com/api/v3/time?a=1", atMs: 1 },
      ])
      const [request] = asked
      assert.deepStrictEqual(answered, [
        { ...request ?? assert.fail(), status: 200, body: `{"serverTime": 1.50}`, askedAtMs: 1, atMs: 2 },
      ])
    }))

  it.effect("is kept of refusals too, and of a failure that it was asked", () =>
    Effect.gen(function* () {
      const { answered, asked, exchange } = yield* heardBy((url) =>
        url.includes("dead") ? Promise.reject(new Error("no route")) : Promise.resolve(response(418, "{}"))
      )
      yield* Effect.ignore(Effect.tryPromise(() => exchange.fetch("https://api.binance.com/teapot")))
      yield* Effect.ignore(Effect.tryPromise(() => exchange.fetch("https://api.binance.com/dead")))
      assert.strictEqual(asked.length, 2)
      assert.deepStrictEqual(answered.map(({ status, url }) => [status, url]), [[
        418,
        "https://api.binance.com/teapot",
      ]])
    }))

  it.effect("holds nothing of a key: not of its headers, its cookies, its parameters, its body or its URL's user", () =>
    Effect.gen(function* () {
      const { answered, asked, exchange } = yield* heardBy(() => Promise.resolve(response(200, "{}")))
      const url = `https://${CANARY}:${CANARY}@api.binance.com/api/v3/x?apiKey=${CANARY}&signature=${CANARY}` +
        `&accessToken=${CANARY}&symbol=BTCUSDT#${CANARY}`
      yield* Effect.promise(() => exchange.fetch(url, "POST", { "X-MBX-APIKEY": CANARY }, `secret=${CANARY}`))
      assert.lengthOf(answered, 1)
      assert.notInclude(JSON.stringify([asked, answered]), CANARY)
      assert.include(answered[0]?.url ?? "", "symbol=BTCUSDT")
    }))

  it.effect("is nothing at all where the exchange holds a key", () =>
    Effect.gen(function* () {
      const { answered, asked, exchange } = yield* heardBy(() => Promise.resolve(response(200, `{"k":"${CANARY}"}`)))
      Reflect.set(exchange, "apiKey", CANARY)
      yield* Effect.promise(() => exchange.fetch("https://api.binance.com/api/v3/account?timestamp=1"))
      assert.deepStrictEqual([asked, answered], [[], []])
    }))
})
