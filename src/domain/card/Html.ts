/**
 * Text for Telegram's HTML mode.
 *
 * In: foreign text. Out: text that is shown as it is. Promises: nothing foreign becomes a tag, an entity or another
 * line, and none is longer than asked.
 */

/** Longest message Telegram takes, counted after the tags are read. */
export const MESSAGE_LENGTH = 4_096

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

/** Foreign text without control characters, invisible ones and direction marks, cut to `length` characters. */
export const visible = (foreign: string, length = 120): string => {
  const plain = foreign.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+/gu,
    " ",
  )
  const characters = [...plain]
  return characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : plain
}

/** The same for HTML. */
export const escape = (foreign: string, length = 120): string =>
  visible(foreign, length).replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)

export const bold = (html: string): string => `<b>${html}</b>`
export const struck = (html: string): string => `<s>${html}</s>`
export const italic = (html: string): string => `<i>${html}</i>`

/** `address` is our own: names in it are percent-encoded. */
export const link = (html: string, address: string): string => `<a href="${escape(address, 2_048)}">${html}</a>`
