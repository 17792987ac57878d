/**
 * The bot's command menu: setMyCommands, getMyCommands, deleteMyCommands.
 * Comes in: commands by scope and language. Goes out: exactly the list set for that scope and language.
 * Promises: names and descriptions within Telegram's bounds, or its refusal.
 */
import { Result } from "effect"
import { findChat } from "./Chats.ts"
import type { Method } from "./Messages.ts"
import { type Answer, badRequest } from "./Outcome.ts"
import { isRecord, json, type Params, text } from "./Params.ts"
import type { BotCommand, World } from "./World.ts"

const maxCommands = 100
const wideScopes = ["default", "all_private_chats", "all_group_chats", "all_chat_administrators"]
const chatScopes = ["chat", "chat_administrators", "chat_member"]

/** One key for each scope and language. */
const scopeKey = (world: World, params: Params): Answer<string> =>
  Result.gen(function* () {
    const language = text(params, "language_code")
    if (language !== "" && !/^[a-z]{2}$/.test(language)) return yield* badRequest("invalid language code specified")
    const scope = yield* json(params, "scope", "can't parse BotCommandScope: can't parse scope JSON object")
    if (scope === null) return `default|${language}`
    if (!isRecord(scope)) return yield* badRequest("can't parse BotCommandScope: expected an Object")
    const type = text(scope, "type")
    if (wideScopes.includes(type)) return `${type}|${language}`
    if (!chatScopes.includes(type)) {
      return yield* badRequest("can't parse BotCommandScope: unsupported type specified")
    }
    const chat = yield* findChat(world.chats, scope)
    return `${type}:${chat.id}:${text(scope, "user_id")}|${language}`
  })

const readCommands = (params: Params): Answer<ReadonlyArray<BotCommand>> =>
  Result.gen(function* () {
    const list = yield* json(params, "commands", "can't parse commands JSON object")
    if (!Array.isArray(list)) return yield* badRequest("can't parse commands: expected an Array of BotCommand")
    if (list.length > maxCommands) return yield* badRequest("BOT_COMMANDS_TOO_MUCH")
    const commands: Array<BotCommand> = []
    for (const each of list) {
      if (!isRecord(each)) return yield* badRequest("can't parse commands: expected an Object as BotCommand")
      const command = text(each, "command").replace(/^\//, "")
      const description = text(each, "description").trim()
      if (!/^[a-z0-9_]{1,32}$/.test(command)) return yield* badRequest("BOT_COMMAND_INVALID")
      if (description.length < 1 || description.length > 256) {
        return yield* badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
      }
      commands.push({ command, description })
    }
    return commands
  })

export const setMyCommands: Method = (world, params) =>
  Result.gen(function* () {
    world.commands.set(yield* scopeKey(world, params), yield* readCommands(params))
    return true
  })

export const getMyCommands: Method = (world, params) =>
  Result.map(scopeKey(world, params), (key) => world.commands.get(key) ?? [])

export const deleteMyCommands: Method = (world, params) =>
  Result.map(scopeKey(world, params), (key) => {
    world.commands.delete(key)
    return true
  })
