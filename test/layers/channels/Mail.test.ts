/** Mail against a local SMTP server: both parts, the way out of it, and what each refusal means. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import type { AddressInfo } from "node:net"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"
import * as Mail from "../../../src/layers/channels/Mail.ts"
import { someNotice, someNotification } from "./support.ts"

/** A mailbox: everything that arrives, as it came. `options` may refuse. */
const mailServer = (options: SMTPServerOptions = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly server: SMTPServer; readonly mails: Array<string>; readonly port: number }>(
        (resume) => {
          const mails: Array<string> = []
          const server = new SMTPServer({
            authOptional: true,
            disabledCommands: ["STARTTLS"],
            closeTimeout: 100,
            onData: (stream, _session, done) => {
              let text = ""
              stream.on("data", (chunk: Uint8Array) => void (text += new TextDecoder().decode(chunk)))
              stream.on("end", () => {
                mails.push(text)
                done()
              })
            },
            ...options,
          })
          server.on("error", () => {})
          const listening = server.listen(0, "127.0.0.1", () => {
            const port = Object(listening.address() satisfies AddressInfo | string | null).port
            resume(Effect.succeed({ server, mails, port }))
          })
        },
      ),
      ({ server }) => Effect.callback<void>((resume) => server.close(() => resume(Effect.void))),
    ),
    ({ mails, port }) => ({ mails, url: `smtp://127.0.0.1:${port}` }),
  )

const outletAt = (url: string, link: string | null = "https://arbedge.example/unsubscribe/c1.sig") =>
  Mail.make({
    url: Redacted.make(url),
    from: "ArbEdge <bot@arbedge.example>",
    unsubscribeUrl: () => Option.fromNullishOr(link),
  })

const to = { channelId: "c1", address: "ada@example.org" }

const refusing = (code: number): SMTPServerOptions => ({
  onRcptTo: (_address, _session, done) => done(Object.assign(new Error("no"), { responseCode: code })),
})

describe("Mail", () => {
  it.effect("carries the card as text and as HTML, with a stable id and a way to be sent no more", () =>
    Effect.gen(function* () {
      const { mails, url } = yield* mailServer()
      const outlet = outletAt(url)
      assert.isNull(yield* outlet.reach)
      assert.deepStrictEqual(yield* outlet.send(to, someNotification("email")), { _tag: "Accepted", messageId: 7 })
      const mail = mails[0]?.replaceAll(/(?<!\?)=\r\n/g, "").replaceAll("\r\n", "\n") ?? ""
      assert.match(mail, /^From: ArbEdge <bot@arbedge\.example>$/m)
      assert.match(mail, /^To: ada@example\.org$/m)
      assert.match(mail, /^Message-ID: <n7\.c1@arbedge\.example>$/m)
      assert.match(mail, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m)
      assert.include(mail, "<https://arbedge.example/unsubscribe/c1.sig>")
      assert.include(mail, "Content-Type: text/plain")
      assert.include(mail, "Content-Type: text/html")
      // A coin with a tag for a name stays text in both.
      const [, plain = "", page = ""] = mail.split("Content-Type: text/")
      assert.match(plain, /<b>BTC|=3Cb>BTC/)
      assert.include(page, "&lt;b&gt;BTC")
      yield* outletAt(url, null).send(to, someNotification("email"))
      assert.notInclude(mails[1] ?? "", "One-Click")
      assert.include(mails[1] ?? "", "List-Unsubscribe: <mailto:bot@arbedge.example?subject=unsubscribe%20c1>")
    }))

  it.effect("carries a notice as it carries a card, its title as the subject", () =>
    Effect.gen(function* () {
      const { mails, url } = yield* mailServer()
      assert.deepStrictEqual(yield* outletAt(url).tell(to, someNotice("email")), { _tag: "Accepted", messageId: 8 })
      const [mail = ""] = mails
      assert.match(mail, /^Message-ID: <n8\.c1@arbedge\.example>/m)
      assert.match(mail, /^Subject: =\?UTF-8\?/m)
      assert.include(mail, "List-Unsubscribe: ")
      assert.include(mail, "It was free & small.")
      assert.include(mail, "It was free &amp; small.")
    }))

  it.effect("sends a code, and says what a server's refusal means", () =>
    Effect.gen(function* () {
      const proof = { code: "123456", subject: "Your code: 123456", text: "Enter 123456" }
      const { mails, url } = yield* mailServer()
      assert.deepStrictEqual(yield* outletAt(url).prove(to, proof), { _tag: "Proven", state: "sent" })
      assert.include(mails[0] ?? "", "123456")
      for (const [code, expected] of [[550, "ChatGone"], [451, "Unavailable"], [552, "Refused"]] as const) {
        const refuses = yield* mailServer(refusing(code))
        const outlet = outletAt(refuses.url)
        assert.deepStrictEqual(yield* outlet.send(to, someNotification("email")), {
          _tag: expected,
          detail: `SMTP ${code}`,
        })
        assert.strictEqual((yield* outlet.prove(to, proof))._tag, "NotProven")
      }
      const busy = yield* mailServer({
        onData: (stream, _session, done) => {
          stream.resume()
          stream.on("end", () => done(Object.assign(new Error("later"), { responseCode: 452 })))
        },
      })
      assert.strictEqual((yield* outletAt(busy.url).send(to, someNotification("email")))._tag, "Unavailable")
      const gone = yield* Effect.scoped(Effect.map(mailServer(), (server) => server.url))
      assert.strictEqual((yield* outletAt(gone).send(to, someNotification("email")))._tag, "Unavailable")
      assert.isNotNull(yield* outletAt(gone).reach)
    }))

  it.effect("is never sent without TLS to a server that is not on this machine", () =>
    Effect.gen(function* () {
      const { mails, url } = yield* mailServer()
      const outlet = outletAt(url.replace("127.0.0.1", "localhost.localdomain"))
      const outcome = yield* outlet.send(to, someNotification("email"))
      assert.strictEqual(outcome._tag, "Unavailable")
      assert.lengthOf(mails, 0)
    }))

  it("takes mail addresses, and nothing that could name two or another header", () => {
    const { read } = outletAt("smtp://127.0.0.1:1")
    assert.deepStrictEqual(read(" ada+x@sub.example.org "), Option.some("ada+x@sub.example.org"))
    for (const text of ["", "ada", "a@b", "a@b.c, d@e.f", "a@b.c\nBcc: d@e.f", "<a@b.cd>", `${"a".repeat(65)}@b.cd`]) {
      assert.isTrue(Option.isNone(read(text)), text)
    }
  })
})
