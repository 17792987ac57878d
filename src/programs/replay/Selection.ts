/**
 * Selection: which part of a recording is played.
 *
 * In: ticks in order, where to begin and end, which venues, instruments and kinds. Out: the ticks that are played.
 * Promises: who begins in the middle has every order book whole, as it stood there, before its next change; `gap` and
 * `heartbeat` ticks go with their instrument whatever kinds are chosen. Pure.
 */
import { Option, Result } from "effect"
import { Book } from "../../domain/Book.ts"
import type { Tick, TickKind } from "../../domain/Tick.ts"
import * as TimeSpan from "../../domain/TimeSpan.ts"
import { fullBook } from "../../streams/Framing.ts"

/** A point of a recording: an instant, or so long after its first tick, ms. */
export type Point = { readonly _tag: "At"; readonly ms: number } | { readonly _tag: "After"; readonly ms: number }

export interface Chosen {
  /** Inside. */
  readonly from: Point | null
  /** Outside. */
  readonly until: Point | null
  /** Null: all. */
  readonly venues: ReadonlyArray<string> | null
  readonly instruments: ReadonlyArray<string> | null
  readonly kinds: ReadonlyArray<TickKind> | null
}

export const EVERYTHING: Chosen = { from: null, until: null, venues: null, instruments: null, kinds: null }

/** "90s", "1.5m" after the first tick; "2024-08-08T23:55:00Z"; or milliseconds since the epoch. */
export const pointOf = (text: string): Result.Result<Point, string> => {
  const offset = TimeSpan.parse(text)
  if (Option.isSome(offset)) return Result.succeed({ _tag: "After", ms: offset.value })
  const ms = /^\d{11,14}$/.test(text) ? Number(text) : /^\d{4}-/.test(text) ? Date.parse(text) : NaN
  return Number.isFinite(ms)
    ? Result.succeed({ _tag: "At", ms })
    : Result.fail(`"${text}" is neither an offset (90s, 5m, 1.5h) nor a time (2024-08-08T23:55:00Z)`)
}

const msOf = (point: Point | null, startMs: number, without: number): number =>
  point === null ? without : point._tag === "At" ? point.ms : startMs + point.ms

export class Selection {
  readonly #chosen: Chosen
  readonly #passed: (tick: Tick) => boolean
  #startMs: number | null = null
  #fromMs = -Infinity
  #untilMs = Infinity
  /** Books before the beginning; null once it is played. */
  #books: Map<string, { readonly book: Book; newest: Tick }> | null = new Map()

  constructor(chosen: Chosen) {
    this.#chosen = chosen
    const { instruments, kinds, venues } = chosen
    const inSet = <A>(list: ReadonlyArray<A> | null) => {
      const set = new Set(list)
      return (value: A) => list === null || set.has(value)
    }
    const ofVenue = inSet(venues), ofInstrument = inSet(instruments), ofKind = inSet(kinds)
    this.#passed = ({ instrument, kind, venue }) =>
      ofVenue(venue) && ofInstrument(instrument) && (kind === "gap" || kind === "heartbeat" || ofKind(kind))
  }

  /** Nothing that comes now is played any more. */
  isOver(ticks: ReadonlyArray<Tick>): boolean {
    return (ticks.at(-1)?.ingestTime ?? -1) >= this.#untilMs
  }

  take(ticks: ReadonlyArray<Tick>): ReadonlyArray<Tick> {
    if (ticks.length === 0 || this.#chosen === EVERYTHING) return ticks
    if (this.#startMs === null) {
      this.#startMs = ticks[0]?.ingestTime ?? 0
      this.#fromMs = msOf(this.#chosen.from, this.#startMs, -Infinity)
      this.#untilMs = msOf(this.#chosen.until, this.#startMs, Infinity)
    }
    const out: Array<Tick> = []
    for (const tick of ticks) {
      if (tick.ingestTime >= this.#untilMs) break
      if (!this.#passed(tick)) continue
      if (tick.ingestTime < this.#fromMs) this.#remember(tick)
      else {
        out.push(...this.#begin(tick.ingestTime))
        out.push(tick)
      }
    }
    return out
  }

  #remember(tick: Tick): void {
    if (tick.kind !== "book" && tick.kind !== "gap") return
    const key = `${tick.venue}|${tick.instrument}`
    const known = this.#books?.get(key) ?? { book: new Book(), newest: tick }
    this.#books?.set(key, known)
    known.newest = tick
    if (tick.kind === "book") known.book.apply(tick)
    else known.book.break()
  }

  #begin(ingestTime: number): ReadonlyArray<Tick> {
    if (this.#books === null) return []
    const whole = [...this.#books.values()].filter(({ book }) => book.state === "synced")
    this.#books = null
    return whole.map(({ book, newest }) => fullBook({ ...newest, ingestTime }, book))
  }
}
