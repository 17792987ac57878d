/**
 * Verify: prices an opportunity again from its evidence, and nothing else.
 *
 * In: an opportunity as it was told. Out: every value that disagrees, with what the evidence says instead; none: it holds.
 * Promises: pure; no detector takes part, only what prices plans; it agrees to the last digit or it is told; evidence that
 * was cut, or that makes no opportunity, is a fault. What it cannot know (revision, checks, confidence, reasons) it leaves.
 */
import { Option, Schema } from "effect"
import { assetOf } from "../domain/AssetIdentity.ts"
import * as Cycle from "../domain/Cycle.ts"
import * as Decimal from "../domain/Decimal.ts"
import { type Inputs, type InputsOf, type KeptMarket, keptMarket, type MarketEvidence } from "../domain/Evidence.ts"
import { SAME } from "../domain/Exchanging.ts"
import * as FundingPricing from "../domain/FundingPricing.ts"
import * as FundingRates from "../domain/FundingRates.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import * as Pricing from "../domain/Pricing.ts"
import * as Route from "../domain/Route.ts"
import { confirmers, signalsOf, votesOf } from "../domain/TechnicalRules.ts"
import { figures, opportunityId } from "./Dedup.ts"
import type { Plan } from "./detectors/Candidate.ts"
import type { Conversion } from "./detectors/Conversions.ts"
import * as CrossPlan from "./detectors/CrossPlan.ts"
import type { Step } from "./detectors/CycleGraph.ts"
import * as CyclePlan from "./detectors/CyclePlan.ts"
import * as FundingPlan from "./detectors/FundingPlan.ts"
import { Indicators } from "./detectors/Indicators.ts"
import * as TechnicalPlan from "./detectors/TechnicalPlan.ts"
import { scoreOf } from "./Score.ts"
import { digestOf } from "./Seal.ts"

/** Values in JSON text. */
export const Fault = Schema.Struct({ path: Schema.String, told: Schema.String, recomputed: Schema.String })
export type Fault = typeof Fault.Type

interface Again {
  readonly plan: Plan
  readonly route: Route.Route
}

/** What makes it no opportunity at all. */
type Why = string

/** Markets of evidence, remembered so that it can be asked afterwards whether more was read than is kept. */
class Kept {
  readonly #atMs: number
  readonly #markets: Array<readonly [path: string, market: KeptMarket]> = []

  constructor(atMs: number) {
    this.#atMs = atMs
  }

