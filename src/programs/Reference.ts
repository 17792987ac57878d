/**
 * Reference: what venues and administrators say, brought to the detectors before they begin.
 *
 * In: what is followed, the operator's configuration. Out: rows of what venues said, and the configuration they fill in.
 * Promises: a venue that does not answer holds nothing up for more than 20 s: what it said last is used, then what is
 * shipped; networks told more than a day ago count as closed. Read when detection begins; a restart reads again.
 */
import { Clock, Duration, Effect } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { FeedRequest } from "../domain/Feed.ts"
import type { VenueNetworks } from "../domain/Networks.ts"
import { withReference } from "../domain/Reference.ts"
import { AssetIdentities } from "../layers/AssetIdentities.ts"
import { CurrencyNetworks } from "../layers/CurrencyNetworks.ts"
import { Exchange } from "../layers/Exchange.ts"
import { ReferenceData } from "../layers/ReferenceData.ts"

const PATIENCE = Duration.seconds(20)
const NETWORKS_LAST_MS = Duration.toMillis(Duration.days(1))

/** What one venue was asked: it may be silent, and the store may be away; both are told and passed over. */
const passedOver = <E, R>(what: string, asked: Effect.Effect<void, E, R>) =>
  asked.pipe(
    Effect.timeoutOrElse({ duration: PATIENCE, orElse: () => Effect.logWarning(`${what} are not told in time`) }),
    Effect.catch((error) => Effect.logWarning(`${what} are not known anew`, error)),
  )

/** Asks each venue for the rules of the markets followed there. */
export const askMarkets = Effect.fn("Reference.askMarkets")(function* (requests: ReadonlyArray<FeedRequest>) {
  const exchange = yield* Exchange, reference = yield* ReferenceData
  yield* Effect.forEach(requests, ({ instruments, venue }) => {
    const one = Effect.gen(function* () {
      const followed = new Set(instruments)
      const markets = (yield* exchange.markets(venue)).filter(({ instrument }) => followed.has(instrument))
      yield* reference.saveMarkets(venue, markets, yield* Clock.currentTimeMillis)
    })
    return passedOver(`the market rules of ${venue}`, one)
  }, { concurrency: "unbounded", discard: true })
})

/** Asks each venue for its networks; those that tell them to customers only are for the operator to write down. */
export const askNetworks = Effect.fn("Reference.askNetworks")(function* (venues: ReadonlyArray<string>) {
  const networks = yield* CurrencyNetworks, reference = yield* ReferenceData
  yield* Effect.forEach(venues, (venue) => {
    const one = Effect.flatMap(
      networks.ask(venue),
      (told) => Effect.flatMap(Clock.currentTimeMillis, (nowMs) => reference.saveNetworks(venue, told, nowMs)),
    )
    return passedOver(`the networks of ${venue}`, one)
  }, { concurrency: "unbounded", discard: true })
})

/** The configuration with all that is known. */
export const fill = Effect.fn("Reference.fill")(function* (config: DetectConfig) {
  const reference = yield* ReferenceData, identities = yield* AssetIdentities
  const nowMs = yield* Clock.currentTimeMillis
  const markets = Object.values(yield* reference.markets).flatMap(({ value }) => value)
  const networks: Record<string, VenueNetworks> = {}
  for (const [venue, { at, value }] of Object.entries(yield* reference.networks)) {
    if (nowMs - at <= NETWORKS_LAST_MS) networks[venue] = value
    else {yield* Effect.logWarning(
        `what ${venue} said of its networks is too old to be used`,
        new Date(at).toISOString(),
      )}
  }
  return withReference(config, { markets, networks, decisions: yield* identities.all })
})
