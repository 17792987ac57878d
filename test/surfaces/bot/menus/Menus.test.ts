/** Menus and questions at work: old messages, forged data, questions that nobody asks any more. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { SessionClient } from "../../../../src/actors/Session.ts"
import { ann } from "../../../simulators/telegram/support.ts"
import { t0 } from "../../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../../support/actors.ts"
import { type Conversation, conversation, polled, surroundings } from "../running.ts"

const life = <E, R>(body: (conversation: Conversation) => Effect.Effect<void, E, R>) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(conversation, body).pipe(Effect.provide(Layer.provideMerge(polled, surroundings()))),
  )

/** A tap as Telegram tells it; without a message id the message is too old for it. */
const tapOf = (id: string, data: string, messageId: number | null) => ({
  callback_query: {
    id,
    from: { id: ann, is_bot: false, first_name: "Ann" },
    ...messageId === null ? {} : {
      message: { message_id: messageId, date: 1, chat: { id: ann, type: "private", first_name: "Ann" }, text: "x" },
    },
    chat_instance: "1",
    data,
  },
})

const answerTo = ({ emulator, settled }: Conversation, id: string) =>
  Effect.gen(function* () {
    const answer = Effect.map(emulator.log.calls, (calls) =>
      calls.find(({ method, params }) =>
        method === "answerCallbackQuery" && params["callback_query_id"] === id
      ))
    yield* until(Effect.map(answer, (found) => found !== undefined))
    yield* settled
    return (yield* answer)?.params["text"] ?? ""
  })

layer(world, { timeout: "60 seconds" })("A menu", (it) => {
  it.effect("whose message is too old to be edited is said anew where the tap leads", () =>
    life((talk) =>
      Effect.gen(function* () {
        const { emulator, messages, say } = talk
        yield* say(ann, "/start")
        yield* say(ann, "/settings")
        const shown = (yield* emulator.chat(ann)).messages.findLast(({ fromBot }) => fromBot)
        const button = shown?.buttons.flat().find(({ text }) => text.endsWith("Language"))
        const before = (yield* messages(ann)).length
        yield* emulator.pushRawUpdate(tapOf("old", button?.callback_data ?? "", null))
        assert.strictEqual(yield* answerTo(talk, "old"), "")
        const now = yield* messages(ann)
        assert.strictEqual(now.length, before + 1)
        assert.include(now.at(-1), "Which language shall I speak?")
      })
    ))

  it.effect("answers data that was not made here, whatever it holds, and changes nothing", () =>
    life((talk) =>
      Effect.gen(function* () {
        const { emulator, messages, say } = talk
        yield* say(ann, "/start")
        const before = yield* messages(ann)
        // Not base64url, no menu's, a position out of bounds, no position, a menu that there is not.
        const forged = ["m.", "m.§", "m.cm9vdC8wLzAvL2hBQUFB", "m.c2V0dGluZ3M", "m.bm9uZS8wLzAvL2hBQUFB"]
        for (const [at, data] of forged.entries()) {
          yield* emulator.pushRawUpdate(tapOf(`${at}`, data, 1))
          assert.strictEqual(yield* answerTo(talk, `${at}`), "This button no longer works.", data)
        }
        assert.deepStrictEqual(yield* messages(ann), before)
      })
    ))

  it.effect("or a question that this version does not know any more is forgotten, and a hint given", () =>
    life(({ say }) =>
      Effect.gen(function* () {
        yield* say(ann, "/start")
        const sessions = yield* SessionClient
        const asked = Option.some({ topic: "of another version", step: "", data: {}, askedAt: t0 })
        assert.isTrue(yield* sessions.setDialogue(`${ann}`, asked))
        assert.include(yield* say(ann, "12.5"), "I understand commands and buttons")
        assert.isTrue(Option.isNone(yield* sessions.dialogue(`${ann}`)))
        yield* sessions.setDialogue(`${ann}`, asked)
        yield* say(ann, "/help")
        assert.isTrue(Option.isNone(yield* sessions.dialogue(`${ann}`)), "a command takes it back")
      })
    ))
})