  market(path: string, evidence: MarketEvidence): KeptMarket | null {
    const market = Option.getOrNull(keptMarket(evidence, this.#atMs))
    if (market !== null) this.#markets.push([path, market])
    return market
  }

  get overrun(): ReadonlyArray<string> {
    return this.#markets.flatMap(([path, market]) => market.overrun().map((side) => `${path}.${side}`))
  }
}

const UNKNOWN_MARKET = "an instrument's name says nothing"

const optional = (text: string | null) => Option.map(Option.fromNullOr(text), Decimal.fromChecked)
const legOf = ({ instrument, venue }: KeptMarket) => ({ venue, instrument: instrument.name })

const conversionOf = (
  { conversion: kept }: InputsOf<"cross_exchange">,
  markets: Kept,
): Conversion | null => {
  const plain = { factor: 1, note: null, book: null }
  if (kept.kind === "same") return { ...plain, exchange: SAME }
  if (kept.kind === "parity") {
    const rate = { numerator: Decimal.fromChecked(kept.numerator), denominator: Decimal.fromChecked(kept.denominator) }
    return { ...plain, exchange: { kind: "rate", rate } }
  }
  const slot = markets.market("conversion.market", kept.market), { side } = kept
  if (slot === null) return null
  const depth = slot.depth(side === "sell" ? "bids" : "asks")
  return {
    ...plain,
    exchange: { kind: "book", side, depth, fee: slot.fee, feeIn: slot.fees.takerIn },
    book: { slot, side },
  }
}

const crossExchange = (inputs: InputsOf<"cross_exchange">, markets: Kept): Again | Why => {
  const { at, maxSize, mode, openBps, otherCosts, rebalancing, visibleShare, way } = inputs
  const buy = markets.market("buy", inputs.buy), sell = markets.market("sell", inputs.sell)
  const conversion = conversionOf(inputs, markets)
  if (buy === null || sell === null || conversion === null) return UNKNOWN_MARKET
  if (inputs.conversion.kind === "same" && buy.instrument.quote !== sell.instrument.quote) return "no_conversion"
  if ((mode === "transfer") !== (way !== null)) return "no_common_network"
  const costs = {
    withdrawal: way === null ? Decimal.ZERO : Decimal.fromChecked(way.fee),
    otherCosts: Decimal.fromChecked(otherCosts),
    rebalancing: Decimal.fromChecked(rebalancing),
  }
  const caps = {
    maxSize: optional(maxSize),
    visibleShare: optional(visibleShare),
    openBps: Decimal.fromChecked(openBps),
  }
  const made = CrossPlan.makePlan({ buy, sell, mode, way, conversion, costs }, caps, at)
  if (typeof made === "string") return made
  if (!Pricing.isAbove(made.exact, caps.openBps)) return "below_threshold"
  const asset = assetOf(buy.venue, buy.instrument.base)
  if (asset !== assetOf(sell.venue, sell.instrument.base)) return "identity_suspect"
  const variant = mode === "transfer" ? mode : null
  return {
    plan: made.withEvidence(),
    route: { type: "cross_exchange", asset, legs: [legOf(buy), legOf(sell)], variant },
  }
}

const triangular = (inputs: InputsOf<"triangular">, markets: Kept): Again | Why => {
  const { at, start } = inputs
  const loop: Array<Step<KeptMarket>> = []
  let from = start
  for (const [rank, evidence] of inputs.markets.entries()) {
    const market = markets.market(`markets.${rank}`, evidence)
    if (market === null) return UNKNOWN_MARKET
    const { base, quote } = market.instrument
    if (from !== base && from !== quote) return "the markets are no way round"
    const step: Step<KeptMarket> = from === base
      ? { market, side: "sell", from, to: quote }
      : { market, side: "buy", from, to: base }
    loop.push(step)
    from = step.to
  }
  if (from !== start) return "the markets are no way round"
  const terms = {
    most: optional(inputs.maxStart),
    visibleShare: optional(inputs.visibleShare),
    openBps: Decimal.fromChecked(inputs.openBps),
  }
  const legs = loop.map(({ market, side }) => CyclePlan.legOf(market, side, terms.visibleShare))
  const best = Cycle.best(legs, terms.most)
  if (typeof best === "string") return best
  if (!Cycle.isAbove(best.round, terms.openBps)) return "below_threshold"
  const plan = CyclePlan.planOf(loop, legs, best, at)
  return {
    plan: { ...plan, inputs: CyclePlan.inputsOf(loop, legs, terms, at) },
    route: { type: "triangular", asset: start, legs: loop.map(({ market }) => legOf(market)), variant: null },
  }
}

const funding = (inputs: InputsOf<"funding">, markets: Kept): Again | Why => {
  const { at, conversion, horizonHours, longRates, pricedBy, shortRates } = inputs
  const long = markets.market("long", inputs.long), short = markets.market("short", inputs.short)
  if (long === null || short === null) return UNKNOWN_MARKET
  const longRate = long.instrument.market === "spot" ? null : longRates[pricedBy], shortRate = shortRates[pricedBy]
  if (shortRate === null || (longRate === null && long.instrument.market !== "spot")) return "incomparable_rates"
  const caps = {
    maxNotional: Decimal.fromChecked(inputs.maxNotional),
    maxSize: optional(inputs.maxSize),
    visibleShare: Decimal.fromChecked(inputs.visibleShare),
    horizonHours,
    maxRate: Decimal.fromChecked(inputs.maxRate),
    openBps: Decimal.fromChecked(inputs.openBps),
  }
  for (const stated of [longRate, shortRate]) {
    if (stated === null) continue
    if (!Decimal.isDecimalText(stated.rate)) return "implausible_rate"
    const refused = FundingRates.refusal(stated, caps.maxRate)
    if (refused !== null) return refused
    if (FundingRates.isStale(stated, pricedBy, at)) return "stale_rate"
  }
  const rates = FundingPlan.reckon(pricedBy, longRate, shortRate, at, horizonHours)
  if (rates === null) return "unknown_settlement"
  const rate = Decimal.fromChecked(conversion)
  const of = { long, short, longRates, shortRates, rates, conversion: { rate, note: null } }
  const made = FundingPlan.makePlan(of, caps, at)
  if (typeof made === "string") return made
  if (!FundingPricing.isAbove(made.exact, caps.openBps)) return "below_threshold"
  const asset = assetOf(long.venue, long.instrument.base)
  return { plan: made.plan, route: { type: "funding", asset, legs: [legOf(long), legOf(short)], variant: null } }
}

const technical = (inputs: InputsOf<"technical">, markets: Kept): Again | Why => {
  const { at, candles, closes, direction, lastTrade, rules: config, signal, volumes } = inputs
  const market = markets.market("market", inputs.market)
  if (market === null) return UNKNOWN_MARKET
  const indicators = new Indicators(config), kept = { closes, volumes, candles }
  indicators.restore(kept)
  const { before, now } = indicators
  if (before === null || now === null) return "candle_gap"
  if (!signalsOf(before, now, config).some((one) => one.name === signal && one.direction === direction)) {
    return "the candles give no such signal"
  }
  const by = confirmers(votesOf(before, now, config), direction)
  if (by === null) return "unconfirmed"
  const price = lastTrade === null ? TechnicalPlan.midOf(market, at) : { ...lastTrade, book: null }
  const until = now.candle.from + (1 + config.holdCandles) * config.intervalMs
  return {
    plan: TechnicalPlan.planOf({ market, config, held: { signal, direction, until }, price, now, by, kept }, at),
    route: {
      type: "technical",
      asset: assetOf(market.venue, market.instrument.base),
      legs: [legOf(market)],
      variant: `${signal}:${direction}`,
    },
  }
}

const again = (inputs: Inputs, markets: Kept): Again | Why => {
  switch (inputs.type) {
    case "cross_exchange":
      return crossExchange(inputs, markets)
    case "triangular":
      return triangular(inputs, markets)
    case "funding":
      return funding(inputs, markets)
    case "technical":
      return technical(inputs, markets)
  }
}

const isTree = (value: unknown): value is object => typeof value === "object" && value !== null
const shown = (value: unknown): string => value === undefined ? "nothing" : JSON.stringify(value)

/** Leaf by leaf. */
const differences = (path: string, told: unknown, recomputed: unknown): ReadonlyArray<Fault> => {
  if (!isTree(told) || !isTree(recomputed)) {
    return told === recomputed ? [] : [{ path, told: shown(told), recomputed: shown(recomputed) }]
  }
  const one = new Map(Object.entries(told)), other = new Map(Object.entries(recomputed))
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((key) =>
    differences(path === "" ? key : `${path}.${key}`, one.get(key), other.get(key))
  )
}

/** Every value that disagrees with the evidence; none: all hold. */
export const verify = (told: Opportunity): ReadonlyArray<Fault> => {
  const { evidence } = told
  if (evidence === null) return [{ path: "evidence", told: "nothing", recomputed: "needs evidence" }]
  const { digest, inputs, openedBy } = evidence
  const sealed = differences("evidence.digest", digest, digestOf(evidence))
  const markets = new Kept(inputs.at), found = again(inputs, markets)
  const cut = markets.overrun.map((path): Fault => (
    { path: `evidence.inputs.${path}`, told: "cut", recomputed: "needs more levels than are kept" }
  ))
  if (cut.length > 0) return [...sealed, ...cut]
  if (typeof found === "string") {
    return [...sealed, { path: "evidence.inputs", told: shown(inputs.type), recomputed: `no opportunity: ${found}` }]
  }
  const { plan, route } = found, fingerprint = Route.fingerprint(route)
  const expected: Partial<Opportunity> = {
    id: opportunityId(fingerprint, openedBy),
    fingerprint,
    type: route.type,
    asset: route.asset,
    detectedAt: openedBy.ingestTime,
    firstAt: openedBy.ingestTime,
    ...figures(plan, scoreOf(plan)),
  }
  const values = Object.entries(told).filter(([key]) => key in expected)
  return [...sealed, ...differences("", Object.fromEntries(values), expected)]
}
