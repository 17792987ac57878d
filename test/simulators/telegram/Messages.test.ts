/**
 * Sending, editing and deleting as a bot sees it: what succeeds, and each refusal in Telegram's words.
 * Comes in: calls through the API. Promises: what people see in the chat is what the calls made.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { ann, bob, call, group, people, said, unlimited } from "./support.ts"

const free = Effect.provide(TelegramEmulator.layerInProcess(unlimited))
const keyboard = (callback_data: string, text = "Go") => ({ inline_keyboard: [[{ text, callback_data }]] })
const notModified =
  "Bad Request: message is not modified: specified new message content and reply markup are exactly " +
  "the same as a current content and reply markup of the message"

describe("sendMessage", () => {
  const refusals: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>, string]> = [
    ["no chat", { text: "x" }, "Bad Request: chat_id is empty"],
    ["an unknown chat", { chat_id: 9, text: "x" }, "Bad Request: chat not found"],
    ["no text", { chat_id: ann }, "Bad Request: message text is empty"],
    ["white space", { chat_id: ann, text: " \n" }, "Bad Request: message text is empty"],
    ["only tags", { chat_id: ann, text: "<b> </b>", parse_mode: "HTML" }, "Bad Request: message text is empty"],
    ["4,097 characters", { chat_id: ann, text: "x".repeat(4097) }, "Bad Request: message is too long"],
    [
      "a bad tag",
      { chat_id: ann, text: "ab <x>", parse_mode: "html" },
      `Bad Request: can't parse entities: Unsupported start tag "x" at byte offset 3`,
    ],
    ["another parse mode", { chat_id: ann, text: "x", parse_mode: "BBCode" }, "Bad Request: unsupported parse_mode"],
    [
      "empty callback data",
      { chat_id: ann, text: "x", reply_markup: keyboard("") },
      "Bad Request: BUTTON_DATA_INVALID",
    ],
    [
      "65 bytes of callback data",
      { chat_id: ann, text: "x", reply_markup: keyboard("é".repeat(32) + "x") },
      "Bad Request: BUTTON_DATA_INVALID",
    ],
    [
      "a button that does nothing",
      { chat_id: ann, text: "x", reply_markup: { inline_keyboard: [[{ text: "x" }]] } },
      "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ],
    [
      "a markup that is no JSON",
      { chat_id: ann, text: "x", reply_markup: "{" },
      "Bad Request: can't parse reply keyboard markup JSON object",
    ],
    [
      "a reply to nothing",
      { chat_id: ann, text: "x", reply_parameters: { message_id: 77 } },
      "Bad Request: message to be replied not found",
    ],
  ]
  it.effect.each(refusals)("refuses %s", ([, params, description]) =>
    Effect.gen(function* () {
      const emulator = yield* people
      assert.strictEqual(yield* said("sendMessage", params), description)
      assert.deepStrictEqual((yield* emulator.chat(ann)).messages, [])
    }).pipe(free))

  it.effect("counts 4,096 characters after the tags are gone", () =>
    Effect.gen(function* () {
      yield* people
      const text = `<b>${"&amp;".repeat(4096)}</b>`
      assert.strictEqual(yield* said("sendMessage", { chat_id: ann, text, parse_mode: "HTML" }), "ok")
    }).pipe(free))

  it.effect("accepts 64 bytes of callback data, and markup as JSON text", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const reply_markup = JSON.stringify(keyboard("é".repeat(32)))
      assert.strictEqual(yield* said("sendMessage", { chat_id: `${ann}`, text: "x", reply_markup }), "ok")
      assert.strictEqual((yield* emulator.chat(ann)).messages[0]?.buttons[0]?.[0]?.text, "Go")
    }).pipe(free))

  it.effect("answers with the message, its entities and its time in seconds", () =>
    Effect.gen(function* () {
      yield* people
      yield* TestClock.adjust("90500 millis")
      const { result } = yield* call("sendMessage", { chat_id: ann, text: "<b>hi</b>", parse_mode: "HTML" })
      assert.deepStrictEqual(result, {
        message_id: 1,
        from: {
          id: 7000000001,
          is_bot: true,
          first_name: "ArbEdge",
          username: "arbedge_emulated_bot",
        },
        chat: { id: ann, first_name: "Ann", type: "private" },
        date: 90,
        text: "hi",
        entities: [{ type: "bold", offset: 0, length: 2 }],
      })
    }).pipe(free))

  it.effect("is forbidden where people do not want it", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* emulator.addPrivateChat({ id: 7, firstName: "New", started: false })
      const send = (chat_id: number) => said("sendMessage", { chat_id, text: "x" })
      assert.strictEqual(yield* send(7), "Forbidden: bot can't initiate conversation with a user")
      yield* emulator.say(7, 7, "/start")
      assert.strictEqual(yield* send(7), "ok")
      yield* emulator.block(ann)
      assert.strictEqual(yield* send(ann), "Forbidden: bot was blocked by the user")
      yield* emulator.unblock(ann)
      assert.strictEqual(yield* send(ann), "ok")
      yield* emulator.block(group)
      assert.strictEqual(yield* send(group), "Forbidden: bot was kicked from the group chat")
    }).pipe(free))

  it.effect("says where a group has moved to", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const moved = yield* emulator.migrate(group)
      assert.deepStrictEqual(yield* call("sendMessage", { chat_id: group, text: "x" }), {
        ok: false,
        error_code: 400,
        description: "Bad Request: group chat was upgraded to a supergroup chat",
        parameters: { migrate_to_chat_id: moved },
      })
      assert.strictEqual(yield* said("sendMessage", { chat_id: moved, text: "x" }), "ok")
    }).pipe(free))

  it.effect("needs administrator rights in a channel", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const channel = { type: "channel", members: [] } as const
      yield* emulator.addGroup({ ...channel, id: -1001, title: "Own", username: "own_channel" })
      yield* emulator.addGroup({ ...channel, id: -1002, title: "Other", botStatus: "member" })
      assert.strictEqual(yield* said("sendMessage", { chat_id: "@own_channel", text: "x" }), "ok")
      assert.strictEqual(
        yield* said("sendMessage", { chat_id: -1002, text: "x" }),
        "Bad Request: need administrator rights in the channel chat",
      )
    }).pipe(free))
})

describe("edits and deletions", () => {
  it.effect("change what people see, buttons included", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* call("sendMessage", { chat_id: ann, text: "open", reply_markup: keyboard("a") })
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(yield* said("editMessageText", { chat_id: ann, message_id: 1, text: "closed" }), "ok")
      const [message] = (yield* emulator.chat(ann)).messages
      assert.deepStrictEqual([message?.text, message?.buttons, message?.editedAtMs], ["closed", [], 5_000])
    }).pipe(free))

  it.effect("refuse what changes nothing, is not there, or is not the bot's", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* call("sendMessage", { chat_id: ann, text: "x", reply_markup: keyboard("a") })
      yield* emulator.say(ann, ann, "hello")
      const edit = (message_id: unknown, rest: object) =>
        said("editMessageText", { chat_id: ann, message_id, text: "x", ...rest })
      assert.strictEqual(yield* edit(1, { reply_markup: keyboard("a") }), notModified)
      assert.strictEqual(yield* edit(3, {}), "Bad Request: message to edit not found")
      assert.strictEqual(yield* edit(2, {}), "Bad Request: message can't be edited")
      assert.strictEqual(yield* edit(undefined, {}), "Bad Request: message identifier is not specified")
      assert.strictEqual(yield* edit(1, { text: "" }), "Bad Request: message text is empty")
    }).pipe(free))

  it.effect("replace the buttons alone", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* call("sendMessage", { chat_id: ann, text: "x", reply_markup: keyboard("a") })
      const edit = (reply_markup: object) =>
        said("editMessageReplyMarkup", { chat_id: ann, message_id: 1, reply_markup })
      assert.strictEqual(yield* edit(keyboard("b", "Stop")), "ok")
      assert.strictEqual(yield* edit(keyboard("b", "Stop")), notModified)
      assert.strictEqual((yield* emulator.chat(ann)).messages[0]?.buttons[0]?.[0]?.text, "Stop")
    }).pipe(free))

  it.effect("delete the bot's message for everyone, within 48 hours", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* call("sendMessage", { chat_id: ann, text: "x" })
      yield* call("sendMessage", { chat_id: ann, text: "y" })
      yield* emulator.say(group, bob, "mine")
      assert.strictEqual(yield* said("deleteMessage", { chat_id: ann, message_id: 1 }), "ok")
      assert.strictEqual(
        yield* said("deleteMessage", { chat_id: ann, message_id: 1 }),
        "Bad Request: message to delete not found",
      )
      assert.strictEqual(
        yield* said("deleteMessage", { chat_id: group, message_id: 1 }),
        "Bad Request: message can't be deleted",
      )
      yield* TestClock.adjust("49 hours")
      assert.strictEqual(
        yield* said("deleteMessage", { chat_id: ann, message_id: 2 }),
        "Bad Request: message can't be deleted for everyone",
      )
    }).pipe(free))
})
