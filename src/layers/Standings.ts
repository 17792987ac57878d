/**
 * The Standings port: what beside their wishes decides whether users may be told, tables `user_restrictions` and
 * `user_api_keys`.
 *
 * In: restrictions as they are imposed and lifted. Out: standings by user; who is left out has no key and no restriction.
 * Promises: a change is told on the channel `audience` in the same transaction; one restriction stands for a user, a
 * new one takes its place. Nobody's portfolio is known yet, and no keys of AI providers are kept.
 */
import { Context, type Effect } from "effect"
import type { Standing } from "../domain/Eligibility.ts"
import type { StoreError } from "./Store.ts"

export class Standings extends Context.Service<Standings, {
  readonly all: (nowMs: number) => Effect.Effect<ReadonlyMap<string, Standing>, StoreError>
  readonly of: (
    userIds: ReadonlyArray<string>,
    nowMs: number,
  ) => Effect.Effect<ReadonlyMap<string, Standing>, StoreError>
  /** Null until: until it is lifted. False: no such user. */
  readonly restrict: (restriction: {
    readonly userId: string
    readonly reason: string
    readonly untilMs: number | null
    /** Who decided. */
    readonly by: string
    readonly nowMs: number
  }) => Effect.Effect<boolean, StoreError>
  /** False: there was none. */
  readonly lift: (userId: string, nowMs: number) => Effect.Effect<boolean, StoreError>
}>()("arbedge/Standings") {}
