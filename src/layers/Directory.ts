/**
 * The Directory port: users, sessions and deliveries, looked up and listed for admins.
 *
 * In: names, ids, filters. Out: what domain/Directory.ts describes. Promises: it only reads; newest first; never more
 * than was asked for.
 */
import { Context, type Effect, type Option } from "effect"
import type { Deliveries, ListedSession, ListedUser, UserFilter } from "../domain/Directory.ts"
import type { StoreError } from "./Store.ts"

export class Directory extends Context.Service<Directory, {
  /** By "@name" or "name" (case does not matter), Telegram id or user id. Of several with a name the last one seen. */
  readonly find: (who: string, nowMs: number) => Effect.Effect<Option.Option<ListedUser>, StoreError>
  /** By when they were last seen. */
  readonly users: (filter: UserFilter, nowMs: number) => Effect.Effect<ReadonlyArray<ListedUser>, StoreError>
  /** All with a role, reachable or not. */
  readonly staff: (nowMs: number) => Effect.Effect<ReadonlyArray<ListedUser>, StoreError>
  /** Those that last, by their last activity. */
  readonly sessions: (limit: number, nowMs: number) => Effect.Effect<ReadonlyArray<ListedSession>, StoreError>
  readonly deliveries: (sinceMs: number) => Effect.Effect<Deliveries, StoreError>
}>()("arbedge/Directory") {}
