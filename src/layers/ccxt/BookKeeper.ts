/**
 * The continuity of one instrument's book on one connection.
 *
 * waiting --snapshot--> live --(number, checksum, crossing or price broken)--> broken --forgotten--> waiting
 *
 * In: checked deltas, and looks at ccxt's cached book after it took them. Out: what to do with a delta and whether the
 * book still holds. Promises: nothing is said of prices unless live; once broken it stays so until `forget`.
 */
import { type BadTick, badTick, type GapReason, type Level, type TickOf } from "../../domain/Tick.ts"
import type { CcxtBook, CcxtMarket } from "./CcxtShape.ts"
import { follows } from "./Continuity.ts"
import { PriceGuard, TimeGuard } from "./Plausibility.ts"
import { numberText } from "./Values.ts"
import type { VenueAdapter } from "./VenueAdapter.ts"

type BookTick = TickOf<"book">

/** Deltas of one book may overtake each other by this much without meaning anything. */
const TOLERANCE_MS = 1_000

/** Why a book cannot be used any longer; `bad` where the frame itself is to blame. */
export interface Fault {
  readonly gap: GapReason
  readonly bad: BadTick | null
}

export class BookKeeper {
  readonly #adapter: VenueAdapter
  readonly #market: CcxtMarket
  readonly #prices: PriceGuard
  #times = new TimeGuard(TOLERANCE_MS)
  #afterSnapshot = false
  phase: "waiting" | "live" | "broken" = "waiting"
  seq: number | null = null
  /** When the consumer last got a whole book, by our clock. */
  snapshotAtMs = 0
  /** Breaks since the book last lived for long. */
  attempts = 0

  constructor(adapter: VenueAdapter, market: CcxtMarket, maxJump: number) {
    this.#adapter = adapter
    this.#market = market
    this.#prices = new PriceGuard(maxJump)
  }

  /** What to do with a delta before ccxt sees it. `early`: its snapshot is still to come. */
  judge(delta: BookTick): "apply" | "old" | "early" | Fault {
    if (this.phase !== "live") return "early"
    const verdict = follows(this.seq, this.#afterSnapshot, delta)
    if (verdict === "gap") return { gap: "sequence", bad: null }
    // Frames older than the snapshot are no news; later repetitions are not applied twice.
    if (verdict === "old") return "old"
    if (delta.venueTime !== null && !this.#times.accepts(delta.venueTime)) {
      return { gap: "sequence", bad: badTick("time_backwards", `book at ${delta.venueTime}`) }
    }
    return "apply"
  }

  /** True while frames that the snapshot already contains are to be expected. */
  get justLoaded(): boolean {
    return this.#afterSnapshot
  }

  /** ccxt's book after the frame: does it stand as the venue says, uncrossed and near where it was? */
  verify(book: CcxtBook, checksum: number | null): Fault | null {
    if (checksum !== null && this.#adapter.checksum !== undefined) {
      if (this.#adapter.checksum(book.bids, book.asks, this.#market) !== checksum) return { gap: "checksum", bad: null }
    }
    const bid = book.bids[0]?.[0], ask = book.asks[0]?.[0]
    if (bid === undefined || ask === undefined) return null
    if (bid >= ask) return { gap: "sequence", bad: badTick("crossed", `book: bid ${bid}, ask ${ask}`) }
    if (!this.#prices.accepts((bid + ask) / 2)) {
      return { gap: "sequence", bad: badTick("absurd_jump", `book: bid ${bid}, ask ${ask}`) }
    }
    return null
  }

  loaded(seq: number | null, nowMs: number): void {
    this.phase = "live"
    this.seq = seq
    this.snapshotAtMs = nowMs
    this.#afterSnapshot = true
  }

  applied(seq: number | null): void {
    if (seq !== null) this.seq = seq
    this.#afterSnapshot = false
  }

  broken(): void {
    this.phase = "broken"
    this.attempts++
  }

  /** A new snapshot was asked for. */
  forget(): void {
    this.phase = "waiting"
    this.seq = null
    this.#prices.reset()
    this.#times = new TimeGuard(TOLERANCE_MS)
  }
}

const side = (levels: CcxtBook["bids"], depth: number): ReadonlyArray<Level> =>
  levels.slice(0, depth).flatMap(([price, size]) =>
    price === undefined || size === undefined ? [] : [[numberText(price), numberText(size)] as const]
  )

/** The best `depth` levels of ccxt's book. */
export const bestLevels = (book: CcxtBook, depth: number): Pick<BookTick, "bids" | "asks"> => ({
  bids: side(book.bids, depth),
  asks: side(book.asks, depth),
})
