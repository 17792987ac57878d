/**
 * The ReferenceData port: what venues said last of their markets and networks, tables `market_rules` and
 * `currency_networks`.
 *
 * In: what a process that speaks to venues was told. Out: the same to every process, by venue, with its date. Promises:
 * what is saved of a venue replaces all that was kept of it, in one transaction.
 */
import { Context, type Effect } from "effect"
import type { MarketInfo } from "../domain/Feed.ts"
import type { VenueNetworks } from "../domain/Networks.ts"
import type { StoreError } from "./Store.ts"

/** Something a venue told, and when (ms). */
export interface Told<A> {
  readonly value: A
  readonly at: number
}

export type ByVenue<A> = Readonly<Record<string, Told<A>>>

export class ReferenceData extends Context.Service<ReferenceData, {
  readonly saveMarkets: (
    venue: string,
    markets: ReadonlyArray<MarketInfo>,
    nowMs: number,
  ) => Effect.Effect<void, StoreError>
  readonly markets: Effect.Effect<ByVenue<ReadonlyArray<MarketInfo>>, StoreError>
  readonly saveNetworks: (venue: string, networks: VenueNetworks, nowMs: number) => Effect.Effect<void, StoreError>
  readonly networks: Effect.Effect<ByVenue<VenueNetworks>, StoreError>
}>()("arbedge/ReferenceData") {}
