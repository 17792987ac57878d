/**
 * The Exchange port on real venues, by ccxt.pro.
 *
 * In: settings. Out: the `Exchange` service for every venue of ccxt; `venues` are those with an adapter of their own.
 * Promises: what the port promises; a feed's driver and its sockets live exactly as long as its stream; each feed has
 * its own ccxt instances, fibers and queue, so one venue's failure never touches another. Markets are fetched at most
 * once an hour and venue.
 */
import { Cache, Clock, Duration, Effect, Exit, Layer, Option, Queue, Schedule, Stream } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import type { FeedEvent, FeedRequest, MarketInfo } from "../../domain/Feed.ts"
import * as Instrument from "../../domain/Instrument.ts"
import { inlet } from "../bridge.ts"
import { Exchange, ExchangeError } from "../Exchange.ts"
import { FrameListener } from "../FrameListener.ts"
import type { RestBudgets } from "../RestBudgets.ts"
import { findAdapter } from "./AnyVenue.ts"
import type { CcxtExchange, CcxtMarket } from "./CcxtShape.ts"
import { ClockOffset } from "./ClockOffset.ts"
import { loadMarkets } from "./Connection.ts"
import { countEvents } from "./FeedMetrics.ts"
import { Outlet } from "./Outlet.ts"
import { makeRestGate } from "./RestGate.ts"
import { session } from "./Session.ts"
import { type CcxtSettings, defaultSettings } from "./Settings.ts"
import { numberText } from "./Values.ts"
import { venues } from "./venues/index.ts"
import type { VenueAdapter } from "./VenueAdapter.ts"

/** More than anybody follows; then the one unused for longest is loaded again. */
const VENUES = 64

const positive = (value: number | undefined): string | null =>
  value !== undefined && value > 0 && Decimal.isDecimalText(String(value)) ? numberText(value) : null

const marketInfo = (venue: string, market: CcxtMarket): MarketInfo => ({
  venue,
  instrument: market.symbol,
  contractSize: market.contract === true ? positive(market.contractSize) : null,
  amountStep: positive(market.precision.amount),
  minAmount: positive(market.limits.amount?.min),
  minNotional: positive(market.limits.cost?.min),
})

/** Tries again for ever: at once with a fresh back-off after a connection that worked, else ever later. */
const keepConnected = (
  attempt: Effect.Effect<never, ExchangeError>,
  settings: CcxtSettings,
): Effect.Effect<never, ExchangeError> => {
  const backoff = Schedule.min([
    Schedule.exponential(Duration.millis(settings.backoffBaseMs)),
    Schedule.spaced(Duration.millis(settings.backoffCapMs)),
  ]).pipe(Schedule.jittered)
  let startedMs = 0, healthy = false
  const timed = Clock.currentTimeMillis.pipe(
    Effect.tap((nowMs) =>
      Effect.sync(() => {
        startedMs = nowMs
      })
    ),
    Effect.andThen(attempt),
    Effect.tapError(() =>
      Effect.map(Clock.currentTimeMillis, (nowMs) => {
        healthy = nowMs - startedMs >= settings.healthyAfterMs
      })
    ),
  )
  return timed.pipe(
    Effect.retry({ schedule: backoff, while: (error) => error.retryable && !healthy }),
    Effect.retry({
      schedule: Schedule.spaced(Duration.millis(settings.backoffBaseMs)).pipe(Schedule.jittered),
      while: (error) => error.retryable,
    }),
  )
}

