/**
 * The opportunity log of a replay: every transition, one public JSON object a line.
 *
 * In: transitions, in whatever order the partitions were worked off. Out: text. Promises: ordered by time, then by
 * opportunity and revision, so that the same transitions are the same bytes, however they came about.
 */
import { Effect, Schema } from "effect"
import { type Opportunity, OpportunityJson } from "../../domain/Opportunity.ts"

const encode = Schema.encodeEffect(OpportunityJson)

const compare = (a: Opportunity, b: Opportunity): number =>
  a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : a.revision - b.revision)

export const opportunityLog = (transitions: ReadonlyArray<Opportunity>): Effect.Effect<string> =>
  Effect.forEach(transitions.toSorted(compare), (transition) => Effect.orDie(encode(transition))).pipe(
    Effect.map((lines) => lines.map((line) => `${line}\n`).join("")),
  )
