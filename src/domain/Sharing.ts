/**
 * Sharing: an opportunity's depth among those who want it.
 *
 * In: what it can serve, and how often each was served today. Out: how many seats it has, and who gets them. Promises:
 * pure; over a day everyone's share tends to their tier's weight and is even inside a tier, whoever comes when: a seat
 * goes to the one whose next turn is due first, counting a turn as 1 / weight.
 */
import type { Opportunity } from "./Opportunity.ts"

/** The least that is worth an execution, by currency. */
export type MinTickets = ReadonlyMap<string, number>

/** Null: as many as want it, because nobody knows its depth or what is worth while in its currency. */
export const seatsOf = (
  { capacity, currency, notional, size }: Pick<Opportunity, "capacity" | "currency" | "notional" | "size">,
  minTickets: MinTickets,
): number | null => {
  const ticket = minTickets.get(currency)
  const worth = Number(notional) * Number(capacity) / Number(size)
  return ticket === undefined || !(worth > 0) ? null : Math.max(1, Math.floor(worth / ticket))
}

interface Sharer {
  readonly userId: string
  readonly weight: number
  readonly fit: number
}

/** The `seats` whose turns are due first, in that order; among equals the weightier, then who wants it most. */
export const share = <A extends Sharer>(
  sharers: ReadonlyArray<A>,
  served: ReadonlyMap<string, number>,
  seats: number,
): ReadonlyArray<A> => {
  const due = ({ userId, weight }: A) => ((served.get(userId) ?? 0) + 1) / weight
  return sharers
    .map((sharer) => ({ sharer, at: due(sharer) }))
    .toSorted((a, b) => a.at - b.at || b.sharer.weight - a.sharer.weight || b.sharer.fit - a.sharer.fit)
    .slice(0, seats)
    .map(({ sharer }) => sharer)
}

/** Jain's index of fairness: 1 where all have the same, 1/n where one has all; 1 of nothing. */
export const jain = (amounts: ReadonlyArray<number>): number => {
  const sum = amounts.reduce((a, b) => a + b, 0)
  return sum === 0 ? 1 : sum ** 2 / (amounts.length * amounts.reduce((a, b) => a + b * b, 0))
}
