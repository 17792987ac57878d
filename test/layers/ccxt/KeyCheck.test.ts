/**
 * What venues say of a key, through the real ccxt code, against local servers that speak in the venues' shapes.
 *
 * In: bodies made by hand after the venues' public documentation, and venues that repeat the key in all they say. Out:
 * findings; what was asked and how it was signed; what was spent of the budget; logs, traces and refusals without keys.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted, Tracer } from "effect"
import type { KeyRights } from "../../../src/domain/ApiKey.ts"
import { layer } from "../../../src/layers/ccxt/CcxtKeyCheck.ts"
import * as EmbeddedRestBudgets from "../../../src/layers/embedded/RestBudgets.ts"
import { KeyCheck } from "../../../src/layers/KeyCheck.ts"
import type { KeySecret } from "../../../src/layers/Keys.ts"
import { RestBudgets } from "../../../src/layers/RestBudgets.ts"
import { type JsonAnswer, jsonServer } from "../../support/jsonServer.ts"

const API_KEY = "canaryApiKey0123456789"
/** Kraken signs with what is in base64. */
const SECRET = "Y2FuYXJ5U2VjcmV0MDEyMzQ1Njc4OQ=="
const PASSPHRASE = "canary phrase/é"
const secret: KeySecret = {
  apiKey: Redacted.make(API_KEY),
  secret: Redacted.make(SECRET),
  passphrase: Redacted.make(PASSPHRASE),
}

const told: ReadonlyArray<readonly [venue: string, path: string, body: unknown, rights: KeyRights]> = [
  [
    "binance",
    "/sapi/v1/account/apiRestrictions",
    {
      ipRestrict: true,
      enableReading: true,
      enableWithdrawals: false,
      enableSpotAndMarginTrading: false,
      enableFutures: false,
    },
    { read: "yes", trade: "no", withdraw: "no", ipBound: "yes" },
  ],
  [
    "binanceusdm",
    "/sapi/v1/account/apiRestrictions",
    { ipRestrict: false, enableReading: true, enableWithdrawals: true, enableFutures: true },
    { read: "yes", trade: "yes", withdraw: "yes", ipBound: "no" },
  ],
  [
    "bybit",
    "/v5/user/query-api",
    {
      retCode: 0,
      retMsg: "",
      result: {
        readOnly: 0,
        apiKey: API_KEY,
        ips: ["*"],
        permissions: { Spot: ["SpotTrade"], Wallet: ["AccountTransfer", "Withdraw"] },
      },
    },
    { read: "yes", trade: "yes", withdraw: "yes", ipBound: "no" },
  ],
  [
    "bybit",
    "/v5/user/query-api",
    {
      retCode: 0,
      retMsg: "",
      result: { readOnly: 1, ips: ["10.0.0.1"], permissions: { Spot: ["SpotTrade"], Wallet: ["AccountTransfer"] } },
    },
    { read: "yes", trade: "no", withdraw: "no", ipBound: "yes" },
  ],
  [
    "okx",
    "/api/v5/account/config",
    { code: "0", msg: "", data: [{ perm: "read_only,trade", ip: "" }] },
    { read: "yes", trade: "yes", withdraw: "no", ipBound: "no" },
  ],
  [
    "okx",
    "/api/v5/account/config",
    { code: "0", msg: "", data: [{ perm: "read_only" }] },
    { read: "yes", trade: "no", withdraw: "no", ipBound: "unknown" },
  ],
  [
    "kraken",
    "/0/private/GetApiKeyInfo",
    { error: [], result: { apiKey: API_KEY, permissions: ["query-funds", "withdraw-funds"], ipAllowlist: [] } },
    { read: "yes", trade: "no", withdraw: "yes", ipBound: "no" },
  ],
  [
    "kucoin",
    "/api/v1/user/api-key",
    { code: "200000", data: { permission: "General,Spot", ipWhitelist: "10.0.0.1" } },
    { read: "yes", trade: "yes", withdraw: "no", ipBound: "yes" },
  ],
]

/** Everything that is said while an effect runs: logs with causes, spans with attributes and events. */
const overheard = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const said: Array<string> = []
    const logger = Logger.layer([Logger.make((entry) => said.push(Logger.formatJson.log(entry)))])
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        const end = span.end.bind(span)
        span.end = (at, exit) => {
          said.push(
            JSON.stringify(
              [span.name, [...span.attributes], exit._tag === "Failure" ? String(exit) : "", span.events],
              (_, value) => typeof value === "bigint" ? `${value}` : value,
            ),
          )
          end(at, exit)
        }
        return span
      },
    })
    const result = yield* effect.pipe(Effect.provide(logger), Effect.withTracer(tracer))
    return { result, said: said.join("\n") }
  })

const checking = Effect.fnUntraced(function* (venue: string, answer: (path: string) => JsonAnswer | null) {
  const server = yield* jsonServer(answer)
  const spent: Array<string> = []
  const budgets = Layer.effect(
    RestBudgets,
    Effect.map(RestBudgets, (real) => ({
      spend: (spending) => Effect.tap(real.spend(spending), () => Effect.sync(() => spent.push(spending.venue))),
      block: (blocking) =>
        Effect.tap(real.block(blocking), () => Effect.sync(() => spent.push(`silence: ${blocking.why}`))),
    } satisfies RestBudgets["Service"])),
  ).pipe(Layer.provide(EmbeddedRestBudgets.layer))
  const { result, said } = yield* overheard(
    Effect.gen(function* () {
      const found = yield* Effect.flatMap(KeyCheck, (check) => check.check(venue, secret))
      // What a refusal leads to happens beside the call.
      yield* Effect.promise(() => new Promise((done) => setTimeout(done, 20)))
      return found
    }).pipe(
      Effect.provide(layer({ baseUrls: { [venue]: server.origin } }).pipe(Layer.provide(budgets))),
    ),
  )
  return { finding: result, said, spent, requests: server.requests }
}, Effect.scoped)

