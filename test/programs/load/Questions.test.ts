/** Questions and cards of a load run: which answer is whose, and what can be tapped. */
import { assert, describe, it } from "@effect/vitest"
import { encode } from "../../../src/domain/card/CallbackData.ts"
import { Cards, Questions } from "../../../src/programs/load/Questions.ts"

const ID = "0123456789abcdef0123456789abcdef", OTHER = "fedcba9876543210fedcba9876543210"

const card = (method: string, messageId: number, ...data: ReadonlyArray<string>) => ({
  method,
  chatId: 7,
  messageId,
  replyMarkup: { inline_keyboard: [data.map((callback_data) => ({ text: "button", callback_data }))] },
})

describe("Questions", () => {
  it("are answered in the order of their chat, each once, whatever other chats are told", () => {
    const questions = new Questions(), heard: Array<string> = []
    questions.asked("1", (atMs) => heard.push(`first ${atMs}`))
    questions.asked("1", (atMs) => heard.push(`second ${atMs}`))
    questions.said("2", 5)
    questions.said("1", 10)
    questions.said("1", 20)
    questions.said("1", 30)
    assert.deepStrictEqual(heard, ["first 10", "second 20"])
  })

  it("by a tap are answered by their number, once", () => {
    const questions = new Questions(), heard: Array<string> = []
    questions.tapped("a", (atMs) => heard.push(`a ${atMs}`))
    questions.tapped("b", (atMs) => heard.push(`b ${atMs}`))
    questions.answered("b", 1)
    questions.answered("b", 2)
    questions.said("a", 3)
    assert.deepStrictEqual(heard, ["b 1"])
  })
})

describe("Cards", () => {
  it("are the newest message of a chat with a button for details", () => {
    const cards = new Cards()
    assert.isUndefined(cards.newest(7))
    cards.shown(card("sendMessage", 1, encode("take", ID), encode("details", ID)))
    cards.shown(card("sendMessage", 2, encode("details", OTHER)))
    cards.shown(card("sendMessage", 3, "m.settings"))
    assert.deepStrictEqual(cards.newest(7), { messageId: 2, details: encode("details", OTHER) })
    assert.isUndefined(cards.newest(8))
  })

  it("go by what an edit leaves of their buttons, and not by edits of older ones", () => {
    const cards = new Cards()
    cards.shown(card("sendMessage", 1, encode("details", ID)))
    cards.shown(card("sendMessage", 2, encode("details", OTHER)))
    cards.shown(card("editMessageText", 1, encode("details", ID)))
    assert.strictEqual(cards.newest(7)?.messageId, 2)
    cards.shown(card("editMessageText", 2, encode("useful", OTHER)))
    assert.isUndefined(cards.newest(7))
  })
})
