/**
 * A chat as text for a terminal: what a person would see on the phone.
 * Comes in: a visible chat and a width. Goes out: one box a message, with a row of text for each row of buttons.
 * Promises: only plain text, no control characters from a message; no line is wider than asked; wide characters
 * (CJK, emoji) count as two columns.
 */
import type { VisibleChat, VisibleMessage } from "./TelegramEmulator.ts"

export interface RenderOptions {
  /** Columns of a box, its frame included; at least 20, default 48. */
  readonly columns?: number
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })
const parts = (text: string) => [...graphemes.segment(text)].map(({ segment }) => segment)

/** Ranges that terminals draw two columns wide. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]|\p{Emoji_Presentation}|\ufe0f/u

const columnsOf = (text: string): number => parts(text).reduce((sum, part) => sum + (wide.test(part) ? 2 : 1), 0)

const padded = (text: string, columns: number) => text + " ".repeat(Math.max(0, columns - columnsOf(text)))

// deno-lint-ignore no-control-regex
const plain = (text: string) => text.replaceAll("\t", "  ").replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "")

/** Cuts one word that is wider than a line. */
const chopped = (word: string, columns: number): ReadonlyArray<string> => {
  const pieces: Array<string> = []
  let piece = ""
  for (const part of parts(word)) {
    if (columnsOf(piece + part) > columns) {
      pieces.push(piece)
      piece = ""
    }
    piece += part
  }
  return [...pieces, piece]
}

/** Breaks text at spaces into lines of at most so many columns; its own line breaks stay. */
export const wrap = (text: string, columns: number): ReadonlyArray<string> =>
  plain(text).split("\n").flatMap((paragraph) => {
    const lines: Array<string> = []
    let line = ""
    for (const word of paragraph.split(" ").flatMap((word) => chopped(word, columns))) {
      const longer = line === "" ? word : `${line} ${word}`
      if (columnsOf(longer) <= columns) line = longer
      else {
        lines.push(line)
        line = word
      }
    }
    return [...lines, line]
  })

const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16)

/** One message as a box: who and when in the frame, the text, then the buttons. */
export const renderMessage = (message: VisibleMessage, { columns = 48 }: RenderOptions = {}): string => {
  const inner = Math.max(20, columns) - 4
  const edited = message.editedAtMs === null ? "" : ", edited"
  const stamp = ` ${clock(message.sentAtMs)} UTC${edited} `
  const [name = ""] = wrap(message.from.replaceAll("\n", " "), Math.max(4, inner - columnsOf(stamp) - 2))
  const title = ` ${name} `
  const fill = "─".repeat(Math.max(0, inner + 2 - columnsOf(title) - columnsOf(stamp)))
  const rows = message.buttons.flatMap((row) =>
    wrap(row.map(({ text }) => `[ ${text.replaceAll("\n", " ")} ]`).join(" "), inner)
  )
  const body = [...wrap(message.text, inner), ...(rows.length === 0 ? [] : ["", ...rows])]
  return [
    `╭${title}${fill}${stamp}╮`,
    ...body.map((line) => `│ ${padded(line, inner)} │`),
    `╰${"─".repeat(inner + 2)}╯`,
  ].join("\n")
}

/** A whole conversation, oldest message first, under the chat's title. */
export const renderChat = (chat: VisibleChat, options: RenderOptions = {}): string =>
  [`${plain(chat.title)} (${chat.type} ${chat.id})`, ...chat.messages.map((each) => renderMessage(each, options))]
    .join("\n")
