/**
 * The people of the simulated Telegram: what they do, as plain functions on the world.
 * Comes in: who does what, and when. Goes out: updates in Telegram's shape, and a changed world.
 * Promises: a person can do only what the app lets people do (tap a button that is there, write where they are).
 */
import { Result, Schema } from "effect"
import {
  append,
  type ChatState,
  type ChatType,
  commandEntities,
  makeChat,
  type Member,
  type MemberStatus,
  seconds,
  type StoredMessage,
  type User,
  wireChat,
  wireMember,
  wireMessage,
} from "./Chats.ts"
import { type Callback, callbackLimit, type World } from "./World.ts"
import * as Updates from "./Updates.ts"

/** A script asked for something that cannot happen; never worth a retry. */
export class EmulatorError extends Schema.TaggedError<EmulatorError>()("EmulatorError", {
  reason: Schema.Literals([
    "chat_exists",
    "chat_unknown",
    "user_unknown",
    "message_unknown",
    "button_unknown",
    "not_a_group",
    "not_reachable",
    "update_unknown",
  ]),
  detail: Schema.String,
}) {
  readonly retryable = false
}

type Done<A> = Result.Result<A, EmulatorError>
const fail = (reason: EmulatorError["reason"], detail: string) => Result.fail(new EmulatorError({ reason, detail }))

export interface Person {
  readonly id: number
  readonly firstName: string
  readonly lastName?: string
  readonly username?: string
  readonly languageCode?: string
}

export interface PrivateChat extends Person {
  /** False: the person never pressed Start, so the bot may not write first. Default true. */
  readonly started?: boolean
}

export interface Group {
  /** Negative, as Telegram's are; a supergroup or channel begins with -100. */
  readonly id: number
  readonly title: string
  readonly type?: Exclude<ChatType, "private">
  readonly username?: string
  readonly members: ReadonlyArray<Person & { readonly status: MemberStatus }>
  /** The bot's own standing; default "member", in a channel "administrator". */
  readonly botStatus?: MemberStatus
  /** Whether the bot is told that it was added; default false. */
  readonly announce?: boolean
  /** Topics of a forum. */
  readonly topics?: ReadonlyArray<number>
}

const toUser = (person: Person): User => ({
  id: person.id,
  is_bot: false,
  first_name: person.firstName,
  ...(person.lastName === undefined ? {} : { last_name: person.lastName }),
  ...(person.username === undefined ? {} : { username: person.username }),
  ...(person.languageCode === undefined ? {} : { language_code: person.languageCode }),
})

export const chatOf = (world: World, chatId: number): Done<ChatState> => {
  const chat = world.chats.get(chatId)
  return chat === undefined ? fail("chat_unknown", `no chat ${chatId}`) : Result.succeed(chat)
}

const addChat = (world: World, chat: ChatState): Done<ChatState> => {
  if (world.chats.has(chat.id)) return fail("chat_exists", `chat ${chat.id} exists already`)
  world.chats.set(chat.id, chat)
  return Result.succeed(chat)
}

export const addPrivateChat = (world: World, person: PrivateChat): Done<number> => {
  const user = toUser(person)
  const { id, is_bot: _isBot, language_code: _language, ...names } = user
  const chat = makeChat({ id, type: "private", names, members: [{ user, status: "member" }] })
  if (person.started === false) chat.reach = "not_started"
  return Result.map(addChat(world, chat), () => id)
}

/** Tells the bot that its own standing in a chat changed. */
const tellStanding = (world: World, chat: ChatState, by: User, from: MemberStatus, to: MemberStatus, nowMs: number) =>
  Updates.push(world.updates, `chat:${chat.id}`, {
    my_chat_member: {
      chat: wireChat(chat),
      from: by,
      date: seconds(nowMs),
      old_chat_member: { user: world.bot, status: from },
      new_chat_member: wireMember(chat, { user: world.bot, status: to }),
    },
  })

/** Promotes, demotes or removes somebody, or the bot; who is told of others is only a bot that is an admin. */
export const setStatus = (
  world: World,
  chatId: number,
  userId: number,
  status: MemberStatus,
  nowMs: number,
): Done<void> =>
  Result.gen(function* () {
    const chat = yield* chatOf(world, chatId)
    const user = yield* memberOf(chat, userId)
    const before = chat.members.get(userId)?.status ?? "left"
    if (before === status) return
    chat.members.set(userId, { user, status })
    if (userId === world.bot.id) {
      tellStanding(world, chat, actor(world, chat), before, status, nowMs)
      return
    }
    if (chat.members.get(world.bot.id)?.status !== "administrator") return
    Updates.push(world.updates, `chat:${chat.id}`, {
      chat_member: {
        chat: wireChat(chat),
        from: actor(world, chat),
        date: seconds(nowMs),
        old_chat_member: wireMember(chat, { user, status: before }),
        new_chat_member: wireMember(chat, { user, status }),
      },
    })
  })

/** Who acts for a chat when nobody in particular does: the person of a private chat, or a group's first member. */
const actor = (world: World, chat: ChatState): User =>
  [...chat.members.values()].find(({ user }) => user.id !== world.bot.id)?.user ?? world.bot

export const addGroup = (world: World, group: Group, nowMs: number): Done<number> => {
  const type = group.type ?? "supergroup"
  const status = group.botStatus ?? (type === "channel" ? "administrator" : "member")
  const people: ReadonlyArray<Member> = group.members.map((person) => ({ user: toUser(person), status: person.status }))
  const chat = makeChat({
    id: group.id,
    type,
    names: { title: group.title, ...(group.username === undefined ? {} : { username: group.username }) },
    members: [...people, { user: world.bot, status }],
    ...(group.topics === undefined ? {} : { topics: group.topics }),
  })
  return Result.map(addChat(world, chat), () => {
    if (group.announce === true) tellStanding(world, chat, actor(world, chat), "left", status, nowMs)
    return chat.id
  })
}

