/**
 * Markets: where market data comes from, simulated or live, with the configuration that fits it.
 *
 * In: a seed, or what the settings say to follow. Out: feed requests, fees, and the Exchange layer. Promises: simulated
 * data says so in its source, and from there at every surface.
 */
import type { Layer } from "effect"
import * as DetectConfig from "../domain/DetectConfig.ts"
import type { FeedKind, FeedRequest } from "../domain/Feed.ts"
import type { DataSource } from "../domain/Frame.ts"
import * as AnyVenue from "../layers/ccxt/AnyVenue.ts"
import * as CcxtExchange from "../layers/ccxt/CcxtExchange.ts"
import * as CcxtKeyCheck from "../layers/ccxt/CcxtKeyCheck.ts"
import * as CcxtVenueApi from "../layers/ccxt/CcxtVenueApi.ts"
import type { Exchange } from "../layers/Exchange.ts"
import { KeyCheck } from "../layers/KeyCheck.ts"
import type { RestBudgets } from "../layers/RestBudgets.ts"
import { VenueApi } from "../layers/VenueApi.ts"
import { configure, type SimulationInput } from "../simulators/venues/Config.ts"
import * as Venues from "../simulators/venues/Venues.ts"
import * as SimulatedExchange from "./SimulatedExchange.ts"

export interface Markets {
  /** For people. */
  readonly what: string
  readonly source: DataSource
  readonly config: DetectConfig.DetectConfig
  readonly requests: ReadonlyArray<FeedRequest>
  /** Of live markets it spends the venues' budgets of REST calls. */
  readonly exchange: Layer.Layer<Exchange, never, RestBudgets>
  /** What the same venues say over REST. */
  readonly api: Layer.Layer<VenueApi, never, RestBudgets>
  /** What venues say of users' keys. */
  readonly keyCheck: Layer.Layer<KeyCheck, never, RestBudgets>
}

export const simulated = (input: SimulationInput): Markets => {
  const simulation = configure(input)
  return {
    what: Venues.describe(simulation).text,
    source: "simulated",
    config: {
      ...DetectConfig.EMPTY,
      fees: Venues.fees(simulation),
      lots: Venues.lots(simulation),
      detectors: DetectConfig.detectorsFor(simulation.kinds),
    },
    requests: SimulatedExchange.requests(simulation),
    exchange: SimulatedExchange.layer(simulation),
    api: VenueApi.absent("simulated venues have no API"),
    keyCheck: KeyCheck.absent("simulated venues know no keys"),
  }
}

/** Why one of these venues cannot be followed, with the names that were perhaps meant; null if all can. */
export const unknownVenue = (venues: ReadonlyArray<string>): string | null =>
  venues.map(AnyVenue.unknownVenue).find((why) => why !== null) ?? null

export const live = (follow: {
  readonly venues: ReadonlyArray<string>
  readonly instruments: ReadonlyArray<string>
  readonly kinds: ReadonlyArray<FeedKind>
  readonly depth: number
}): Markets => ({
  what: `Live markets of ${follow.venues.join(", ")}`,
  source: "live",
  config: DetectConfig.FROM_TABLE,
  requests: follow.venues.map((venue) => ({
    venue,
    instruments: follow.instruments,
    kinds: follow.kinds,
    depth: follow.depth,
  })),
  exchange: CcxtExchange.layer(),
  api: CcxtVenueApi.layer(),
  keyCheck: CcxtKeyCheck.layer(),
})
