/**
 * /opportunities: what is open now and fits the user.
 *
 * In: a member. Out: one message with the best few, or why there are none. Promises: nothing is invented or kept back
 * in silence: what is open and does not fit is counted by its reason; what the tier's limit keeps back is counted, with
 * when there will be room and which tier has more.
 */
import { DateTime, Effect } from "effect"
import { offerOf, unwanted, type UnwantedReason } from "../../../domain/Matching.ts"
import { Opportunities } from "../../../layers/Opportunities.ts"
import { Receipts } from "../../../layers/Receipts.ts"
import { summarize } from "../../../domain/card/OpportunityCard.ts"
import type { Command } from "../Command.ts"
import { say } from "../Replies.ts"
import type { Language } from "../../../domain/Preferences.ts"
import type { Shown, Viewable } from "../../../domain/Viewing.ts"
import { show, tierWithMore, type Viewer } from "../../../programs/OnDemand.ts"
import { html } from "../texts/Fluent.ts"

/** Living opportunities looked at; more than these exist only in a market gone mad. */
const LOOKED_AT = 500
const SHOWN = 5

const countMisfits = (misfits: ReadonlyArray<UnwantedReason>, language: Language): string =>
  [...new Set(misfits)]
    .map((misfit) =>
      html(language, `opportunities-misfit.${misfit}`, { count: misfits.filter((each) => each === misfit).length })
    )
    .join(", ")

const atLocalTime = (ms: number, timeZone: string): string => {
  const { day, hour, minute, month } = DateTime.toParts(
    DateTime.makeZonedUnsafe(ms, { timeZone, adjustForTimeZone: false }),
  )
  const two = (value: number) => `${value}`.padStart(2, "0")
  return `${two(day)}.${two(month)} ${two(hour)}:${two(minute)}`
}

/** What the tier keeps back; empty: nothing. */
export const keptBack = <A extends Viewable>(
  { freeAtMs, kept, limit }: Shown<A>,
  viewer: Viewer,
): ReadonlyArray<string> => {
  if (limit === null) return []
  const { language, timeZone } = viewer.preferences
  const more = tierWithMore(viewer, limit)
  return [
    html(language, `opportunities-limit.${limit}`, { kept, tier: viewer.tier }),
    ...(freeAtMs === null ? [] : [html(language, "opportunities-limit.free", {
      at: atLocalTime(freeAtMs, timeZone),
      zone: timeZone,
    })]),
    ...(more === null ? [] : [html(language, "opportunities-limit.more", { tier: more })]),
  ]
}

export const opportunities: Command = {
  name: "opportunities",
  run: Effect.fn("Command.opportunities")(function* ({ preferences, user, visit }) {
    const { chatId, nowMs } = visit
    const { language } = preferences
    const open = yield* Effect.flatMap(Opportunities, (store) => store.open(nowMs, LOOKED_AT))
    const judged = open.map((opportunity) => ({
      opportunity,
      misfit: unwanted(offerOf(opportunity), { tier: user.tier, role: user.role, preferences }),
    }))
    const fitting = judged.filter(({ misfit }) => misfit === null)
    const misfits = judged.flatMap(({ misfit }) => misfit === null ? [] : [misfit])
    if (fitting.length === 0) {
      return yield* say(
        chatId,
        open.length === 0 ? html(language, "opportunities-none") : html(language, "opportunities-none-fit", {
          open: open.length,
          why: { html: countMisfits(misfits, language) },
        }),
      )
    }
    const viewer: Viewer = { ...user, preferences }
    const wanted = fitting.slice(0, SHOWN).map(({ opportunity }) => ({
      opportunity,
      opportunityId: opportunity.id,
      fingerprint: opportunity.fingerprint,
    }))
    const seen = yield* show(viewer, wanted, nowMs)
    const best = seen.shown.map(({ opportunity }) => summarize({ opportunity, language, nowMs }))
    const head = html(language, fitting.length > best.length ? "opportunities-open.best" : "opportunities-open", {
      fitting: fitting.length,
      shown: best.length,
    })
    const limit = keptBack(seen, viewer)
    const parts = [
      ...(best.length === 0 ? [html(language, "opportunities-open.none", { fitting: fitting.length })] : [head]),
      ...best,
      ...(limit.length === 0 ? [] : [limit.join(" ")]),
    ]
    yield* say(chatId, parts.join("\n\n"))
    if (!visit.isPrivate) return
    const { userId } = user
    const told = seen.shown.map(({ opportunityId }) =>
      ({ userId, opportunityId, distributionType: "on_demand" }) as const
    )
    yield* Receipts.use((receipts) => receipts.delivered(told, nowMs))
  }),
}
