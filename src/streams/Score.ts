/**
 * Score: one number from 0 to 100 by which opportunities are ranked. docs/scoring.md explains it to readers.
 *
 * In: validated candidates. Out: the same with a score. Promises: transparent and pure; the same plan scores the same
 * everywhere (no transcendental function); more net bps, more money or fresher books never lower it.
 *
 *   score = 60 x min(1, netBps / 50) + 25 x min(1, netProfit / 100)
 *         + 15 x (1 - min(1, oldest book age / 2000 ms))            rounded to 2 digits
 */
import * as Decimal from "../domain/Decimal.ts"
import type { Candidate, Plan } from "./detectors/Candidate.ts"

/** Net bps and money (in the opportunity's currency) beyond which more adds nothing, and the age that adds nothing. */
const FULL_NET_BPS = 50
const FULL_PROFIT = 100
const WORTHLESS_AGE_MS = 2_000

const part = (value: number, full: number): number => Math.min(1, Math.max(0, value / full))

/** What is unknown adds nothing. */
const known = (value: Decimal.Decimal | null): number => value === null ? 0 : Decimal.toNumber(value)

export const scoreOf = (plan: Plan): number => {
  const age = Math.max(0, ...plan.legs.map((leg) => leg.bookAgeMs))
  const score = 60 * part(known(plan.netBps), FULL_NET_BPS) +
    25 * part(known(plan.netProfit), FULL_PROFIT) +
    15 * (1 - part(age, WORTHLESS_AGE_MS))
  return Math.round(score * 100) / 100
}

export const score = (candidates: ReadonlyArray<Candidate>): ReadonlyArray<Candidate> =>
  candidates.map((candidate) => candidate.plan === null ? candidate : { ...candidate, score: scoreOf(candidate.plan) })
