/**
 * Levels as one text: how the levels of a book travel in a frame.
 *
 * In: levels. Out: "price size price size ..." best first, and levels read back. Promises: reading what was written gives
 * equal levels. Best first, so that who looks for what is near the best need not read to the end. One text instead of an array a level: a JSON parser takes four times as long for the arrays as reading this
 * does, and any client reads it by splitting at spaces.
 */
import type { Level } from "./Tick.ts"

/** "price size price size ...", best first, or nothing. */
export type Packed = string

export type Side = "bids" | "asks"

const SPACE = 32

/** Best first, whatever order they come in; of two at one price the later stays later. */
const bestFirst = (levels: ReadonlyArray<Level>, side: Side): ReadonlyArray<Level> => {
  const sign = side === "bids" ? 1 : -1
  let before = Infinity
  for (const [price] of levels) {
    const now = sign * Number(price)
    if (now > before) return levels.toSorted(([a], [b]) => sign * (Number(b) - Number(a)))
    before = now
  }
  return levels
}

export const pack = (unordered: ReadonlyArray<Level>, side: Side): Packed => {
  const levels = bestFirst(unordered, side)
  let text = ""
  for (const [price, size] of levels) text += text === "" ? `${price} ${size}` : ` ${price} ${size}`
  return text
}

/** Whether these are pairs of words; that the words are decimals was checked at ingest. */
export const isPacked = (text: unknown): text is Packed => {
  if (typeof text !== "string") return false
  if (text === "") return true
  let words = 1, before = SPACE
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === SPACE) {
      if (before === SPACE) return false
      words++
    }
    before = code
  }
  return before !== SPACE && words % 2 === 0
}

export const unpack = (text: Packed): ReadonlyArray<Level> => {
  const words = text === "" ? [] : text.split(" ")
  return Array.from({ length: words.length / 2 }, (_, at) => [words[2 * at] ?? "", words[2 * at + 1] ?? ""])
}

/** As many digits as a float holds exactly, and the powers of ten that are exact. */
export const EXACT_DIGITS = 15
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power)

/**
 * The number that a checked decimal says between two places of a text: the same as `Number`, without a text of its own.
 * Whole digits over a power of ten are one division of two exact floats, so they round as `Number` does.
 */
export const priceOf = (text: string, from: number, to: number): number => {
  let digits = 0, point = to
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) digits = digits * 10 + code - 48
    else if (code === 46 && point === to) point = at
    else return Number(text.slice(from, to))
  }
  if (to - from > EXACT_DIGITS) return Number(text.slice(from, to))
  return point === to ? digits : scaled(digits, to - point - 1)
}

/** Whole digits over a power of ten: for readers that go through a text once and know that it has few digits. */
export const scaled = (digits: number, decimals: number): number => digits / (POWERS[decimals] ?? 1)
