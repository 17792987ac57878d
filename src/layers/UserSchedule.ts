/**
 * The UserSchedule port: what a user's queue actor needs beside OpportunityQueue to decide in one atomic step.
 *
 * In: a user, refusals, an instant. Out: the user's lock, and whose rows wait. Promises: while a transaction holds a
 * user's lock no other decides for them; a refused row keeps the reason.
 */
import { Context, type Effect, type Option } from "effect"
import type { RefusalReason } from "../domain/Admission.ts"
import type { TelegramId } from "../domain/User.ts"
import type { StoreError } from "./Store.ts"

export interface Refusal {
  readonly queueId: number
  readonly reason: RefusalReason
}

export class UserSchedule extends Context.Service<UserSchedule, {
  /** Call it inside a transaction: held until that ends. Out: the user's chat; none: nobody has this id. */
  readonly lock: (userId: string) => Effect.Effect<Option.Option<TelegramId>, StoreError>
  /** Ends rows that wait without a time: `expired` as such, all else cancelled. Out: how many. */
  readonly refuse: (refusals: ReadonlyArray<Refusal>, nowMs: number) => Effect.Effect<number, StoreError>
  /** Users with rows that wait without a time since before the instant, those waiting longest first. */
  readonly waiting: (createdBeforeMs: number, limit: number) => Effect.Effect<ReadonlyArray<string>, StoreError>
}>()("arbedge/UserSchedule") {}