const assertNoKey = (text: string) => {
  for (const part of [API_KEY, SECRET, PASSPHRASE, "canary", encodeURIComponent(SECRET), "signature="]) {
    assert.notInclude(text, part)
  }
}

describe("a key", () => {
  for (const [venue, path, body, rights] of told) {
    it.live(`has the rights that ${venue} tells: ${JSON.stringify(rights)}`, () =>
      Effect.gen(function* () {
        const { finding, requests, said, spent } = yield* checking(venue, (asked) =>
          asked.startsWith(path) ? { body } : { status: 404, body: "what?" })
        assert.deepStrictEqual(finding, { _tag: "Told", rights })
        assert.strictEqual(requests.length, 1)
        assert.include(JSON.stringify(requests[0]), API_KEY)
        assert.notInclude(JSON.stringify(requests[0]), SECRET)
        assert.deepStrictEqual(spent, [venue])
        assertNoKey(said)
      }))
  }

  it.live("of a venue that tells no rights is known to read, and the rest is said to be unknown", () =>
    Effect.gen(function* () {
      const { finding, requests } = yield* checking("coinbaseexchange", () => ({ body: [] }))
      assert.deepStrictEqual(finding, {
        _tag: "Told",
        rights: { read: "yes", trade: "unknown", withdraw: "unknown", ipBound: "unknown" },
      })
      assert.strictEqual(requests.at(-1)?.headers["cb-access-key"], API_KEY)
    }))
})

/** A venue that repeats what it was sent, in the worst places. */
const echo = `${API_KEY} ${SECRET} ${encodeURIComponent(SECRET)} ${PASSPHRASE}`

describe("a failing check", () => {
  const rejections: ReadonlyArray<readonly [venue: string, answer: JsonAnswer]> = [
    ["binance", { status: 401, body: { code: -2015, msg: `Invalid API-key, IP, or permissions: ${echo}` } }],
    ["bybit", { body: { retCode: 10003, retMsg: `API key is invalid: ${echo}` } }],
    ["okx", { status: 401, body: { code: "50111", msg: `Invalid OK-ACCESS-KEY ${echo}` } }],
    ["kraken", { body: { error: ["EAPI:Invalid key"], result: { echo } } }],
  ]
  for (const [venue, answer] of rejections) {
    it.live(`at ${venue} says that the key is not taken, without the key`, () =>
      Effect.gen(function* () {
        const { finding, said } = yield* checking(venue, () => answer)
        assert.strictEqual(finding._tag, "Rejected")
        assertNoKey(JSON.stringify(finding))
        assertNoKey(said)
      }))
  }

  const silences: ReadonlyArray<readonly [what: string, answer: JsonAnswer | null]> = [
    ["is cut off", null],
    ["answers 500 and repeats the key", { status: 500, body: `down: ${echo}` }],
    ["tells nothing of it", { body: { uid: 1 } }],
    ["answers HTML", { status: 200, body: `<html>${echo}</html>` }],
    ["wants fewer calls and repeats the key", { status: 429, body: { code: -1003, msg: `Too many of ${echo}` } }],
  ]
  for (const [what, answer] of silences) {
    it.live(`says nothing of the key where the venue ${what}`, () =>
      Effect.gen(function* () {
        const { finding, said, spent } = yield* checking("binance", () => answer)
        assert.strictEqual(finding._tag, "Unanswered")
        assertNoKey(JSON.stringify([finding, spent]))
        assertNoKey(said)
        if (what.startsWith("wants")) assert.include(spent.join(), "silence: 429")
      }))
  }

  it.live("comes of a secret that the venue's signing cannot use, without a call", () =>
    Effect.gen(function* () {
      const server = yield* jsonServer(() => ({ body: {} }))
      const found = yield* Effect.flatMap(KeyCheck, (check) => check.check("okx", { ...secret, passphrase: null }))
        .pipe(
          Effect.provide(layer({ baseUrls: { okx: server.origin } }).pipe(Layer.provide(EmbeddedRestBudgets.layer))),
        )
      assert.deepStrictEqual(found, { _tag: "Rejected", detail: "okx wants the passphrase too" })
      assert.strictEqual(server.requests.length, 0)
    }))
})

describe("a venue", () => {
  const needs = (venue: string) =>
    Effect.flatMap(KeyCheck, (check) => check.needs(venue)).pipe(
      Effect.provide(layer().pipe(Layer.provide(EmbeddedRestBudgets.layer))),
    )

  it.live("says whether it wants a passphrase, and is refused where it is none or wants more", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* needs("okx"), { passphrase: true })
      assert.deepStrictEqual(yield* needs("binance"), { passphrase: false })
      assert.strictEqual((yield* Effect.flip(needs("nowhere"))).reason, "unknown_venue")
      const unsupported = yield* Effect.flip(needs("ndax"))
      assert.deepInclude(unsupported, { reason: "unsupported", venue: "ndax" })
    }))
})