const make = (settings: CcxtSettings) =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const listener = Option.getOrUndefined(yield* Effect.serviceOption(FrameListener))
    const gate = yield* makeRestGate({ patienceMs: settings.restPatienceMs, storePauseMs: settings.storePauseMs })
    const adapters = yield* Cache.makeWith(findAdapter, {
      capacity: VENUES,
      timeToLive: (exit) => Exit.isSuccess(exit) ? Duration.infinity : Duration.zero,
    })
    const adapterOf = (venue: string) => Cache.get(adapters, venue)
    const sources = yield* Cache.makeWith(
      (venue: string) => Effect.flatMap(adapterOf(venue), (adapter) => loadMarkets(adapter, settings, gate, listener)),
      { capacity: VENUES, timeToLive: (exit) => Exit.isSuccess(exit) ? "1 hour" : 0 },
    )

    const markets = Effect.fn("Exchange.markets")(function* (venue: string) {
      const source: CcxtExchange = yield* Cache.get(sources, venue)
      return Object.values(source.markets ?? {})
        .filter(({ symbol }) => Instrument.parse(symbol)._tag === "Some")
        .map((market) => marketInfo(venue, market))
    })

    const drive = (
      adapter: VenueAdapter,
      request: FeedRequest,
      outlet: Outlet,
    ): Effect.Effect<never, ExchangeError> => {
      const { venue } = request
      const state = (name: "disconnected", detail: string) =>
        Effect.sync(() => outlet.send({ _tag: "State", venue, state: name, detail, ingestTime: outlet.nowMs() }))
      const offset = new ClockOffset()
      const attempt = Effect.gen(function* () {
        const source = yield* Cache.get(sources, venue)
        const listed = request.instruments.filter((name) => source.markets?.[name] !== undefined)
        const unlisted = request.instruments.filter((name) => !listed.includes(name))
        if (listed.length === 0) {
          return yield* new ExchangeError({ reason: "unknown_instrument", venue, detail: unlisted.join(", ") })
        }
        if (unlisted.length > 0) yield* Effect.logInfo(`${venue} does not list ${unlisted.join(", ")}: not followed`)
        const kinds = request.kinds.filter((kind) =>
          adapter.subscribe[kind] !== undefined || adapter.filed?.polled.includes(kind) === true
        )
        if (kinds.length === 0) {
          return yield* new ExchangeError({ reason: "unsupported", venue, detail: request.kinds.join(", ") })
        }
        return yield* Effect.scoped(
          session({
            adapter,
            request: { ...request, instruments: listed },
            kinds,
            settings,
            gate,
            source,
            outlet,
            offset,
            ...(listener === undefined ? {} : { listener }),
          }),
        )
      }).pipe(
        Effect.tapError((error) => state("disconnected", `${error.reason}: ${error.detail}`)),
        Effect.tapError(({ reason }) => reason === "rate_limited" ? gate.silence(venue) : Effect.void),
      )
      return keepConnected(attempt, settings)
    }

    const feed = (request: FeedRequest): Stream.Stream<ReadonlyArray<FeedEvent>, ExchangeError> =>
      Stream.unwrap(Effect.gen(function* () {
        const adapter = yield* adapterOf(request.venue)
        const events = yield* inlet<FeedEvent, ExchangeError>(settings.queueCapacity)
        const nowMs = () => clock.currentTimeMillisUnsafe()
        const dropped = (ticks: number) => listener?.dropped(request.venue, ticks)
        const outlet = new Outlet(request.venue, events.offer, nowMs, dropped)
        yield* Effect.forkScoped(
          Effect.tapCause(drive(adapter, request, outlet), (cause) => Effect.sync(() => events.fail(cause))),
        )
        return Stream.fromEffectRepeat(Queue.takeAll(events.queue)).pipe(
          Stream.tap((batch) => countEvents(request.venue, batch)),
        )
      }))

    return Exchange.of({ simulated: false, venues: [...venues.keys()], markets, feed })
  })

/** Live market data of Binance (spot, USD-M, COIN-M), OKX, Bybit, Kraken and Coinbase, and of whatever else ccxt has. */
export const layer = (settings: Partial<CcxtSettings> = {}): Layer.Layer<Exchange, never, RestBudgets> =>
  Layer.effect(Exchange, make({ ...defaultSettings, ...settings }))
