/**
 * Strategies: whom an opportunity goes to, and in which order, where not all it fits can be served.
 *
 * In: who fits, how many the opportunity can serve, whose turn it is. Out: the chosen, best first, and what the next
 * choice must know. Promises: pure; the same input gives the same choice; nobody is chosen twice; where capacity is limited,
 * shares are domain/Sharing.ts's.
 */
import { Schema } from "effect"
import { share } from "./Sharing.ts"

/**
 * - `broadcast`: all who fit
 * - `round_robin`: the next ones after those of the last time
 * - `priority`: by tier, then by how closely it is what they asked for; under a limit by shares
 * - `geographic`: inside their active hours first, then the nearer to the venue
 */
export const Strategy = Schema.Literals(["broadcast", "round_robin", "priority", "geographic"])
export type Strategy = typeof Strategy.Type

/** Of one who fits, what an order asks. */
export interface Standing {
  readonly userId: string
  /** Of their tier: the greater goes first, and gets as many times the share. */
  readonly weight: number
  /** How closely it is what they asked for; the greater goes first among equals. */
  readonly fit: number
  /** Of their zone, now. */
  readonly offsetMs: number
  /** Inside their active hours, now. */
  readonly isActive: boolean
}

export interface Turn {
  readonly strategy: Strategy
  /** How many may be chosen. */
  readonly seats: number
  /** Whether it is the opportunity that has no more seats: then they are shared. */
  readonly isScarce: boolean
  /** The user that the last turn ended with; null: there was none. */
  readonly cursor: string | null
  /** How often each was chosen today for want of capacity. */
  readonly served: ReadonlyMap<string, number>
  /** Of the venue's region, now; null: unknown. */
  readonly venueOffsetMs: number | null
}

export interface Choice<A> {
  readonly chosen: ReadonlyArray<A>
  readonly cursor: string | null
}

const DAY_MS = 86_400_000

/** Between two zones, the short way round the earth. */
export const zoneDistanceMs = (a: number, b: number): number => {
  const apart = Math.abs(a - b) % DAY_MS
  return Math.min(apart, DAY_MS - apart)
}

const byPriority = (a: Standing, b: Standing): number => b.weight - a.weight || b.fit - a.fit

/** In a ring by id, from behind the cursor on. */
const fromCursor = <A extends Standing>(matched: ReadonlyArray<A>, cursor: string | null): ReadonlyArray<A> => {
  const ring = matched.toSorted((a, b) => a.userId < b.userId ? -1 : a.userId > b.userId ? 1 : 0)
  const first = cursor === null ? 0 : ring.findIndex(({ userId }) => userId > cursor)
  return first <= 0 ? ring : [...ring.slice(first), ...ring.slice(0, first)]
}

/** `matched`: each once, in an order that no user can choose; among equals it is kept. */
export const choose = <A extends Standing>(matched: ReadonlyArray<A>, turn: Turn): Choice<A> => {
  const { cursor, isScarce, seats, served, strategy, venueOffsetMs } = turn
  const take = (ordered: ReadonlyArray<A>): Choice<A> => ({ chosen: ordered.slice(0, Math.max(0, seats)), cursor })
  switch (strategy) {
    case "broadcast":
      return take(matched.toSorted((a, b) => b.weight - a.weight))
    case "round_robin": {
      const { chosen } = take(fromCursor(matched, cursor))
      return { chosen, cursor: chosen.at(-1)?.userId ?? cursor }
    }
    case "priority":
      return take(isScarce && seats < matched.length ? share(matched, served, seats) : matched.toSorted(byPriority))
    case "geographic": {
      const apart = ({ offsetMs }: A) => venueOffsetMs === null ? 0 : zoneDistanceMs(offsetMs, venueOffsetMs)
      return take(
        matched.toSorted((a, b) => Number(b.isActive) - Number(a.isActive) || apart(a) - apart(b) || byPriority(a, b)),
      )
    }
  }
}
