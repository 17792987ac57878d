/**
 * Reply markups of messages.
 * Comes in: the JSON a bot sends. Goes out: a checked inline keyboard; other markups are accepted and not shown.
 * Promises: a button Telegram would refuse is refused here, with Telegram's words; callback data is 1 to 64 bytes.
 */
import { Result } from "effect"
import { type Answer, badRequest } from "./Outcome.ts"
import { isRecord, json, type Params } from "./Params.ts"

export interface InlineButton {
  readonly text: string
  readonly url?: string
  readonly callback_data?: string
}

export interface InlineKeyboard {
  readonly inline_keyboard: ReadonlyArray<ReadonlyArray<InlineButton>>
}

/** `null` when the call had none; `inline` is null for the keyboards that are no part of a message. */
export interface Markup {
  readonly inline: InlineKeyboard | null
}

const otherActions = ["web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat", "copy_text"]
const otherMarkups = ["keyboard", "remove_keyboard", "force_reply"]
/** Telegram's documented bounds. */
const maxCallbackDataBytes = 64
const maxButtons = 100

const byteLength = (text: string) => new TextEncoder().encode(text).length

const button = (value: unknown): Answer<InlineButton> => {
  const refuseButton = (why: string) => badRequest(`can't parse inline keyboard button: ${why}`)
  if (!isRecord(value)) return refuseButton("InlineKeyboardButton must be an Object")
  const { text, url, callback_data } = value
  if (typeof text !== "string") return refuseButton(`Can't find field "text"`)
  if (text === "") return badRequest("inline keyboard button text can't be empty")
  if (callback_data !== undefined) {
    if (typeof callback_data !== "string") return refuseButton(`Field "callback_data" must be of type String`)
    const length = byteLength(callback_data)
    if (length < 1 || length > maxCallbackDataBytes) return badRequest("BUTTON_DATA_INVALID")
    return Result.succeed({ text, callback_data })
  }
  if (url !== undefined) {
    if (typeof url !== "string") return refuseButton(`Field "url" must be of type String`)
    if (!/^(https?|tg|ton):\/\/\S+$/.test(url) && !/^[\w-]+(\.[\w-]+)+(\/\S*)?$/.test(url)) {
      return badRequest(`inline keyboard button URL '${url}' is invalid: URL host is empty`)
    }
    return Result.succeed({ text, url })
  }
  if (otherActions.some((action) => value[action] !== undefined)) return Result.succeed({ ...value, text })
  return refuseButton("Text buttons are unallowed in the inline keyboard")
}

/** Reads `reply_markup`; an empty inline keyboard counts as none. */
export const readMarkup = (params: Params): Answer<Markup | null> =>
  Result.gen(function* () {
    const value = yield* json(params, "reply_markup", "can't parse reply keyboard markup JSON object")
    if (value === null) return null
    if (!isRecord(value)) return yield* badRequest("object expected as reply markup")
    const rows = value["inline_keyboard"]
    if (rows === undefined) {
      if (otherMarkups.some((name) => value[name] !== undefined) || Object.keys(value).length === 0) {
        return { inline: null }
      }
      return yield* badRequest("can't parse reply keyboard markup JSON object")
    }
    if (!Array.isArray(rows)) return yield* badRequest(`Field "inline_keyboard" must be of type Array`)
    const parsed: Array<ReadonlyArray<InlineButton>> = []
    for (const row of rows) {
      if (!Array.isArray(row)) {
        return yield* badRequest("can't parse inline keyboard button: InlineKeyboardMarkup must be an Array of Array")
      }
      const buttons: Array<InlineButton> = []
      for (const cell of row) buttons.push(yield* button(cell))
      if (buttons.length > 0) parsed.push(buttons)
    }
    if (parsed.flat().length > maxButtons) return yield* badRequest("REPLY_MARKUP_TOO_LONG")
    return { inline: parsed.length === 0 ? null : { inline_keyboard: parsed } }
  })
