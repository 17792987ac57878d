/** The guided setup: from the first /start to ready in at most 8 taps, whatever comes between. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Metric, Option } from "effect"
import { TestClock } from "effect/testing"
import { ASKED } from "../../../src/domain/Onboarding.ts"
import { Onboardings } from "../../../src/layers/Onboardings.ts"
import { Store } from "../../../src/layers/Store.ts"
import { Users } from "../../../src/layers/Users.ts"
import { ann, people } from "../../simulators/telegram/support.ts"
import { fresh, until, world } from "../../support/actors.ts"
import {
  beside,
  type Conversation,
  conversation,
  conversationOn,
  emulated,
  hooked,
  polled,
  surroundings,
} from "./running.ts"

const olya = 107

/** Telegram's own. */
const MESSAGE_LENGTH = 4_096
const MOST_TAPS = 8

const life = <E, R>(body: (talk: Talk) => Effect.Effect<void, E, R>, feeding: typeof polled | typeof hooked = polled) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(talkOf, body).pipe(Effect.provide(Layer.provideMerge(feeding, surroundings()))),
  )

/** What a person sees of the bot's last message. */
const screenOf = (emulator: Conversation["emulator"], chatId: number) =>
  Effect.map(emulator.chat(chatId), ({ messages }) => {
    const message = messages.findLast(({ fromBot }) => fromBot)
    return {
      id: message?.messageId ?? 0,
      text: message?.text ?? "",
      buttons: (message?.buttons ?? []).flat(),
    }
  }).pipe(Effect.orDie)

/** A conversation whose taps are counted, and that looks at each screen as it goes. */
const counting = Effect.fnUntraced(function* (talk: Conversation) {
  const seen: Array<{ readonly text: string; readonly buttons: ReadonlyArray<string> }> = []
  let taps = 0
  const screen = (chatId: number) => screenOf(talk.emulator, chatId)
  const look = (chatId: number) =>
    Effect.tap(screen(chatId), ({ buttons, text }) =>
      Effect.sync(() => {
        assert.isAtMost(text.length, MESSAGE_LENGTH)
        assert.isAtMost(buttons.length, 100)
        seen.push({ text, buttons: buttons.map((each) => each.text) })
      }))
  /** Taps the button whose text begins or ends so. */
  const press = Effect.fnUntraced(function* (chatId: number, button: string) {
    taps++
    const { buttons } = yield* screen(chatId)
    const found = buttons.find(({ text }) => text.endsWith(button)) ?? buttons.find(({ text }) => text.includes(button))
    if (found === undefined) {
      return yield* Effect.die(new Error(`no "${button}" among ${buttons.map(({ text }) => text).join(" | ")}`))
    }
    const answer = yield* talk.tap(chatId, found.text)
    return { answer, ...(yield* look(chatId)) }
  })
  const locate = Effect.fnUntraced(function* (chatId: number, latitude: number, longitude: number) {
    taps++
    const before = (yield* talk.messages(chatId)).length
    yield* talk.emulator.pushRawUpdate({
      message: {
        message_id: 90_000 + taps,
        date: 1,
        chat: { id: chatId, type: "private", first_name: "Ann" },
        from: { id: chatId, is_bot: false, first_name: "Ann", language_code: "en" },
        location: { latitude, longitude },
      },
    })
    yield* until(Effect.map(talk.messages(chatId), (now) => now.length >= before + 2))
    yield* talk.settled
    return yield* look(chatId)
  })
  return { ...talk, screen, look, press, locate, seen, taps: () => taps }
})

const talkOf = Effect.flatMap(conversation, counting)

type Talk = Effect.Success<ReturnType<typeof counting>>

const stored = (telegramId: number) =>
  Effect.gen(function* () {
    const users = yield* Users
    const user = Option.getOrThrow(yield* users.byTelegramId(`${telegramId}`))
    const { sql } = yield* Store
    const [session] = yield* sql<{ readonly onboarded: boolean; readonly chosen: boolean }>`
      select onboarding_completed as onboarded, preferences_set as chosen from user_sessions
      where telegram_id = ${`${telegramId}`} order by started_at desc limit 1`
    const progress = yield* Effect.flatMap(Onboardings, (each) => each.progress(user.userId))
    return { user, session, progress, preferences: yield* users.preferences(user.userId) }
  })

const journeys = {
  "by polling": polled,
  "by webhook": hooked,
} as const

