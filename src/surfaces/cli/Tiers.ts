/**
 * `arbedge tiers`: the table of tiers in force.
 *
 * In: the settings.
 * Out: one row a tier; with `--json` the table as ARBEDGE_TIERS takes it.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { Tier, type TierTable } from "../../domain/Tier.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { table } from "./Table.ts"
import { enforce } from "./TiersInForce.ts"

const shown = ({ tiers, version }: TierTable): string =>
  `${
    table(Tier.literals.map((tier) => {
      const { ai, analytics, apiPerMinute, ownSubjects, perDay, perHour, priceAlerts, types, weight } = tiers[tier]
      return {
        tier,
        "an hour": `${perHour}`,
        "a day": `${perDay}`,
        "requests a minute": `${apiPerMinute}`,
        types: types.join(", "),
        "price alerts": `${priceAlerts}`,
        AI: ai ? "yes" : "-",
        analytics: ownSubjects ? `${analytics}, own subjects` : analytics === "none" ? "-" : analytics,
        weight: `${weight}`,
      }
    }))
  }\n\nversion ${version}; in groups the limits of opportunities are doubled; admins have the row of enterprise`

export const tiers = Command.make(
  "tiers",
  { json },
  Effect.fn("Cli.tiers")(function* (options) {
    const inForce = yield* enforce(yield* OperatorSettings.read)
    yield* Console.log(options.json ? JSON.stringify(inForce) : shown(inForce))
  }),
).pipe(Command.withDescription("The plans and their limits, as they are in force"))
