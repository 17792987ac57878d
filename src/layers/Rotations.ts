/**
 * The Rotations port: whose turn it is where not all can be served, tables `distribution_rotations` and
 * `distribution_shares`.
 *
 * In: a rotation's name, what a choice did. Out: where it stands. Promises: a rotation that is held belongs to the
 * transaction that holds it, so that two processes never give the same turn twice; shares are of one UTC day.
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "./Store.ts"

export interface Rotation {
  /** The user the last turn ended with; null: there was none. */
  readonly cursor: string | null
  /** How often each user was chosen today; who is left out was not. */
  readonly served: ReadonlyMap<string, number>
}

export class Rotations extends Context.Service<Rotations, {
  /** Call it inside a transaction: held until that ends. */
  readonly hold: (rotation: string, nowMs: number) => Effect.Effect<Rotation, StoreError>
  /** What the turn did, in the same transaction. */
  readonly turn: (
    options: {
      readonly rotation: string
      readonly cursor: string | null
      readonly served: ReadonlyArray<string>
      readonly nowMs: number
    },
  ) => Effect.Effect<void, StoreError>
  /** Forgets shares of days before this instant's. Out: how many. */
  readonly prune: (nowMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/Rotations") {}
