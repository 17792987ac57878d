/**
 * What CoinMarketCap's API answers, by its public documentation (v1), and what we make of it.
 *
 * In: JSON. Out: checked answers with decimals as text, and how each kind of refusal is to be understood. Promises: pure;
 * only the fields that are used are looked at, and each of those is checked.
 */
import { Schema, SchemaGetter } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import type { GlobalMetrics, LargeAsset, MarketOverviewReason } from "../MarketOverview.ts"

/** JSON numbers, as plain decimal text. */
const Figure = Schema.Finite.pipe(
  Schema.decodeTo(
    Schema.String.check(Schema.makeFilter((text: string) => Decimal.isDecimalText(text) || "a decimal")),
    {
      decode: SchemaGetter.transform((value: number) => plain(String(value))),
      encode: SchemaGetter.transform((text: string) => Number(text)),
    },
  ),
)

const plain = (text: string): string => Decimal.isDecimalText(text) ? Decimal.format(Decimal.fromChecked(text)) : text

const HUNDRED = Decimal.fromInteger(100)
/** Percent to a fraction. */
const fraction = (percent: string): string =>
  Decimal.format(Decimal.divide(Decimal.fromChecked(percent), HUNDRED, Decimal.SCALE.size))

const Status = Schema.Struct({
  error_code: Schema.Int,
  error_message: Schema.NullOr(Schema.String),
  credit_count: Schema.Int,
})

/** An answer of whatever status; on errors there is no `data`. */
export const Refusal = Schema.fromJsonString(Schema.Struct({ status: Status }))

const answered = <S extends Schema.Top>(data: S) => Schema.fromJsonString(Schema.Struct({ status: Status, data }))

export const Listings = answered(Schema.NonEmptyArray(Schema.Struct({
  id: Schema.Int,
  name: Schema.String,
  symbol: Schema.String,
  cmc_rank: Schema.Int,
  quote: Schema.Struct({
    USD: Schema.Struct({
      price: Figure,
      market_cap: Figure,
      volume_24h: Figure,
      percent_change_24h: Schema.NullOr(Figure),
    }),
  }),
})))

export const Metrics = answered(Schema.Struct({
  btc_dominance: Figure,
  eth_dominance: Figure,
  quote: Schema.Struct({ USD: Schema.Struct({ total_market_cap: Figure, total_volume_24h: Figure }) }),
}))

export const KeyInfo = answered(Schema.Struct({
  plan: Schema.Struct({ credit_limit_monthly: Schema.NullOr(Schema.Int) }),
}))

export const assetsOf = (data: (typeof Listings.Type)["data"]): ReadonlyArray<LargeAsset> =>
  data.map(({ cmc_rank, id, name, quote: { USD }, symbol }) => ({
    rank: cmc_rank,
    symbol,
    id,
    name,
    price: USD.price,
    marketCap: USD.market_cap,
    volume24h: USD.volume_24h,
    change24h: USD.percent_change_24h === null ? null : fraction(USD.percent_change_24h),
  }))

export const metricsOf = (data: (typeof Metrics.Type)["data"]): GlobalMetrics => ({
  marketCap: data.quote.USD.total_market_cap,
  volume24h: data.quote.USD.total_volume_24h,
  btcDominance: fraction(data.btc_dominance),
  ethDominance: fraction(data.eth_dominance),
})

export const reasonOf = (status: number): MarketOverviewReason => {
  if (status === 401 || status === 402 || status === 403) return "unauthorized"
  if (status === 429) return "rate_limited"
  return status >= 500 ? "server_error" : "malformed"
}

const DAILY_LIMIT = 1009, MONTHLY_LIMIT = 1010
const MINUTE_MS = 60_000, DAY_MS = 86_400_000

/** A 429 that states no time: its code says which limit it was, and that limit's window says when it ends. */
export const limitEndsMs = (errorCode: number, nowMs: number): number => {
  const now = new Date(nowMs)
  if (errorCode === MONTHLY_LIMIT) return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)
  return errorCode === DAILY_LIMIT ? Math.floor(nowMs / DAY_MS) * DAY_MS + DAY_MS : nowMs + MINUTE_MS
}
