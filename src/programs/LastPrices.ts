/**
 * Last prices: how far apart venues last traded an asset, for recordings that have no quotes.
 *
 * In: tickers in file order (other ticks are passed over). Out: a row for each pair of venues of an asset: after each of
 * their updates, the price on one over the price on the other. Promises: exact; thresholds are strictly above, in both
 * directions; an extreme is rounded half-even to 4 digits, its time is that of the first update at the unrounded one.
 */
import { Option } from "effect"
import * as Decimal from "../domain/Decimal.ts"
import * as Instrument from "../domain/Instrument.ts"
import type { Tick, TickOf } from "../domain/Tick.ts"

interface Last {
  readonly venue: string
  readonly instrument: string
  readonly asset: string
  readonly price: Decimal.Decimal
}

/** `price` over `base`, at some update. */
interface Ratio {
  readonly price: Decimal.Decimal
  readonly base: Decimal.Decimal
  readonly at: number
}

interface Pair {
  readonly asset: string
  readonly venue: string
  readonly over: string
  updates: number
  highest: Ratio
  lowest: Ratio
  readonly above: Array<number>
}

export interface LastPriceRow {
  readonly asset: string
  /** The price on `venue` over that on `over`. */
  readonly venue: string
  readonly over: string
  readonly updates: number
  readonly max: Extreme
  readonly min: Extreme
  /** Updates further apart than so many basis points, either way; by threshold as it was given. */
  readonly apart: Readonly<Record<string, number>>
}

interface Extreme {
  readonly bps: string
  readonly at: string
  readonly price: string
  readonly overPrice: string
}

export class LastPrices {
  readonly #thresholds: ReadonlyArray<{ readonly name: string; readonly exact: Decimal.Decimal }>
  readonly #lasts = new Map<string, Last>()
  readonly #pairs = new Map<string, Pair>()
  tickers = 0

  /** Basis points, as decimal text. */
  constructor(thresholdsBps: ReadonlyArray<string>) {
    this.#thresholds = thresholdsBps.map((name) => ({ name, exact: Decimal.fromChecked(name) }))
  }

  push(ticks: ReadonlyArray<Tick>): void {
    for (const tick of ticks) if (tick.kind === "ticker") this.#ticker(tick)
  }

  rows(): ReadonlyArray<LastPriceRow> {
    return [...this.#pairs.entries()].sort(([a], [b]) => a < b ? -1 : 1).map(([, pair]) => ({
      asset: pair.asset,
      venue: pair.venue,
      over: pair.over,
      updates: pair.updates,
      max: shown(pair.highest),
      min: shown(pair.lowest),
      apart: Object.fromEntries(this.#thresholds.map(({ name }, n) => [name, pair.above[n] ?? 0])),
    }))
  }

  #ticker({ ingestTime, instrument, last, venue }: TickOf<"ticker">): void {
    this.tickers++
    const parsed = Option.getOrNull(Instrument.parse(instrument))
    if (parsed === null) return
    const now: Last = { venue, instrument, asset: parsed.base, price: Decimal.fromChecked(last) }
    this.#lasts.set(`${venue} ${instrument}`, now)
    for (const peer of this.#lasts.values()) {
      if (peer.asset !== now.asset || peer.venue === venue) continue
      const [base, other] = peer.venue < venue ? [peer, now] : [now, peer]
      this.#compare(other, base, ingestTime)
    }
  }

  #compare(of: Last, over: Last, at: number): void {
    const key = [of.asset, over.venue, over.instrument, of.venue, of.instrument].join(" ")
    const ratio: Ratio = { price: of.price, base: over.price, at }
    const pair = this.#pairs.get(key) ?? {
      asset: of.asset,
      venue: of.venue,
      over: over.venue,
      updates: 0,
      highest: ratio,
      lowest: ratio,
      above: this.#thresholds.map(() => 0),
    }
    this.#pairs.set(key, pair)
    pair.updates++
    if (isGreater(ratio, pair.highest)) pair.highest = ratio
    if (isGreater(pair.lowest, ratio)) pair.lowest = ratio
    const gap = Decimal.subtract(of.price, over.price)
    const apart = Decimal.multiply(
      Decimal.isLess(gap, Decimal.ZERO) ? Decimal.negate(gap) : gap,
      Decimal.TEN_THOUSAND,
    )
    for (const [n, { exact }] of this.#thresholds.entries()) {
      if (Decimal.isGreater(apart, Decimal.multiply(over.price, exact))) pair.above[n] = (pair.above[n] ?? 0) + 1
    }
  }
}

const isGreater = (a: Ratio, b: Ratio): boolean =>
  Decimal.isGreater(Decimal.multiply(a.price, b.base), Decimal.multiply(b.price, a.base))

const shown = ({ at, base, price }: Ratio): Extreme => ({
  bps: Decimal.format(
    Decimal.divide(Decimal.multiply(Decimal.subtract(price, base), Decimal.TEN_THOUSAND), base, Decimal.SCALE.bps),
  ),
  at: new Date(at).toISOString().replace("Z", "+00:00"),
  price: Decimal.format(price),
  overPrice: Decimal.format(base),
})
