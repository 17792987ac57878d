/** Ways beside Telegram, as a user adds, orders and ends them. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { routeOf } from "../../../src/domain/DeliveryChannel.ts"
import * as Webhook from "../../../src/layers/channels/Webhook.ts"
import { NONE, type Outlet, Outlets, type Proof } from "../../../src/layers/Outlets.ts"
import { UserChannels } from "../../../src/layers/UserChannels.ts"
import { Users } from "../../../src/layers/Users.ts"
import { receiver } from "../../layers/channels/support.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { fresh, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"

/** Takes every mail; out: what was sent to prove addresses. */
const mailbox = () => {
  const proofs: Array<Proof> = []
  const outlet: Outlet = {
    read: (text) => text.includes("@") ? Option.some(text.trim()) : Option.none(),
    prove: (_address, proof) => Effect.sync(() => (proofs.push(proof), { _tag: "Proven", state: "sent" })),
    send: () => Effect.succeed({ _tag: "Accepted", messageId: 1 }),
    edit: () => Effect.succeed({ _tag: "Accepted", messageId: 1 }),
    tell: () => Effect.succeed({ _tag: "Accepted", messageId: 1 }),
    secretOf: () => null,
    reach: Effect.succeed(null),
  }
  return { proofs, outlet }
}

const running = (outlets: Partial<Record<"webhook" | "email", Outlet>>) =>
  polled.pipe(Layer.provideMerge(Layer.merge(surroundings(), Layer.succeed(Outlets, { ...NONE, ...outlets }))))

const known = Effect.gen(function* () {
  const user = Option.getOrThrow(yield* Users.use((users) => users.byTelegramId(`${ann}`)))
  return yield* UserChannels.use((channels) => channels.of(user.userId))
})

/** Opens /notifications and its menu of ways. */
const opened = Effect.gen(function* () {
  const talk = yield* conversation
  yield* talk.say(ann, "/start")
  yield* talk.say(ann, "/notifications")
  yield* talk.tap(ann, "📮 Ways ›")
  const text = Effect.map(talk.messages(ann), (all) => all.at(-1) ?? "")
  return { ...talk, text }
})

layer(world, { timeout: "60 seconds" })("A user", (it) => {
  it.effect("confirms a mail address by the code sent there, and puts it before Telegram", () =>
    Effect.gen(function* () {
      yield* fresh
      const { outlet, proofs } = mailbox()
      yield* Effect.gen(function* () {
        const { messages, say, tap, text } = yield* opened
        assert.match(yield* text, /^📮 How you are told, in this order\n1\. Telegram, here\n/)
        yield* tap(ann, "➕ Mail")
        assert.match(yield* text, /^✏️ To which address\?/)
        assert.match(yield* say(ann, "not an address"), /^🤔 That is no mail address/)
        assert.match(yield* say(ann, "ada@example.org"), /^✉️ A code is on its way to ada@example\.org/)
        const code = proofs[0]?.code ?? ""
        assert.match(code, /^\d{6}$/)
        assert.include(proofs[0]?.text, code)
        assert.match(yield* say(ann, code === "000000" ? "000001" : "000000"), /^🤔 That is not the code/)
        assert.deepStrictEqual(routeOf(yield* known), ["telegram"])
        assert.match(yield* say(ann, ` ${code} `), /^✅ Confirmed/)
        yield* say(ann, "/notifications")
        yield* tap(ann, "📮 Ways ›")
        assert.include(yield* text, "1. Telegram, here\n2. Mail: ada@example.org")
        yield* tap(ann, "↑ Mail")
        assert.include(yield* text, "1. Mail: ada@example.org\n2. Telegram, here")
        assert.deepStrictEqual(routeOf(yield* known), ["email", "telegram"])
        assert.strictEqual(yield* tap(ann, "✖️ Mail"), "Ended")
        assert.include(yield* text, "⚪️ Mail has ended: ada@example.org")
        assert.deepStrictEqual(routeOf(yield* known), ["telegram"])
        assert.notInclude((yield* messages(ann)).join(), code, "the bot never says the code")
      }).pipe(Effect.provide(running({ email: outlet })))
    }))

  it.effect("has ten minutes and a few mails a day for it", () =>
    Effect.gen(function* () {
      yield* fresh
      const { outlet, proofs } = mailbox()
      yield* Effect.gen(function* () {
        const { say, tap } = yield* opened
        yield* tap(ann, "➕ Mail")
        yield* say(ann, "ada@example.org")
        yield* TestClock.adjust("10 minutes")
        assert.match(yield* say(ann, proofs[0]?.code ?? ""), /^⌛️/)
        const again = Effect.gen(function* () {
          yield* say(ann, "/notifications")
          yield* tap(ann, "📮 Ways ›")
          yield* tap(ann, "➕ Mail")
          return yield* say(ann, "ada@example.org")
        })
        for (let each = 0; each < 4; each++) assert.match(yield* again, /^✉️/)
        assert.match(yield* again, /^⏳ That was tried too often today/)
        assert.lengthOf(proofs, 5)
      }).pipe(Effect.provide(running({ email: outlet })))
    }))

  it.effect("proves a webhook by its echo and is given the secret that messages are signed with", () =>
    Effect.gen(function* () {
      yield* fresh
      let echoes = false
      const { requests, url } = yield* receiver(({ body }) => ({
        status: 200,
        body: echoes ? /"challenge":"(\w+)"/.exec(body.toString())?.[1] ?? "" : "hello",
      }))
      const outlet = Webhook.make(Redacted.make("operator's key"), { allowLocal: true })
      yield* Effect.gen(function* () {
        const { say, tap, text } = yield* opened
        yield* tap(ann, "➕ Webhook")
        assert.match(yield* say(ann, "ftp://example.org"), /^🤔 I cannot post there/)
        assert.match(yield* say(ann, url), /^❌ Your server did not repeat the challenge/)
        echoes = true
        const done = yield* say(ann, url)
        assert.match(done, /^✅ Confirmed/)
        const [channel] = yield* known
        assert.include(done, outlet.secretOf(channel?.channelId ?? "") ?? "-")
        assert.lengthOf(requests, 2)
        yield* say(ann, "/notifications")
        yield* tap(ann, "📮 Ways ›")
        assert.include(yield* text, `2. Webhook: ${url}/`)
      }).pipe(Effect.provide(running({ webhook: outlet })))
    }))

  it.effect("is told where the operator has set up no other way", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { text } = yield* opened
        assert.include(yield* text, "This service offers no other way than Telegram.")
      }).pipe(Effect.provide(running({})))
    }))
})
