/** The buttons under a card: what each says and leaves behind, once however often it is tapped. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import type { Opportunity } from "../../../src/domain/Opportunity.ts"
import type { Language } from "../../../src/domain/Preferences.ts"
import { layerSigned } from "../../../src/layers/ClickLinks.ts"
import { Notifier } from "../../../src/layers/Notifier.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { Receipts } from "../../../src/layers/Receipts.ts"
import * as TelegramNotifier from "../../../src/layers/telegram/Notifier.ts"
import { Users } from "../../../src/layers/Users.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, world } from "../../support/actors.ts"
import { type Conversation, conversation, polled, surroundings } from "./running.ts"

const hour = 3_600_000

const annsUser = Users.use((users) => Effect.map(users.byTelegramId(`${ann}`), Option.getOrThrow))

/** Ann has a session and a card, as Deliver would have sent it. */
const told = Effect.fnUntraced(function* (changes: Partial<Opportunity> = {}, language: Language = "en") {
  const opportunity = card({
    expiresAt: t0 + hour,
    detectedAt: t0 - 2_000,
    firstAt: t0 - 2_000,
    lastAt: t0,
    ...changes,
  })
  const users = yield* Users, user = yield* annsUser
  yield* users.setPreferences(user.userId, { ...yield* users.preferences(user.userId), language }, t0)
  yield* Opportunities.use((store) => store.upsert(opportunity, t0))
  yield* Notifier.use((notifier) => notifier.send({ chatId: `${ann}`, opportunity, language, nowMs: t0 }))
  const { userId } = user
  yield* Receipts.use((receipts) =>
    receipts.delivered([{ userId, opportunityId: opportunity.id, distributionType: "push" }], t0)
  )
  return opportunity
})

const receipt = Effect.gen(function* () {
  const { userId } = yield* annsUser
  return (yield* Receipts.use((receipts) => receipts.since(userId, 0, 1)))[0]
})

const life = <E, R>(body: (conversation: Conversation) => Effect.Effect<void, E, R>) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(conversation, (talk) => Effect.andThen(talk.say(ann, "/start"), body(talk))).pipe(
      Effect.provide(TelegramNotifier.layer),
      Effect.provide(
        Layer.provideMerge(polled, surroundings()).pipe(
          Layer.provideMerge(layerSigned("https://arb.example", Redacted.make("secret"))),
        ),
      ),
    ),
  )

layer(world, { timeout: "60 seconds" })("A tap under a card", (it) => {
  it.effect("takes it: says how to act leg by leg, and counts as one conversion however often", () =>
    life(({ messages, tap }) =>
      Effect.gen(function* () {
        yield* told()
        assert.strictEqual(yield* tap(ann, "⚡️ Take"), "Noted as taken. The steps are below.")
        assert.strictEqual(
          (yield* messages(ann)).at(-1),
          [
            "⚡️ How to take it",
            "1. Buy 0.8 BTC, kraken BTC/USDT, limit 30010",
            "2. Sell 0.8 BTC, okx BTC/USDT, limit 30100",
            "Place all orders at once, at these limits or better. If one is left open, undo the others: one leg alone is a bet.",
            "As last seen 0 ms ago: Net +15.78 bps = +37.906 USDT",
          ].join("\n"),
        )
        yield* TestClock.adjust("3 seconds")
        yield* tap(ann, "⚡️ Take")
        assert.deepInclude(yield* receipt, { openedAt: t0, convertedAt: t0 })
      })
    ))

  it.effect("takes nothing that is gone, and says so plainly", () =>
    life(({ messages, tap }) =>
      Effect.gen(function* () {
        const opportunity = yield* told()
        yield* Opportunities.use((store) => store.upsert({ ...opportunity, state: "closed", revision: 2 }, t0))
        const before = yield* messages(ann)
        assert.strictEqual(yield* tap(ann, "⚡️ Take"), "It is gone, it lived 2 s. Nothing to take.")
        assert.deepStrictEqual(yield* messages(ann), before)
        assert.deepInclude(yield* receipt, { openedAt: t0, convertedAt: null })
      })
    ))

  it.effect("says what its reader thinks of it; the last word counts", () =>
    life(({ tap }) =>
      Effect.gen(function* () {
        yield* told({}, "ru")
        assert.strictEqual(yield* tap(ann, "👍 Полезно"), "Спасибо, записано: полезно.")
        assert.strictEqual(yield* tap(ann, "👍 Полезно"), "Уже записано.")
        assert.strictEqual(yield* tap(ann, "⌛️ Поздно"), "Записано: слишком поздно.")
        assert.deepInclude(yield* receipt, { openedAt: t0, feedback: "too_late" })
      })
    ))

  it.effect("dismisses it: one line is left", () =>
    life(({ messages, tap }) =>
      Effect.gen(function* () {
        yield* told()
        assert.strictEqual(yield* tap(ann, "Dismiss"), "Dismissed.")
        assert.strictEqual((yield* messages(ann)).at(-1), "🗑 Dismissed: BTC/USDT kraken → okx, +15.78 bps")
        assert.deepInclude(yield* receipt, { openedAt: t0, dismissedAt: t0 })
      })
    ))

  it.effect("mutes its pair, which the receipt tells as well", () =>
    life(({ tap }) =>
      Effect.gen(function* () {
        yield* told()
        assert.strictEqual(yield* tap(ann, "Mute pair"), "BTC/USDT is muted: you are not sent it any more.")
        assert.strictEqual(yield* tap(ann, "Mute pair"), "BTC/USDT is muted already.")
        assert.deepInclude(yield* receipt, { mutedAt: t0 })
      })
    ))

  it.effect("opens the details with links that count who follows them", () =>
    life(({ emulator, tap }) =>
      Effect.gen(function* () {
        yield* told()
        yield* tap(ann, "Details")
        const shown = (yield* emulator.log.calls).findLast(({ method }) => method === "editMessageText")
        assert.match(`${shown?.params["text"]}`, /<a href="https:\/\/arb\.example\/r\/[\w.-]+"><b>kraken<\/b><\/a>/)
        assert.deepInclude(yield* receipt, { openedAt: t0, clickedAt: null })
      })
    ))

  it.effect("on a coin with a nasty name changes no line and no mark of any answer", () =>
    life(({ messages, tap }) =>
      Effect.gen(function* () {
        const name = "\u202e<i>E\u2067VIL&"
        yield* told({ legs: card().legs.map((leg) => ({ ...leg, instrument: `${name}/USDT` })), asset: name })
        const answers = [yield* tap(ann, "⚡️ Take"), yield* tap(ann, "Mute pair"), yield* tap(ann, "Dismiss")]
        assert.strictEqual(answers[1], " <i>E VIL&/USDT is muted: you are not sent it any more.")
        const said = (yield* messages(ann)).slice(-2)
        assert.match(said[0] ?? "", /^🗑 Dismissed: {2}<i>E VIL&\/USDT kraken → okx/)
        assert.include(said[1], "1. Buy 0.8  <i>E VIL&, kraken")
        assert.notMatch([...answers, ...said].join(""), /[\u202a-\u202e\u2066-\u2069]/)
      })
    ))
})
