/**
 * Menus on grammY's menu plugin: which buttons a drawn menu gets, and which of them a tap meant.
 *
 * In: a drawn menu; a tap's data. Out: buttons with opaque callback data; the button that was tapped, or that the menu
 * has changed since. Promises: the plugin decides and never acts: the one call it is let make is caught here for the
 * keyboard it carries, and handlers only note themselves; data is `m.` and base64url, since the plugin's hashes may hold
 * any character and Telegram's JSON and our intake do not keep all of them.
 */
import { Menu as PluginMenu, MenuRange } from "@grammyjs/menu"
import { Effect, Option, Result, Schema } from "effect"
import * as Base64Url from "effect/encoding/Base64Url"
import { Api, Composer, Context } from "grammy/web"
import type { Update } from "grammy/types"
import { fromPromise } from "../../../layers/bridge.ts"
import type { Buttons } from "../../../layers/Telegram.ts"
import { identityOf } from "../BotIdentity.ts"
import type { Drawn, Item, Target } from "./Menu.ts"

const encoder = new TextEncoder(), decoder = new TextDecoder()

const PREFIX = "m."
/** Telegram's. */
const DATA_BYTES = 64

type Tapped = Extract<Item, { readonly press: unknown }> | Extract<Item, { readonly to: unknown }>
type Found = { readonly _tag: "Item"; readonly item: Tapped } | { readonly _tag: "Outdated" }

/** What the plugin's functions are handed: the menu as drawn, and where they note what they found. */
class Drawing extends Context {
  drawn: Drawn = { html: "", rows: [] }
  param = ""
  found: Found | null = null
}

const ME = identityOf({ id: 0, firstName: "", username: "unused" })

const Sent = Schema.Struct({
  reply_markup: Schema.Struct({
    inline_keyboard: Schema.Array(Schema.Array(Schema.Union([
      Schema.Struct({ text: Schema.String, callback_data: Schema.String }),
      Schema.Struct({ text: Schema.String, url: Schema.String }),
    ]))),
  }),
})
const decodeSent = Schema.decodeUnknownOption(Sent)

/** A context whose calls are kept from leaving; an Api each, since the plugin adds to it. */
const drawing = (update: Update, drawn: Drawn, param: string, onCall: (payload: unknown) => void): Drawing => {
  const api = new Api("0:unused")
  api.config.use((_prev, _method, payload) => {
    onCall(payload)
    return Promise.resolve({ ok: false, error_code: 0, description: "kept" })
  })
  const context = new Drawing(update, api, ME)
  context.drawn = drawn
  context.param = param
  return context
}

/** All that has to be the same: a hash of it goes into each button. */
const stateOf = ({ drawn, param }: Drawing): string =>
  [param, drawn.state ?? drawn.html, ...drawn.rows.map((row) => row.map(({ text }) => text).join("\t"))].join("\n")

const rangeOf = (context: Drawing): MenuRange<Drawing> => {
  const range = new MenuRange<Drawing>()
  for (const [at, row] of context.drawn.rows.entries()) {
    if (at > 0) range.row()
    for (const item of row) {
      if ("url" in item) range.url(item.text, item.url)
      else {
        range.text(
          { text: item.text, payload: context.param },
          (tapped) => void (tapped.found = { _tag: "Item", item }),
        )
      }
    }
  }
  return range
}

const pluginMenu = (id: string): PluginMenu<Drawing> =>
  new PluginMenu<Drawing>(id, {
    autoAnswer: false,
    fingerprint: stateOf,
    onMenuOutdated: (tapped) => void (tapped.found = { _tag: "Outdated" }),
  }).dynamic(rangeOf)

/** What went wrong is a mistake in a menu's own file: nothing a person does leads here. */
const defect = (thrown: unknown) => new Error(`the menu could not be drawn: ${String(thrown)}`)

/** The hash is four arbitrary bytes read as UTF-8: what is none has become this character, of three bytes. */
const REPLACED = "\uFFFD"
/** Stands for it; no text has it. */
const REPLACED_BYTE = 0xff

const bytesOf = (data: string): Uint8Array =>
  Uint8Array.from(
    data.split(REPLACED).flatMap((part, at) => [...at === 0 ? [] : [REPLACED_BYTE], ...encoder.encode(part)]),
  )

const textOf = (bytes: Uint8Array): string => decoder.decode(bytes)

const encoded = (data: string): string => {
  const whole = PREFIX + Base64Url.encode(bytesOf(data))
  if (whole.length > DATA_BYTES) throw new Error(`callback data of ${whole.length} bytes: ${data}`)
  return whole
}

/** Whether a tap is on a menu, whatever its data holds. */
export const isMenuData = (data: string): boolean => data.startsWith(PREFIX)

const opened = (data: string): Option.Option<string> =>
  Option.map(Result.getSuccess(Base64Url.decode(data.slice(PREFIX.length))), textOf)

/** Which menu a tap is on, and what of it; none: the data was not made here. */
export const targetOf = (data: string): Option.Option<Required<Target>> =>
  Option.flatMap(opened(data), (inner) => {
    const [menu = "", row = "", column = "", param] = inner.split("/")
    return /^[0-9a-f]{1,2}$/.test(row) && /^[0-9a-f]{1,2}$/.test(column) && param !== undefined
      ? Option.some({ menu, param })
      : Option.none()
  })

export interface Keyboards {
  readonly buttons: (target: Target, drawn: Drawn) => Effect.Effect<Buttons>
  /** What a tap with this data meant on the menu as it is now. None: nothing of it. */
  readonly tapped: (data: string, drawn: Drawn) => Effect.Effect<Option.Option<Found>>
}

export const make = (ids: ReadonlyArray<string>): Keyboards => {
  const root = new PluginMenu<Drawing>("root")
  root.register(ids.map(pluginMenu))
  const plugin = new Composer<Drawing>(root).middleware()

  const buttons = ({ menu, param = "" }: Target, drawn: Drawn) =>
    fromPromise(async () => {
      let sent: unknown = null
      const context = drawing({ update_id: 0 }, drawn, param, (payload) => void (sent = payload))
      await plugin(context, async () => {
        await context.api.sendMessage(0, "-", { reply_markup: root.at(menu) }).catch(() => undefined)
      })
      const { reply_markup: { inline_keyboard } } = Option.getOrThrow(decodeSent(sent))
      return inline_keyboard.filter((row) => row.length > 0).map((row) =>
        row.map((button) =>
          "url" in button ? button : { text: button.text, callback_data: encoded(button.callback_data) }
        )
      )
    }, defect).pipe(Effect.orDie)

  const tapped = (data: string, drawn: Drawn) =>
    Option.match(Option.all([opened(data), targetOf(data)]), {
      onNone: () => Effect.succeedNone,
      onSome: ([inner, { param }]) =>
        fromPromise(async () => {
          const from = { id: 0, is_bot: false, first_name: "" }
          const update = { update_id: 0, callback_query: { id: "", from, chat_instance: "", data: inner } }
          const context = drawing(update, drawn, param, () => {})
          await plugin(context, () => Promise.resolve())
          return Option.fromNullishOr(context.found)
        }, defect).pipe(Effect.orDie),
    })

  return { buttons, tapped }
}
