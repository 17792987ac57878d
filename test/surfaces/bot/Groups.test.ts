/** Groups and channels as people use them: registered, set up, moved, and ended by whoever may. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { UserQueueClient } from "../../../src/actors/UserQueue.ts"
import * as UserQueue from "../../../src/actors/UserQueue.ts"
import { Groups } from "../../../src/layers/Groups.ts"
import { Notifier } from "../../../src/layers/Notifier.ts"
import { OpportunityQueue } from "../../../src/layers/OpportunityQueue.ts"
import { Sessions } from "../../../src/layers/Sessions.ts"
import * as TelegramNotifier from "../../../src/layers/telegram/Notifier.ts"
import { Users } from "../../../src/layers/Users.ts"
import type { Group as EmulatedGroup } from "../../../src/simulators/telegram/People.ts"
import { Audience } from "../../../src/streams/Audience.ts"
import * as ChannelRouting from "../../../src/streams/ChannelRouting.ts"
import * as Registrars from "../../../src/surfaces/bot/groups/Registrars.ts"
import { ann, bob } from "../../simulators/telegram/support.ts"
import { queueItem, someOpportunity, t0 } from "../../suites/StoreWorld.ts"
import { fresh, processOf, until, world } from "../../support/actors.ts"
import { conversation, hooked, polled, surroundings } from "./running.ts"

const desk = -1005001
const newsId = -1005002
const botId = 7_000_000_001

const members = [
  { id: ann, firstName: "Ann", status: "creator" },
  { id: bob, firstName: "Bob", status: "member" },
] as const

/** What is done and seen in groups, beside private chats. */
const inGroups = Effect.gen(function* () {
  const talk = yield* conversation
  const { emulator, settled } = talk
  const said = (chatId: number) =>
    Effect.map(emulator.chat(chatId), ({ messages }) => messages.filter(({ fromBot }) => fromBot)).pipe(
      Effect.catch(() => Effect.succeed([])),
    )
  const last = (chatId: number) => Effect.map(said(chatId), (all) => all.at(-1))
  /** Waits until the bot has said something new, or changed what it said. */
  const answered = <A, E>(chatId: number, act: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      const before = JSON.stringify(yield* said(chatId))
      yield* act
      yield* until(Effect.map(said(chatId), (now) => JSON.stringify(now) !== before))
      yield* settled
      return (yield* last(chatId))?.text ?? ""
    })
  const add = (group: Partial<EmulatedGroup> = {}) =>
    emulator.addGroup({ id: desk, title: "Desk <b>", members, announce: true, ...group })
  const sayIn = (chatId: number, userId: number, text: string, threadId?: number) =>
    answered(chatId, emulator.say(chatId, userId, text, threadId))
  /** Taps the button whose text holds these words; out: the answer. */
  const tapIn = (chatId: number, userId: number, words: string) =>
    Effect.gen(function* () {
      const holder = (yield* said(chatId)).findLast(({ buttons }) =>
        buttons.flat().some(({ text }) => text.includes(words))
      )
      const button = holder?.buttons.flat().find(({ text }) => text.includes(words))
      const query = yield* emulator.tap(chatId, holder?.messageId ?? 0, button?.callback_data ?? words, userId)
      yield* until(Effect.map(emulator.callbackAnswer(query), (answer) => answer !== null))
      yield* settled
      return (yield* emulator.callbackAnswer(query))?.text ?? ""
    })
  return { ...talk, said, last, answered, add, sayIn, tapIn }
})

const recipient = (chatId: number) =>
  Users.use((users) =>
    Effect.flatMap(
      TestClock.testClockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe())),
      (now) => users.recipientOf(`${chatId}`, now),
    )
  )

const stateOf = (chatId: number) =>
  Effect.map(
    Groups.use((groups) => groups.get(`${chatId}`)),
    Option.match({ onNone: () => "none", onSome: ({ reason, state }) => `${state}: ${reason}` }),
  )

const surrounded = Layer.provideMerge(
  processOf(Layer.merge(UserQueue.behaviour, UserQueueClient.layer)),
  surroundings(),
)

/** A registered group of Ann's. */
const registered = Effect.gen(function* () {
  const here = yield* inGroups
  yield* here.say(ann, "/start")
  yield* here.answered(desk, here.add())
  return here
})

