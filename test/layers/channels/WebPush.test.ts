/** Web push against a push service that checks the VAPID token and decrypts as a browser does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Buffer } from "node:buffer"
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto"
import webPush from "web-push"
import * as WebPush from "../../../src/layers/channels/WebPush.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { type Got, receiver, someNotice, someNotification } from "./support.ts"

const vapid = webPush.generateVAPIDKeys()
const keys = {
  publicKey: vapid.publicKey,
  privateKey: Redacted.make(vapid.privateKey),
  contact: "mailto:operator@example.org",
}
const outlet = WebPush.make(keys, { allowLocal: true })

/** A browser: its keys, and how it reads what its push service hands it (RFC 8291, RFC 8188). */
const browser = () => {
  const ecdh = createECDH("prime256v1")
  const own = ecdh.generateKeys()
  const auth = randomBytes(16)
  const decrypt = ({ body }: Got): string => {
    const salt = body.subarray(0, 16), keyLength = body.readUInt8(20)
    const sender = body.subarray(21, 21 + keyLength), sealed = body.subarray(21 + keyLength)
    const info = Buffer.concat([Buffer.from("WebPush: info\0"), own, sender])
    const ikm = Buffer.from(hkdfSync("sha256", ecdh.computeSecret(sender), auth, info, 32))
    const key = Buffer.from(hkdfSync("sha256", ikm, salt, Buffer.from("Content-Encoding: aes128gcm\0"), 16))
    const nonce = Buffer.from(hkdfSync("sha256", ikm, salt, Buffer.from("Content-Encoding: nonce\0"), 12))
    const decipher = createDecipheriv("aes-128-gcm", key, nonce)
    decipher.setAuthTag(sealed.subarray(-16))
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    return plain.subarray(0, plain.lastIndexOf(2)).toString("utf8")
  }
  const subscription = (endpoint: string) =>
    JSON.stringify({
      endpoint,
      expirationTime: null,
      keys: { p256dh: own.toString("base64url"), auth: auth.toString("base64url") },
    })
  return { decrypt, subscription }
}

/** Whether the request's VAPID token is signed by our key and made for this service. */
const isVouchedFor = ({ headers }: Got, origin: string): boolean => {
  const [, token = "", key = ""] = /^vapid t=([^,]+), k=(.+)$/.exec(headers.authorization ?? "") ?? []
  const [head = "", claims = "", signature = ""] = token.split(".")
  const point = Buffer.from(key, "base64url")
  const publicKey = createPublicKey({
    format: "jwk",
    key: {
      kty: "EC",
      crv: "P-256",
      x: point.subarray(1, 33).toString("base64url"),
      y: point.subarray(33).toString("base64url"),
    },
  })
  const told = Schema.decodeUnknownSync(
    Schema.fromJsonString(Schema.Struct({ aud: Schema.String, sub: Schema.String })),
  )(
    Buffer.from(claims, "base64url").toString(),
  )
  const isSigned = verify(
    "sha256",
    Buffer.from(`${head}.${claims}`),
    { key: publicKey, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  )
  return isSigned && key === vapid.publicKey && told.aud === origin && told.sub === keys.contact
}

const Message = Schema.fromJsonString(
  Schema.Struct({ v: Schema.Literal(1), title: Schema.String, body: Schema.String, tag: Schema.String }),
)

describe("Web push", () => {
  it.effect("reaches one browser, encrypted for it and vouched for, and a newer revision replaces an older one", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const { requests, url } = yield* receiver(() => ({ status: 201 }))
      const { decrypt, subscription } = browser()
      const address = Option.getOrThrow(outlet.read(subscription(`${url}/push/1`)))
      const notification = someNotification("web_push")
      assert.deepStrictEqual(yield* outlet.send({ channelId: "c", address }, notification), {
        _tag: "Accepted",
        messageId: 7,
      })
      yield* outlet.edit({ channelId: "c", address }, 7, {
        ...notification,
        opportunity: { ...notification.opportunity, revision: 2, state: "closed" },
      })
      const [first, second] = requests
      if (first === undefined || second === undefined) return assert.fail("two requests")
      assert.isTrue(isVouchedFor(first, url))
      assert.strictEqual(first.path, "/push/1")
      assert.strictEqual(first.headers["content-encoding"], "aes128gcm")
      assert.strictEqual(first.headers["ttl"], "30")
      assert.strictEqual(first.headers["topic"], second.headers["topic"])
      const message = Schema.decodeUnknownSync(Message)(decrypt(first))
      assert.include(message.title, "<b>BTC")
      assert.strictEqual(message.tag, notification.opportunity.id)
      assert.notStrictEqual(Schema.decodeUnknownSync(Message)(decrypt(second)).body, message.body)
      assert.throws(() => browser().decrypt(first))
    }))

  it.effect("shows a notice by its title and text, for as long as it is worth", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const { requests, url } = yield* receiver(() => ({ status: 201 }))
      const { decrypt, subscription } = browser()
      const sent = yield* outlet.tell({ channelId: "c", address: subscription(url) }, someNotice("web_push"))
      assert.deepStrictEqual(sent, { _tag: "Accepted", messageId: 8 })
      const [first] = requests
      if (first === undefined) return assert.fail("one request")
      assert.strictEqual(first.headers["ttl"], "60")
      assert.deepStrictEqual(Schema.decodeUnknownSync(Message)(decrypt(first)), {
        v: 1,
        title: "🎫 Your plan is pro now",
        body: "It was free & small.",
        tag: "n8",
      })
    }))

  it.effect("is proven by a test message that its service takes, and ends with 404 and 410", () =>
    Effect.gen(function* () {
      const { decrypt, subscription } = browser()
      const proof = { code: "", subject: "A test", text: "It works" }
      const at = Effect.fnUntraced(function* (status: number) {
        const { requests, url } = yield* receiver(() => ({ status }))
        return { requests, address: { channelId: "c", address: subscription(url) } }
      })
      const good = yield* at(201)
      assert.strictEqual((yield* outlet.prove(good.address, proof))._tag, "Proven")
      const [got] = good.requests
      assert.include(got === undefined ? "" : decrypt(got), "It works")
      for (
        const [status, expected] of [[404, "ChatGone"], [410, "ChatGone"], [413, "Refused"], [
          502,
          "Unavailable",
        ]] as const
      ) {
        const { address } = yield* at(status)
        assert.strictEqual((yield* outlet.prove(address, proof))._tag, "NotProven")
        assert.strictEqual((yield* outlet.send(address, someNotification("web_push")))._tag, expected)
      }
    }))

  it.effect("takes nothing else for a subscription, and knows keys that are none", () =>
    Effect.gen(function* () {
      const { subscription } = browser()
      const strict = WebPush.make(keys, { allowLocal: false })
      for (
        const text of [
          "",
          "{}",
          subscription("http://127.0.0.1/"),
          '{"endpoint":"https://a.b","keys":{"p256dh":"","auth":""}}',
        ]
      ) {
        assert.isTrue(Option.isNone(strict.read(text)), text)
      }
      assert.isTrue(Option.isSome(strict.read(subscription("https://push.example/1"))))
      assert.isNull(yield* strict.reach)
      assert.isNotNull(WebPush.complaint({ ...keys, privateKey: Redacted.make("short") }))
      assert.isNotNull(WebPush.complaint({ ...keys, contact: "somebody" }))
    }))
})
