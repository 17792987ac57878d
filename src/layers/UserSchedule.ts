/**
 * The UserSchedule port: what deciding on users' queues needs beside OpportunityQueue to be one atomic step.
 *
 * In: users, decisions, an instant. Out: their locks, and whose rows wait. Promises: while a transaction holds a
 * user's lock no other decides for them; a refused row keeps the reason.
 */
import { Context, type Effect } from "effect"
import type { Decision } from "../domain/Admission.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import type { TelegramId } from "../domain/User.ts"
import type { StoreError } from "./Store.ts"

export class UserSchedule extends Context.Service<UserSchedule, {
  /**
   * Call it inside a transaction: held until that ends. All take them in one order, so that none waits for each other.
   * Out: the users' chats; who is left out does not exist.
   */
  readonly lock: (userIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, TelegramId>, StoreError>
  /**
   * Gives rows that wait without a time theirs, and the channel `queue` hears of it; or ends them, `expired` as such, for
   * any other reason cancelled. Out: how many.
   */
  readonly decide: (decisions: ReadonlyArray<Decision>, nowMs: number) => Effect.Effect<number, StoreError>
  /**
   * Notifications of an opportunity that wait for company, under a lesser priority than it has by now: they get that
   * priority and wait for a decision again. Out: whose they are.
   */
  readonly hasten: (
    opportunity: Pick<Opportunity, "id" | "priority">,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<{ readonly userId: string; readonly chatId: TelegramId }>, StoreError>
  /** Users with rows that wait without a time since before the instant, those waiting longest first. */
  readonly waiting: (createdBeforeMs: number, limit: number) => Effect.Effect<ReadonlyArray<string>, StoreError>
}>()("arbedge/UserSchedule") {}
