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
import { withShippedFees } from "../domain/ShippedFees.ts"
import * as CcxtExchange from "../layers/ccxt/CcxtExchange.ts"
import type { Exchange } from "../layers/Exchange.ts"
import { configure, type SimulationInput } from "../simulators/venues/Config.ts"
import * as Venues from "../simulators/venues/Venues.ts"
import * as SimulatedExchange from "./SimulatedExchange.ts"

export interface Markets {
  /** For people. */
  readonly what: string
  readonly source: DataSource
  readonly config: DetectConfig.DetectConfig
  readonly requests: ReadonlyArray<FeedRequest>
  readonly exchange: Layer.Layer<Exchange>
}

export const simulated = (input: SimulationInput): Markets => {
  const simulation = configure(input)
  return {
    what: Venues.describe(simulation).text,
    source: "simulated",
    config: withShippedFees(DetectConfig.EMPTY, Venues.fees(simulation)),
    requests: SimulatedExchange.requests(simulation),
    exchange: SimulatedExchange.layer(simulation),
  }
}

export const live = (follow: {
  readonly venues: ReadonlyArray<string>
  readonly instruments: ReadonlyArray<string>
  readonly kinds: ReadonlyArray<FeedKind>
  readonly depth: number
}): Markets => ({
  what: `Live markets of ${follow.venues.join(", ")}`,
  source: "live",
  config: withShippedFees(DetectConfig.EMPTY),
  requests: follow.venues.map((venue) => ({
    venue,
    instruments: follow.instruments,
    kinds: follow.kinds,
    depth: follow.depth,
  })),
  exchange: CcxtExchange.layer(),
})
