/**
 * FollowedMarkets: no market that is followed goes without a quote in `market_data` because its stream is silent.
 *
 * In: what is followed. Out: a question for each market that its venue lists; where neither stream nor cache can answer,
 * the venue's API does, and its answer is cached. Promises: asked every 20 s for nothing older than 30 s, a quote is never
 * older than a minute while stream or API works; a venue that fails holds up no other and is told by MarketAccess.
 */
import { Duration, Effect, Ref } from "effect"
import type { FeedRequest } from "../domain/Feed.ts"
import { Exchange } from "../layers/Exchange.ts"
import { MarketAccess, type SourceState } from "./MarketAccess.ts"

export const FRESHEN_EVERY = Duration.seconds(20)
const OLDEST_MS = 30_000
const AT_A_TIME = 8

const ofVenue = Effect.fnUntraced(function* ({ instruments, venue }: FeedRequest) {
  const access = yield* MarketAccess, exchange = yield* Exchange
  const listed = new Set((yield* exchange.markets(venue)).map(({ instrument }) => instrument))
  yield* Effect.forEach(
    instruments.filter((instrument) => listed.has(instrument)),
    (instrument) => Effect.ignore(access.ask({ kind: "quote", venue, instrument, maxAgeMs: OLDEST_MS })),
    { concurrency: AT_A_TIME, discard: true },
  )
})

/** One round. `told`: where an onlooker reads how the sources are doing. */
export const freshen = Effect.fn("FollowedMarkets.freshen")(
  function* (requests: ReadonlyArray<FeedRequest>, told: Ref.Ref<ReadonlyArray<SourceState>>) {
    yield* Effect.forEach(
      requests,
      (request) =>
        Effect.catch(ofVenue(request), (error) => Effect.logDebug(`${request.venue} lists nothing: ${error.detail}`)),
      { concurrency: "unbounded", discard: true },
    )
    const access = yield* MarketAccess
    yield* Ref.set(told, yield* access.health)
  },
)
