/** /preferences and /notifications: what is tapped or typed is stored, shown and kept to at once. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import type { Preferences } from "../../../src/domain/Preferences.ts"
import { Users } from "../../../src/layers/Users.ts"
import { Audience } from "../../../src/streams/Audience.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { type Conversation, conversation, polled, surroundings } from "./running.ts"

const life = <E, R>(body: (conversation: Conversation) => Effect.Effect<void, E, R>) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(conversation, body).pipe(Effect.provide(Layer.provideMerge(polled, surroundings()))),
  )

const olya = 107

const stored = (chat: number): Effect.Effect<Preferences, never, Users> =>
  Users.use((users) =>
    Effect.flatMap(users.byTelegramId(`${chat}`), (user) => users.preferences(Option.getOrThrow(user).userId))
  ).pipe(Effect.orDie)

/** The last message and its buttons, a line a row. */
const shown = ({ emulator }: Conversation, chat: number) =>
  Effect.map(Effect.orDie(emulator.chat(chat)), ({ messages }) => {
    const message = messages.findLast(({ fromBot }) => fromBot)
    return {
      text: message?.text ?? "",
      buttons: (message?.buttons ?? []).map((row) => row.map(({ text }) => text).join(" | ")),
    }
  })

layer(world, { timeout: "60 seconds" })("The menus of preferences", (it) => {
  it.effect("show what is wanted, lock what the plan lacks, and change it tap by tap", () =>
    life((talk) =>
      Effect.gen(function* () {
        yield* talk.say(ann, "/start")
        yield* talk.say(ann, "/preferences")
        assert.deepStrictEqual(yield* shown(talk, ann), {
          text: [
            "⚙️ The opportunities you want",
            "• kinds: cross-exchange, technical",
            "• whatever they earn",
            "• risk: medium",
            "• exchanges: all",
            "• assets and pairs: all",
          ].join("\n"),
          buttons: [
            "Kinds › | Exchanges › | Pairs ›",
            "−10 | −1 | ✏️ 0 bps | +1 | +10",
            "Low risk | ● Medium | High",
            "▫️ High priority only",
            "🔔 Notifications › | Close",
          ],
        })
        assert.include(yield* talk.tap(ann, "−1"), "It stays at 0 bps")
        yield* talk.tap(ann, "+10")
        yield* talk.tap(ann, "+1")
        yield* talk.tap(ann, "Low risk")
        yield* talk.tap(ann, "▫️ High priority only")
        assert.deepInclude(yield* stored(ann), { minNetBps: 11, riskTolerance: "low", highPriorityOnly: true })
        assert.include((yield* shown(talk, ann)).text, "• from 11 bps net\n• risk: low\n• high priority only")

        yield* talk.tap(ann, "Kinds ›")
        assert.deepStrictEqual((yield* shown(talk, ann)).buttons, [
          "✅ Cross-exchange",
          "🔒 Triangular",
          "🔒 Funding rate",
          "✅ Technical",
          "‹ Back",
        ])
        assert.include(yield* talk.tap(ann, "🔒 Triangular"), "These do: premium, pro, enterprise")
        yield* talk.tap(ann, "✅ Technical")
        assert.include(yield* talk.tap(ann, "✅ Cross-exchange"), "One kind has to stay")
        assert.deepInclude(yield* stored(ann), { opportunityTypes: ["cross_exchange"] })
        yield* talk.tap(ann, "▫️ Technical")
        assert.deepInclude(yield* stored(ann), { opportunityTypes: [] })

        yield* talk.tap(ann, "‹ Back")
        yield* talk.tap(ann, "Exchanges ›")
        yield* talk.tap(ann, "✅ okx")
        assert.deepInclude(yield* stored(ann), { venues: ["binance", "kraken"] })
        yield* talk.tap(ann, "All exchanges")
        assert.deepInclude(yield* stored(ann), { venues: [] })
      })
    ))

  it.effect("take what is typed, and say what of it cannot be read", () =>
    life((talk) =>
      Effect.gen(function* () {
        yield* talk.say(ann, "/start")
        yield* talk.say(ann, "/preferences")
        yield* talk.tap(ann, "✏️ 0 bps")
        assert.match(yield* talk.say(ann, "a lot"), /^🤔 That is no such figure/)
        assert.match(yield* talk.say(ann, "10001"), /^🤔 That is no such figure/)
        assert.match(yield* talk.say(ann, "12,5 bps"), /^✅ From now on you are told from 12.5 bps net/)
        assert.include(yield* talk.say(ann, "13"), "I understand commands and buttons")

        yield* talk.say(ann, "/preferences")
        yield* talk.tap(ann, "Pairs ›")
        yield* talk.tap(ann, "✏️ Write assets or pairs")
        assert.include(yield* talk.say(ann, "btc <b>eth</b>"), "I cannot read “<b>eth</b>” as an asset or a pair")
        assert.include(yield* talk.say(ann, "btc, eth/usdt BTC"), "you are told of BTC, ETH/USDT.")
        assert.deepInclude(yield* stored(ann), { minNetBps: 12.5, pairs: ["BTC", "ETH/USDT"] })
        yield* talk.say(ann, "/preferences")
        yield* talk.tap(ann, "Pairs ›")
        yield* talk.tap(ann, "✖ BTC")
        assert.deepInclude(yield* stored(ann), { pairs: ["ETH/USDT"] })

        yield* talk.say(ann, "/notifications")
        yield* talk.tap(ann, "🌍 Time zone ›")
        yield* talk.tap(ann, "✏️ Write it")
        assert.match(yield* talk.say(ann, "Atlantis"), /^🤔 I know no such time zone/)
        assert.include(yield* talk.say(ann, "port"), "Which of these?")
        assert.match(yield* talk.say(ann, "new york"), /^✅ Your time zone is America\/New_York/)
        assert.deepInclude(yield* stored(ann), { timeZone: "America/New_York" })
      })
    ))

  it.effect("set caps within the plan, hours, days and the zone", () =>
    life((talk) =>
      Effect.gen(function* () {
        yield* talk.say(ann, "/start")
        yield* talk.say(ann, "/notifications")
        assert.deepStrictEqual(yield* shown(talk, ann), {
          text: [
            "🔔 Notifications are on",
            "• at most 3 an hour and 20 a day (your plan, free: up to 5 and 20)",
            "• active hours: 08:00–22:00, every day (UTC)",
            "• do not disturb: off",
            "• small ones come together in one message",
            "• when quiet time ends, one message of what came meanwhile",
          ].join("\n"),
          buttons: [
            "🔕 Turn off",
            "−1 | 3 an hour | +1",
            "−5 | 20 a day | +5",
            "🕗 Active hours › | 🌙 Do not disturb ›",
            "🌍 Time zone › | 📮 Ways ›",
            "✅ Small ones together | ✅ Digest",
            "⚙️ Preferences › | Close",
          ],
        })
        yield* talk.tap(ann, "+1")
        yield* talk.tap(ann, "+1")
        assert.include(yield* talk.tap(ann, "+1"), "5 is as much as your plan allows")
        yield* talk.tap(ann, "−5")
        yield* talk.tap(ann, "✅ Small ones together")
        yield* talk.tap(ann, "✅ Digest")
        const wanted = { maxPerHour: 5, maxPerDay: 15, batchNotifications: false, quietDigest: false }
        assert.deepInclude(yield* stored(ann), wanted)

        yield* talk.tap(ann, "🌍 Time zone ›")
        yield* talk.tap(ann, "Asia")
        while (!(yield* shown(talk, ann)).buttons.join(" ").includes("Tokyo")) yield* talk.tap(ann, "›")
        yield* talk.tap(ann, "Tokyo")
        assert.include((yield* shown(talk, ann)).text, "It is quiet now, until 2025-06-16 08:00 (Asia/Tokyo).")
        yield* talk.tap(ann, "🕗 Active hours ›")
        assert.include((yield* shown(talk, ann)).text, "It is 00:06 where you are (Asia/Tokyo)")
        yield* talk.tap(ann, "✅ Sun")
        yield* talk.tap(ann, "+1 h")
        assert.deepInclude(yield* stored(ann), { activeHoursStart: 9, activeDays: [1, 2, 3, 4, 5, 6] })
        yield* talk.tap(ann, "Around the clock")
        assert.deepInclude(yield* stored(ann), { activeHoursStart: 0, activeHoursEnd: 0 })
        yield* talk.tap(ann, "‹ Back")
        yield* talk.tap(ann, "Close")
        assert.deepStrictEqual((yield* shown(talk, ann)).buttons, [])
      })
    ))

  it.effect("keep quiet for hours, until morning, until told otherwise, and every week, in Russian too", () =>
    life((talk) =>
      Effect.gen(function* () {
        yield* talk.emulator.addPrivateChat({ id: olya, firstName: "Оля", languageCode: "ru" })
        yield* talk.say(olya, "/start")
        yield* talk.say(olya, "/notifications")
        yield* talk.tap(olya, "🌙 Не беспокоить ›")
        assert.deepStrictEqual(yield* shown(talk, olya), {
          text: [
            "🌙 Не беспокоить",
            "• не беспокоить: выключено",
            "Что появится за это время, подождёт, если живёт достаточно долго, а иначе не отправится.",
          ].join("\n"),
          buttons: ["На 1 ч | На 8 ч", "До утра (08:00) | Пока не скажу", "Каждую неделю › | ‹ Назад"],
        })
        yield* talk.tap(olya, "На 8 ч")
        assert.deepInclude(yield* stored(olya), { doNotDisturbUntil: t0 + 8 * 3_600_000 })
        assert.include((yield* shown(talk, olya)).text, "• 🌙 не беспокоить: до 2025-06-15 23:06 (UTC)")
        yield* talk.tap(olya, "🔔 Снова беспокоить")
        yield* talk.tap(olya, "До утра (08:00)")
        assert.deepInclude(yield* stored(olya), { doNotDisturbUntil: Date.parse("2025-06-16T08:00:00Z") })
        yield* talk.tap(olya, "🔔 Снова беспокоить")
        yield* talk.tap(olya, "Пока не скажу")
        assert.deepInclude(yield* stored(olya), { doNotDisturb: true, doNotDisturbUntil: null })
        yield* talk.tap(olya, "Каждую неделю ›")
        yield* talk.tap(olya, "Включить")
        yield* talk.tap(olya, "+30 мин")
        yield* talk.tap(olya, "✅ Пн")
        assert.deepInclude(yield* stored(olya), {
          doNotDisturbWindow: { days: [2, 3, 4, 5, 6, 7], from: 22 * 60 + 30, to: 7 * 60 },
        })
        assert.strictEqual(
          (yield* shown(talk, olya)).text,
          "🌙 Не беспокоить: Вт, Ср, Чт, Пт, Сб, Вс, с 22:30 до 07:00 следующего дня (UTC)",
        )
        yield* talk.say(olya, "/notifications")
        yield* talk.tap(olya, "🌍 Часовой пояс ›")
        yield* talk.tap(olya, "✏️ Написать")
        assert.include(yield* talk.say(olya, "владивосток"), "Ваш часовой пояс — Asia/Vladivostok.")
      })
    ))

  it.effect("do with a double tap what one tap does", () =>
    life((talk) =>
      Effect.gen(function* () {
        yield* talk.say(ann, "/start")
        yield* talk.say(ann, "/notifications")
        const chat = yield* talk.emulator.chat(ann)
        const menu = chat.messages.findLast(({ fromBot }) => fromBot)
        yield* talk.emulator.tap(ann, menu?.messageId ?? 0, "🔕 Turn off")
        yield* talk.emulator.tap(ann, menu?.messageId ?? 0, "🔕 Turn off")
        yield* until(Effect.map(stored(ann), ({ pushEnabled }) => !pushEnabled))
        yield* talk.settled
        assert.deepInclude(yield* stored(ann), { pushEnabled: false })
      })
    ))

  it.effect("count at the very next opportunity", () =>
    life((talk) =>
      Effect.gen(function* () {
        const audience = yield* Audience
        const told = Effect.map(
          audience.matching(card({ expiresAt: t0 + 3_600_000 }), t0, 10),
          ({ eligible }) => eligible,
        )
        yield* talk.say(ann, "/start")
        yield* until(Effect.map(told, (count) => count === 1))
        yield* talk.say(ann, "/preferences")
        yield* talk.tap(ann, "Kinds ›")
        yield* talk.tap(ann, "✅ Cross-exchange")
        yield* until(Effect.map(told, (count) => count === 0))
        yield* talk.tap(ann, "▫️ Cross-exchange")
        yield* until(Effect.map(told, (count) => count === 1))
        yield* talk.say(ann, "/notifications")
        yield* talk.tap(ann, "🔕 Turn off")
        yield* until(Effect.map(told, (count) => count === 0))
      }).pipe(Effect.provide(Audience.layer))
    ))
})
