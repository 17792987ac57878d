/**
 * Why me: whether the opportunity would be sent to the user now, and if not why.
 *
 * In: a member, an opportunity. Out: a window of text. Promises: the answer is that of `/why`, which shows the whole
 * trace; the telling that is asked about does not count against itself.
 */
import { Effect } from "effect"
import { fixed } from "../../../domain/card/Figures.ts"
import { traceUser } from "../../../programs/UserTraces.ts"
import { tracedUser } from "../commands/Why.ts"
import { plain } from "../texts/Fluent.ts"
import { reasonPlain } from "../Trace.ts"
import type { TapHandler } from "./Tapped.ts"

/** So much of an id names it. */
const SHOWN = 8

export const why: TapHandler = Effect.fn("Tap.why")(function* (member, opportunity) {
  const { language, minNetBps } = member.preferences
  const { reason } = yield* traceUser(yield* tracedUser(member), opportunity)
  const id = opportunity.id.slice(0, SHOWN)
  const text = reason !== null
    ? plain(language, "tap-why.not", { reason: reasonPlain(reason, language), id })
    : opportunity.netBps === null
    ? plain(language, "tap-why.unknown", { minNetBps: `${minNetBps}`, tier: member.user.tier })
    : plain(language, "tap-why", {
      netBps: fixed(opportunity.netBps, 2),
      minNetBps: `${minNetBps}`,
      tier: member.user.tier,
    })
  return { answer: { text, alert: true } }
})
