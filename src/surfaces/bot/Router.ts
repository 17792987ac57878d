/**
 * Which reaction an update gets: grammY's router with effects as its answers.
 *
 * In: updates. Out: a reaction, or none for what concerns nobody. Promises: grammY decides and never acts: its handlers
 * only note the reaction, which then runs as an effect of the bot's own fibers; commands are the Gate's to admit, in
 * groups as in private; unknown ones get a hint in private chats and silence in groups, where they may be another bot's.
 */
import { Api, Composer, Context } from "grammy/web"
import type { Chat, Message, Update, User as Sender } from "grammy/types"
import { Clock, Effect, Option } from "effect"
import type { Permission } from "../../domain/Permission.ts"
import { fromPromise } from "../../layers/bridge.ts"
import type { Telegram } from "../../layers/Telegram.ts"
import { identityOf } from "./BotIdentity.ts"
import { isOpen, type OpenCommand } from "./Command.ts"
import { CommandRate } from "./CommandRate.ts"
import { COMMANDS } from "./commands/All.ts"
import { admit, deniedHere, languageOf, turnAway } from "./Gate.ts"
import * as Registrars from "./groups/Registrars.ts"
import { say, Topic } from "./Replies.ts"
import * as Hearing from "./dialogues/Hearing.ts"
import * as Standing from "./Standing.ts"
import { tapped } from "./Taps.ts"
import { html } from "./texts/Fluent.ts"
import { type Member, type Reaction, type Visit, visitOf } from "./Visit.ts"

interface Called {
  readonly name: string
  /** What stands behind it. */
  readonly argument: string
  /** Which bot was meant; null: whoever is there. */
  readonly bot: string | null
}

/** "/start", "/start@arbedge_bot argument". */
export const calledIn = (text: string): Called | null => {
  const match = /^\/([a-z0-9_]{1,32})(?:@(\w{1,32}))?(?:\s([^]*))?$/i.exec(text)
  const [, name, bot, argument = ""] = match ?? []
  return name === undefined
    ? null
    : { name: name.toLowerCase(), bot: bot?.toLowerCase() ?? null, argument: argument.trim() }
}

/** A command ends what they were asked, whether they are admitted to it or not. Groups are asked nothing. */
const entering: (
  visit: Visit,
  permission: Permission | null,
  activity: string,
  react: (member: Member) => Reaction,
) => Reaction = Effect.fnUntraced(function* (visit, permission, activity, react) {
  const admission = yield* admit(visit, permission, activity)
  const member = admission._tag === "Member" ? admission.member : null
  if (visit.isPrivate) yield* Hearing.leave(visit.telegramId, member?.session ?? null)
  yield* admission._tag === "Denied" ? turnAway(visit, admission.denial) : react(admission.member)
})

/** Hints go to those who have a session; the others are told how to get one. */
const hint = (visit: Visit): Reaction =>
  entering(
    visit,
    null,
    "command:unknown",
    ({ preferences }) => say(visit.chatId, html(preferences.language, "gate-unknown-command")),
  )

/** What is no command: the answer to what they were asked, or a hint. */
const hear = (visit: Visit, message: Message): Reaction =>
  Effect.flatMap(
    admit(visit, null, "message"),
    (admission) =>
      admission._tag === "Denied" ? turnAway(visit, admission.denial) : Hearing.hear(
        admission.member,
        Hearing.saidIn(message),
        say(visit.chatId, html(admission.member.preferences.language, "gate-not-a-command")),
      ),
  )

/** One that takes no session. */
const open = Effect.fnUntraced(function* (visit: Visit, command: OpenCommand) {
  if (visit.isPrivate) yield* Hearing.leave(visit.telegramId, null)
  const denied = yield* deniedHere(visit, command.name)
  yield* denied === null ? command.run(visit) : turnAway(visit, denied)
})

const command = (visit: Visit, name: string): Reaction => {
  const known = COMMANDS.find((each) => each.name === name)
  if (known === undefined) return hint(visit)
  return isOpen(known) ? open(visit, known) : entering(visit, known.name, `command:${known.name}`, known.run)
}

/** Answers in the topic of a forum that it was said in. */
const inTopic = (
  message: {
    readonly chat: { readonly id: number }
    readonly message_thread_id?: number
    readonly is_topic_message?: boolean
  },
  reaction: Reaction,
): Reaction =>
  message.is_topic_message === true && message.message_thread_id !== undefined
    ? Effect.provideService(reaction, Topic, { chatId: `${message.chat.id}`, threadId: message.message_thread_id })
    : reaction

