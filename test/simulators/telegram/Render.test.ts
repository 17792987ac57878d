/**
 * Chats drawn for a terminal.
 * Comes in: a conversation made through the API. Promises: tags are gone, buttons are there, no line is too wide.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { renderChat, wrap } from "../../../src/simulators/telegram/Render.ts"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { ann, call, people, unlimited } from "./support.ts"

describe("a rendered chat", () => {
  it.effect("shows each message in a box, without tags, with its buttons", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* TestClock.adjust("61 minutes")
      yield* emulator.say(ann, ann, "/start")
      yield* call("sendMessage", {
        chat_id: ann,
        text: "<b>BTC/USDT</b> 12.4 bps &amp; more\nbuy okx, sell kraken",
        parse_mode: "HTML",
        reply_markup: {
          inline_keyboard: [[{ text: "Why", callback_data: "w" }, { text: "Mute", callback_data: "m" }]],
        },
      })
      yield* call("editMessageText", { chat_id: ann, message_id: 2, text: "closed 😀" })
      yield* call("sendMessage", {
        chat_id: ann,
        text: "<b>BTC/USDT</b> 12.4 bps &amp; more\nbuy okx, sell kraken",
        parse_mode: "HTML",
        reply_markup: {
          inline_keyboard: [[{ text: "Why", callback_data: "w" }, { text: "Mute", callback_data: "m" }]],
        },
      })
      assert.strictEqual(
        renderChat(yield* emulator.chat(ann), { columns: 36 }),
        [
          "Ann (private 101)",
          "╭ Ann ────────────────── 01:01 UTC ╮",
          "│ /start                           │",
          "╰──────────────────────────────────╯",
          "╭ ArbEdge ────── 01:01 UTC, edited ╮",
          "│ closed 😀                        │",
          "╰──────────────────────────────────╯",
          "╭ ArbEdge ────────────── 01:01 UTC ╮",
          "│ BTC/USDT 12.4 bps & more         │",
          "│ buy okx, sell kraken             │",
          "│                                  │",
          "│ [ Why ] [ Mute ]                 │",
          "╰──────────────────────────────────╯",
        ].join("\n"),
      )
    }).pipe(Effect.provide(TelegramEmulator.layerInProcess(unlimited))))

  it("breaks long lines at spaces, and words that are too long anywhere", () => {
    assert.deepStrictEqual(wrap("one two three\nabcdefghij k", 7), ["one two", "three", "abcdefg", "hij k"])
    assert.deepStrictEqual(wrap("日本語日本", 5), ["日本", "語日", "本"])
  })

  it("lets no control character through", () => {
    assert.deepStrictEqual(wrap("a\u001b[31mb\r\u0007\tc", 20), ["a[31mb  c"])
  })
})
