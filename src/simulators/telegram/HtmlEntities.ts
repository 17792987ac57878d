/**
 * Telegram's HTML: text with tags comes in; plain text with entities goes out, or the error the real parser gives.
 * Promises: the tags, attributes, character references and error texts (with UTF-8 byte offsets) are those of the
 * server; entity offsets are UTF-16 units; white space around the message is cut as Telegram does.
 */
import { Result } from "effect"
import { type Answer, badRequest } from "./Outcome.ts"

/** One MessageEntity of the Bot API. */
export interface Entity {
  readonly type: string
  readonly offset: number
  readonly length: number
  readonly url?: string
  readonly language?: string
  readonly custom_emoji_id?: string
  readonly user?: { readonly id: number; readonly is_bot: false; readonly first_name: string }
}

export interface FormattedText {
  readonly text: string
  readonly entities: ReadonlyArray<Entity>
}

const simpleTypes: Readonly<Record<string, string>> = {
  b: "bold",
  strong: "bold",
  i: "italic",
  em: "italic",
  u: "underline",
  ins: "underline",
  s: "strikethrough",
  strike: "strikethrough",
  del: "strikethrough",
  span: "spoiler",
  "tg-spoiler": "spoiler",
}
const otherTags = ["a", "code", "pre", "blockquote", "tg-emoji"]
const references: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' }
const space = /[\s\0]/

interface OpenTag {
  readonly name: string
  readonly argument: string
  readonly offset: number
}

class Malformed {
  readonly what: string
  constructor(what: string) {
    this.what = what
  }
}

