/**
 * The emulated Telegram as a service: a strict Bot API for one bot, and the people who talk with it.
 * Comes in: Bot API calls (over TCP at `url`, or in-process by `fetch`) and what people do. Goes out: replies, updates,
 * the conversations as people see them, and a log of every call.
 * Promises: it refuses what Telegram refuses, with the same words; all time is Effect's Clock; nothing is random.
 */
import { Clock, Context, Effect, Layer, Result, type Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import * as CallLog from "./CallLog.ts"
import { type ChatType, type MemberStatus, type StoredMessage } from "./Chats.ts"
import * as Faults from "./Faults.ts"
import type { Entity } from "./HtmlEntities.ts"
import type { InlineButton } from "./Keyboards.ts"
import type { Limits } from "./Limits.ts"
import type { UploadedFile } from "./Params.ts"
import * as People from "./People.ts"
import { type Fetch, makeFetch, serve } from "./Server.ts"
import * as Updates from "./Updates.ts"
import * as Webhook from "./Webhook.ts"
import * as World from "./World.ts"

export interface Options {
  /** 0 (the default) takes a free port. */
  readonly port?: number
  /** `<bot id>:<secret>`. */
  readonly token?: string
  readonly botName?: string
  readonly botUsername?: string
  /** Replaces single limits; null switches one off. */
  readonly limits?: Partial<Limits>
  /** After so long a tap can no longer be answered; default 15,000. */
  readonly callbackTimeoutMs?: number
  /** Calls that the log keeps (what an open stream has yet to hand out comes on top); default 1,000,000. */
  readonly callsKept?: number
  /**
   * For so long a chat remembers what a message says that nobody touches; for ever by default. Then it is empty, but can
   * still be edited, deleted and replied to.
   */
  readonly wordsKeptMs?: number
}

/** A message as the people in the chat see it now. */
export interface VisibleMessage {
  readonly messageId: number
  readonly fromBot: boolean
  /** The writer's first name, or the chat's title in a channel. */
  readonly from: string
  /** With a file: its caption. */
  readonly text: string
  readonly entities: ReadonlyArray<Entity>
  readonly document?: UploadedFile
  readonly buttons: ReadonlyArray<ReadonlyArray<InlineButton>>
  /** The topic of a forum; null: none. */
  readonly threadId: number | null
  readonly sentAtMs: number
  readonly editedAtMs: number | null
}

export interface VisibleChat {
  readonly id: number
  readonly type: ChatType
  readonly title: string
  readonly messages: ReadonlyArray<VisibleMessage>
}

/** What answerCallbackQuery said to a tap; null while unanswered. */
export type CallbackAnswer = { readonly text: string; readonly showAlert: boolean } | null

export interface Emulator {
  /** The apiRoot for a Bot API client. */
  readonly url: string
  readonly token: string
  /** The same API without TCP, for a client in this process. */
  readonly fetch: Fetch
  /** Adds a person and their private chat with the bot; both have the id that is answered. */
  readonly addPrivateChat: (person: People.PrivateChat) => Effect.Effect<number, People.EmulatorError>
  readonly addGroup: (group: People.Group) => Effect.Effect<number, People.EmulatorError>
  /** `threadId`: the topic of a forum it is said in. */
  readonly say: (
    chatId: number,
    userId: number,
    text: string,
    threadId?: number,
  ) => Effect.Effect<People.Said, People.EmulatorError>
  /** Taps a button by its callback data or text; answers the callback query's id. In a group, `userId` says who. */
  readonly tap: (
    chatId: number,
    messageId: number,
    button: string,
    userId?: number,
  ) => Effect.Effect<string, People.EmulatorError>
  /** Promotes, demotes or removes a member, or the bot by its own id; a bot that is an admin there is told. */
  readonly setStatus: (
    chatId: number,
    userId: number,
    status: MemberStatus,
  ) => Effect.Effect<void, People.EmulatorError>
  readonly callbackAnswer: (callbackQueryId: string) => Effect.Effect<CallbackAnswer>
  /** A person blocks the bot, or a group removes it; the bot is told by my_chat_member. */
  readonly block: (chatId: number) => Effect.Effect<void, People.EmulatorError>
  readonly unblock: (chatId: number) => Effect.Effect<void, People.EmulatorError>
  /** Upgrades a basic group; answers the new id. */
  readonly migrate: (groupId: number) => Effect.Effect<number, People.EmulatorError>
  /** Hands an update out once more with its old id; the last one if none is named. */
  readonly duplicateUpdate: (updateId?: number) => Effect.Effect<void, People.EmulatorError>
  /** Queues any update; it gets an update_id unless it has one. Answers the id, or null if the bot does not want it. */
  readonly pushRawUpdate: (update: Readonly<Record<string, unknown>>) => Effect.Effect<number | null>
  /** The conversation as people see it: after edits, without deleted messages. */
  readonly chat: (chatId: number) => Effect.Effect<VisibleChat, People.EmulatorError>
  readonly log: {
    readonly calls: Effect.Effect<ReadonlyArray<CallLog.Call>>
    /** All calls so far, then each new one; endless. */
    readonly stream: Stream.Stream<CallLog.Call>
    /** The calls so far, one JSON object a line. */
    readonly ndjson: Effect.Effect<string>
    /** Calls no longer in the log because it was full. */
    readonly droppedCount: Effect.Effect<number>
  }
  readonly faults: {
    readonly inject: (fault: Faults.Fault) => Effect.Effect<void>
    readonly clear: Effect.Effect<void>
  }
}

const titleOf = (names: Readonly<Record<string, string>>) => names["title"] ?? names["first_name"] ?? ""

const visible = (world: World.World, title: string, message: StoredMessage): VisibleMessage => ({
  messageId: message.messageId,
  fromBot: message.from === null || message.from.id === world.bot.id,
  from: message.from?.first_name ?? title,
  text: message.text,
  entities: message.entities,
  ...(message.document === undefined ? {} : { document: message.document }),
  buttons: message.keyboard?.inline_keyboard ?? [],
  threadId: message.threadId,
  sentAtMs: message.dateMs,
  editedAtMs: message.editedMs,
})

const make = (world: World.World, url: string, fetch: Fetch): Emulator => {
  type Done<A> = Result.Result<A, People.EmulatorError>
  const act = <A>(action: (nowMs: number) => Done<A>): Effect.Effect<A, People.EmulatorError> =>
    Effect.flatMap(Clock.currentTimeMillis, (nowMs) => Effect.fromResult(action(nowMs)))
  return {
    url,
    token: world.options.token,
    fetch,
    addPrivateChat: (person) => act(() => People.addPrivateChat(world, person)),
    addGroup: (group) => act((nowMs) => People.addGroup(world, group, nowMs)),
    say: (chatId, userId, text, threadId) => act((nowMs) => People.say(world, chatId, userId, text, nowMs, threadId)),
    tap: (chatId, messageId, button, userId) =>
      act((nowMs) => People.tap(world, chatId, messageId, button, userId, nowMs)),
    setStatus: (chatId, userId, status) => act((nowMs) => People.setStatus(world, chatId, userId, status, nowMs)),
    callbackAnswer: (id) => Effect.sync(() => world.callbacks.get(id)?.answer ?? null),
    block: (chatId) => act((nowMs) => People.block(world, chatId, nowMs)),
    unblock: (chatId) => act((nowMs) => People.unblock(world, chatId, nowMs)),
    migrate: (groupId) => act((nowMs) => People.migrate(world, groupId, nowMs)),
    duplicateUpdate: (updateId) => act(() => People.duplicateUpdate(world, updateId)),
    pushRawUpdate: (update) => Effect.sync(() => Updates.push(world.updates, "raw", update)),
    chat: (chatId) =>
      act(() =>
        Result.map(People.chatOf(world, chatId), ({ id, type, names, messages }) => ({
          id,
          type,
          title: titleOf(names),
          messages: [...messages.values()].map((message) => visible(world, titleOf(names), message)),
        }))
      ),
    log: {
      calls: Effect.sync(() => world.log.calls.slice()),
      stream: CallLog.stream(world.log),
      ndjson: Effect.sync(() => CallLog.toNdjson(world.log.calls)),
      droppedCount: Effect.sync(() => world.log.droppedCount),
    },
    faults: {
      inject: (fault) => Effect.sync(() => Faults.inject(world.faults, fault)),
      clear: Effect.sync(() => Faults.clear(world.faults)),
    },
  }
}

const makeWorld = (options: Options): World.World =>
  World.make({
    token: options.token ?? "7000000001:AAE-emulated-telegram-bot-token-000",
    botName: options.botName ?? "ArbEdge",
    botUsername: options.botUsername ?? "arbedge_emulated_bot",
    limits: options.limits ?? {},
    callbackTimeoutMs: options.callbackTimeoutMs ?? 15_000,
    callsKept: options.callsKept ?? CallLog.defaultCapacity,
    wordsKeptMs: options.wordsKeptMs ?? Infinity,
  })

/** Starts the webhook's deliveries and answers the handler without TCP. */
const start = (world: World.World) =>
  Effect.andThen(
    Effect.forkScoped(Effect.provide(Webhook.run(world), FetchHttpClient.layer)),
    makeFetch(world),
  )

export class TelegramEmulator extends Context.Service<TelegramEmulator, Emulator>()("simulators/TelegramEmulator") {
  /** Serves on TCP; a new, empty Telegram for each build. Fails if the port is taken. */
  static readonly layer = (options: Options = {}) =>
    Layer.effect(
      TelegramEmulator,
      Effect.gen(function* () {
        const world = makeWorld(options)
        const fetch = yield* start(world)
        return make(world, yield* serve(world, options.port ?? 0), fetch)
      }),
    )

  /** The same without TCP: reachable only by `fetch`, at a url that leads nowhere else. */
  static readonly layerInProcess = (options: Omit<Options, "port"> = {}) =>
    Layer.effect(
      TelegramEmulator,
      Effect.gen(function* () {
        const world = makeWorld(options)
        return make(world, "http://telegram.invalid", yield* start(world))
      }),
    )
}
