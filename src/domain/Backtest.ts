/**
 * Backtest: what a recording's opportunities were worth to somebody who had followed them.
 *
 * In: outcomes, verdicts and rejected checks of a whole recording. Out: what was found, turned down, how long it lived, and
 * what it would have earned at each delay. Promises: exact sums; currencies are never added up; what nobody can say counts
 * nowhere; the same outcomes give the same report, in whichever order they came.
 *
 *   Rule: each opportunity told is taken once, at the size first told, `delayMs` after its detection, blindly: what its
 *   plan nets on the books of that instant is gained or lost. What the books did not hold then is missed and costs nothing.
 *   Capital is not limited, and what is taken moves no book.
 */
import * as Decimal from "./Decimal.ts"
import { DELAYS_MS, isUnread, type Outcome } from "./Outcome.ts"
import { scorecard, type ScorecardRow } from "./Scorecard.ts"

type Exact = Decimal.Decimal

/** Points of a curve that are kept; the last is among them. */
export const MAX_POINTS = 240

export interface CurvePoint {
  /** Ingest time, ms. */
  readonly at: number
  /** Earned until then, in the currency. */
  readonly total: string
}

export interface Earned {
  readonly currency: string
  readonly delayMs: number
  /** Told with a profit in this currency; of these taken, not to be had at the instant, and not readable. */
  readonly told: number
  readonly taken: number
  readonly missed: number
  readonly unread: number
  /** Taken with a gain, and their share of those taken, scale 4; null: none was taken. */
  readonly won: number
  readonly hitRate: string | null
  readonly total: string
  readonly best: string | null
  readonly worst: string | null
  /** The deepest fall of the total below what it had been before, as a positive amount. */
  readonly maxDrawdown: string
  readonly curve: ReadonlyArray<CurvePoint>
}

/** So many lived at least `fromMs` and less than `toMs`; null: without end. */
export interface Lifetimes {
  readonly fromMs: number
  readonly toMs: number | null
  readonly count: number
}

export interface Refusals {
  readonly level: number
  readonly reason: string
  readonly count: number
}

export interface Backtest {
  readonly simulated: boolean
  /** Ingest times of the first and the last detection; null: nothing was found. */
  readonly from: number | null
  readonly to: number | null
  readonly found: number
  /** Kept from people by validation: no part of what was earned. */
  readonly silent: number
  readonly by: Readonly<Record<"type" | "pair" | "venue", ReadonlyArray<ScorecardRow>>>
  readonly checks: number
  /** Checks turned down, most often first; what validation refused, by level. */
  readonly rejected: ReadonlyArray<{ readonly reason: string; readonly count: number }>
  readonly refused: ReadonlyArray<Refusals>
  readonly lived: ReadonlyArray<Lifetimes>
  readonly earned: ReadonlyArray<Earned>
}

/** As readers see a delay, and a span of lifetimes. */
export const delayName = (delayMs: number): string => delayMs === 0 ? "at once" : `${delayMs / 1_000} s`

export const spanName = ({ fromMs, toMs }: Lifetimes): string => {
  const name = (ms: number): string =>
    ms >= 3_600_000 ? `${ms / 3_600_000} h` : ms >= 60_000 ? `${ms / 60_000} min` : `${ms / 1_000} s`
  return toMs === null ? `${name(fromMs)} +` : `< ${name(toMs)}`
}

const LIVED_MS = [0, 100, 1_000, 5_000, 30_000, 60_000, 300_000, 3_600_000]

const lifetimes = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<Lifetimes> =>
  LIVED_MS.map((fromMs, rank) => {
    const toMs = LIVED_MS[rank + 1] ?? null
    const count = outcomes.filter(({ livedMs }) => livedMs >= fromMs && (toMs === null || livedMs < toMs)).length
    return { fromMs, toMs, count }
  })

