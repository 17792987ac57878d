/** Requests to users' own addresses: to the public internet, to what was checked, and within bounds. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { isPublic, post } from "../../../src/layers/channels/PublicRequest.ts"
import { answering } from "../telegram/support.ts"
import { receiver } from "./support.ts"

const request = (url: string) => ({ url, headers: { "content-type": "text/plain" }, body: "hello" })

describe("A request to a user's own address", () => {
  it("goes to no address that is not on the public internet, in either family", () => {
    const inside = [
      ..."127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200 0.0.0.0".split(" "),
      ..."224.0.0.1 255.255.255.255 192.0.0.192 192.0.2.1 198.18.0.1 168.63.129.16 240.0.0.1".split(" "),
      ..."::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 64:ff9b::7f00:1 2002:7f00:1::".split(" "),
      ..."::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 not-an-address".split(" "),
    ]
    assert.deepStrictEqual(inside.filter(isPublic), [])
    const outside = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"]
    assert.deepStrictEqual(outside.filter(isPublic), outside)
  })

  it.effect("is refused before anything is asked: http, inner addresses however written, names that lead inside", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* receiver(() => ({ status: 200 }))
      const port = new URL(url).port
      const refused = [
        url,
        `https://127.0.0.1:${port}/`,
        `https://2130706433:${port}/`,
        `https://0x7f.1:${port}/`,
        `https://[::1]:${port}/`,
        `https://[::ffff:127.0.0.1]:${port}/`,
        `https://user:secret@example.org/`,
        `https://inside.example:${port}/`,
        "file:///etc/passwd",
        "nonsense",
      ]
      for (const each of refused) {
        const resolve = () => Promise.resolve(["93.184.216.34", "169.254.169.254"])
        const fault = yield* Effect.flip(post(request(each), { allowLocal: false, resolve }))
        assert.strictEqual(fault.kind, "forbidden", each)
      }
      assert.lengthOf(requests, 0)
    }))

  it.effect("connects to the address that was checked, whatever the name answers the next time", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* receiver(() => ({ status: 204 }))
      let asked = 0
      const resolve = () => Promise.resolve([asked++ === 0 ? "127.0.0.1" : "10.255.255.1"])
      const named = url.replace("127.0.0.1", "hooks.example")
      const answer = yield* post(request(`${named}/in?a=1`), { allowLocal: true, resolve })
      assert.strictEqual(answer.status, 204)
      assert.strictEqual(asked, 1)
      assert.strictEqual(requests[0]?.path, "/in?a=1")
      assert.strictEqual(requests[0]?.headers.host, new URL(named).host)
      assert.strictEqual(requests[0]?.body.toString(), "hello")
    }))

  it.effect("follows no redirect and reads no endless answer", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* receiver(() => ({ status: 302, headers: { location: "/elsewhere" } }))
      assert.strictEqual((yield* post(request(url), { allowLocal: true })).status, 302)
      assert.lengthOf(requests, 1)
      const endless = yield* answering((_request, response) => {
        const more = () => {
          if (!response.destroyed) response.write("x".repeat(16_384), () => setImmediate(more))
        }
        response.on("error", () => {})
        more()
      })
      const { body } = yield* post(request(endless.url), { allowLocal: true })
      assert.strictEqual(body.length, 65_536)
    }))

  it.effect("says whether it may have been received: no connection, a connection lost, no answer in time", () =>
    Effect.gen(function* () {
      const closed = yield* Effect.scoped(Effect.map(receiver(() => ({ status: 200 })), ({ url }) => url))
      assert.strictEqual((yield* Effect.flip(post(request(closed), { allowLocal: true }))).kind, "not_sent")
      const cutting = yield* answering((message) => void message.socket.destroy())
      assert.strictEqual((yield* Effect.flip(post(request(cutting.url), { allowLocal: true }))).kind, "no_answer")
      let heard = false
      const silent = yield* answering(() => void (heard = true))
      const waiting = yield* Effect.forkChild(Effect.flip(post(request(silent.url), { allowLocal: true })))
      while (!heard) yield* Effect.promise(() => new Promise((done) => setTimeout(done, 5)))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(waiting)).kind, "no_answer")
      const unknown = { allowLocal: false, resolve: () => Promise.reject(new Error("no such name")) }
      assert.strictEqual((yield* Effect.flip(post(request("https://nowhere.example"), unknown))).kind, "not_sent")
    }))
})
