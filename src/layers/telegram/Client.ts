/**
 * The Telegram port on grammY.
 *
 * In: a bot token. Out: the Bot API as effects. Promises: a call that is interrupted or takes too long is aborted and,
 * if it may have left, ends as `Unknown`; the token reaches the transport's address and nothing else; what Telegram
 * answers is checked where it is used.
 */
import { Duration, Effect, Layer, Redacted, Schema } from "effect"
import { Api, InputFile } from "grammy/web"
import type { Language } from "../../domain/Preferences.ts"
import {
  type Buttons,
  type ChatMember,
  MemberStatus,
  type MenuScope,
  type ReplyKeyboard,
  Telegram,
  TelegramError,
  Unknown,
} from "../Telegram.ts"
import { fromThrown } from "./Failure.ts"
import * as Transport from "./Transport.ts"

export interface ClientOptions {
  /** As BotFather gives it. */
  readonly token: Redacted.Redacted
  /** Default: Telegram's own. A slash at the end is ignored. */
  readonly apiRoot?: string
  /** Default: the runtime's. The emulator offers one without TCP. */
  readonly fetch?: Transport.Fetch
  /** A call that takes longer ends as `Unknown`. Default 15 s; a poll gets it on top of its hold. */
  readonly timeout?: Duration.Input
}

const POLL_BATCH = 100

const SentMessage = Schema.Struct({ message_id: Schema.Int })
const Me = Schema.Struct({ id: Schema.Int, first_name: Schema.String, username: Schema.String })
const Member = Schema.Struct({ status: MemberStatus, can_post_messages: Schema.optionalKey(Schema.Boolean) })
const LEFT: ChatMember = { status: "left", canPost: false }
/** What Telegram says of people who are not, or never were, in the chat. */
const NOT_THERE = /member not found|user not found|PARTICIPANT_ID_INVALID|USER_NOT_PARTICIPANT/i
const Polled = Schema.Array(Schema.StructWithRest(Schema.Struct({ update_id: Schema.Int }), [
  Schema.Record(Schema.String, Schema.Unknown),
]))

const markup = (buttons: Buttons) => ({ inline_keyboard: buttons.map((row) => row.map((button) => ({ ...button }))) })

const replyMarkup = (keyboard: ReplyKeyboard) =>
  keyboard === null ? { remove_keyboard: true as const } : {
    keyboard: [[{ text: keyboard.location, request_location: true }], [{ text: keyboard.refusal }]],
    resize_keyboard: true,
    one_time_keyboard: true,
  }

const shown = (buttons: Buttons) => ({
  parse_mode: "HTML" as const,
  link_preview_options: { is_disabled: true },
  reply_markup: markup(buttons),
})

const menuPlace = (scope: MenuScope, language: Language | null) => ({
  scope: scope.type === "chat" ? { type: scope.type, chat_id: scope.chatId } : { type: scope.type },
  ...language === null ? {} : { language_code: language },
})

