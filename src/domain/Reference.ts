/**
 * Reference data under a configuration: what venues and administrators said fills in what the operator did not write.
 *
 * In: a configuration, markets and networks as venues told them, decisions on identities. Out: one configuration, which
 * is all that detection goes by, and whose version names it. Promises: what the operator wrote goes before; markets that
 * a venue told of replace the shipped lots; what nobody said stays unknown.
 */
import type { Decision } from "./AssetIdentity.ts"
import * as Decimal from "./Decimal.ts"
import type { DetectConfig, Lot } from "./DetectConfig.ts"
import type { MarketInfo } from "./Feed.ts"
import { type ConfiguredNetworks, stated, type VenueNetworks } from "./Networks.ts"
import { type Lots, SHIPPED_LOTS } from "./ShippedLots.ts"

export interface Reference {
  /** Of the instruments that are followed. */
  readonly markets: ReadonlyArray<MarketInfo>
  /** By venue. */
  readonly networks: Readonly<Record<string, VenueNetworks>>
  readonly decisions: ReadonlyArray<Decision>
}

type ByInstrument<A> = Readonly<Record<string, Readonly<Record<string, A>>>>

/** A step or least of zero is no limit, and what is no decimal was never said. */
const isLimit = (text: string | null): text is string =>
  text !== null && Decimal.isDecimalText(text) && Number(text) > 0

const lotOf = ({ amountStep, minAmount, minNotional }: MarketInfo): Lot => ({
  ...(isLimit(amountStep) ? { step: amountStep } : {}),
  ...(isLimit(minAmount) ? { minAmount } : {}),
  ...(isLimit(minNotional) ? { minNotional } : {}),
})

/** By venue and instrument; what stands in `first` goes before. */
const merged = <A>(first: ByInstrument<A>, then: ReadonlyArray<readonly [venue: string, name: string, value: A]>) => {
  const out: Record<string, Record<string, A>> = Object.fromEntries(
    Object.entries(first).map(([venue, own]) => [venue, { ...own }]),
  )
  for (const [venue, name, value] of then) {
    const own = out[venue] ??= {}
    own[name] ??= value
  }
  return out
}

const lotsOf = (config: DetectConfig, markets: ReadonlyArray<MarketInfo>): Lots => {
  const told = markets.map((market) => [market.venue, market.instrument, lotOf(market)] as const)
  const shipped = Object.entries(SHIPPED_LOTS).flatMap(([venue, own]) =>
    Object.entries(own).map(([instrument, lot]) => [venue, instrument, lot] as const)
  )
  return merged(config.lots ?? {}, config.lots === undefined ? [...told, ...shipped] : told)
}

export const withReference = (config: DetectConfig, { decisions, markets, networks }: Reference): DetectConfig => {
  const sizes = markets.flatMap(({ contractSize, instrument, venue }) =>
    isLimit(contractSize) ? [[venue, instrument, contractSize] as const] : []
  )
  const told = Object.entries(networks).flatMap(([venue, own]) =>
    Object.entries(stated(own)).map(([currency, terms]) => [venue, currency, terms] as const)
  )
  const pairs = decisions.flatMap(({ a, asset, b, status }) => status === "verified" ? [] : [{ a, asset, b, status }])
  return {
    ...config,
    lots: lotsOf(config, markets),
    contractSizes: merged(config.contractSizes, sizes),
    networks: merged<ConfiguredNetworks[string]>(config.networks, told),
    // The last word on a pair counts.
    identities: { ...config.identities, pairs: [...pairs, ...config.identities.pairs] },
  }
}
