/**
 * The user's exchange keys: the list, one of them, its removal, and the venues a new one may be of.
 *
 * In: a member; a key by the start of its id, a page of venues. Out: menus. Promises: no part of a secret is ever shown;
 * a key is removed only after a second button; where no master key is set none can be added, and that is said.
 */
import { Effect, Option } from "effect"
import type { ApiKey } from "../../../domain/ApiKey.ts"
import { Keys } from "../../../layers/Keys.ts"
import { Vault } from "../../../layers/Vault.ts"
import { QuoteBoard } from "../../../streams/QuoteBoard.ts"
import { begin } from "../dialogues/KeyParts.ts"
import { checkAndTell, described } from "../KeyChecking.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { back, close, inRows, pageOf, turning } from "./Choosing.ts"
import type { Drawn, Item, Menu } from "./Menu.ts"

const A_PAGE = 12
const SHOWN = 24
/** Of a key's id, enough to tell a user's keys apart. */
const ID_START = 13

const startOf = ({ keyId }: ApiKey): string => keyId.slice(0, ID_START)

const SIGN: Readonly<Record<ApiKey["state"], string>> = { unchecked: "⏳", usable: "✅", refused: "⛔", failing: "⚠️" }

const keyOf = Effect.fnUntraced(function* ({ user }: Member, param: string) {
  const keys = yield* Keys
  return Option.fromNullishOr((yield* keys.list(user.userId)).find((key) => startOf(key) === param))
})

const gone = ({ preferences: { language } }: Member): Drawn => ({
  html: html(language, "keys-gone"),
  rows: [[back(language, "keys")]],
})

export const keys: Menu = {
  id: "keys",
  permission: "keys",
  draw: Effect.fnUntraced(function* ({ preferences: { language }, user }: Member) {
    const own = yield* (yield* Keys).list(user.userId)
    const { current } = yield* (yield* Vault).keys
    const buttons = own.map((key): Item => ({
      text: `${SIGN[key.state]} ${key.venue.slice(0, SHOWN)} ${key.label}`,
      to: { menu: "key", param: startOf(key) },
    }))
    const add: ReadonlyArray<Item> = Option.isNone(current)
      ? []
      : [{ text: plain(language, "keys-add-button"), to: { menu: "keys-add" } }]
    return {
      html: [
        html(language, "keys-title"),
        html(language, "keys-count", { keys: own.length }),
        ...Option.isNone(current) ? [html(language, "keys-no-master")] : [],
      ].join("\n"),
      rows: [...inRows(buttons, 2), add, [close(language)]],
      state: [Option.isSome(current), ...own.map(({ keyId, state }) => `${keyId}:${state}`)].join(" "),
    }
  }),
}

export const key: Menu = {
  id: "key",
  permission: "keys",
  draw: Effect.fnUntraced(function* (member: Member, param: string) {
    const { language, timeZone } = member.preferences
    const found = yield* keyOf(member, param)
    if (Option.isNone(found)) return gone(member)
    const check: ReadonlyArray<Item> = found.value.state === "refused" ? [] : [{
      text: plain(language, "keys-check-button"),
      press: Effect.succeed({
        answer: plain(language, "keys-checking"),
        to: null,
        then: checkAndTell(member, found.value),
      }),
    }]
    return {
      html: described(language, timeZone, found.value),
      rows: [
        [...check, { text: plain(language, "keys-remove-button"), to: { menu: "key-remove", param } }],
        [back(language, "keys")],
      ],
    }
  }),
}

export const keyRemoval: Menu = {
  id: "key-remove",
  permission: "keys",
  draw: Effect.fnUntraced(function* (member: Member, param: string) {
    const { language } = member.preferences
    const found = yield* keyOf(member, param)
    if (Option.isNone(found)) return gone(member)
    const { keyId, label, venue } = found.value
    const remove: Item = {
      text: plain(language, "keys-remove-yes"),
      press: Effect.gen(function* () {
        yield* (yield* Keys).remove(member.user.userId, keyId)
        return { answer: plain(language, "keys-removed"), to: { menu: "keys" } }
      }),
    }
    return {
      html: html(language, "keys-remove-text", { venue, label }),
      rows: [[remove, { text: plain(language, "keys-remove-no"), to: { menu: "key", param } }]],
    }
  }),
}

export const keyVenues: Menu = {
  id: "keys-add",
  permission: "keys",
  draw: Effect.fnUntraced(function* (member: Member, param: string) {
    const { language } = member.preferences
    const { venues } = yield* QuoteBoard
    const pages = Math.max(1, Math.ceil(venues.length / A_PAGE)), page = pageOf(param, pages)
    const buttons = venues.slice(page * A_PAGE, (page + 1) * A_PAGE).map((venue): Item => ({
      text: venue.slice(0, SHOWN),
      press: Effect.succeed({ to: null, then: begin(member, venue) }),
    }))
    return {
      html: html(language, "keys-venue-text"),
      state: venues.join(" "),
      rows: [...inRows(buttons, 2), turning("keys-add", page, pages), [back(language, "keys")]],
    }
  }),
}
