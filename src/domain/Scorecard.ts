/**
 * Scorecard: what was found, and what of it could have been had, after the delays that a bot or a person needs.
 *
 * In: outcomes. Out: rows by type, pair or venue. Promises: only what could be judged is counted as judged; simulated
 * data never mixes with real; medians are of exact text, the lower of two middles, so that every runtime agrees.
 */
import { Schema } from "effect"
import { DELAYS_MS, isUnread, type Outcome } from "./Outcome.ts"

export const Grouping = Schema.Literals(["type", "pair", "venue"])
export type Grouping = typeof Grouping.Type

export const AtDelay = Schema.Struct({
  delayMs: Schema.Int,
  /** Cases whose books could be read then. */
  judged: Schema.Int,
  /** Of these, how many still paid after fees at the size first told. */
  realisable: Schema.Int,
  /** Basis points, of those that had a price then; null: none had. */
  medianNetBps: Schema.NullOr(Schema.String),
})
export type AtDelay = typeof AtDelay.Type

export const ScorecardRow = Schema.Struct({
  by: Grouping,
  group: Schema.String,
  simulated: Schema.Boolean,
  found: Schema.Int,
  /** Kept from people by validation. */
  silent: Schema.Int,
  medianLivedMs: Schema.Int,
  /** As detected; null: of a type that names none. */
  medianNetBps: Schema.NullOr(Schema.String),
  after: Schema.Array(AtDelay),
})
export type ScorecardRow = typeof ScorecardRow.Type

const groupsOf = (outcome: Outcome, by: Grouping): ReadonlyArray<string> =>
  by === "type" ? [outcome.type] : by === "pair" ? [outcome.pair] : [...new Set(outcome.venues)]

const lowerMiddle = <A>(values: ReadonlyArray<A>, order: (a: A, b: A) => number): A | undefined =>
  values.toSorted(order)[Math.floor((values.length - 1) / 2)]

const medianBps = (texts: ReadonlyArray<string | null>): string | null =>
  lowerMiddle(texts.filter((text) => text !== null), (a, b) => Number(a) - Number(b)) ?? null

const atDelay = (outcomes: ReadonlyArray<Outcome>, delayMs: number): AtDelay => {
  const reads = outcomes.flatMap(({ realised }) => realised.filter((one) => one.delayMs === delayMs))
  const judged = reads.filter((read) => !isUnread(read))
  return {
    delayMs,
    judged: judged.length,
    realisable: judged.filter(({ netBps }) => netBps !== null && Number(netBps) > 0).length,
    medianNetBps: medianBps(judged.map(({ netBps }) => netBps)),
  }
}

const row = (by: Grouping, group: string, simulated: boolean, outcomes: ReadonlyArray<Outcome>): ScorecardRow => ({
  by,
  group,
  simulated,
  found: outcomes.length,
  silent: outcomes.filter(({ silent }) => silent).length,
  medianLivedMs: lowerMiddle(outcomes.map(({ livedMs }) => livedMs), (a, b) => a - b) ?? 0,
  medianNetBps: medianBps(outcomes.map(({ netBps }) => netBps)),
  after: DELAYS_MS.map((delayMs) => atDelay(outcomes, delayMs)),
})

/** One row a group, real before simulated, most found first. */
export const scorecard = (outcomes: ReadonlyArray<Outcome>, by: Grouping): ReadonlyArray<ScorecardRow> => {
  const groups = new Map<string, Array<Outcome>>()
  for (const outcome of outcomes) {
    for (const group of groupsOf(outcome, by)) {
      const key = `${outcome.simulated ? 1 : 0}|${group}`
      const known = groups.get(key)
      if (known === undefined) groups.set(key, [outcome])
      else known.push(outcome)
    }
  }
  return [...groups].map(([key, members]) => row(by, key.slice(2), key.startsWith("1"), members)).toSorted((a, b) =>
    Number(a.simulated) - Number(b.simulated) || b.found - a.found || (a.group < b.group ? -1 : 1)
  )
}
