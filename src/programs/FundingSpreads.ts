/**
 * Funding spreads: a raw look at a recording of settled rates: what each venue paid, and how far apart they were.
 *
 * In: ticks in file order; predicted rates and other kinds are passed over. Out: for each perpetual the sum of its rates;
 * for each instant at which two venues or more settled the same instrument over the same interval, the highest rate less
 * the lowest. Promises: exact until it is shown, with 8 digits; thresholds are strictly above; equal spreads stand in the
 * order of their time.
 */
import * as Decimal from "../domain/Decimal.ts"
import type { Tick, TickOf } from "../domain/Tick.ts"

const RATE_DIGITS = 8

interface Extreme {
  readonly venue: string
  readonly rate: Decimal.Decimal
}

interface Instant {
  readonly instrument: string
  readonly at: number
  readonly low: Extreme
  readonly high: Extreme
  readonly venues: number
}

interface Sum {
  readonly venue: string
  readonly instrument: string
  readonly rate: Decimal.Decimal
  readonly settlements: number
}

export interface SpreadRow {
  readonly spread: string
  readonly at: string
  readonly instrument: string
  readonly short: string
  readonly long: string
}

export interface SpreadReport {
  readonly paid: ReadonlyArray<
    { readonly venue: string; readonly instrument: string; readonly rate: string; readonly settlements: number }
  >
  /** Instants at which two venues or more could be compared. */
  readonly instants: number
  /** By threshold, as it was given. */
  readonly above: Readonly<Record<string, number>>
  readonly top: ReadonlyArray<SpreadRow>
}

export class FundingSpreads {
  readonly #sums = new Map<string, Sum>()
  readonly #instants = new Map<string, Instant>()
  settled = 0

  push(ticks: ReadonlyArray<Tick>): void {
    for (const tick of ticks) if (tick.kind === "funding" && !tick.predicted) this.#settled(tick)
  }

  /** Thresholds are fractions, as decimal text. */
  report(thresholds: ReadonlyArray<string>, most: number): SpreadReport {
    const compared = [...this.#instants.values()]
      .filter(({ venues }) => venues > 1)
      .map((instant) => ({ ...instant, spread: Decimal.subtract(instant.high.rate, instant.low.rate) }))
    const above = (threshold: string): number => {
      const least = Decimal.fromChecked(threshold)
      return compared.filter(({ spread }) => Decimal.isGreater(spread, least)).length
    }
    return {
      paid: [...this.#sums.values()]
        .sort((a, b) => nameOf(a) < nameOf(b) ? -1 : 1)
        .map(({ instrument, rate, settlements, venue }) => (
          { venue, instrument, rate: Decimal.format(Decimal.round(rate, RATE_DIGITS)), settlements }
        )),
      instants: compared.length,
      above: Object.fromEntries(thresholds.map((threshold) => [threshold, above(threshold)])),
      top: compared
        .sort((a, b) => Decimal.compare(b.spread, a.spread) || a.at - b.at || (a.instrument < b.instrument ? -1 : 1))
        .slice(0, most)
        .map(({ at, high, instrument, low, spread }) => ({
          spread: Decimal.format(Decimal.round(spread, RATE_DIGITS)),
          at: new Date(at).toISOString().replace("Z", "+00:00"),
          instrument,
          short: high.venue,
          long: low.venue,
        })),
    }
  }

  #settled({ ingestTime, instrument, intervalMs, rate: text, venue, venueTime }: TickOf<"funding">): void {
    this.settled++
    const rate = Decimal.fromChecked(text), at = venueTime ?? ingestTime
    const name = nameOf({ venue, instrument })
    const sum = this.#sums.get(name) ?? { venue, instrument, rate: Decimal.ZERO, settlements: 0 }
    this.#sums.set(name, { ...sum, rate: Decimal.add(sum.rate, rate), settlements: sum.settlements + 1 })
    const key = `${instrument} ${at} ${intervalMs}`, one = { venue, rate }
    const before = this.#instants.get(key)
    this.#instants.set(
      key,
      before === undefined ? { instrument, at, low: one, high: one, venues: 1 } : {
        ...before,
        low: Decimal.isLess(rate, before.low.rate) ? one : before.low,
        high: Decimal.isGreater(rate, before.high.rate) ? one : before.high,
        venues: before.venues + 1,
      },
    )
  }
}

const nameOf = ({ instrument, venue }: { readonly venue: string; readonly instrument: string }): string =>
  `${venue} ${instrument}`
