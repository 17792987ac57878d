/**
 * Reference: what venues and administrators say, brought to the detectors before they begin and when it changes.
 *
 * In: what is followed, the operator's configuration. Out: rows of what venues said, and the configuration they fill in.
 * Promises: a venue that does not answer holds nothing up for more than 20 s: what it said last is used, then what is
 * shipped; networks told more than a day ago count as closed. Detection goes by one configuration from beginning to end: where
 * another one is known by now it ends, and begins anew.
 */
import { Clock, Duration, Effect, Equal, Schedule } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { FeedRequest } from "../domain/Feed.ts"
import type { VenueNetworks } from "../domain/Networks.ts"
import { withReference } from "../domain/Reference.ts"
import { AssetIdentities } from "../layers/AssetIdentities.ts"
import { CurrencyNetworks } from "../layers/CurrencyNetworks.ts"
import { Exchange } from "../layers/Exchange.ts"
import { ReferenceData } from "../layers/ReferenceData.ts"
import type { StoreError } from "../layers/Store.ts"

const PATIENCE = Duration.seconds(20)
/** How often detection looks whether something else is known by now. */
const LOOK_EVERY = Duration.seconds(30)
/** How often venues are asked anew. */
export const ASK_EVERY = Duration.hours(1)
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

/** The configuration with all that is known, and the networks that were told too long ago, by venue. */
const read = Effect.fn("Reference.read")(function* (config: DetectConfig) {
  const reference = yield* ReferenceData, identities = yield* AssetIdentities
  const nowMs = yield* Clock.currentTimeMillis
  const markets = Object.values(yield* reference.markets).flatMap(({ value }) => value)
  const networks: Record<string, VenueNetworks> = {}, old: Array<readonly [venue: string, at: number]> = []
  for (const [venue, { at, value }] of Object.entries(yield* reference.networks)) {
    if (nowMs - at <= NETWORKS_LAST_MS) networks[venue] = value
    else old.push([venue, at])
  }
  return { known: withReference(config, { markets, networks, decisions: yield* identities.all }), old }
})

/** The configuration with all that is known. */
export const fill = Effect.fn("Reference.fill")(function* (config: DetectConfig) {
  const { known, old } = yield* read(config)
  for (const [venue, at] of old) {
    yield* Effect.logWarning(`what ${venue} said of its networks is too old to be used`, new Date(at).toISOString())
  }
  return known
})

/** Doubts that detection raised itself are no news to it. */
const partsOf = ({ contractSizes, identities, lots, networks }: DetectConfig) => ({
  lots,
  contractSizes,
  networks,
  identities: identities.pairs.filter(({ status }) => status !== "suspect"),
})

const changesOf = (before: DetectConfig, now: DetectConfig): ReadonlyArray<string> => {
  const [from, to] = [partsOf(before), partsOf(now)]
  return (["lots", "contractSizes", "networks", "identities"] as const).filter((part) =>
    !Equal.equals(from[part], to[part])
  )
}

/** Returns once something else is known; where the store is away, the next look will tell. */
const changed = (config: DetectConfig, known: DetectConfig) =>
  read(config).pipe(
    Effect.map((now) => changesOf(known, now.known)),
    Effect.catch((error) => Effect.as(Effect.logDebug("reference data are not looked at", error.message), [])),
    Effect.delay(LOOK_EVERY),
    Effect.repeat({ until: (changes: ReadonlyArray<string>) => changes.length > 0 }),
  )

/** Detection under what is known; whenever that changes, it is ended and begun under what is known then. */
export const following = <E, R>(
  config: DetectConfig,
  detection: (known: DetectConfig) => Effect.Effect<never, E, R>,
): Effect.Effect<never, E | StoreError, R | AssetIdentities | ReferenceData> =>
  Effect.gen(function* () {
    const known = yield* fill(config).pipe(
      Effect.tapError((error) => Effect.logWarning("detection waits for the store", error.message)),
      Effect.retry({ schedule: Schedule.spaced("1 second"), while: (error) => error.retryable }),
    )
    const changes = yield* Effect.raceFirst(detection(known), changed(config, known))
    yield* Effect.logInfo(
      `reference data have changed (${changes.join(", ")}): detection begins anew at its checkpoints`,
    )
  }).pipe(Effect.forever)
