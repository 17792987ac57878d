/**
 * HeardMarkets: how the prices of all markets moved lately, for whoever analyses them.
 *
 * In: ticks, live or of a recording, in order of their ingest times. Out: for each market its best prices, volatility and
 * moves of the mid price. Promises: a market counts while it was heard of within 10 s of the newest; a gap interrupts its
 * moves; 1,000 markets at most: then those silent for a minute go, or the new one is refused.
 */
import type { HeardMarket } from "../domain/MarketAnalysis.ts"
import { PriceMoves } from "../domain/PriceMoves.ts"
import type { Tick } from "../domain/Tick.ts"
import { Volatility } from "../domain/Volatility.ts"
import { type LatestMarket, LatestMarkets } from "./LatestMarkets.ts"

const MAX_MARKETS = 1_000
const FRESH_MS = 10_000
const SILENT_MS = 60_000

interface Heard {
  readonly market: LatestMarket
  readonly moves: PriceMoves
  readonly volatility: Volatility
  bid: number
  ask: number
}

export class HeardMarkets {
  readonly #table = new LatestMarkets()
  readonly #heard = new Map<LatestMarket, Heard>()
  readonly #spanMs: number
  readonly #capacity: number | undefined
  #beganAt = Infinity
  #newestAt = -Infinity
  /** Ticks of markets for which there was no room. */
  refused = 0

  /** `spanMs`: how far back moves are remembered; `capacity`: how many of a market. */
  constructor(spanMs: number, capacity?: number) {
    this.#spanMs = spanMs
    this.#capacity = capacity
  }

  push(tick: Tick): void {
    const { ingestTime, kind } = tick
    this.#beganAt = Math.min(this.#beganAt, ingestTime)
    this.#newestAt = Math.max(this.#newestAt, ingestTime)
    if (kind !== "quote" && kind !== "book" && kind !== "gap" && kind !== "heartbeat") return
    const market = this.#table.push(tick)
    const heard = market === undefined ? undefined : this.#of(market)
    if (heard === undefined) {
      this.refused++
      return
    }
    if (kind === "gap") return heard.moves.interrupt()
    // A book beside quotes would tell the same prices at other times.
    if (kind === "book" && heard.market.quote !== undefined) return
    const touch = heard.market.touch
    if (touch === undefined) return
    heard.bid = Number(touch.bid)
    heard.ask = Number(touch.ask)
    const mid = (heard.bid + heard.ask) / 2
    heard.moves.push(mid, ingestTime)
    if (heard.volatility.isDue(ingestTime)) heard.volatility.sample(mid, ingestTime)
  }

  /** How long a span of market data is behind what is told, ms; 0: nothing was heard. */
  get spanMs(): number {
    return this.#newestAt < this.#beganAt ? 0 : Math.min(this.#spanMs, this.#newestAt - this.#beganAt)
  }

  /** Markets of which something was heard within so long of the newest. */
  all(freshMs = FRESH_MS): ReadonlyArray<HeardMarket> {
    const since = this.#newestAt - freshMs
    return [...this.#heard.values()]
      .filter(({ ask, bid, market }) => market.heardAtMs >= since && bid > 0 && ask > 0)
      .map(({ ask, bid, market: { instrument, venue }, moves, volatility }) => ({
        venue,
        instrument,
        bid,
        ask,
        volatilityBps: volatility.bps,
        moves: moves.all,
      }))
  }

  #of(market: LatestMarket): Heard | undefined {
    const known = this.#heard.get(market)
    if (known !== undefined) return known
    if (this.#heard.size >= MAX_MARKETS) this.#forget(this.#newestAt - SILENT_MS)
    if (this.#heard.size >= MAX_MARKETS) return undefined
    const moves = new PriceMoves(this.#spanMs, this.#capacity)
    const heard: Heard = { market, moves, volatility: new Volatility(), bid: 0, ask: 0 }
    this.#heard.set(market, heard)
    return heard
  }

  #forget(beforeMs: number): void {
    for (const market of this.#heard.keys()) if (market.heardAtMs < beforeMs) this.#heard.delete(market)
  }
}
