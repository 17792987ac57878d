/**
 * What venues told of markets and networks, over SQL.
 *
 * In: the ReferenceData port's calls. Out: rows of `market_rules` and `currency_networks`. Promises: a venue's rows are
 * replaced in one transaction, so a reader sees the old answer or the new one.
 */
import { Effect, Layer, Schema } from "effect"
import type { MarketInfo } from "../../domain/Feed.ts"
import { CurrencyNetwork, type VenueNetworks } from "../../domain/Networks.ts"
import { type ByVenue, ReferenceData } from "../ReferenceData.ts"
import { Store } from "../Store.ts"
import { all, EpochMs, isoOf, run } from "./Rows.ts"

const Text = Schema.NullOr(Schema.String)

const MarketRow = Schema.Struct({
  venue: Schema.String,
  instrument: Schema.String,
  contractSize: Text,
  amountStep: Text,
  minAmount: Text,
  minNotional: Text,
  fetchedAt: EpochMs,
})

const NetworksRow = Schema.Struct({
  venue: Schema.String,
  currency: Schema.String,
  networks: Schema.Record(Schema.String, CurrencyNetwork),
  fetchedAt: EpochMs,
})

/** Rows of one venue were saved at one instant. */
const byVenue = <Row extends { readonly venue: string; readonly fetchedAt: number }, A>(
  rows: ReadonlyArray<Row>,
  valueOf: (rows: ReadonlyArray<Row>) => A,
): ByVenue<A> => {
  const grouped = new Map<string, Array<Row>>()
  for (const row of rows) {
    const own = grouped.get(row.venue)
    if (own === undefined) grouped.set(row.venue, [row])
    else own.push(row)
  }
  return Object.fromEntries(
    [...grouped].map(([venue, own]) => [venue, { value: valueOf(own), at: own[0]?.fetchedAt ?? 0 }]),
  )
}

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store

  const saveMarkets = Effect.fn("ReferenceData.saveMarkets")(
    (venue: string, markets: ReadonlyArray<MarketInfo>, nowMs: number) => {
      const rows = markets.map((market) => ({
        instrument: market.instrument,
        contract_size: market.contractSize,
        amount_step: market.amountStep,
        min_amount: market.minAmount,
        min_notional: market.minNotional,
        fetched_at: isoOf(nowMs),
      }))
      const write = run("ReferenceData.saveMarkets")
      return transaction(Effect.andThen(
        write(sql`delete from market_rules where venue = ${venue}`),
        write(sql`insert into market_rules (venue, instrument, contract_size, amount_step, min_amount, min_notional,
            fetched_at)
          select ${venue}, x.* from jsonb_to_recordset(${sql.json(rows)}) as x (instrument text, contract_size text,
            amount_step text, min_amount text, min_notional text, fetched_at timestamptz)`),
      ))
    },
  )

  const markets = sql`select venue, instrument, contract_size as "contractSize", amount_step as "amountStep",
      min_amount as "minAmount", min_notional as "minNotional", fetched_at as "fetchedAt"
    from market_rules order by venue, instrument`.pipe(
    all("ReferenceData.markets", MarketRow),
    Effect.map((rows) => byVenue(rows, (own) => own.map(({ fetchedAt: _, ...market }): MarketInfo => market))),
    Effect.withSpan("ReferenceData.markets"),
  )

  const saveNetworks = Effect.fn("ReferenceData.saveNetworks")(
    (venue: string, networks: VenueNetworks, nowMs: number) => {
      const rows = Object.entries(networks).map(([currency, terms]) => ({
        currency,
        networks: terms,
        fetched_at: isoOf(nowMs),
      }))
      const write = run("ReferenceData.saveNetworks")
      return transaction(Effect.andThen(
        write(sql`delete from currency_networks where venue = ${venue}`),
        write(sql`insert into currency_networks (venue, currency, networks, fetched_at)
          select ${venue}, x.* from jsonb_to_recordset(${sql.json(rows)})
            as x (currency text, networks jsonb, fetched_at timestamptz)`),
      ))
    },
  )

  const networks = sql`select venue, currency, networks, fetched_at as "fetchedAt" from currency_networks
    order by venue, currency`.pipe(
    all("ReferenceData.networks", NetworksRow),
    Effect.map((rows) =>
      byVenue(rows, (own): VenueNetworks => Object.fromEntries(own.map((row) => [row.currency, row.networks])))
    ),
    Effect.withSpan("ReferenceData.networks"),
  )

  return { saveMarkets, markets, saveNetworks, networks }
})

export const layer: Layer.Layer<ReferenceData, never, Store> = Layer.effect(ReferenceData, make)