layer(world, { timeout: "60 seconds" })("A group", (it) => {
  for (const [feeding, bot] of [["polling", polled], ["a webhook", hooked]] as const) {
    it.effect(`is registered when an admin with a session adds the bot, fed by ${feeding}`, () =>
      Effect.gen(function* () {
        yield* fresh
        yield* Effect.gen(function* () {
          const { answered, add, say, said } = yield* inGroups
          yield* say(ann, "/start")
          yield* answered(desk, add())
          const [welcome, menu] = yield* said(desk)
          assert.match(welcome?.text ?? "", /^✅ Desk <b> is registered\./)
          assert.match(menu?.text ?? "", /^👥 Desk <b>\n🟢 Opportunities are sent here\./)
          assert.strictEqual(yield* stateOf(desk), "active: registered")
          assert.isTrue(Option.getOrThrow(yield* recipient(desk)).isGroup)
        }).pipe(Effect.provide(bot.pipe(Layer.provideMerge(surrounded))))
      }))
  }

  it.effect("that somebody else adds the bot to asks for an admin, whose /group registers it; others are refused", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { answered, add, last, say, sayIn, tapIn } = yield* inGroups
        assert.match(yield* answered(desk, add()), /^👋/)
        assert.match((yield* last(desk))?.buttons[0]?.[0]?.url ?? "", /\?start=group$/)
        assert.isTrue(Option.isNone(yield* recipient(desk)))
        assert.match(yield* sayIn(desk, ann, "/group"), /^🔑/)
        yield* say(ann, "/start")
        yield* say(bob, "/start")
        assert.match(yield* sayIn(desk, bob, "/group"), /^🔒 Only admins/)
        assert.strictEqual(yield* stateOf(desk), "none")
        yield* sayIn(desk, ann, "/group@arbedge_emulated_bot")
        assert.strictEqual(yield* stateOf(desk), "active: registered")
        const before = (yield* last(desk))?.text
        assert.strictEqual(yield* tapIn(desk, bob, "Pause"), "Only admins of this group can do that.")
        assert.strictEqual((yield* last(desk))?.text, before)
        assert.strictEqual(yield* stateOf(desk), "active: registered")
      }).pipe(Effect.provide(polled.pipe(Layer.provideMerge(surrounded))))
    }))

  it.effect("is sent what its settings say from the next distribution on, within twice its registrar's plan", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { answered, last, say, tapIn } = yield* registered
        const { userId } = Option.getOrThrow(yield* recipient(desk))
        const queue = yield* OpportunityQueue, userQueue = yield* UserQueueClient
        const owe = (id: string) =>
          queue.enqueue([queueItem({
            opportunityId: id,
            chatId: `${desk}`,
            userId,
            scheduledAt: null,
            payload: { opportunity: someOpportunity(), language: "en" },
          })], t0)
        const tapping = (words: string) => answered(desk, tapIn(desk, ann, words))
        yield* say(bob, "/start")
        yield* tapping("Kinds ›")
        yield* tapping("technical")
        yield* tapping("Back")
        yield* tapping("Limits ›")
        assert.deepStrictEqual(
          (yield* last(desk))?.buttons.map((row) => row.map(({ text }) => text)),
          [["1", "● 3", "5", "10"], ["5", "10", "● 20", "40"], ["‹ Back"]],
        )
        yield* tapping("10")
        yield* tapping("Back")
        const text = yield* tapping("+10")
        assert.strictEqual(
          text,
          "👥 Desk <b>\n🟢 Opportunities are sent here.\n\n• kinds: cross-exchange\n• at most 10 an hour, 20 a day\n" +
            "• from 10 bps net\n• 08:00–22:00, UTC",
        )
        const { preferences } = Option.getOrThrow(yield* recipient(desk))
        assert.deepStrictEqual(
          [preferences.opportunityTypes, preferences.maxPerHour, preferences.minNetBps],
          [["cross_exchange"], 10, 10],
        )
        yield* owe("a")
        assert.deepStrictEqual(yield* userQueue.wake(userId), { admitted: 1, refused: 0 })
        // It is 15:06 in UTC: the group's day ends before.
        yield* tapping("Hours ›")
        yield* tapping("9–18")
        for (const hour of [17, 16, 15]) assert.include(yield* tapping("To −1"), `09:00–${hour}:00`)
        yield* owe("b")
        assert.strictEqual((yield* userQueue.wake(userId)).admitted, 0)
        assert.match(yield* tapping("Always"), /around the clock/)
        yield* owe("c")
        assert.deepStrictEqual(yield* userQueue.wake(userId), { admitted: 1, refused: 0 })
        yield* tapping("Back")
        yield* tapping("English")
        assert.match((yield* last(desk))?.text ?? "", /круглосуточно/)
        yield* tapping("Цифры ›")
        assert.match((yield* last(desk))?.text ?? "", /7 дней\nНичего не присылалось\./)
        yield* tapping("Назад")
        assert.match(yield* tapping("Пауза"), /Приостановлено администратором/)
        assert.isTrue(Option.isNone(yield* recipient(desk)))
        yield* tapping("Возобновить")
        assert.isTrue(Option.isSome(yield* recipient(desk)))
      }).pipe(Effect.provide(polled.pipe(Layer.provideMerge(surrounded))))
    }))

  it.effect("is paused when its registrar loses their rights, noticed at once or by looking, and they are told once", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { emulator, messages, say, sayIn, answered } = yield* registered
        yield* say(bob, "/start")
        yield* emulator.setStatus(desk, botId, "administrator")
        yield* emulator.setStatus(desk, bob, "administrator")
        assert.match(yield* answered(ann, emulator.setStatus(desk, ann, "member")), /^⏸ “Desk <b>” is paused/)
        assert.strictEqual(yield* stateOf(desk), "paused: registrar_rights")
        assert.isTrue(Option.isNone(yield* recipient(desk)))
        yield* sayIn(desk, bob, "/group")
        assert.strictEqual(yield* stateOf(desk), "active: registered")
        // As a plain member the bot is told nothing: it looks.
        yield* emulator.setStatus(desk, botId, "member")
        yield* emulator.setStatus(desk, bob, "left")
        yield* Registrars.checkAll
        assert.strictEqual(yield* stateOf(desk), "active: registered", "looked at a moment ago")
        yield* TestClock.adjust("10 minutes")
        yield* Registrars.checkAll
        yield* Registrars.checkAll
        assert.strictEqual(yield* stateOf(desk), "paused: registrar_rights")
        assert.lengthOf((yield* messages(bob)).filter((text) => text.startsWith("⏸")), 1)
        assert.lengthOf((yield* messages(ann)).filter((text) => text.startsWith("⏸")), 1)
      }).pipe(Effect.provide(polled.pipe(Layer.provideMerge(surrounded))))
    }))

  it.effect("ends when the bot is removed, and goes on with its settings when it is added again", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { answered, emulator, messages, tapIn } = yield* registered
        yield* answered(desk, tapIn(desk, ann, "+10"))
        assert.match(yield* answered(ann, emulator.block(desk)), /^⚪️ I was removed from “Desk <b>”/)
        assert.strictEqual(yield* stateOf(desk), "removed: bot_removed")
        assert.isTrue(Option.isNone(yield* recipient(desk)))
        yield* answered(desk, emulator.unblock(desk))
        assert.strictEqual(yield* stateOf(desk), "active: registered")
        assert.strictEqual(Option.getOrThrow(yield* recipient(desk)).preferences.minNetBps, 10)
        yield* Sessions.use((sessions) => sessions.terminateChat(`${ann}`, t0))
        const before = (yield* messages(ann)).length
        yield* emulator.block(desk)
        yield* until(Effect.map(stateOf(desk), (state) => state === "removed: bot_removed"))
        assert.strictEqual((yield* messages(ann)).length, before, "who logged out is told nothing")
      }).pipe(Effect.provide(polled.pipe(Layer.provideMerge(surrounded))))
    }))

  it.effect("keeps its registration and settings when it becomes a supergroup", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { answered, emulator, say, settled, sayIn, tapIn } = yield* inGroups
        yield* say(ann, "/start")
        const group = -5001
        yield* sayIn(group, ann, "/group")
        yield* answered(group, tapIn(group, ann, "+1"))
        const moved = yield* emulator.migrate(group)
        yield* until(Effect.map(stateOf(moved), (state) => state === "active: registered"))
        yield* settled
        assert.strictEqual(yield* stateOf(group), "none")
        assert.strictEqual(Option.getOrThrow(yield* recipient(moved)).preferences.minNetBps, 1)
        assert.match(yield* sayIn(moved, ann, "/group"), /from 1 bps net/)
      }).pipe(Effect.provide(polled.pipe(Layer.provideMerge(surrounded))))
    }))

  it.effect("with topics is answered and sent to in the topic of /group, until that is gone", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { add, answered, last, said, say, sayIn } = yield* inGroups
        yield* say(ann, "/start")
        yield* answered(desk, add({ topics: [7, 9] }))
        const text = yield* sayIn(desk, ann, "/group", 7)
        assert.match(text, /in the topic where \/group was used last/)
        assert.strictEqual((yield* last(desk))?.threadId, 7)
        const notifier = yield* Notifier
        const notification = { chatId: `${desk}`, opportunity: someOpportunity(), language: "en", nowMs: t0 } as const
        assert.strictEqual((yield* notifier.send(notification))._tag, "Accepted")
        assert.strictEqual((yield* last(desk))?.threadId, 7)
        yield* Groups.use((groups) => groups.setThread(`${desk}`, 8, t0))
        const before = (yield* said(desk)).length
        assert.strictEqual((yield* notifier.send(notification))._tag, "Unavailable")
        assert.strictEqual((yield* said(desk)).length, before)
        assert.strictEqual((yield* notifier.send(notification))._tag, "Accepted")
        assert.isNull((yield* last(desk))?.threadId)
      }).pipe(Effect.provide(
        Layer.merge(polled, ChannelRouting.layer.pipe(Layer.provide(TelegramNotifier.layer))).pipe(
          Layer.provideMerge(surrounded),
        ),
      ))
    }))

  it.effect("that is a broadcast channel is posted in only after whoever added the bot has confirmed it in private", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { add, answered, emulator, last, said, say, tapIn } = yield* inGroups
        const news = { id: newsId, title: "News", type: "channel", members: [members[0]] } as const
        yield* say(ann, "/start")
        assert.match(yield* answered(ann, add(news)), /^📣 Shall I post opportunities in “News”\?/)
        assert.isTrue(Option.isNone(yield* recipient(newsId)))
        yield* answered(ann, tapIn(ann, ann, "Post them"))
        assert.match((yield* last(ann))?.text ?? "", /^📣 News\n🟢/)
        assert.isTrue(Option.isSome(yield* recipient(newsId)))
        assert.lengthOf(yield* said(newsId), 0, "nothing is said in the channel itself")
        yield* answered(ann, tapIn(ann, ann, "+10"))
        assert.strictEqual(Option.getOrThrow(yield* recipient(newsId)).preferences.minNetBps, 10)
        assert.match(yield* answered(ann, emulator.setStatus(newsId, botId, "member")), /I may not write there/)
        assert.strictEqual(yield* stateOf(newsId), "paused: bot_rights")
      }).pipe(Effect.provide(polled.pipe(Layer.provideMerge(surrounded))))
    }))

  it.effect("is in the audience by its settings and its registrar's session, from the next opportunity on", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { answered, say, tapIn } = yield* registered
        const audience = yield* Audience
        const opportunity = someOpportunity({ netBps: "15.0000", expiresAt: t0 + 600_000 })
        const fits = Effect.map(
          audience.matching(opportunity, t0, 10),
          ({ targets }) => targets.some(({ chatId }) => chatId === `${desk}`),
        )
        const becomes = (wanted: boolean) => until(Effect.map(fits, (now) => now === wanted))
        yield* becomes(true)
        yield* answered(desk, tapIn(desk, ann, "+10"))
        assert.isTrue(yield* fits)
        yield* answered(desk, tapIn(desk, ann, "+10"))
        yield* becomes(false)
        yield* answered(desk, tapIn(desk, ann, "−10"))
        yield* becomes(true)
        yield* say(ann, "/logout")
        yield* becomes(false)
        yield* say(ann, "/start")
        yield* becomes(true)
        const { userId } = Option.getOrThrow(yield* Users.use((users) => users.byTelegramId(`${ann}`)))
        assert.strictEqual(Option.getOrThrow(yield* recipient(desk)).tier, "free")
        yield* Users.use((users) => users.setPlan({ userId, tier: "pro", role: "user", nowMs: t0 }))
        assert.strictEqual(Option.getOrThrow(yield* recipient(desk)).tier, "pro")
      }).pipe(Effect.provide(polled.pipe(Layer.provideMerge(Layer.merge(surrounded, Layer.fresh(Audience.layer))))))
    }))
})
