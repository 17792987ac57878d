/**
 * Funding detection: hold an instrument long and a perpetual short, and be paid the difference of their funding rates.
 *
 * In: slots, funding rates, changed books. Out: a candidate for each check that matters. Promises: EXAMPLES rule 11;
 * perpetual against perpetual on two venues, and spot against perpetual (spot is bought, never sold short); a rate tick
 * checks its instrument's routes at once, a changed book each route at most once a second; rates last for hours, so
 * nothing is missed; floats only screen; what is told holds until the next settlement.
 */
import { Option, Schema } from "effect"
import { assetOf, Identities, type Suspicion } from "../../domain/AssetIdentity.ts"
import * as Decimal from "../../domain/Decimal.ts"
import type { DetectConfig } from "../../domain/DetectConfig.ts"
import * as FundingPricing from "../../domain/FundingPricing.ts"
import * as FundingRates from "../../domain/FundingRates.ts"
import type { RejectionReason } from "../../domain/Opportunity.ts"
import * as Route from "../../domain/Route.ts"
import type { Candidate, Trigger } from "./Candidate.ts"
import { type Conversions, isConversion } from "./Conversions.ts"
import type { BookTrigger, Detector, FundingEvent, Revaluation } from "./Detector.ts"
import { type Caps, type Due, type Ingredients, makePlan, positionOf, reckon, type Reckoned } from "./FundingPlan.ts"
import { type Gate, Quarantine } from "./Quarantine.ts"
import type { Slot } from "./Slot.ts"

/** A changed book checks a route no sooner after its last check, ms; unless that check was to close it. */
const CHECK_EVERY_MS = 1_000
/** Relative room left to the screen's floats: far above their error, far below any threshold. */
const SCREEN_MARGIN = 1e-9

const Level = Schema.Literals(["above", "holding", "below"])
const State = Schema.Struct({
  suspects: Schema.NullOr(Schema.Unknown),
  rates: Schema.Array(Schema.Struct({
    venue: Schema.String,
    instrument: Schema.String,
    predicted: Schema.NullOr(FundingRates.StatedRate),
    settled: Schema.NullOr(FundingRates.StatedRate),
  })),
  pairs: Schema.Array(Schema.Struct({ fingerprint: Schema.String, checkedAt: Schema.Int, level: Level })),
})
const decodeState = Schema.decodeUnknownOption(State)

/** An instrument that takes part, and what is known of its rates. */
interface Holding {
  readonly slot: Slot
  rates: FundingRates.KnownRates
}

interface Pair {
  readonly long: Holding
  readonly short: Holding
  /** Null on one venue, where one name is one asset. */
  readonly gate: Gate | null
  readonly route: Route.Route
  readonly fingerprint: string
  /** Spoken of on every check until released. */
  watched: boolean
  /** Ingest time of its last check, and how that ended. */
  checkedAt: number
  level: Candidate["level"]
}

const isSpot = ({ slot }: Holding): boolean => slot.instrument.market === "spot"
const isPerpetual = ({ slot }: Holding): boolean =>
  slot.instrument.market === "linear" || slot.instrument.market === "inverse"

export class Funding implements Detector {
  readonly name = "funding"
  readonly #staleness: DetectConfig["staleness"]
  readonly #openBps: Decimal.Decimal
  readonly #closeBps: Decimal.Decimal
  readonly #leastBps: number
  readonly #minYield: Option.Option<Decimal.Decimal>
  readonly #maxRate: Decimal.Decimal
  readonly #caps: Caps
  readonly #conversions: Conversions
  readonly #quarantine: Quarantine
  readonly #byAsset = new Map<string, Array<Holding>>()
  readonly #holdings = new Map<Slot, Holding>()
  readonly #pairsOf = new Map<Slot, Array<Pair>>()
  readonly #byFingerprint = new Map<string, Pair>()
  checks = 0
  readonly rejected = new Map<RejectionReason, number>()

