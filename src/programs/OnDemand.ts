/**
 * OnDemand: what a person is shown because they asked, under the limits of their tier.
 *
 * In: who asks, and what fits them, best first. Out: what they may see, and when there will be room for the rest.
 * Promises: checking and spending are one step, under the same lock as the decisions on their pushes, whichever
 * processes they happen in; what was not shown was not spent.
 */
import { Effect } from "effect"
import { horizonOf, tierCapsOf } from "../domain/Admission.ts"
import { type Preferences, startOfDay, startOfNextDay } from "../domain/Preferences.ts"
import { Tier, tiersInForce } from "../domain/Tier.ts"
import type { Recipient } from "../domain/User.ts"
import { type Shown, view, type Viewable } from "../domain/Viewing.ts"
import { OpportunityQueue } from "../layers/OpportunityQueue.ts"
import { OpportunityViews } from "../layers/OpportunityViews.ts"
import { Store, type StoreError } from "../layers/Store.ts"
import { UserSchedule } from "../layers/UserSchedule.ts"

export interface Viewer extends Pick<Recipient, "userId" | "tier" | "role" | "isGroup"> {
  readonly preferences: Preferences
}

export type OnDemandServices = Store | OpportunityQueue | OpportunityViews | UserSchedule

export const show = Effect.fn("OnDemand.show")(function* <A extends Viewable>(
  viewer: Viewer,
  wanted: ReadonlyArray<A>,
  nowMs: number,
): Effect.fn.Return<Shown<A>, StoreError, OnDemandServices> {
  const store = yield* Store, schedule = yield* UserSchedule, queue = yield* OpportunityQueue
  const views = yield* OpportunityViews
  const { preferences, userId } = viewer
  return yield* store.transaction(Effect.gen(function* () {
    yield* schedule.lock([userId])
    const sinceMs = horizonOf(preferences, nowMs)
    const pushed = yield* queue.spentSince([userId], sinceMs)
    const seen = yield* views.since([userId], sinceMs)
    const told = yield* views.pushed(userId, wanted.map(({ opportunityId }) => opportunityId))
    const dayStartMs = startOfDay(preferences, nowMs), dayEndMs = startOfNextDay(preferences, nowMs)
    const shown = view(
      {
        ...tierCapsOf(viewer),
        dayStartMs,
        dayEndMs,
        pushedAtMs: pushed.get(userId) ?? [],
        views: seen.get(userId) ?? [],
        told,
      },
      wanted,
      nowMs,
    )
    yield* views.record(userId, shown.spent, nowMs)
    return shown
  }))
})

/** The next tier with a higher limit of this kind; null: none has more. */
export const tierWithMore = (viewer: Pick<Viewer, "tier" | "role">, limit: "hour" | "day"): Tier | null => {
  const { tiers } = tiersInForce(), key = limit === "hour" ? "perHour" : "perDay"
  const now = tierCapsOf({ ...viewer, isGroup: false })[key]
  return Tier.literals.find((tier) => tiers[tier][key] > now) ?? null
}
