/**
 * The MarketOverview port by CoinMarketCap.
 *
 * In: a key, the quota kept in the store. Out: the ten largest assets and global metrics. Promises: what was asked within
 * three minutes is not asked again; credits are spent before they are used (10,000 a month, spread over the days, 30
 * requests a minute); after a failure a minute passes before the next request; a 429 stops all processes until the time
 * it states. Without a key every call is `not_configured`.
 */
import { Clock, Duration, Effect, Layer, Option, type Redacted, Ref, type Schema, Semaphore } from "effect"
import { type QuotaLimits, type QuotaRefusal, UNSPENT } from "../../domain/CreditQuota.ts"
import { CreditQuotas } from "../CreditQuotas.ts"
import { MarketOverview, type MarketOverviewError, type Overview } from "../MarketOverview.ts"
import { assetsOf, KeyInfo, Listings, Metrics, metricsOf } from "./Answers.ts"
import { type ClientOptions, failed, type Fetch, makeClient } from "./Client.ts"

export const PROVIDER = "coinmarketcap"
/** Each spending is two requests, so that 15 a minute are the 30 that are allowed. */
export const LIMITS: QuotaLimits = { creditsAMonth: 10_000, requestsAMinute: 15, burst: 20 }

const FRESH_MS = Duration.toMillis("3 minutes")
const USABLE_MS = Duration.toMillis("1 hour")
const REST_MS = Duration.toMillis("1 minute")
/** One for the listings (of up to 200 assets) and one for the metrics. */
const CREDITS = 2
const LISTINGS_PATH = "/v1/cryptocurrency/listings/latest?start=1&limit=10&sort=market_cap&convert=USD"
const METRICS_PATH = "/v1/global-metrics/quotes/latest?convert=USD"

export interface CoinMarketCapOptions {
  readonly key: Option.Option<Redacted.Redacted>
  readonly apiRoot: string
  readonly fetch?: Fetch
}

const notConfigured = failed("not_configured", "set ARBEDGE_COINMARKETCAP_KEY to a key of CoinMarketCap's API")

const WORDS: Readonly<Record<QuotaRefusal, string>> = {
  requests_a_minute: "30 requests were made within a minute",
  credits_today: "today's share of the month's credits is spent so far",
  credits_a_month: `the month's ${LIMITS.creditsAMonth} credits are spent`,
  blocked: "it asked for silence",
}

interface Answered<A> {
  readonly status: { readonly credit_count: number }
  readonly data: A
}

type Figures = Omit<Overview, "ageMs" | "stale">

const toldAt = (figures: Figures, nowMs: number): Overview => {
  const ageMs = Math.max(0, nowMs - figures.asOf)
  return { ...figures, ageMs, stale: ageMs >= FRESH_MS }
}

const make = (options: ClientOptions) =>
  Effect.gen(function* () {
    const quotas = yield* CreditQuotas
    const client = makeClient(options)

    const pay = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const verdict = yield* quotas.spend({ provider: PROVIDER, limits: LIMITS, credits: CREDITS, nowMs })
      if (verdict._tag === "Granted") return
      return yield* failed("over_quota", `CoinMarketCap: ${WORDS[verdict.reason]}`, verdict.untilMs)
    }).pipe(Effect.catchTag("StoreError", (error) => Effect.fail(failed("quota_unknown", error.message))))

    /** What the provider says of our quota is kept for all processes; that it could not be kept is no reason to fail. */
    const keep = (what: Effect.Effect<void, { readonly message: string }>) =>
      Effect.catch(what, (error) => Effect.logWarning("CoinMarketCap's quota could not be kept", error.message))

    const get = <A, I>(path: string, schema: Schema.Codec<Answered<A>, I>) =>
      client.get(path, schema).pipe(Effect.tapError(({ reason, retryAtMs }) =>
        reason !== "rate_limited" || retryAtMs === null ? Effect.void : Effect.flatMap(
          Clock.currentTimeMillis,
          (nowMs) => keep(quotas.block(PROVIDER, retryAtMs, nowMs)),
        )
      ))

    /** Both or none: figures that belong together, and neither takes the credits of the other. */
    const ask = Effect.fn("CoinMarketCap.ask")(function* () {
      yield* pay
      const listings = yield* get(LISTINGS_PATH, Listings)
      const metrics = yield* get(METRICS_PATH, Metrics)
      const asOf = yield* Clock.currentTimeMillis, more = listings.credits + metrics.credits - CREDITS
      if (more > 0) {
        yield* keep(quotas.charge(PROVIDER, more, asOf))
      }
      return { largest: assetsOf(listings.data), metrics: metricsOf(metrics.data), asOf }
    })

    const last = yield* Ref.make(Option.none<Figures>())
    const trouble = yield* Ref.make(Option.none<{ readonly error: MarketOverviewError; readonly untilMs: number }>())

    const renew = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis, before = yield* Ref.get(trouble)
      if (Option.isSome(before) && before.value.untilMs > nowMs) {
        return yield* before.value.error
      }
      const figures = yield* Effect.tapError(ask(), (error) =>
        Ref.set(trouble, Option.some({ error, untilMs: Math.max(nowMs + REST_MS, error.retryAtMs ?? 0) })))
      yield* Ref.set(last, Option.some(figures))
      return toldAt(figures, figures.asOf)
    })

    const now = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const kept = Option.map(yield* Ref.get(last), (figures) =>
        toldAt(figures, nowMs))
      if (Option.isSome(kept) && !kept.value.stale) {
        return kept.value
      }
      return Option.isSome(kept) && kept.value.ageMs < USABLE_MS
        ? yield* Effect.orElseSucceed(renew, () =>
          kept.value)
        : yield* renew
    })

    const one = yield* Semaphore.make(1)
    return MarketOverview.of({
      now: one.withPermits(1)(now),
      quota: Effect.flatMap(Clock.currentTimeMillis, (nowMs) =>
        quotas.state(PROVIDER, nowMs)),
    })
  })

const globalFetch: Fetch = (input, init) => fetch(input, init)

export const layer = (options: CoinMarketCapOptions): Layer.Layer<MarketOverview, never, CreditQuotas> =>
  Layer.effect(
    MarketOverview,
    Option.match(options.key, {
      onNone: () =>
        Effect.succeed(MarketOverview.of({
          now: Effect.fail(notConfigured),
          quota: Effect.succeed(UNSPENT),
        })),
      onSome: (key) => make({ key, apiRoot: options.apiRoot, fetch: options.fetch ?? globalFetch }),
    }),
  )

/** Whether the key is accepted, and the plan's credits a month; costs no credit. */
export const keyInfo = (key: Redacted.Redacted, apiRoot: string) =>
  Effect.map(
    makeClient({ key, apiRoot, fetch: globalFetch }).get("/v1/key/info", KeyInfo),
    ({ data }) => data.plan.credit_limit_monthly,
  )
