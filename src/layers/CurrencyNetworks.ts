/**
 * The CurrencyNetworks port: what a venue says of its currencies' networks, asked now.
 *
 * Implementation: `ccxt/`. In: a venue. Out: its networks. Promises: what a venue does not say is null, never a guess; a
 * venue that tells it only to its customers is `unsupported`.
 */
import { Context, type Effect } from "effect"
import type { VenueNetworks } from "../domain/Networks.ts"
import type { ExchangeError } from "./Exchange.ts"

export class CurrencyNetworks extends Context.Service<CurrencyNetworks, {
  readonly ask: (venue: string) => Effect.Effect<VenueNetworks, ExchangeError>
}>()("arbedge/CurrencyNetworks") {}
