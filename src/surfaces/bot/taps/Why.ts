/**
 * Why me: what of the user's wishes and plan the opportunity meets.
 *
 * In: a member, an opportunity. Out: a window of text. Promises: it says so where by now it would not be sent again, and
 * for which reason.
 */
import { Effect } from "effect"
import { offerOf, unwanted } from "../../../domain/Matching.ts"
import { fixed } from "../../../domain/card/Figures.ts"
import { plain } from "../texts/Fluent.ts"
import type { TapHandler } from "./Tapped.ts"

export const why: TapHandler = ({ preferences, user }, opportunity) => {
  const { language } = preferences
  const { role, tier } = user
  const misfit = unwanted(offerOf(opportunity), { tier, role, preferences })
  const text = misfit === null
    ? opportunity.netBps === null
      ? plain(language, "tap-why.unknown", { minNetBps: `${preferences.minNetBps}`, tier })
      : plain(language, "tap-why", {
        netBps: fixed(opportunity.netBps, 2),
        minNetBps: `${preferences.minNetBps}`,
        tier,
      })
    : plain(language, `tap-misfit.${misfit}`)
  return Effect.succeed({ answer: { text, alert: true } })
}