/** Served as often as the plan admits; who asks more is told so once. */
const rated = (visit: Visit, reaction: Reaction): Reaction =>
  Effect.flatMap(CommandRate, ({ turn }) => {
    const given = turn(visit.telegramId, "command", visit.nowMs)
    if (given._tag === "Serve") return reaction
    const { isFirst, perMinute, waitMs } = given
    return isFirst
      ? Effect.flatMap(languageOf(visit), (language) =>
        say(visit.chatId, html(language, "gate-too-fast", { perMinute, seconds: Math.ceil(waitMs / 1_000) })))
      : Effect.void
  })

/** A visitor to the bot of this name. */
const visitingTo =
  (botName: string) =>
  <A>(chat: Chat | Sender, from: Sender, argument: string, react: (visit: Visit) => Reaction<A>): Reaction<A> =>
    Effect.flatMap(Clock.currentTimeMillis, (nowMs) => react(visitOf(chat, from, { nowMs, botName, argument })))

const onMessage = (message: Message, me: Me): Reaction | null => {
  const visiting = visitingTo(me.username)
  const { chat, from, text } = message
  if (message.migrate_to_chat_id !== undefined) return Standing.migrated(`${chat.id}`, `${message.migrate_to_chat_id}`)
  if (from === undefined || from.is_bot || text === undefined) {
    // Places, pictures, stickers, joins: in private they count as contact, and are heard like other text.
    return from === undefined || from.is_bot || chat.id <= 0
      ? null
      : visiting(chat, from, "", (visit) => rated(visit, hear(visit, message)))
  }
  const called = calledIn(text)
  const forUs = called?.bot == null || called.bot === me.username.toLowerCase()
  const reaction = visiting(chat, from, called?.argument ?? "", (visit) => {
    if (visit.isPrivate) {
      return rated(
        visit,
        called !== null && forUs ? command(visit, called.name) : hear(visit, message),
      )
    }
    const isOurs = called !== null && forUs && COMMANDS.some(({ name }) => name === called.name)
    return isOurs ? rated(visit, command(visit, called.name)) : Effect.void
  })
  return inTopic(message, reaction)
}

/** Who the bot is. */
export type Me = Effect.Success<Telegram["Service"]["me"]>

export interface Router {
  /** None: nothing to do. Fails if grammY could not route it. */
  readonly route: (update: Update) => Effect.Effect<Option.Option<Reaction>, "unroutable">
}

/** grammY wants a token and never uses it: its own calls are not made. */
const NO_TOKEN = "0:unused"

/** What grammY hands from filter to handler, and where the handler leaves its reaction. */
class Routed extends Context {
  reaction: Reaction | null = null
}

export const make = (me: Me): Router => {
  const api = new Api(NO_TOKEN)
  const info = identityOf(me)
  const visiting = visitingTo(me.username)
  const routes = new Composer<Routed>()
  routes.on("message", (ctx) => void (ctx.reaction = onMessage(ctx.message, me)))
  routes.on("callback_query", (ctx) => {
    const { data = "", from, id, message } = ctx.callbackQuery
    const tap = { queryId: id, messageId: message?.message_id ?? null }
    const react = visiting(message?.chat ?? from, from, "", (visit) => tapped(visit, tap, data))
    ctx.reaction = message === undefined ? react : inTopic(message, react)
  })
  routes.on("my_chat_member", (ctx) => {
    const { chat, from, new_chat_member: now, old_chat_member: before } = ctx.myChatMember
    const change = {
      title: chat.title ?? null,
      isChannel: chat.type === "channel",
      before: before?.status ?? null,
      status: now.status,
      canPost: now.status === "administrator" && now.can_post_messages === true,
    }
    ctx.reaction = visiting(chat, from, "", (visit) => Standing.changed(visit, change))
  })
  routes.on("chat_member", (ctx) => {
    const { chat, new_chat_member: { status, user } } = ctx.chatMember
    ctx.reaction = Registrars.changed(`${chat.id}`, `${user.id}`, status)
  })
  const decide = routes.middleware()
  return {
    route: (update) => {
      const routed = new Routed(update, api, info)
      // What grammY throws holds the whole context: only that it threw is of use here.
      return fromPromise(
        async () => {
          await decide(routed, () => Promise.resolve())
          return Option.fromNullishOr(routed.reaction)
        },
        () => "unroutable" as const,
      )
    },
  }
}