const memberOf = (chat: ChatState, userId: number): Done<User> => {
  const member = chat.members.get(userId)
  return member === undefined
    ? fail("user_unknown", `user ${userId} is not in chat ${chat.id}`)
    : Result.succeed(member.user)
}

/** What a person did, and the update it made (null: the bot did not ask for that kind). */
export interface Said {
  readonly messageId: number
  readonly updateId: number | null
}

const tellMessage = (world: World, chat: ChatState, message: StoredMessage): Said => ({
  messageId: message.messageId,
  updateId: Updates.push(world.updates, `chat:${chat.id}`, {
    [chat.type === "channel" ? "channel_post" : "message"]: wireMessage(chat, message),
  }),
})

const personal = { editedMs: null, keyboard: null, replyToMessageId: null, threadId: null, service: null }

export const say = (
  world: World,
  chatId: number,
  userId: number,
  text: string,
  nowMs: number,
  threadId: number | null = null,
): Done<Said> =>
  Result.gen(function* () {
    const chat = yield* chatOf(world, chatId)
    const from = yield* memberOf(chat, userId)
    if (chat.reach === "blocked" || chat.migratedTo !== null) {
      return yield* fail("not_reachable", `nobody can write in chat ${chatId} now`)
    }
    // Pressing Start is what lets a bot write to a person.
    if (chat.reach === "not_started") chat.reach = "open"
    const message = append(chat, {
      ...personal,
      threadId,
      text,
      entities: commandEntities(text),
      from: chat.type === "channel" ? null : from,
      dateMs: nowMs,
    }, world.options.wordsKeptMs)
    return tellMessage(world, chat, message)
  })

/** A person taps a button of a message, named by its callback data or, failing that, its text. Answers the query id. */
export const tap = (
  world: World,
  chatId: number,
  messageId: number,
  button: string,
  userId: number | undefined,
  nowMs: number,
): Done<string> =>
  Result.gen(function* () {
    const chat = yield* chatOf(world, chatId)
    const from = userId === undefined ? actor(world, chat) : yield* memberOf(chat, userId)
    const message = chat.messages.get(messageId)
    if (message === undefined) return yield* fail("message_unknown", `no message ${messageId} in chat ${chatId}`)
    const buttons = message.keyboard?.inline_keyboard.flat() ?? []
    const found = buttons.find((each) => each.callback_data === button) ?? buttons.find((each) => each.text === button)
    if (found?.callback_data === undefined) {
      return yield* fail("button_unknown", `no button "${button}" under message ${messageId} of chat ${chatId}`)
    }
    const id = `${4_000_000_000_000_000_000n + BigInt(world.nextCallback++)}`
    const callback: Callback = { id, chatId, userId: from.id, askedMs: nowMs, answer: null }
    world.callbacks.set(id, callback)
    const oldest = world.callbacks.keys().next()
    if (world.callbacks.size > callbackLimit && oldest.done !== true) world.callbacks.delete(oldest.value)
    Updates.push(world.updates, `chat:${chatId}`, {
      callback_query: {
        id,
        from,
        message: wireMessage(chat, message),
        chat_instance: `${chatId}`,
        data: found.callback_data,
      },
    })
    return id
  })

/** A person blocks the bot; a group removes it. */
export const block = (world: World, chatId: number, nowMs: number): Done<void> =>
  Result.map(chatOf(world, chatId), (chat) => {
    const wanted = chat.type === "private" ? "blocked" : "kicked"
    if (chat.reach === wanted) return
    chat.reach = wanted
    const before = chat.members.get(world.bot.id)?.status ?? "member"
    if (chat.type !== "private") chat.members.set(world.bot.id, { user: world.bot, status: "kicked" })
    tellStanding(world, chat, actor(world, chat), before, "kicked", nowMs)
  })

export const unblock = (world: World, chatId: number, nowMs: number): Done<void> =>
  Result.map(chatOf(world, chatId), (chat) => {
    if (chat.reach === "open") return
    chat.reach = "open"
    const status = chat.type === "channel" ? "administrator" : "member"
    if (chat.type !== "private") chat.members.set(world.bot.id, { user: world.bot, status })
    tellStanding(world, chat, actor(world, chat), "kicked", status, nowMs)
  })

/** Turns a basic group into a supergroup: two service messages, a new id (answered), and the old id is closed. */
export const migrate = (world: World, groupId: number, nowMs: number): Done<number> =>
  Result.gen(function* () {
    const group = yield* chatOf(world, groupId)
    if (group.type !== "group" || group.migratedTo !== null) {
      return yield* fail("not_a_group", `chat ${groupId} is no basic group`)
    }
    const newId = Number(`-100${Math.abs(groupId)}`)
    const supergroup = yield* addChat(
      world,
      makeChat({ id: newId, type: "supergroup", names: group.names, members: [...group.members.values()] }),
    )
    group.migratedTo = newId
    const blank = { ...personal, text: "", entities: [], from: actor(world, group), dateMs: nowMs }
    const told = (chat: ChatState, service: Readonly<Record<string, unknown>>) =>
      tellMessage(world, chat, append(chat, { ...blank, service }, world.options.wordsKeptMs))
    told(group, { migrate_to_chat_id: newId })
    told(supergroup, { migrate_from_chat_id: groupId })
    return newId
  })

/** Telegram sends an update (the last one by default) a second time. */
export const duplicateUpdate = (world: World, updateId: number | undefined): Done<void> =>
  Updates.duplicate(world.updates, updateId)
    ? Result.succeed(undefined)
    : fail("update_unknown", `no update ${updateId ?? ""} to send again`)
