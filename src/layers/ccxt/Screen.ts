/**
 * The first look at a raw frame, before anything parses it.
 *
 * In: the text as it came off the wire. Out: null (let it pass) or the reason for which it goes to quarantine.
 * Promises: a frame longer than the limit is never parsed; no object with a `__proto__`, `constructor` or
 * `prototype` key reaches code that copies keys. One pass over the text, no parsing.
 */
import { type BadTick, badTick } from "../../domain/Tick.ts"

const SUSPECT = /__proto__|"(?:constructor|prototype)"\s*:|\\u/
const FORBIDDEN = /"(?:__proto__|constructor|prototype)"\s*:/

/** Escapes (`\u005f`) could spell a forbidden key, so they are undone before the second look. */
const unescaped = (text: string): string =>
  text.replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

export const screen = (text: string, maxCharacters: number): BadTick | null => {
  if (text.length > maxCharacters) return badTick("too_large", `${text.length} characters, at most ${maxCharacters}`)
  if (!SUSPECT.test(text)) return null
  return FORBIDDEN.test(unescaped(text)) ? badTick("forbidden_key", "a key that names a prototype") : null
}
