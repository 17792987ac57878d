/**
 * The AssetIdentities port: which symbols of two venues were suspected of being different assets, and what an
 * administrator said of them: table `asset_identities`.
 *
 * In: suspicions of the detectors, decisions of administrators. Out: who is quarantined, approved or denied. Promises: a
 * pair has one row however often it is suspected, announced once as the fact `evt.v1.identity.suspected`; a suspicion
 * never overrules a decision.
 */
import { Context, type Effect } from "effect"
import type { Decision, IdentityPair, Suspicion } from "../domain/AssetIdentity.ts"
import type { StoreError } from "./Store.ts"

export interface IdentityRow extends Decision {
  readonly bound: number
  /** Gross spread that made it suspect, a fraction. */
  readonly spread: string
  readonly seenAt: number
  readonly decidedBy: string | null
  readonly decidedAt: number | null
}

export interface NewDecision {
  readonly pair: IdentityPair
  readonly status: "approved" | "denied"
  /** Who decides. */
  readonly by: string
  readonly nowMs: number
}

export class AssetIdentities extends Context.Service<AssetIdentities, {
  /** Quarantines the pair. Out: whether that is news; false where the pair has a row already, whatever it says. */
  readonly suspect: (suspicion: Suspicion, nowMs: number) => Effect.Effect<boolean, StoreError>
  /** Every row, the latest suspicion first. */
  readonly all: Effect.Effect<ReadonlyArray<IdentityRow>, StoreError>
  /** Those that wait for a decision, the oldest first. */
  readonly suspects: (limit: number) => Effect.Effect<ReadonlyArray<IdentityRow>, StoreError>
  /** May be changed later. Out: false where the pair has no row: nothing is decided ahead. */
  readonly decide: (decision: NewDecision) => Effect.Effect<boolean, StoreError>
}>()("arbedge/AssetIdentities") {}
