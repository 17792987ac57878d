/**
 * The digest of a quiet time: what came for somebody while they were not to be disturbed, and what is left of it.
 *
 * In: opportunities that lived in that time, what their reader wants, and the time now. Out: counts, those that lived
 * longest, and those that are open now. Promises: pure; who it would not have fitted is left out; several lives of one
 * fingerprint count each; nothing to tell is null.
 */
import { offerOf, unwanted, type Wants } from "./Matching.ts"
import type { Opportunity } from "./Opportunity.ts"

export interface Digest {
  /** How long it was quiet. */
  readonly quietMs: number
  readonly came: number
  readonly gone: number
  /** Of those gone, the longest lived first. */
  readonly longest: ReadonlyArray<Opportunity>
  /** Open now, the best first. */
  readonly open: ReadonlyArray<Opportunity>
  readonly openCount: number
}

export interface QuietTime {
  readonly fromMs: number
  readonly untilMs: number
}

const SHOWN = 3

const lifetimeMs = ({ firstAt, lastAt }: Opportunity): number => lastAt - firstAt
const isOpenAt = ({ expiresAt, state }: Opportunity, nowMs: number): boolean => state !== "closed" && nowMs < expiresAt

/** Longest first; equally long by what they were worth, then in a fixed order. */
const byLifetime = (a: Opportunity, b: Opportunity): number =>
  lifetimeMs(b) - lifetimeMs(a) || Number(b.netBps ?? 0) - Number(a.netBps ?? 0) || (a.id < b.id ? -1 : 1)

const byWorth = (a: Opportunity, b: Opportunity): number =>
  Number(b.netBps ?? 0) - Number(a.netBps ?? 0) || (a.id < b.id ? -1 : 1)

/** `lived` are opportunities at their newest revision, in any order; those outside the quiet time are passed over. */
export const digestOf = (
  lived: ReadonlyArray<Opportunity>,
  wants: Wants,
  quiet: QuietTime,
  nowMs: number,
): Digest | null => {
  const came = lived.filter((opportunity) =>
    opportunity.detectedAt >= quiet.fromMs && opportunity.detectedAt < quiet.untilMs &&
    unwanted(offerOf(opportunity), wants) === null
  )
  if (came.length === 0) return null
  const open = came.filter((opportunity) => isOpenAt(opportunity, nowMs))
  const gone = came.filter((opportunity) => !isOpenAt(opportunity, nowMs))
  return {
    quietMs: quiet.untilMs - quiet.fromMs,
    came: came.length,
    gone: gone.length,
    longest: gone.toSorted(byLifetime).slice(0, SHOWN),
    open: open.toSorted(byWorth).slice(0, SHOWN),
    openCount: open.length,
  }
}

/** No quiet time is told of further back. */
const LONGEST_QUIET_MS = 24 * 3_600_000
const STEP_MS = 60_000

/** When the quiet that ends at an instant began, to the minute; a day before at the most. */
export const quietBefore = (isQuiet: (atMs: number) => boolean, untilMs: number): number => {
  let fromMs = untilMs
  while (fromMs > untilMs - LONGEST_QUIET_MS && isQuiet(fromMs - STEP_MS)) fromMs -= STEP_MS
  return fromMs
}
