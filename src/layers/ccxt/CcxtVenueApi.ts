/**
 * The VenueApi port on real venues, by ccxt's REST calls.
 *
 * In: queries. Out: ticks, checked as those of the feeds are. Promises: public endpoints only, no key is ever given;
 * each call spends the venue's budget and is refused while its breaker is open; a venue's exchange is made when it is
 * first asked and let go after an hour without a question; its list of markets is fetched anew, at most once an hour,
 * when it lacks what is asked for.
 */
import { Array as Arr, Clock, Effect, Layer, RcMap } from "effect"
import type { CandleQuery, VenueQuery } from "../../domain/MarketQuery.ts"
import type { BadTick, Tick } from "../../domain/Tick.ts"
import type { ExchangeError } from "../Exchange.ts"
import type { RestBudgets } from "../RestBudgets.ts"
import { VenueApi, VenueApiError, type VenueApiReason } from "../VenueApi.ts"
import { findAdapter } from "./AnyVenue.ts"
import type { CcxtExchange } from "./CcxtShape.ts"
import { ask, makeExchange } from "./Connection.ts"
import { makeRestGate } from "./RestGate.ts"
import { candlesOf, type RestMethods, restMethods, ticksOf, TIMEFRAMES } from "./RestAnswers.ts"
import { type CcxtSettings, defaultSettings } from "./Settings.ts"
import type { VenueAdapter } from "./VenueAdapter.ts"

const IDLE = "1 hour"
const MARKETS_MS = 3_600_000
/** A caller who waits longer than this for the budget is better told so. */
const PATIENCE_MS = 5_000
/** Every venue answers it, and it is enough for a book to be shown. */
const BOOK_LEVELS = 20

interface Venue {
  readonly adapter: VenueAdapter
  readonly exchange: CcxtExchange & RestMethods
  marketsAtMs: number
}

const failure = (reason: VenueApiReason, venue: string, detail: string) => new VenueApiError({ reason, venue, detail })

const fromExchange = ({ detail, reason, venue }: ExchangeError): VenueApiError => failure(reason, venue, detail)

const refused = (venue: string, { detail, reason }: BadTick): VenueApiError =>
  failure("malformed", venue, `${reason}: ${detail}`)

const make = (settings: CcxtSettings) =>
  Effect.gen(function* () {
    const gate = yield* makeRestGate({ patienceMs: PATIENCE_MS, storePauseMs: settings.storePauseMs })

    const loadMarkets = (venue: Pick<Venue, "exchange">, id: string) =>
      ask(id, "markets", () => venue.exchange.loadMarkets(true)).pipe(
        Effect.mapError(fromExchange),
        Effect.andThen(Clock.currentTimeMillis),
      )

    const open = Effect.fn("VenueApi.open")(function* (id: string) {
      const adapter = yield* Effect.mapError(findAdapter(id), fromExchange)
      const exchange = restMethods(yield* Effect.mapError(makeExchange(adapter, settings, gate), fromExchange))
      if (exchange === null) return yield* failure("unsupported", id, "ccxt has no REST calls for it")
      const venue: Venue = { adapter, exchange, marketsAtMs: 0 }
      venue.marketsAtMs = yield* loadMarkets(venue, id)
      return venue
    })

    const opened = yield* RcMap.make({ lookup: open, idleTimeToLive: IDLE })

    const listed = Effect.fnUntraced(function* (venue: Venue, id: string, instrument: string) {
      const isListed = () => venue.exchange.markets?.[instrument] !== undefined
      if (isListed()) return
      const nowMs = yield* Clock.currentTimeMillis
      if (nowMs - venue.marketsAtMs >= MARKETS_MS) venue.marketsAtMs = yield* loadMarkets(venue, id)
      if (!isListed()) return yield* failure("unknown_instrument", id, `it does not list ${instrument}`)
    })

    const call = (query: VenueQuery, what: string, start: () => Promise<unknown>) =>
      Effect.mapError(ask(query.venue, what, start), fromExchange)

    const intervals = ({ adapter, exchange }: Venue, { instrument, venue }: VenueQuery) => {
      const known = adapter.fundingIntervals
      return known === undefined
        ? Effect.succeed(undefined)
        : ask(venue, "funding intervals", () => known(exchange, [instrument])).pipe(
          Effect.mapBoth({ onFailure: fromExchange, onSuccess: (byName) => byName.get(instrument) }),
        )
    }

    const candles = Effect.fnUntraced(function* ({ exchange }: Venue, query: CandleQuery) {
      const timeframe = TIMEFRAMES.get(query.intervalMs)
      if (timeframe === undefined || exchange.timeframes?.[timeframe] === undefined) {
        return yield* failure("unsupported", query.venue, `no candles of ${query.intervalMs} ms`)
      }
      const rows = yield* call(query, "candles", () => exchange.fetchOHLCV(query.instrument, timeframe))
      return candlesOf(rows, query, yield* Clock.currentTimeMillis)
    })

    const asked = Effect.fnUntraced(function* (venue: Venue, query: VenueQuery) {
      const { exchange } = venue, { instrument } = query
      switch (query.kind) {
        case "candle":
          return yield* candles(venue, query)
        case "quote":
        case "book": {
          const answer = yield* call(query, "book", () => exchange.fetchOrderBook(instrument, BOOK_LEVELS))
          return ticksOf(query, answer, yield* Clock.currentTimeMillis)
        }
        case "ticker": {
          const answer = yield* call(query, "ticker", () => exchange.fetchTicker(instrument))
          return ticksOf(query, answer, yield* Clock.currentTimeMillis)
        }
        case "funding": {
          if (exchange.market(instrument).swap !== true) {
            return yield* failure("unsupported", query.venue, `${instrument} is no perpetual: it has no funding rate`)
          }
          const answer = yield* call(query, "funding rate", () => exchange.fetchFundingRate(instrument))
          const intervalMs = yield* intervals(venue, query)
          return ticksOf(query, answer, yield* Clock.currentTimeMillis, intervalMs)
        }
      }
    })

    const fetch = Effect.fn("VenueApi.fetch")(function* (query: VenueQuery) {
      const venue = yield* RcMap.get(opened, query.venue).pipe(
        // A failure to open would be kept like what was opened.
        Effect.tapError(() => RcMap.invalidate(opened, query.venue)),
      )
      yield* listed(venue, query.venue, query.instrument)
      const ticks: ReadonlyArray<Tick> | BadTick = yield* asked(venue, query)
      if ("reason" in ticks) return yield* refused(query.venue, ticks)
      return Arr.isReadonlyArrayNonEmpty(ticks)
        ? ticks
        : yield* failure("malformed", query.venue, `an empty answer about ${query.instrument}`)
    }, Effect.scoped)

    return VenueApi.of({ fetch })
  })

/** Of every venue of ccxt. */
export const layer = (settings: Partial<CcxtSettings> = {}): Layer.Layer<VenueApi, never, RestBudgets> =>
  Layer.effect(VenueApi, make({ ...defaultSettings, ...settings }))
