/**
 * The Outbox port: facts that became true in a transaction and are published after it, table `outbox`.
 *
 * In: facts, appended inside the transaction that made them true. Out: the same to the relay, in order of their ids.
 * Promises: a fact is published if and only if its transaction committed, at least once; its message id is the row's id,
 * so a repeat inside the bus's dedup window is stored once. Of concurrent transactions the later id may commit first.
 */
import { Context, type Effect, Schema } from "effect"
import type { PersonDetails } from "../domain/Person.ts"
import type { StoreError } from "./Store.ts"

export const OutboxFact = Schema.Struct({
  /** Unique for ever; the bus's message id. */
  id: Schema.String,
  subject: Schema.String,
  payload: Schema.Unknown,
  createdAt: Schema.Int,
})
export type OutboxFact = typeof OutboxFact.Type

export interface NewFact {
  readonly subject: string
  /** A JSON object. No person stands in it. */
  readonly payload: Readonly<Record<string, unknown>>
  /** Whom it is about: goes out sealed, as `person`. */
  readonly person?: PersonDetails
}

export class Outbox extends Context.Service<Outbox, {
  /** Call it inside the transaction of the change itself. Told on the channel `outbox` at commit. */
  readonly append: (facts: ReadonlyArray<NewFact>, nowMs: number) => Effect.Effect<void, StoreError>
  /**
   * Gives the oldest unpublished facts to `publish` and marks them when it succeeds; on failure they stay. No
   * transaction is held meanwhile. One relay at a time: hold a lease. Out: how many; 0: nothing was left.
   */
  readonly relayBatch: <E, R>(options: {
    readonly limit: number
    readonly nowMs: number
    readonly publish: (facts: ReadonlyArray<OutboxFact>) => Effect.Effect<void, E, R>
  }) => Effect.Effect<number, StoreError | E, R>
  /** Facts not yet published. */
  readonly depth: Effect.Effect<number, StoreError>
  /** Forgets facts published before the instant. Out: how many. */
  readonly prune: (publishedBeforeMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/Outbox") {}
