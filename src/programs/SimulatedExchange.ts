/**
 * The Exchange port on the market simulator.
 *
 * In: a simulation. Out: its venues as an Exchange whose data is marked as simulated. Promises: all feeds share one
 * simulated world, begun when the layer is built.
 */
import { Effect, Layer, Option, Stream } from "effect"
import { Exchange, ExchangeError } from "../layers/Exchange.ts"
import type { SimulationConfig } from "../simulators/venues/Config.ts"
import * as Feed from "../simulators/venues/Feed.ts"
import * as Venues from "../simulators/venues/Venues.ts"

export const layer = (config: SimulationConfig): Layer.Layer<Exchange> =>
  Layer.effect(
    Exchange,
    Effect.map(Feed.live(config), (world) =>
      Exchange.of({
        simulated: true,
        venues: world.venues,
        markets: (venue) =>
          Option.match(Venues.markets(world, venue), {
            onNone: () =>
              Effect.fail(new ExchangeError({ reason: "unknown_venue", venue, detail: "not in the simulation" })),
            onSome: (markets) => Effect.succeed(markets),
          }),
        feed: (request) =>
          Feed.feed(request, world).pipe(
            Stream.mapError(({ detail, reason, venue }) => new ExchangeError({ reason, venue, detail })),
          ),
      })),
  )

/** What to subscribe: everything the simulation has. */
export const requests = (config: SimulationConfig) =>
  config.venues.map((venue) => ({
    venue,
    instruments: Option.match(Venues.markets(config, venue), {
      onNone: () => [],
      onSome: (markets) => markets.map(({ instrument }) => instrument),
    }),
    kinds: config.kinds,
    depth: config.depth,
  }))
