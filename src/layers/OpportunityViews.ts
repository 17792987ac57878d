/**
 * The OpportunityViews port: what people were shown because they asked, table `opportunity_views`.
 *
 * In: users, what they are shown. Out: what they saw since an instant. Promises: nothing is decided here; a decision is
 * one step if it is made inside a transaction that holds the user's lock (UserSchedule), as pushes are.
 */
import { Context, type Effect } from "effect"
import type { View, Viewable } from "../domain/Viewing.ts"
import type { StoreError } from "./Store.ts"

export class OpportunityViews extends Context.Service<OpportunityViews, {
  /** By user, in order: what they were shown from `sinceMs` on. */
  readonly since: (
    userIds: ReadonlyArray<string>,
    sinceMs: number,
  ) => Effect.Effect<ReadonlyMap<string, ReadonlyArray<View>>, StoreError>
  /** Of these opportunities, those that were pushed to the user or will be. */
  readonly pushed: (
    userId: string,
    opportunityIds: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlySet<string>, StoreError>
  readonly record: (userId: string, shown: ReadonlyArray<Viewable>, nowMs: number) => Effect.Effect<void, StoreError>
  /** Forgets what is older. Out: how many. */
  readonly prune: (beforeMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/OpportunityViews") {}
