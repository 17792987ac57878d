/**
 * The methods that look and administrate, through the API.
 * Comes in: calls. Promises: shapes and refusals are Telegram's.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { ann, bob, call, group, people, said, unlimited } from "./support.ts"

const free = Effect.provide(TelegramEmulator.layerInProcess(unlimited))

describe("the methods", () => {
  it.effect("are found whatever the case of their name, and 404 otherwise", () =>
    Effect.gen(function* () {
      assert.isTrue((yield* call("GETME")).ok)
      assert.deepStrictEqual(yield* call("sendNothing"), {
        ok: false,
        error_code: 404,
        description: "Not Found: method not found",
      })
    }).pipe(free))

  it.effect("describe a chat and its members", () =>
    Effect.gen(function* () {
      yield* people
      assert.include((yield* call("getChat", { chat_id: group })).result, { id: group, title: "Desk", type: "group" })
      assert.deepStrictEqual((yield* call("getChatMember", { chat_id: group, user_id: bob })).result, {
        user: { id: bob, is_bot: false, first_name: "Bob" },
        status: "member",
      })
      assert.include((yield* call("getChatMember", { chat_id: group, user_id: ann })).result, { status: "creator" })
      assert.strictEqual(
        yield* said("getChatMember", { chat_id: group, user_id: 9 }),
        "Bad Request: member not found",
      )
      assert.strictEqual(
        yield* said("getChatMember", { chat_id: group, user_id: "x" }),
        "Bad Request: invalid user_id specified",
      )
      assert.strictEqual((yield* call("getChatMemberCount", { chat_id: group })).result, 3)
      assert.strictEqual(
        yield* said("getChatAdministrators", { chat_id: ann }),
        "Bad Request: there are no administrators in the private chat",
      )
      assert.isTrue((yield* call("getChatAdministrators", { chat_id: group })).ok)
      assert.strictEqual(yield* said("getChat", { chat_id: 9 }), "Bad Request: chat not found")
    }).pipe(free))

  it.effect("keep commands by scope and language", () =>
    Effect.gen(function* () {
      yield* people
      const commands = [{ command: "start", description: "Begin" }]
      const scope = { type: "chat", chat_id: ann }
      assert.strictEqual(yield* said("setMyCommands", { commands, scope, language_code: "de" }), "ok")
      assert.deepStrictEqual((yield* call("getMyCommands", { scope, language_code: "de" })).result, commands)
      assert.deepStrictEqual((yield* call("getMyCommands", { scope })).result, [])
      assert.strictEqual(yield* said("deleteMyCommands", { scope, language_code: "de" }), "ok")
      assert.deepStrictEqual((yield* call("getMyCommands", { scope, language_code: "de" })).result, [])
      const bad = (command: string, description: string) =>
        said("setMyCommands", { commands: [{ command, description }] })
      assert.strictEqual(yield* bad("Start", "x"), "Bad Request: BOT_COMMAND_INVALID")
      assert.strictEqual(yield* bad("start", " "), "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
      assert.strictEqual(
        yield* said("getMyCommands", { scope: { type: "world" } }),
        "Bad Request: can't parse BotCommandScope: unsupported type specified",
      )
    }).pipe(free))

  it.effect("take only the chat actions there are", () =>
    Effect.gen(function* () {
      yield* people
      assert.strictEqual(yield* said("sendChatAction", { chat_id: ann, action: "typing" }), "ok")
      assert.strictEqual(
        yield* said("sendChatAction", { chat_id: ann, action: "dancing" }),
        "Bad Request: wrong parameter action in request",
      )
    }).pipe(free))

  it.effect("set a webhook only where Telegram would", () =>
    Effect.gen(function* () {
      const hook = (params: object) => said("setWebhook", { url: "https://x.io/h", ...params })
      assert.strictEqual(
        yield* hook({ secret_token: "a b" }),
        "Bad Request: secret token contains unallowed characters",
      )
      assert.strictEqual(yield* hook({ secret_token: "a".repeat(257) }), "Bad Request: secret token is too long")
      assert.strictEqual(
        yield* hook({ url: "http://x.io/h" }),
        "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
      )
      assert.strictEqual(yield* hook({ url: "x" }), "Bad Request: bad webhook: invalid webhook URL specified")
      assert.strictEqual(yield* hook({ secret_token: "ok_-1" }), "ok")
      assert.strictEqual(yield* hook({ url: "" }), "ok")
      assert.deepStrictEqual((yield* call("getWebhookInfo")).result, {
        url: "",
        has_custom_certificate: false,
        pending_update_count: 0,
      })
    }).pipe(free))
})