layer(world, { timeout: "60 seconds" })("The guided setup", (it) => {
  for (const [name, feeding] of Object.entries(journeys)) {
    it.effect(`leads a newcomer to ready in ${MOST_TAPS} taps and no typing, ${name}`, () =>
      life(({ look, press, say, screen, taps }) =>
        Effect.gen(function* () {
          const first = yield* say(ann, "/start")
          assert.match(first, /^👋 Welcome to ArbEdge, Ann!/)
          assert.include(first, "By starting you agree to be sent messages")
          yield* look(ann)
          const message = (yield* screen(ann)).id
          assert.match((yield* press(ann, "English")).text, /^🧭 Setup, 2 of 7\nWhere do you live\?/)
          assert.match((yield* press(ann, "United States")).text, /^🧭 Setup, 3 of 7\nWhat is your time zone/)
          assert.include((yield* press(ann, "Chicago (UTC−5)")).text, "🔒 Triangular: three trades")
          assert.include((yield* press(ann, "Next ›")).text, "How much risk")
          const venues = yield* press(ann, "Low")
          assert.include(venues.buttons.map(({ text }) => text), "✅ binance ⛔️")
          assert.include((yield* press(ann, "Next ›")).text, "free         5    20   2/4 ← you")
          const ready = yield* press(ann, "Few: 1 an hour, 5 a day")
          assert.match(
            ready.text,
            /^✅ You are ready, Ann!\n• language: 🇬🇧 English\n• country: United States\n• time: Chicago/,
          )
          assert.isAtMost(taps(), MOST_TAPS)
          assert.strictEqual(ready.id, message, "all in one message")
          const { preferences, session, user } = yield* stored(ann)
          assert.deepStrictEqual(
            [preferences.timeZone, preferences.riskTolerance, preferences.maxPerHour, preferences.maxPerDay],
            ["America/Chicago", "low", 1, 5],
          )
          assert.deepStrictEqual([user.country, session], ["US", { onboarded: true, chosen: true }])
          assert.match(yield* say(ann, "/start"), /^✅ Your session is active already/)
        }), feeding))
  }

  it.effect("speaks Russian to whoever's app does, and asks no zone where a country has but one", () =>
    life(({ emulator, look, press, say, seen, taps }) =>
      Effect.gen(function* () {
        yield* emulator.addPrivateChat({ id: olya, firstName: "Оля", languageCode: "ru" })
        assert.match(yield* say(olya, "/start"), /^👋 Добро пожаловать в ArbEdge, Оля!/)
        yield* look(olya)
        yield* press(olya, "Русский")
        assert.match((yield* press(olya, "Казахстан")).text, /^🧭 Настройка, шаг 4 из 7/)
        for (const button of ["Технический", "Дальше ›", "Средний", "okx", "Дальше ›"]) yield* press(olya, button)
        const { text } = yield* press(olya, "Умеренно: 3 в час, 20 в день")
        assert.match(text, /^✅ Всё готово, Оля!\n• язык: 🇷🇺 Русский\n• страна: Казахстан\n• время: Алматы \(UTC\+5\)/)
        assert.isAtMost(taps(), MOST_TAPS)
        const { preferences, progress } = yield* stored(olya)
        assert.deepStrictEqual([preferences.opportunityTypes, preferences.venues], [["cross_exchange"], [
          "binance",
          "kraken",
        ]])
        assert.strictEqual(progress.steps.find(({ step }) => step === "zone")?.outcome, "inferred")
        for (const { buttons, text: shown } of seen) {
          assert.notMatch(`${shown} ${buttons.join()}`, /onboarding-|undefined|\{|\$/)
        }
      })
    ))

  it.effect("finds zone and country by a location, in no more taps, and forgets the place", () =>
    life(({ emulator, locate, messages, press, say, taps }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        yield* press(ann, "English")
        yield* press(ann, "Use my location")
        const asked = (yield* emulator.log.calls).findLast(({ method }) => method === "sendMessage")
        assert.include(JSON.stringify(asked?.params), "request_location")
        const { text } = yield* locate(ann, 52.52, 13.4049541)
        assert.include((yield* messages(ann)).at(-2), "Your time zone: Berlin (UTC+2)")
        // Berlin's time is kept in five countries: the first of them are offered.
        assert.match(text, /^🧭 Setup, 2 of 7/)
        for (const button of ["Germany", "Next ›", "Medium", "All of them", "Some: 3 an hour"]) {
          yield* press(ann, button)
        }
        assert.isAtMost(taps(), MOST_TAPS)
        const { preferences, session, user } = yield* stored(ann)
        assert.deepStrictEqual([preferences.timeZone, user.country, session?.onboarded], ["Europe/Berlin", "DE", true])
        const { sql } = yield* Store
        const kept = yield* sql<{ readonly text: string }>`select concat((select string_agg(u::text, '') from users u),
          (select string_agg(s::text, '') from user_sessions s), (select string_agg(o::text, '') from outbox o),
          (select string_agg(t::text, '') from telegram_updates t)) as text`
        assert.notInclude(kept[0]?.text, "13.4049541")
      })
    ))

  it.effect("takes a typed answer, a place nobody knows or a command for no, and goes on from the list", () =>
    life(({ locate, press, say, screen }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        yield* press(ann, "English")
        yield* press(ann, "Use my location")
        assert.match((yield* locate(ann, 999, 999)).text, /^🧭 Setup, 2 of 7/)
        yield* press(ann, "Use my location")
        assert.match(
          yield* say(ann, "No, I choose from a list").pipe(Effect.andThen(Effect.map(screen(ann), ({ text }) => text))),
          /^🧭 Setup, 2 of 7/,
        )
        yield* press(ann, "Use my location")
        yield* say(ann, "/session")
        assert.include(yield* say(ann, "Berlin"), "I understand commands and buttons")
        assert.match(yield* say(ann, "/start"), /^✅ Your session is active already[^]*\n\n🧭 Setup, 2 of 7/)
      })
    ))

  it.effect("goes on where it was after a restart, in the old message or a new one, whatever came between", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const emulator = yield* people
        /** Each its own process over the same store. */
        const inOneLife = <A, E, R>(body: (talk: Talk) => Effect.Effect<A, E, R>) =>
          Effect.flatMap(conversationOn(emulator), counting).pipe(
            Effect.flatMap(body),
            Effect.provide(Layer.provideMerge(polled, beside())),
          )
        yield* inOneLife(({ press, say, screen }) =>
          Effect.gen(function* () {
            yield* say(ann, "/start")
            for (const button of ["English", "Germany", "Technical"]) yield* press(ann, button)
            assert.match((yield* screen(ann)).text, /^🧭 Setup, 4 of 7/)
          })
        )
        yield* inOneLife(({ press, say }) =>
          Effect.gen(function* () {
            assert.match((yield* press(ann, "Next ›")).text, /^🧭 Setup, 5 of 7/, "the old message")
            yield* say(ann, "/help")
          })
        )
        yield* inOneLife(({ press, say }) =>
          Effect.gen(function* () {
            assert.match(yield* say(ann, "/start"), /^✅ Your session is active already[^]*🧭 Setup, 5 of 7/)
            assert.match((yield* press(ann, "High")).text, /^🧭 Setup, 6 of 7/)
            yield* say(ann, "/logout")
            assert.match(yield* say(ann, "/start"), /^👋 Welcome back, Ann![^]*🧭 Setup, 6 of 7/, "another session")
            const { preferences } = yield* stored(ann)
            assert.deepStrictEqual([preferences.opportunityTypes, preferences.riskTolerance], [
              ["cross_exchange"],
              "high",
            ])
          })
        )
      }).pipe(Effect.provide(emulated))
    }))

  it.effect("is skipped step by step or wholly, never asks again, and says in /setup what is missing", () =>
    life(({ press, say, screen }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        assert.match((yield* press(ann, "Skip")).text, /^🧭 Setup, 2 of 7/)
        assert.match((yield* press(ann, "Skip")).text, /^🧭 Setup, 3 of 7/)
        const { text } = yield* press(ann, "Use defaults for the rest")
        assert.match(text, /^✅ You are ready, Ann!\n• language: 🇬🇧 English\n• country: not said\n• time: UTC/)
        const { progress, session } = yield* stored(ann)
        assert.deepStrictEqual(session, { onboarded: true, chosen: false })
        assert.strictEqual(progress.outcome, "skipped")
        yield* say(ann, "/logout")
        assert.match(yield* say(ann, "/start"), /^👋 Welcome back, Ann!/)
        assert.notInclude((yield* screen(ann)).text, "🧭", "a renewed session is not asked again")
        assert.match(
          yield* say(ann, "/setup"),
          /^🧭 2 things are missing[^]*⚠️ Country: not said[^]*▫️ Exchange keys: none/,
        )
        yield* press(ann, "Say the country")
        yield* press(ann, "Germany")
        assert.match((yield* screen(ann)).text, /^⚙️ Your settings\n• language[^]*• country: Germany\n• time: Berlin/)
        assert.match(yield* say(ann, "/setup"), /^🧭 Everything you need is set up/)
      })
    ))

  it.effect("does on a double tap what one tap does, and shows an old message as things stand", () =>
    life(({ emulator, press, say, screen, settled }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        const old = yield* screen(ann)
        yield* say(ann, "/start")
        yield* press(ann, "English")
        const before = yield* stored(ann)
        const english = old.buttons.find(({ text }) => text.endsWith("English"))?.callback_data ?? ""
        for (const at of [1, 2]) {
          yield* emulator.pushRawUpdate({
            callback_query: {
              id: `double-${at}`,
              from: { id: ann, is_bot: false, first_name: "Ann" },
              message: {
                message_id: old.id,
                date: 1,
                chat: { id: ann, type: "private", first_name: "Ann" },
                text: "x",
              },
              chat_instance: "1",
              data: english,
            },
          })
        }
        const answers = Effect.map(
          emulator.log.calls,
          (calls) => calls.filter(({ params }) => `${params["callback_query_id"]}`.startsWith("double-")),
        )
        yield* until(Effect.map(answers, (all) => all.length === 2))
        yield* settled
        assert.include((yield* answers)[0]?.params["text"], "This menu has changed since")
        assert.deepStrictEqual((yield* stored(ann)).progress, before.progress)
        const { messages } = yield* emulator.chat(ann)
        assert.match(messages.find(({ messageId }) => messageId === old.id)?.text ?? "", /^🧭 Setup, 2 of 7/)
      })
    ))

  it.effect("goes back to the answer before, and to what that answer told", () =>
    life(({ press, say }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        assert.match((yield* press(ann, "Русский")).text, /^🧭 Настройка, шаг 2 из 7/)
        assert.match((yield* press(ann, "‹ Назад")).text, /^🧭 Настройка, шаг 1 из 7/)
        yield* press(ann, "English")
        assert.match((yield* press(ann, "Germany")).text, /^🧭 Setup, 4 of 7/)
        assert.match((yield* press(ann, "‹ Back")).text, /^🧭 Setup, 2 of 7/)
        assert.match((yield* press(ann, "Canada")).text, /^🧭 Setup, 3 of 7/)
        yield* press(ann, "Toronto")
        const { preferences, user } = yield* stored(ann)
        assert.deepStrictEqual([user.country, preferences.timeZone], ["CA", "America/Toronto"])
      })
    ))

  it.effect("measures every step: rows, facts and counts, each once", () =>
    life(({ press, say }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        for (const button of ["English", "Skip", "Berlin (UTC+2)", "Next ›", "High", "Next ›", "Some: 3 an hour"]) {
          yield* TestClock.adjust("3 seconds")
          yield* press(ann, button)
        }
        yield* press(ann, "Done")
        const { progress } = yield* stored(ann)
        const measured = progress.steps.map(({ endedAt, outcome, shownAt, step }) =>
          `${step} ${outcome} ${endedAt === null ? "" : endedAt - shownAt}`
        )
        const done = ASKED.map((step) => `${step} ${step === "country" ? "skipped" : "done"} 3000`)
        assert.deepStrictEqual(measured.toSorted(), [...done, "keys skipped 0"].toSorted())
        assert.strictEqual(progress.outcome, "completed")
        const { sql } = yield* Store
        const facts = yield* sql<
          { readonly subject: string; readonly count: number }
        >`select subject, count(*)::int as count
          from outbox where subject like 'evt.v1.onboarding.%' group by subject order by subject`
        assert.deepStrictEqual(facts.map(({ count, subject }) => [subject, count]), [
          ["evt.v1.onboarding.ended", 8],
          ["evt.v1.onboarding.finished", 1],
          ["evt.v1.onboarding.shown", 8],
        ])
        const counted = (yield* Metric.snapshot).filter(({ attributes, id }) =>
          id === "onboarding_steps_total" && attributes?.["step"] === "country"
        )
        assert.isNotEmpty(counted)
      })
    ))
})