  constructor(config: DetectConfig, conversions: Conversions) {
    const { horizonHours, maxNotional, maxRate, minAnnualYield } = config.funding
    this.#staleness = config.staleness
    this.#openBps = Decimal.fromChecked(String(config.minNetBps))
    this.#closeBps = config.hysteresis ? Decimal.multiply(this.#openBps, Decimal.fromChecked("0.5")) : this.#openBps
    this.#leastBps = Math.min(Decimal.toNumber(this.#openBps), Decimal.toNumber(this.#closeBps))
    this.#minYield = Option.map(Option.fromNullishOr(minAnnualYield), Decimal.fromChecked)
    this.#maxRate = Decimal.fromChecked(maxRate)
    this.#caps = {
      maxNotional: Decimal.fromChecked(maxNotional),
      maxSize: Option.map(Option.fromNullishOr(config.maxSize), Decimal.fromChecked),
      visibleShare: Decimal.fromChecked(String(config.maxVisibleShare)),
      horizonHours,
      maxRate: this.#maxRate,
      openBps: this.#openBps,
    }
    this.#conversions = conversions
    this.#quarantine = new Quarantine(new Identities(config.identities))
  }

  add(slot: Slot): void {
    const holding: Holding = { slot, rates: FundingRates.NO_RATES }
    if (isConversion(slot.instrument) || !(isSpot(holding) || isPerpetual(holding))) return
    const asset = assetOf(slot.venue, slot.instrument.base)
    const peers = this.#byAsset.get(asset) ?? []
    this.#byAsset.set(asset, [...peers, holding])
    this.#holdings.set(slot, holding)
    this.#pairsOf.set(slot, [])
    for (const peer of peers) {
      for (const [long, short] of [[holding, peer], [peer, holding]] as const) {
        if (!isPerpetual(short) || (isPerpetual(long) && long.slot.venue === short.slot.venue)) continue
        const gate = long.slot.venue === short.slot.venue
          ? null
          : this.#quarantine.gate(asset, symbolOf(long.slot), symbolOf(short.slot))
        if (gate === null && long.slot.venue !== short.slot.venue) continue
        const pair = makePair(asset, long, short, gate)
        this.#pairsOf.get(long.slot)?.push(pair)
        this.#pairsOf.get(short.slot)?.push(pair)
        this.#byFingerprint.set(pair.fingerprint, pair)
      }
    }
  }

  /** A rate is kept, or refused and forgotten; then each route of the instrument is checked. */
  funding(slot: Slot, event: FundingEvent, at: number, ordinal: number, out: Array<Candidate>): void {
    const holding = this.#holdings.get(slot)
    if (holding === undefined || !isPerpetual(holding)) return
    const { predicted, ...rate } = event
    const stated: FundingRates.StatedRate = { ...rate, at }
    const refused = FundingRates.refusal(stated, this.#maxRate)
    if (refused !== null) this.#count(refused)
    holding.rates = { ...holding.rates, [predicted ? "predicted" : "settled"]: refused === null ? stated : null }
    for (const pair of this.#pairsOf.get(slot) ?? []) {
      this.#check(pair, {
        venue: slot.venue,
        instrument: slot.instrument.name,
        kind: "funding",
        ingestTime: at,
        ordinal,
      }, out)
    }
  }

  book(slot: Slot, kind: BookTrigger, at: number, ordinal: number, out: Array<Candidate>): void {
    const pairs = this.#pairsOf.get(slot)
    if (pairs === undefined) return
    for (let n = 0; n < pairs.length; n++) {
      const pair = pairs[n]
      if (pair === undefined) continue
      const waits = at - pair.checkedAt < CHECK_EVERY_MS && kind !== "gap"
      if (waits && !(pair.watched && pair.level === "below")) continue
      this.#check(pair, { venue: slot.venue, instrument: slot.instrument.name, kind, ingestTime: at, ordinal }, out)
    }
  }

  release(fingerprint: string): void {
    const pair = this.#byFingerprint.get(fingerprint)
    if (pair !== undefined) pair.watched = false
  }

  watch(fingerprint: string): void {
    const pair = this.#byFingerprint.get(fingerprint)
    if (pair !== undefined) pair.watched = true
  }

  /** The same position at the rates and on the books of now, over a horizon that begins now. */
  revalue(fingerprint: string, size: Decimal.Decimal, atMs: number): Revaluation | RejectionReason | null {
    const pair = this.#byFingerprint.get(fingerprint)
    if (pair === undefined) return null
    if (pair.gate?.suspect === true) return "identity_suspect"
    const unusable = this.#unusable(pair, atMs)
    if (unusable !== null) return unusable
    const rates = this.#reckon(pair, atMs)
    if (typeof rates === "string") return rates
    const of = this.#ingredients(pair, rates)
    if (of === null) return "no_conversion"
    return Option.getOrElse(
      FundingPricing.priceAt(positionOf(of), size),
      () => "insufficient_depth",
    )
  }

  takeSuspicions(): ReadonlyArray<Suspicion> {
    return this.#quarantine.takeNews()
  }

  snapshot(): Schema.Json {
    return {
      suspects: this.#quarantine.snapshot(),
      rates: [...this.#holdings.values()]
        .filter(({ rates }) => rates.predicted !== null || rates.settled !== null)
        .map(({ rates: { predicted, settled }, slot }) => ({
          venue: slot.venue,
          instrument: slot.instrument.name,
          predicted: predicted === null ? null : { ...predicted },
          settled: settled === null ? null : { ...settled },
        })),
      pairs: [...this.#byFingerprint.values()]
        .filter(({ checkedAt }) => checkedAt > -Infinity)
        .map(({ checkedAt, fingerprint, level }) => ({ fingerprint, checkedAt, level })),
    }
  }

  restore(state: unknown): void {
    const kept = Option.getOrNull(decodeState(state))
    if (kept === null) return
    this.#quarantine.restore(kept.suspects)
    const byName = new Map(
      [...this.#holdings].map(([slot, holding]) => [`${slot.venue}|${slot.instrument.name}`, holding]),
    )
    for (const { instrument, predicted, settled, venue } of kept.rates) {
      const holding = byName.get(`${venue}|${instrument}`)
      if (holding !== undefined) holding.rates = { predicted, settled }
    }
    for (const { checkedAt, fingerprint, level } of kept.pairs) {
      const pair = this.#byFingerprint.get(fingerprint)
      if (pair === undefined) continue
      pair.checkedAt = checkedAt
      pair.level = level
    }
  }

  #check(pair: Pair, trigger: Trigger, out: Array<Candidate>): void {
    // Nothing was ever heard of a rate: there is nothing to compare.
    if (!pair.watched && !(isHeard(pair.short) && (isSpot(pair.long) || isHeard(pair.long)))) return
    this.checks++
    pair.checkedAt = trigger.ingestTime
    const candidate = this.#judge(pair, trigger)
    pair.level = candidate.level
    if (candidate.level === "above") pair.watched = true
    if (candidate.rejection !== null) this.#count(candidate.rejection)
    // What is refused for more than its price is told as well, so that it can be explained.
    if (pair.watched || candidate.rejection !== "below_threshold") out.push(candidate)
  }

  #judge(pair: Pair, trigger: Trigger): Candidate {
    const { fingerprint, route } = pair, atMs = trigger.ingestTime
    const below = (rejection: RejectionReason): Candidate => (
      { route, fingerprint, trigger, level: "below", plan: null, rejection, score: null }
    )
    const rates = this.#reckon(pair, atMs)
    if (typeof rates === "string") return below(rates)
    if (!Decimal.isPositive(rates.ratePerHour) || this.#isTooLow(rates.ratePerHour)) return below("below_threshold")
    const unusable = this.#unusable(pair, atMs)
    if (unusable !== null) return below(this.#paysAnywhere(pair, rates) ? unusable : "below_threshold")
    const of = this.#ingredients(pair, rates)
    if (of === null) return below(this.#paysAnywhere(pair, rates) ? "no_conversion" : "below_threshold")
    const doubt = this.#doubts(pair, of, atMs)
    if (doubt !== null) return below(doubt)
    if (!this.#mayPay(of)) return below("below_threshold")
    const made = makePlan(of, this.#caps, atMs)
    if (typeof made === "string") return below(made)
    const level = FundingPricing.isAbove(made.exact, this.#openBps)
      ? "above"
      : FundingPricing.isAbove(made.exact, this.#closeBps)
      ? "holding"
      : "below"
    if (level === "below") return below("below_threshold")
    return { route, fingerprint, trigger, level, plan: made.plan, rejection: null, score: null }
  }

  /** Both sides' rates of one kind, the predicted ones before the settled; or why there are none to reckon with. */
  #reckon({ long, short }: Pair, atMs: number): Reckoned | RejectionReason {
    let why: RejectionReason = "incomparable_rates"
    for (const kind of ["predicted", "settled"] as const) {
      const longRate = long.rates[kind], shortRate = short.rates[kind]
      if (shortRate === null || (longRate === null && !isSpot(long))) continue
      const stale = [longRate, shortRate].some((rate) => rate !== null && FundingRates.isStale(rate, kind, atMs))
      const rates = stale ? null : reckon(kind, longRate, shortRate, atMs, this.#caps.horizonHours)
      if (rates !== null) return rates
      why = stale ? "stale_rate" : "unknown_settlement"
    }
    return why
  }

  #isTooLow(ratePerHour: Decimal.Decimal): boolean {
    return Option.isSome(this.#minYield) && Decimal.isLess(FundingRates.perYear(ratePerHour), this.#minYield.value)
  }

  /** Rule 8: unbroken, not crossed, and unless switched off, fresh and close in time. */
  #unusable({ long: { slot: long }, short: { slot: short } }: Pair, atMs: number): RejectionReason | null {
    for (const { book } of [long, short]) {
      if (book.state === "empty") return "insufficient_depth"
      if (book.state !== "synced") return "broken_sequence"
      if (book.crossed) return "crossed_book"
      if (book.bids.best === undefined || book.asks.best === undefined) return "insufficient_depth"
    }
    const staleness = this.#staleness
    if (staleness === null) return null
    if (atMs - Math.min(long.seenAt, short.seenAt) > staleness.maxAgeMs) return "stale_book"
    return Math.abs(long.seenAt - short.seenAt) > staleness.maxSkewMs ? "book_skew" : null
  }

  /** Null: their currencies differ, and no parity was declared. A book is no way to convert what is paid for days. */
  #ingredients({ long, short }: Pair, rates: Reckoned): Ingredients<Slot> | null {
    const found = Option.getOrNull(this.#conversions.between(short.slot, long.slot))
    if (found === null || found.exchange.kind !== "rate") return null
    const { denominator, numerator } = found.exchange.rate
    return {
      long: long.slot,
      short: short.slot,
      longRates: long.rates,
      shortRates: short.rates,
      rates,
      conversion: { rate: Decimal.divide(numerator, denominator, Decimal.SCALE.price), note: found.note },
    }
  }

  #doubts({ gate }: Pair, { conversion, long, short }: Ingredients<Slot>, atMs: number): RejectionReason | null {
    if (gate === null) return null
    const ratio = midOf(short) * Decimal.toNumber(conversion.rate) / midOf(long)
    const spread = Math.max(ratio, 1 / ratio) - 1
    return this.#quarantine.refuses(gate, spread, atMs, () => {
      const [a, b] = [
        FundingPricing.mid(depths(long)),
        Decimal.multiply(FundingPricing.mid(depths(short)), conversion.rate),
      ]
      const [low, high] = Decimal.isLess(a, b) ? [a, b] : [b, a]
      return Decimal.format(Decimal.divide(Decimal.subtract(high, low), low, Decimal.SCALE.bps))
    })
  }

  /** Whether the rates alone would pay the four fees and the threshold, whatever the books. */
  #paysAnywhere({ long, short }: Pair, rates: Reckoned): boolean {
    const fees = 2 * (Number(long.slot.fees.taker) + Number(short.slot.fees.taker))
    return (paidRate(rates.short) - paidRate(rates.long) - fees) * 10_000 > this.#leastBps
  }

  /** By the best prices, in floats: no size earns more a unit than the first. */
  #mayPay({ conversion, long, rates, short }: Ingredients<Slot>): boolean {
    const convert = Decimal.toNumber(conversion.rate)
    const midLong = midOf(long), midShort = midOf(short) * convert
    const outlay = long.netAsk
    const lost = outlay - long.netBid + (short.netAsk - short.netBid) * convert
    const income = paidRate(rates.short) * midShort - paidRate(rates.long) * midLong
    const net = income - lost - Math.max(0, midLong - midShort)
    return net > outlay * (Math.max(0, this.#leastBps) / 10_000 - SCREEN_MARGIN)
  }

  #count(reason: RejectionReason): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1)
  }
}

const isHeard = ({ rates }: Holding): boolean => rates.predicted !== null || rates.settled !== null

const symbolOf = ({ instrument, venue }: Slot) => ({ venue, symbol: instrument.base })

const makePair = (asset: string, long: Holding, short: Holding, gate: Gate | null): Pair => {
  const of = ({ slot }: Holding) => ({ venue: slot.venue, instrument: slot.instrument.name })
  const route: Route.Route = { type: "funding", asset, legs: [of(long), of(short)], variant: null }
  return {
    long,
    short,
    gate,
    route,
    fingerprint: Route.fingerprint(route),
    watched: false,
    checkedAt: -Infinity,
    level: "below",
  }
}

const depths = (slot: Slot) => ({ asks: slot.depth("asks"), bids: slot.depth("bids") })

/** Middle of the best prices as a float; both sides are there. */
const midOf = ({ book }: Slot): number => ((book.bids.best ?? 0) + (book.asks.best ?? 0)) / 2

const paidRate = (due: Due | null): number => due === null ? 0 : Number(due.stated.rate) * due.count