/** What one brings at a delay; `missed`: not to be had; null: nobody knows. */
const broughtBy = ({ netProfit, realised }: Outcome, delayMs: number): Exact | "missed" | null => {
  if (delayMs === 0) return netProfit === null ? null : Decimal.fromChecked(netProfit)
  const then = realised.find((one) => one.delayMs === delayMs)
  if (then === undefined || isUnread(then)) return null
  if (then.reason !== null) return "missed"
  return then.netProfit === null ? null : Decimal.fromChecked(then.netProfit)
}

/** Evenly, with the last one. */
const thinned = (points: ReadonlyArray<CurvePoint>): ReadonlyArray<CurvePoint> => {
  const { length } = points
  if (length <= MAX_POINTS) return points
  return points.filter((_, at) => Math.floor((at + 1) * MAX_POINTS / length) > Math.floor(at * MAX_POINTS / length))
}

/** `told` in the order of detection. */
const earnedAt = (currency: string, delayMs: number, told: ReadonlyArray<Outcome>): Earned => {
  const curve: Array<CurvePoint> = []
  let total = Decimal.ZERO, peak = Decimal.ZERO, drawdown = Decimal.ZERO
  let best: Exact | null = null, worst: Exact | null = null
  let missed = 0, unread = 0, won = 0
  for (const outcome of told) {
    const brought = broughtBy(outcome, delayMs)
    if (brought === null) unread++
    else if (brought === "missed") missed++
    else {
      total = Decimal.add(total, brought)
      peak = Decimal.max(peak, total)
      drawdown = Decimal.max(drawdown, Decimal.subtract(peak, total))
      best = best === null ? brought : Decimal.max(best, brought)
      worst = worst === null ? brought : Decimal.min(worst, brought)
      if (Decimal.isPositive(brought)) won++
      curve.push({ at: outcome.detectedAt + delayMs, total: Decimal.format(total) })
    }
  }
  const taken = told.length - missed - unread
  return {
    currency,
    delayMs,
    told: told.length,
    taken,
    missed,
    unread,
    won,
    hitRate: taken === 0
      ? null
      : Decimal.format(Decimal.divide(Decimal.fromInteger(won), Decimal.fromInteger(taken), Decimal.SCALE.bps)),
    total: Decimal.format(total),
    best: best === null ? null : Decimal.format(best),
    worst: worst === null ? null : Decimal.format(worst),
    maxDrawdown: Decimal.format(drawdown),
    curve: thinned(curve),
  }
}

const byName = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0

export interface BacktestInput {
  readonly simulated: boolean
  readonly outcomes: ReadonlyArray<Outcome>
  readonly checks: number
  readonly rejected: Readonly<Record<string, number>>
  readonly refused: ReadonlyArray<Refusals>
}

export const backtest = ({ checks, outcomes, refused, rejected, simulated }: BacktestInput): Backtest => {
  const ordered = outcomes.toSorted((a, b) => a.detectedAt - b.detectedAt || byName(a.opportunityId, b.opportunityId))
  // What names no profit, as a technical signal, earns in no currency.
  const told = ordered.filter(({ netProfit, silent }) => !silent && netProfit !== null)
  const currencies = [...new Set(told.map(({ currency }) => currency))].sort(byName)
  return {
    simulated,
    from: ordered[0]?.detectedAt ?? null,
    to: ordered.at(-1)?.detectedAt ?? null,
    found: ordered.length,
    silent: ordered.filter(({ silent }) => silent).length,
    by: {
      type: scorecard(ordered, "type"),
      pair: scorecard(ordered, "pair"),
      venue: scorecard(ordered, "venue"),
    },
    checks,
    rejected: Object.entries(rejected).map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count || byName(a.reason, b.reason)),
    refused: refused.toSorted((a, b) => a.level - b.level || b.count - a.count || byName(a.reason, b.reason)),
    lived: lifetimes(ordered),
    earned: currencies.flatMap((currency) => {
      const its = told.filter((outcome) => outcome.currency === currency)
      return [0, ...DELAYS_MS].map((delayMs) => earnedAt(currency, delayMs, its))
    }),
  }
}
