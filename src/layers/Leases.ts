/**
 * The Leases port: named ownerships that one process holds at a time (a venue, the relay, a shard of the analysis), table `leases`.
 *
 * In: names, owners and the time. Out: leases with an epoch that only grows. Promises: at most one unexpired holder;
 * each acquisition has a higher epoch than all before it, so that what a former holder still writes can be refused.
 */
import { Context, type Effect, type Option } from "effect"
import type { Fenced, StoreError } from "./Store.ts"

export interface Lease {
  readonly name: string
  readonly owner: string
  readonly epoch: number
  readonly expiresAt: number
}

export class Leases extends Context.Service<Leases, {
  /** None: another holds it. The same owner gets it anew with a higher epoch (it restarted). */
  readonly acquire: (options: {
    readonly name: string
    readonly owner: string
    readonly nowMs: number
    readonly ttlMs: number
  }) => Effect.Effect<Option.Option<Lease>, StoreError>
  /** Prolongs it, also when it ran out but nobody took it. `Fenced`: somebody did. */
  readonly renew: (lease: Lease, nowMs: number, ttlMs: number) => Effect.Effect<Lease, StoreError | Fenced>
  /** Gives it up so that another can have it at once; a lease already lost is left alone. */
  readonly release: (lease: Lease, nowMs: number) => Effect.Effect<void, StoreError>
  /** The last lease of the name, expired or not. */
  readonly current: (name: string) => Effect.Effect<Option.Option<Lease>, StoreError>
  /** Every lease whose name begins so, expired or not, by name. */
  readonly list: (prefix: string) => Effect.Effect<ReadonlyArray<Lease>, StoreError>
  /** Of several names at once: the leases got; the others are held by somebody else. */
  readonly acquireAll: (options: {
    readonly names: ReadonlyArray<string>
    readonly owner: string
    readonly nowMs: number
    readonly ttlMs: number
  }) => Effect.Effect<ReadonlyArray<Lease>, StoreError>
  /** Of several at once. `Fenced`: somebody took one of them; the others may have been prolonged. */
  readonly renewAll: (
    leases: ReadonlyArray<Lease>,
    nowMs: number,
    ttlMs: number,
  ) => Effect.Effect<ReadonlyArray<Lease>, StoreError | Fenced>
  /** Gives up several at once. */
  readonly releaseAll: (leases: ReadonlyArray<Lease>, nowMs: number) => Effect.Effect<void, StoreError>
}>()("arbedge/Leases") {}