export const layer = (options: ClientOptions): Layer.Layer<Telegram> =>
  Layer.sync(Telegram, () => {
    const apiRoot = (options.apiRoot ?? "https://api.telegram.org").replace(/\/+$/, "")
    const transport = Transport.make({ token: options.token, apiRoot, fetch: options.fetch ?? globalThis.fetch })
    const timeout = Duration.fromInputUnsafe(options.timeout ?? "15 seconds")

    // An Api costs little, and one a call needs no signal handed through grammY, whose type is of its own making.
    const apiFor = (owner: AbortSignal) =>
      new Api(Transport.PLACEHOLDER_TOKEN, {
        buildUrl: transport.buildUrl,
        fetch: transport.fetch(owner),
        baseFetchConfig: {},
      })

    const failed = (method: string, detail: string) => new TelegramError({ method, reason: new Unknown({ detail }) })

    const call = <A>(
      method: string,
      use: (api: Api) => Promise<A>,
      within = timeout,
    ): Effect.Effect<A, TelegramError> =>
      Effect.tryPromise({
        try: (signal) => use(apiFor(signal)),
        catch: (thrown) => fromThrown(method, thrown),
      }).pipe(
        Effect.timeoutOrElse({
          duration: within,
          orElse: () => Effect.fail(failed(method, `no answer within ${Duration.format(within)}`)),
        }),
        Effect.withSpan(`Telegram.${method}`, { kind: "client" }),
      )

    const read = <S extends Schema.Decoder<unknown>>(method: string, schema: S) => {
      const decode = Schema.decodeUnknownEffect(schema)
      return (answer: unknown): Effect.Effect<S["Type"], TelegramError> =>
        Effect.mapError(decode(answer), () => failed(method, "an answer of another form"))
    }

    return {
      send: ({ buttons, chatId, html, keyboard, threadId }) =>
        call("sendMessage", (api) =>
          api.sendMessage(chatId, html, {
            ...shown(buttons),
            ...(keyboard === undefined ? {} : { reply_markup: replyMarkup(keyboard) }),
            ...(threadId == null ? {} : { message_thread_id: threadId }),
          })).pipe(
            Effect.flatMap(read("sendMessage", SentMessage)),
            Effect.map(({ message_id }) => message_id),
          ),
      sendFile: ({ caption, chatId, content, fileName }) =>
        call("sendDocument", (api) =>
          api.sendDocument(chatId, new InputFile(new TextEncoder().encode(content), fileName), {
            caption,
            parse_mode: "HTML",
          })).pipe(
            Effect.flatMap(read("sendDocument", SentMessage)),
            Effect.map(({ message_id }) =>
              message_id
            ),
          ),
      edit: ({ buttons, chatId, html, messageId }) =>
        Effect.asVoid(
          call("editMessageText", (api) => api.editMessageText(chatId, messageId, html, shown(buttons))),
        ),
      editButtons: ({ buttons, chatId, messageId }) =>
        Effect.asVoid(call("editMessageReplyMarkup", (api) =>
          api.editMessageReplyMarkup(chatId, messageId, { reply_markup: markup(buttons) }))),
      erase: ({ chatId, messageId }) =>
        Effect.asVoid(call("deleteMessage", (api) =>
          api.deleteMessage(chatId, messageId))),
      answerTap: ({ alert, queryId, text }) =>
        Effect.asVoid(
          call("answerCallbackQuery", (api) =>
            api.answerCallbackQuery(queryId, { text, show_alert: alert })),
        ),
      memberOf: ({ chatId, userId }) =>
        call("getChatMember", (api) => api.getChatMember(chatId, Number(userId))).pipe(
          Effect.flatMap(read("getChatMember", Member)),
          Effect.map((member): ChatMember => ({
            status: member.status,
            canPost: member.status === "creator" || member.can_post_messages === true,
          })),
          Effect.catchIf(
            ({ reason }) => "detail" in reason && NOT_THERE.test(reason.detail),
            () => Effect.succeed(LEFT),
          ),
        ),
      me: call("getMe", (api) => api.getMe()).pipe(
        Effect.flatMap(read("getMe", Me)),
        Effect.map(({ first_name: firstName, id, username }) => ({ id, firstName, username })),
      ),
      setMenu: ({ commands, language, scope }) =>
        Effect.asVoid(
          call("setMyCommands", (api) => api.setMyCommands([...commands], menuPlace(scope, language))),
        ),
      deleteMenu: ({ language, scope }) =>
        Effect.asVoid(call("deleteMyCommands", (api) => api.deleteMyCommands(menuPlace(scope, language)))),
      updates: ({ holdSeconds, kinds, offset }) =>
        call(
          "getUpdates",
          (api) => api.getUpdates({ offset, limit: POLL_BATCH, timeout: holdSeconds, allowed_updates: kinds }),
          Duration.sum(timeout, Duration.seconds(holdSeconds)),
        ).pipe(
          Effect.flatMap(read("getUpdates", Polled)),
          Effect.map((polled) => polled.map((payload) => ({ updateId: payload.update_id, payload }))),
        ),
      setWebhook: ({ kinds, secret, url }) =>
        Effect.asVoid(
          call("setWebhook", (api) =>
            api.setWebhook(url, { secret_token: Redacted.value(secret), allowed_updates: kinds })),
        ),
      deleteWebhook: Effect.asVoid(call("deleteWebhook", (api) => api.deleteWebhook())),
    }
  })
