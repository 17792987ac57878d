/**
 * One ccxt instance, made ready and taken down.
 *
 * In: an adapter and the layer's options. Out: an exchange whose URLs point where they should; its markets; ccxt's
 * errors in our words. Promises: REST calls have a deadline and pass the gate; nothing is shared between venues.
 */
import { Clock, Duration, Effect } from "effect"
import type { VenueId } from "../../domain/Instrument.ts"
import { fromPromise } from "../bridge.ts"
import { ExchangeError } from "../Exchange.ts"
import type { FrameListener } from "../FrameListener.ts"
import { loadCcxtClass } from "./CcxtModules.ts"
import type { CcxtExchange } from "./CcxtShape.ts"
import { listenToRest } from "./RestEar.ts"
import type { RestGate } from "./RestGate.ts"
import type { CcxtSettings } from "./Settings.ts"
import { describe } from "./Tap.ts"
import { isRecord } from "./Values.ts"
import type { VenueAdapter } from "./VenueAdapter.ts"

const REST_DEADLINE = Duration.seconds(30)
/** A message longer than this ends the connection inside the websocket library. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024

const REASONS: ReadonlyArray<readonly [RegExp, ExchangeError["reason"]]> = [
  [/RateLimitExceeded|DDoSProtection/, "rate_limited"],
  [/BadSymbol/, "unknown_instrument"],
  [/NotSupported|AuthenticationError|PermissionDenied|RestrictedLocation/, "unsupported"],
]

/** ccxt's error in our words; what we do not know counts as unreachable and is tried again. */
export const toExchangeError = (venue: VenueId) => (error: unknown): ExchangeError => {
  const detail = describe(error)
  const reason = REASONS.find(([pattern]) => pattern.test(detail))?.[1] ?? "unreachable"
  return new ExchangeError({ reason, venue, detail })
}

/** The same URLs with another host: `https` and `wss` become what the base URL speaks. */
const pointed = (urls: unknown, base: string): unknown => {
  if (typeof urls === "string") {
    const socket = base.replace(/^http/, "ws")
    return urls.replace(/^(https?|wss?):\/\/[^/]+/, (_, scheme: string) => scheme.startsWith("ws") ? socket : base)
  }
  if (!isRecord(urls)) return urls
  return Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, pointed(url, base)]))
}

/** A fresh exchange that has not connected yet; its REST calls are let through while the scope lives. */
export const makeExchange = Effect.fn("Ccxt.makeExchange")(function* (
  adapter: Pick<VenueAdapter, "id" | "marketTypes">,
  settings: CcxtSettings,
  gate: RestGate,
  /** Hears every REST call; absent: nobody does. */
  listener?: FrameListener["Service"],
) {
  const Class = yield* fromPromise(() => loadCcxtClass(adapter.id), toExchangeError(adapter.id))
  const exchange = new Class({
    newUpdates: true,
    enableRateLimit: settings.rateLimit,
    options: {
      ...adapter.marketTypes.length > 0 && { fetchMarkets: { types: [...adapter.marketTypes] } },
      ws: { options: { maxPayload: MAX_PAYLOAD_BYTES } },
    },
  })
  const base = settings.baseUrls[adapter.id]
  if (base !== undefined) exchange.urls.api = pointed(exchange.urls.api, base)
  yield* gate.guard(adapter.id, exchange)
  const clock = yield* Clock.Clock
  settings.wire?.(adapter.id, exchange)
  if (listener !== undefined) listenToRest(adapter.id, exchange, listener, () => clock.currentTimeMillisUnsafe())
  // Without it plain ws:// is refused.
  yield* fromPromise(() => exchange.loadHttpProxyAgent(), toExchangeError(adapter.id))
  return exchange
})

/** A REST call of ccxt with a deadline. */
export const ask = <A>(venue: VenueId, what: string, call: () => Promise<A>): Effect.Effect<A, ExchangeError> =>
  fromPromise(call, toExchangeError(venue)).pipe(
    Effect.timeoutOrElse({
      duration: REST_DEADLINE,
      orElse: () =>
        Effect.fail(new ExchangeError({ reason: "unreachable", venue, detail: `${what}: no answer in time` })),
    }),
  )

/** An exchange whose markets are loaded; others of the venue take them from it. It makes no further call. */
export const loadMarkets = Effect.fn("Ccxt.loadMarkets")(
  function* (adapter: VenueAdapter, settings: CcxtSettings, gate: RestGate, listener?: FrameListener["Service"]) {
    const exchange: CcxtExchange = yield* makeExchange(adapter, settings, gate, listener)
    yield* ask(adapter.id, "markets", () => exchange.loadMarkets())
    return exchange
  },
  Effect.scoped,
)
