/**
 * Strategies: whom an opportunity goes to, and in which order, where not all it fits can be served.
 *
 * In: who fits, how many the opportunity can serve, whose turn it is. Out: the chosen, best first, and what the next
 * choice must know. Promises: pure; the same input gives the same choice; nobody is chosen twice; where capacity is limited,
 * shares are domain/Sharing.ts's.
 */
import { Schema } from "effect"

/**
 * - `broadcast`: all who fit
 * - `round_robin`: the next ones after those of the last time
 * - `priority`: by tier, then by how closely it is what they asked for; under a limit by shares
 * - `geographic`: inside their active hours first, then the nearer to the venue
 */
export const Strategy = Schema.Literals(["broadcast", "round_robin", "priority", "geographic"])
export type Strategy = typeof Strategy.Type
