/**
 * Text for Telegram's HTML mode.
 *
 * In: foreign text. Out: text that is shown as it is. Promises: nothing foreign becomes a tag, an entity or another
 * line, and none is longer than asked.
 */

/** Longest message Telegram takes, counted after the tags are read. */
export const MESSAGE_LENGTH = 4_096

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

/** Cut to `length` characters, without control characters or direction marks, then escaped. */
export const escape = (foreign: string, length = 120): string => {
  const plain = foreign.replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ")
  const characters = [...plain]
  const cut = characters.length > length ? `${characters.slice(0, length - 1).join("")}…` : plain
  return cut.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}

export const bold = (html: string): string => `<b>${html}</b>`
export const struck = (html: string): string => `<s>${html}</s>`
export const italic = (html: string): string => `<i>${html}</i>`