/** Decodes the reference at `at`; null when it is none, and then the ampersand stands for itself. */
const reference = (source: string, at: number): { readonly value: string; readonly end: number } | null => {
  const match = /^&(?:#x([0-9a-fA-F]*)|#([0-9]*)|([a-zA-Z]*));?/.exec(source.slice(at, at + 40))
  if (match === null) return null
  const [whole, hex, decimal, name] = match
  const end = at + whole.length
  if (name !== undefined) {
    const value = Object.hasOwn(references, name) ? references[name] : undefined
    return value === undefined ? null : { value, end }
  }
  const code = hex === undefined ? Number.parseInt(decimal ?? "", 10) : Number.parseInt(hex, 16)
  const digitsEnd = whole.endsWith(";") ? whole.length - 1 : whole.length
  return code > 0 && code < 0x10ffff && digitsEnd < 10 ? { value: String.fromCodePoint(code), end } : null
}

/** The attributes of a start tag from `at`; answers the argument that matters and the index of its ">". */
const attributes = (source: string, from: number, name: string, offset: string) => {
  let at = from
  let argument = ""
  const skipSpace = () => {
    while (at < source.length && space.test(source.charAt(at))) at++
  }
  while (source.charAt(at) !== ">") {
    skipSpace()
    if (source.charAt(at) === ">") break
    const nameFrom = at
    while (at < source.length && !/[\s\0=>/"']/.test(source.charAt(at))) at++
    const attribute = source.slice(nameFrom, at)
    if (attribute === "") throw new Malformed(`Empty attribute name in the tag "${name}" at byte offset ${offset}`)
    skipSpace()
    if (source.charAt(at) !== "=") {
      if (at >= source.length) throw new Malformed(`Unclosed start tag "${name}" at byte offset ${offset}`)
      if (name === "blockquote" && attribute === "expandable") argument = "1"
      continue
    }
    at++
    skipSpace()
    if (at >= source.length) throw new Malformed(`Unclosed start tag "${name}" at byte offset ${offset}`)
    let value = ""
    const quote = source.charAt(at)
    if (quote === "'" || quote === '"') {
      at++
      while (at < source.length && source.charAt(at) !== quote) {
        const decoded = source.charAt(at) === "&" ? reference(source, at) : null
        value += decoded === null ? source.charAt(at) : decoded.value
        at = decoded === null ? at + 1 : decoded.end
      }
      at++
    } else {
      const valueFrom = at
      while (/[a-zA-Z0-9.-]/.test(source.charAt(at))) at++
      value = source.slice(valueFrom, at).toLowerCase()
      if (at < source.length && !/[\s\0>]/.test(source.charAt(at))) {
        throw new Malformed(`Unexpected end of name token at byte offset ${bytesBefore(source, valueFrom)}`)
      }
    }
    if (at >= source.length) throw new Malformed(`Unclosed start tag at byte offset ${offset}`)
    if (name === "a" && attribute === "href") argument = value
    else if (name === "code" && attribute === "class" && value.startsWith("language-")) argument = value.slice(9)
    else if (name === "span" && attribute === "class" && value.startsWith("tg-")) argument = value.slice(3)
    else if (name === "tg-emoji" && attribute === "emoji-id") argument = value
    else if (name === "blockquote" && attribute === "expandable") argument = "1"
  }
  return { argument, close: at }
}

const bytesBefore = (source: string, at: number): string => `${new TextEncoder().encode(source.slice(0, at)).length}`

const link = (url: string, range: { readonly offset: number; readonly length: number }): ReadonlyArray<Entity> => {
  const user = /^tg:\/\/user\/?\?id=(\d+)$/.exec(url)
  if (user?.[1] !== undefined) {
    return [{ type: "text_mention", ...range, user: { id: Number(user[1]), is_bot: false, first_name: "" } }]
  }
  const full = /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `http://${url}`
  // What is no link for Telegram is shown as plain text, without an error.
  if (!/^(https?|tg|ton|tonsite|ftp):\/\/./i.test(full) || (!full.includes(".") && full.startsWith("http"))) return []
  return [{ type: "text_link", ...range, url: full }]
}

/** Closes `tag` at the end of `plain`, adding its entity. */
const close = (tag: OpenTag, plain: string, entities: Array<Entity>): void => {
  const range = { offset: tag.offset, length: plain.length - tag.offset }
  if (range.length <= 0) return
  const last = entities.at(-1)
  const same = last !== undefined && last.offset === range.offset && last.length === range.length
  if (tag.name === "a") {
    entities.push(...link(tag.argument === "" ? plain.slice(tag.offset) : tag.argument, range))
  } else if (tag.name === "tg-emoji") {
    if (!/^-?[1-9]\d{0,18}$/.test(tag.argument)) throw new Malformed("Invalid custom emoji identifier specified")
    entities.push({ type: "custom_emoji", ...range, custom_emoji_id: tag.argument })
  } else if (tag.name === "pre") {
    if (same && last.type === "code" && last.language !== undefined) {
      entities.splice(-1, 1, { type: "pre", ...range, language: last.language })
    } else entities.push({ type: "pre", ...range })
  } else if (tag.name === "code") {
    if (same && last.type === "pre" && tag.argument !== "") {
      entities.splice(-1, 1, { type: "pre", ...range, language: tag.argument })
    } else entities.push({ type: "code", ...range, ...(tag.argument === "" ? {} : { language: tag.argument }) })
  } else if (tag.name === "blockquote") {
    entities.push({ type: tag.argument === "" ? "blockquote" : "expandable_blockquote", ...range })
  } else entities.push({ type: simpleTypes[tag.name] ?? tag.name, ...range })
}

const scan = (source: string): FormattedText => {
  const open: Array<OpenTag> = []
  const entities: Array<Entity> = []
  let plain = ""
  let at = 0
  while (at < source.length) {
    const char = source.charAt(at)
    const decoded = char === "&" ? reference(source, at) : null
    if (decoded !== null || char !== "<") {
      plain += decoded === null ? char : decoded.value
      at = decoded === null ? at + 1 : decoded.end
      continue
    }
    const offset = bytesBefore(source, at)
    const ending = source.charAt(at + 1) === "/"
    if (ending && open.length === 0) throw new Malformed(`Unexpected end tag at byte offset ${offset}`)
    const nameFrom = at + (ending ? 2 : 1)
    let nameTo = nameFrom
    while (nameTo < source.length && !/[\s\0>]/.test(source.charAt(nameTo))) nameTo++
    const name = source.slice(nameFrom, nameTo).toLowerCase()
    if (!ending) {
      if (nameTo >= source.length) throw new Malformed(`Unclosed start tag at byte offset ${offset}`)
      if (!Object.hasOwn(simpleTypes, name) && !otherTags.includes(name)) {
        throw new Malformed(`Unsupported start tag "${name}" at byte offset ${offset}`)
      }
      const { argument, close: end } = attributes(source, nameTo, name, offset)
      if (name === "span" && argument !== "spoiler") {
        throw new Malformed(`Tag "span" must have class "tg-spoiler" at byte offset ${offset}`)
      }
      open.push({ name, argument, offset: plain.length })
      at = end + 1
      continue
    }
    while (nameTo < source.length && space.test(source.charAt(nameTo))) nameTo++
    if (source.charAt(nameTo) !== ">") throw new Malformed(`Unclosed end tag at byte offset ${offset}`)
    const tag = open.pop()
    if (tag === undefined || (name !== "" && name !== tag.name)) {
      throw new Malformed(
        `Unmatched end tag at byte offset ${offset}, expected "</${tag?.name}>", found "</${name}>"`,
      )
    }
    close(tag, plain, entities)
    at = nameTo + 1
  }
  const unclosed = open.at(-1)
  if (unclosed !== undefined) {
    throw new Malformed(`Can't find end tag corresponding to start tag "${unclosed.name}"`)
  }
  if (!plain.isWellFormed()) {
    throw new Malformed(
      "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units",
    )
  }
  return { text: plain, entities }
}

/** Cuts white space at both ends, with the entities, and puts the entities in Telegram's order. */
export const trim = ({ text, entities }: FormattedText): FormattedText => {
  const cut = text.length - text.trimStart().length
  const trimmed = text.trim()
  const kept = entities.flatMap((entity) => {
    const from = Math.max(0, entity.offset - cut)
    const to = Math.min(trimmed.length, entity.offset + entity.length - cut)
    if (to <= from) return []
    // A language belongs to a code block only: Telegram drops it from inline code.
    const { language, ...rest } = entity
    return [{
      ...rest,
      offset: from,
      length: to - from,
      ...(entity.type === "pre" && language !== undefined ? { language } : {}),
    }]
  })
  return { text: trimmed, entities: kept.toSorted((a, b) => a.offset - b.offset || b.length - a.length) }
}

/** Parses `source` as parse_mode HTML. */
export const parse = (source: string): Answer<FormattedText> => {
  try {
    return Result.succeed(trim(scan(source)))
  } catch (error) {
    if (error instanceof Malformed) return badRequest(`can't parse entities: ${error.what}`)
    throw error
  }
}
