/**
 * The ToldHistory port: who was told of what, read out of `opportunity_distribution_queue` for eligibility.
 *
 * In: spans of time. Out: tellings, counts and a row's fate. Promises: it writes nothing; what counts as told is what
 * counts against the caps: sent, or about to be.
 */
import { Context, type Effect, type Option, Schema } from "effect"
import type { Told } from "../domain/Cooldown.ts"
import type { Priority } from "../domain/Opportunity.ts"
import type { TelegramId } from "../domain/User.ts"
import { QueueStatus } from "./OpportunityQueue.ts"
import type { StoreError } from "./Store.ts"

export interface Telling extends Told {
  readonly chatId: TelegramId
  readonly fingerprint: string
}

/** What became of one notification. */
export const Fate = Schema.Struct({
  status: QueueStatus,
  /** Why it was not sent; null: it was, or still may be. */
  reason: Schema.NullOr(Schema.String),
  queuedAt: Schema.Int,
  /** Null: it has not arrived. */
  deliveredAt: Schema.NullOr(Schema.Int),
})
export type Fate = typeof Fate.Type

export class ToldHistory extends Context.Service<ToldHistory, {
  /** Everyone's since this instant, oldest first. */
  readonly since: (sinceMs: number) => Effect.Effect<ReadonlyArray<Telling>, StoreError>
  /** How many each has had in their own calendar day so far; who is left out had none. */
  readonly today: (nowMs: number) => Effect.Effect<ReadonlyMap<TelegramId, number>, StoreError>
  /** The last telling of an opportunity's fingerprint to one user since this instant, but for that of itself. */
  readonly lastOf: (
    userId: string,
    opportunity: { readonly id: string; readonly fingerprint: string },
    sinceMs: number,
  ) => Effect.Effect<Option.Option<Told>, StoreError>
  /** None: it was never queued for them. */
  readonly fateOf: (userId: string, opportunityId: string) => Effect.Effect<Option.Option<Fate>, StoreError>
  /** How many messages wait that go before, or with, those of this priority. */
  readonly ahead: (priority: Priority, nowMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/ToldHistory") {}
