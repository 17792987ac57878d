/**
 * One order book, rebuilt from snapshots and deltas, or from quotes as a book of one level.
 *
 * In: `book` and `quote` ticks of one instrument, gaps. Out: levels best first. Promises: no price from a broken span
 * is ever readable: after a gap the book is empty until the next snapshot. Deltas that come before their snapshot are
 * kept (at most 5,000; then the oldest go) and replayed on it, so the delta that spans the snapshot may come first.
 */
import { BookSide } from "./BookSide.ts"
import type { Packed } from "./Levels.ts"
import type { Level, TickOf } from "./Tick.ts"

/** A book event: what of a `book` tick changes the book; its levels may still be the text of a frame. */
export type BookUpdate = Pick<TickOf<"book">, "snapshot" | "firstSeq" | "seq" | "prevSeq"> & {
  readonly bids: ReadonlyArray<Level> | Packed
  readonly asks: ReadonlyArray<Level> | Packed
}

export type BookState = "empty" | "synced" | "broken"

/** What became of an event: `gap` means that the book was dropped and waits for a snapshot. */
export type Applied = "applied" | "buffered" | "ignored" | "gap"

const MAX_BUFFERED = 5_000

export class Book {
  readonly bids = new BookSide("bids")
  readonly asks = new BookSide("asks")
  state: BookState = "empty"
  /** The venue's number of the last event applied. */
  seq: number | null = null
  /** True while the book came from quotes: one level a side. */
  fromQuotes = false
  /** Deltas applied since the beginning. */
  deltas = 0
  #afterSnapshot = false
  #buffered: Array<BookUpdate> = []

  /** Deltas that wait for their snapshot. */
  get waiting(): number {
    return this.#buffered.length
  }

  get crossed(): boolean {
    const bid = this.bids.best, ask = this.asks.best
    return bid !== undefined && ask !== undefined && bid >= ask
  }

  /** A quote becomes the whole book, unless deeper knowledge is at hand. */
  quote(bid: string, bidSize: string, ask: string, askSize: string, seq: number | null): Applied {
    if (this.state === "synced" && !this.fromQuotes) return "ignored"
    this.bids.single(bid, bidSize)
    this.asks.single(ask, askSize)
    this.seq = seq
    this.state = "synced"
    this.fromQuotes = true
    return "applied"
  }

  apply(tick: BookUpdate): Applied {
    return tick.snapshot ? this.#load(tick) : this.#delta(tick)
  }

  /** Continuity is lost: nothing may be read until the next snapshot (or quote). */
  break(): void {
    this.bids.clear()
    this.asks.clear()
    this.state = "broken"
    this.fromQuotes = false
    this.seq = null
    this.#buffered = []
  }

  #load(tick: BookUpdate): Applied {
    this.bids.fill(tick.bids)
    this.asks.fill(tick.asks)
    this.seq = tick.seq
    this.state = "synced"
    this.fromQuotes = false
    this.#afterSnapshot = true
    const waiting = this.#buffered
    this.#buffered = []
    for (const [at, delta] of waiting.entries()) {
      // Without numbers a delta that came before the snapshot is taken to be in it.
      if (this.seq === null || delta.seq === null) continue
      if (this.#delta(delta) === "gap") {
        this.#buffered.push(...waiting.slice(at + 1))
        return "gap"
      }
    }
    return "applied"
  }

  #delta(tick: BookUpdate): Applied {
    if (this.state !== "synced" || this.fromQuotes) {
      if (this.#buffered.length >= MAX_BUFFERED) this.#buffered.shift()
      this.#buffered.push(tick)
      return "buffered"
    }
    if (this.seq !== null && tick.seq !== null) {
      if (tick.seq <= this.seq) return "ignored"
      if (!this.#follows(tick, this.seq)) {
        this.break()
        this.#buffered.push(tick)
        return "gap"
      }
    }
    this.#afterSnapshot = false
    this.bids.change(tick.bids)
    this.asks.change(tick.asks)
    if (tick.seq !== null) this.seq = tick.seq
    this.deltas++
    return "applied"
  }

  /** The first delta after a snapshot may span it; later ones must follow on exactly. */
  #follows(tick: BookUpdate, seq: number): boolean {
    // On futures numbers skip, so a delta may start well after the snapshot and yet be the very next one.
    if (tick.prevSeq === seq) return true
    if (this.#afterSnapshot && tick.firstSeq !== null) return tick.firstSeq <= seq + 1
    if (tick.prevSeq !== null) return this.#afterSnapshot ? tick.prevSeq <= seq : tick.prevSeq === seq
    return tick.firstSeq === null || tick.firstSeq <= seq + 1
  }
}
