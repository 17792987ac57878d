/**
 * Which venue a name means: one with an adapter of its own, any other exchange of ccxt, or none.
 *
 * In: a name from the settings. Out: its adapter, or why there is none. Promises: a name that ccxt does not have loads
 * nothing and is refused with the names that were perhaps meant; how a venue without an adapter is followed is logged
 * when it is found.
 */
import { Effect } from "effect"
import { fromPromise } from "../bridge.ts"
import { ExchangeError } from "../Exchange.ts"
import { ccxtIds, loadCcxtClass } from "./CcxtModules.ts"
import { toExchangeError } from "./Connection.ts"
import { described, generic } from "./Generic.ts"
import { venues } from "./venues/index.ts"

/** Letters to change, add or leave out. */
const distance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [n, letter] of [...one].entries()) {
    const next = [n + 1]
    for (let at = 0; at < other.length; at++) {
      const changed = (row[at] ?? 0) + (other[at] === letter ? 0 : 1)
      next.push(Math.min(changed, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** The ids that were perhaps meant, nearest first, three at most. */
const nearest = (id: string, known: ReadonlyArray<string>): ReadonlyArray<string> => {
  const far = (other: string): number =>
    id.length > 2 && (other.startsWith(id) || id.startsWith(other)) ? 1 : distance(id, other)
  return known.map((other) => [other, far(other)] as const)
    .filter(([other, apart]) => apart <= Math.max(2, Math.floor(other.length / 3)))
    .toSorted(([, a], [, b]) => a - b).slice(0, 3).map(([other]) => other)
}

/** Why nothing can be followed under this name; null if something can. */
export const unknownVenue = (venue: string): string | null => {
  const { rest, socket } = ccxtIds(), known = [...socket, ...rest]
  if (known.includes(venue)) return null
  const near = nearest(venue, known)
  const hint = near.length === 0
    ? "docs/guides/add-a-venue.md says where their names stand"
    : `near it: ${near.join(", ")}`
  return `"${venue}" is not one of the ${known.length} exchanges of ccxt; ${hint}`
}

/** The adapter of a venue: its own where it has one, else what ccxt says of it. */
export const findAdapter = Effect.fnUntraced(function* (venue: string) {
  const own = venues.get(venue)
  if (own !== undefined) return own
  const unknown = unknownVenue(venue)
  if (unknown !== null) return yield* new ExchangeError({ reason: "unknown_venue", venue, detail: unknown })
  const Class = yield* fromPromise(() => loadCcxtClass(venue), toExchangeError(venue))
  const adapter = generic(venue, new Class({ newUpdates: true, enableRateLimit: true, options: {} }))
  yield* Effect.logInfo(
    `${venue} is followed by what ccxt says of it (${described(adapter)}); its fee, lots and contract sizes are not ` +
      "shipped: until ARBEDGE_DETECT_CONFIG names its fee it takes no part",
  )
  return adapter
})
