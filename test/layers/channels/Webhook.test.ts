/** Webhooks against a server of a user's own: signatures, the challenge, and what each answer means. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Buffer } from "node:buffer"
import { createHmac } from "node:crypto"
import { Notice } from "../../../src/domain/Notice.ts"
import { Opportunity } from "../../../src/domain/Opportunity.ts"
import * as Webhook from "../../../src/layers/channels/Webhook.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { type Got, receiver, type Said, someNotice, someNotification } from "./support.ts"

const outlet = Webhook.make(Redacted.make("the operator's key"), { allowLocal: true })

const Event = Schema.fromJsonString(Schema.Struct({
  v: Schema.Literal(1),
  id: Schema.String,
  at: Schema.Int,
  type: Schema.String,
  opportunity: Schema.optionalKey(Opportunity),
  challenge: Schema.optionalKey(Schema.String),
  notice: Schema.optionalKey(Notice),
  text: Schema.optionalKey(Schema.String),
}))
const read = (got: Got | undefined) => Schema.decodeUnknownSync(Event)(got?.body.toString())

/** As the guide tells receivers to do it. */
const isSigned = ({ body, headers }: Got, secret: string) => {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64")
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body.toString()}`
  return headers["webhook-signature"] === `v1,${createHmac("sha256", key).update(signed).digest("base64")}`
}

describe("A webhook", () => {
  it.effect("posts a notice with its facts and as text, signed", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const { requests, url } = yield* receiver(() => ({ status: 200 }))
      const sent = yield* outlet.tell({ channelId: "c1", address: url }, someNotice("webhook"))
      assert.deepStrictEqual(sent, { _tag: "Accepted", messageId: 8 })
      const [first] = requests
      if (first === undefined) return assert.fail("one request")
      assert.isTrue(isSigned(first, outlet.secretOf("c1") ?? ""))
      assert.deepStrictEqual(read(first), {
        v: 1,
        id: "n8",
        at: t0,
        type: "notice",
        notice: { about: "tier_changed", from: "free", to: "pro" },
        text: "🎫 Your plan is pro now\nIt was free & small.",
      })
    }))

  it.effect("posts the whole opportunity, signed with the receiver's own secret, a repeat under the same id", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const { requests, url } = yield* receiver(() => ({ status: 200 }))
      const notification = someNotification("webhook")
      const address = { channelId: "c1", address: `${url}/hook` }
      assert.deepStrictEqual(yield* outlet.send(address, notification), { _tag: "Accepted", messageId: 7 })
      yield* outlet.send(address, notification)
      yield* outlet.edit(address, 7, notification)
      const [first, again, edited] = requests
      assert.strictEqual(first?.path, "/hook")
      assert.deepStrictEqual(read(first), {
        v: 1,
        id: "n7",
        at: t0,
        type: "opportunity.notify",
        opportunity: notification.opportunity,
      })
      assert.strictEqual(first?.headers["webhook-timestamp"], `${t0 / 1_000}`)
      assert.strictEqual(again?.headers["webhook-id"], first?.headers["webhook-id"])
      assert.strictEqual(read(edited).type, "opportunity.update")
      for (const got of requests) {
        assert.isTrue(isSigned(got, outlet.secretOf("c1") ?? ""))
        assert.isFalse(isSigned(got, outlet.secretOf("c2") ?? ""))
        assert.isFalse(isSigned({ ...got, body: Buffer.from("{}") }, outlet.secretOf("c1") ?? ""))
        assert.isFalse(
          isSigned({ ...got, headers: { ...got.headers, "webhook-timestamp": "1" } }, outlet.secretOf("c1") ?? ""),
        )
      }
    }))

  it.effect("is proven by the challenge's echo alone, as JSON or as text", () =>
    Effect.gen(function* () {
      const answers: ReadonlyArray<readonly [(code: string) => Said, "Proven" | "NotProven"]> = [
        [(code) => ({ status: 200, body: JSON.stringify({ challenge: code, more: 1 }) }), "Proven"],
        [(code) => ({ status: 201, body: `${code}\n` }), "Proven"],
        [() => ({ status: 200, body: "ok" }), "NotProven"],
        [(code) => ({ status: 500, body: code }), "NotProven"],
        [() => ({ status: 302, headers: { location: "/" } }), "NotProven"],
      ]
      for (const [answer, expected] of answers) {
        const { url } = yield* receiver((got) => answer(read(got).challenge ?? ""))
        const proven = yield* outlet.prove({ channelId: "c1", address: url }, { code: "abc123", subject: "", text: "" })
        assert.strictEqual(proven._tag, expected)
      }
    }))

  it.effect("ends each answer of the receiver as the guide says", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const meant: ReadonlyArray<readonly [Said, string]> = [
        [{ status: 204 }, "Accepted"],
        [{ status: 301, headers: { location: "https://example.org" } }, "Refused"],
        [{ status: 400 }, "Refused"],
        [{ status: 404 }, "Refused"],
        [{ status: 408 }, "Unavailable"],
        [{ status: 410 }, "ChatGone"],
        [{ status: 429, headers: { "retry-after": "7" } }, "RetryAfter 7000"],
        [{ status: 429 }, "RetryAfter 30000"],
        [{ status: 503, headers: { "retry-after": new Date(t0 + 9_000).toUTCString() } }, "RetryAfter 9000"],
        [{ status: 503, headers: { "retry-after": "999999" } }, "RetryAfter 3600000"],
        [{ status: 500, body: "<html>" }, "Unavailable"],
      ]
      for (const [said, expected] of meant) {
        const { url } = yield* receiver(() => said)
        const outcome = yield* outlet.send({ channelId: "c1", address: url }, someNotification("webhook"))
        const shown = outcome._tag === "RetryAfter" ? `RetryAfter ${outcome.afterMs}` : outcome._tag
        assert.strictEqual(shown, expected, JSON.stringify(said))
      }
      const strict = Webhook.make(Redacted.make("key"), { allowLocal: false })
      const { requests, url } = yield* receiver(() => ({ status: 200 }))
      const inside = { channelId: "c1", address: url.replace("http", "https") }
      assert.deepStrictEqual(yield* strict.send(inside, someNotification("webhook")), {
        _tag: "Refused",
        detail: "the address is not on the public internet",
      })
      assert.lengthOf(requests, 0)
    }))

  it("takes https URLs without a user name for addresses, and keeps no fragment", () => {
    const strict = Webhook.make(Redacted.make("key"), { allowLocal: false })
    assert.deepStrictEqual(strict.read(" https://example.org/a?b#c "), Option.some("https://example.org/a?b"))
    for (const text of ["http://example.org", "https://a:b@example.org", "ftp://x", "", "x".repeat(3_000)]) {
      assert.isTrue(Option.isNone(strict.read(text)), text)
    }
  })
})
