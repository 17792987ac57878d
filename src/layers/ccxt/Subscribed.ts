/**
 * What is known of one instrument on one connection: its names, its book, what came before.
 *
 * In: its market and what was observed. Out: the guards that judge the next value. Promises: holds no connection and
 * no clock.
 */
import { type BadTick, badTick, type Tick, type TickKind } from "../../domain/Tick.ts"
import { BookKeeper } from "./BookKeeper.ts"
import type { CcxtMarket } from "./CcxtShape.ts"
import { PriceGuard, TimeGuard } from "./Plausibility.ts"
import type { VenueAdapter } from "./VenueAdapter.ts"

/** How far a time may fall behind the one before: quotes are in order, trades come from many engines. */
const TOLERANCE_MS: Partial<Record<TickKind, number>> = { quote: 0, trade: 60_000, funding: 0, ticker: 60_000 }
/** ccxt takes a quote's time from a book's snapshot or its changes, which may be of seconds. */
const FILED_TOLERANCE_MS: typeof TOLERANCE_MS = { ...TOLERANCE_MS, quote: 1_000 }

export class Subscribed {
  readonly instrument: string
  readonly wireId: string
  readonly bookHash: string
  readonly keeper: BookKeeper
  readonly #maxJump: number
  readonly #toleranceMs: typeof TOLERANCE_MS
  readonly #times = new Map<TickKind, TimeGuard>()
  readonly #prices = new Map<TickKind, PriceGuard>()
  /** The socket that speaks of it; null before its first frame. */
  url: string | null = null
  lastTickMs = 0

  constructor(adapter: VenueAdapter, market: CcxtMarket, maxJump: number) {
    this.instrument = market.symbol
    this.wireId = adapter.wireId(market)
    this.bookHash = adapter.bookHash(market.symbol)
    this.keeper = new BookKeeper(adapter, market, maxJump)
    this.#maxJump = maxJump
    this.#toleranceMs = adapter.filed === undefined ? TOLERANCE_MS : FILED_TOLERANCE_MS
  }

  /** Why a tick that is well-formed cannot be true; null if it can. */
  implausible(tick: Tick): BadTick | null {
    if (tick.venueTime !== null && !this.#time(tick.kind).accepts(tick.venueTime)) {
      return badTick("time_backwards", `${tick.kind} at ${tick.venueTime}`)
    }
    const price = priceOf(tick)
    if (price === null || this.#price(tick.kind).accepts(price)) return null
    return badTick("absurd_jump", `${tick.kind} at ${price}`)
  }

  #time(kind: TickKind): TimeGuard {
    let guard = this.#times.get(kind)
    if (guard === undefined) this.#times.set(kind, guard = new TimeGuard(this.#toleranceMs[kind] ?? 0))
    return guard
  }

  #price(kind: TickKind): PriceGuard {
    let guard = this.#prices.get(kind)
    if (guard === undefined) this.#prices.set(kind, guard = new PriceGuard(this.#maxJump))
    return guard
  }
}

const priceOf = (tick: Tick): number | null => {
  if (tick.kind === "quote") return (Number(tick.bid) + Number(tick.ask)) / 2
  if (tick.kind === "trade") return Number(tick.price)
  return tick.kind === "ticker" ? Number(tick.last) : null
}
