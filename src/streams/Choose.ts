/**
 * Choose: of those an opportunity fits, whom it goes to.
 *
 * In: who fits, best first, how many messages can leave in time, and the operator's rules. Out: the chosen, and the
 * strategy that chose them. Promises: inside the caller's transaction, so that a turn is taken exactly if its rows are
 * committed; where everybody can be served, nothing but memory is asked; of more than `POOL` who fit, those beyond it are
 * not considered where they would have to be looked up.
 */
import { Context, Effect, Metric } from "effect"
import { leadingLeg, type Opportunity, type OpportunityType } from "../domain/Opportunity.ts"
import type { Preferences } from "../domain/Preferences.ts"
import { offsetAt, quietAt } from "../domain/QuietTime.ts"
import { type MinTickets, seatsOf } from "../domain/Sharing.ts"
import { choose, type Standing, type Strategy } from "../domain/Strategy.ts"
import { limitsOf } from "../domain/Tier.ts"
import type { Recipient, TelegramId } from "../domain/User.ts"
import { zoneOfVenue } from "../domain/VenueRegions.ts"
import { Rotations } from "../layers/Rotations.ts"
import { Users } from "../layers/Users.ts"

export interface SharingRules {
  /** By type; a type left out: `priority` where its depth does not do for all, else `broadcast`. */
  readonly strategies: ReadonlyMap<OpportunityType, Strategy>
  readonly minTickets: MinTickets
}

/** What the operator has set; without it nothing is scarce. */
export const SharingRules = Context.Reference<SharingRules>("arbedge/SharingRules", {
  defaultValue: () => ({ strategies: new Map(), minTickets: new Map() }),
})

export const POOL = 5_000

const chosenTotal = Metric.counter("distribution_chosen_total", { description: "Recipients chosen, by strategy" })

/** How much of what they were free to leave open they have named. */
const fitOf = ({ opportunityTypes, pairs, venues }: Preferences): number =>
  [opportunityTypes, pairs, venues].filter((named) => named.length > 0).length

const venueOffset = (opportunity: Opportunity, nowMs: number): number | null => {
  const zone = zoneOfVenue(leadingLeg(opportunity)?.venue ?? "")
  return zone === null ? null : offsetAt(zone, nowMs)
}

const standingOf = ({ preferences, role, tier, userId }: Recipient, nowMs: number): Standing => ({
  userId,
  weight: limitsOf(tier, role).weight,
  fit: fitOf(preferences),
  offsetMs: offsetAt(preferences.timeZone, nowMs),
  isActive: quietAt(preferences, nowMs) === null,
})

interface Reader {
  readonly userId: string
  readonly chatId: TelegramId
}

export const makeChooser = Effect.gen(function* () {
  const rotations = yield* Rotations, users = yield* Users, rules = yield* SharingRules

  return Effect.fn("Distribute.choose")(
    function* <A extends Reader>(opportunity: Opportunity, matched: ReadonlyArray<A>, sendable: number, nowMs: number) {
      const depth = seatsOf(opportunity, rules.minTickets)
      const isScarce = depth !== null && depth < matched.length
      const strategy = rules.strategies.get(opportunity.type) ?? (isScarce ? "priority" : "broadcast")
      const seats = Math.min(sendable, strategy === "broadcast" ? Infinity : depth ?? Infinity)
      const told = (chosen: ReadonlyArray<A>) =>
        Effect.as(
          Metric.update(Metric.withAttributes(chosenTotal, { strategy }), chosen.length),
          { strategy, chosen },
        )
      // They come by tier already.
      if (strategy === "broadcast" || seats >= matched.length) return yield* told(matched.slice(0, seats))
      const pool = matched.slice(0, POOL), readers = new Map(pool.map((reader) => [reader.userId, reader]))
      const known = yield* users.recipientsOf(pool.map(({ chatId }) => chatId), nowMs)
      const standings = known.map((recipient) => standingOf(recipient, nowMs))
      const turns = strategy === "round_robin" || (strategy === "priority" && isScarce)
      const rotation = turns
        ? yield* rotations.hold(opportunity.type, nowMs)
        : { cursor: null, served: new Map<string, number>() }
      const venueOffsetMs = venueOffset(opportunity, nowMs)
      const { chosen, cursor } = choose(standings, { strategy, seats, isScarce, venueOffsetMs, ...rotation })
      if (turns) {
        const served = isScarce ? chosen.map(({ userId }) => userId) : []
        yield* rotations.turn({ rotation: opportunity.type, cursor, served, nowMs })
      }
      return yield* told(chosen.flatMap(({ userId }) => readers.get(userId) ?? []))
    },
  )
})
