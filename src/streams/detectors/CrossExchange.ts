/**
 * Cross-exchange detection: buy an asset on one venue, sell it on another; pre-funded, or carried over by a transfer.
 *
 * In: slots whose book changed. Out: a candidate for each check that matters, and suspicions about identities. Promises:
 * pure and incremental (a changed book checks only the routes it is part of); floats only screen, with a margin, and
 * whatever they let through is priced exactly by EXAMPLES rules 1 to 8; each mode is a route of its own; the clock is the
 * ticks' ingest time.
 */
import { Option, type Schema } from "effect"
import { assetOf, Identities, type Suspicion } from "../../domain/AssetIdentity.ts"
import * as Decimal from "../../domain/Decimal.ts"
import type { DetectConfig, TradeMode } from "../../domain/DetectConfig.ts"
import { grossRate } from "../../domain/Exchanging.ts"
import { isTransferable } from "../../domain/Instrument.ts"
import { type Way, ways } from "../../domain/Networks.ts"
import type { RejectionReason } from "../../domain/Opportunity.ts"
import * as Pricing from "../../domain/Pricing.ts"
import * as Route from "../../domain/Route.ts"
import type { Candidate, Trigger } from "./Candidate.ts"
import type { Conversion, Conversions } from "./Conversions.ts"
import { type Caps, type Costs, makePlan, termsOf } from "./CrossPlan.ts"
import type { BookTrigger, Detector, Revaluation } from "./Detector.ts"
import { type Gate, Quarantine } from "./Quarantine.ts"
import type { Slot } from "./Slot.ts"

/** Relative room left to the screen's floats: far above their error, far below any threshold. */
const SCREEN_MARGIN = 1e-9
/** Not above for so long, and Dedup may have closed the route (it does after 30 s): what comes then is told as new. */
const FORGOTTEN_AFTER_MS = 10_000

/** One ordered pair of slots of one asset on two venues, traded in one mode. */
interface Pair {
  readonly buy: Slot
  readonly sell: Slot
  readonly mode: TradeMode
  /** The cheapest open network of a transfer; null where there is none, and when pre-funded. */
  readonly way: Way | null
  readonly costs: Costs
  readonly gate: Gate
  readonly route: Route.Route
  readonly fingerprint: string
  /** Selling currency into buying currency; 0 while no conversion is known. */
  factor: number
  conversionVersion: number
  conversion: Option.Option<Conversion>
  /** Spoken of on every check until released. */
  watched: boolean
  /**
   * Net profit of the best plan since it last stood below: Dedup keeps what a route was at its best, so only a better one
   * has a curve and evidence. And when it was last above.
   */
  best: Decimal.Decimal | null
  aboveAt: number
}

export class CrossExchange implements Detector {
  readonly name = "cross_exchange"
  readonly #config: DetectConfig
  readonly #conversions: Conversions
  readonly #openBps: Decimal.Decimal
  readonly #closeBps: Decimal.Decimal
  readonly #openRatio: number
  readonly #closeRatio: number
  readonly #caps: Caps
  readonly #quarantine: Quarantine
  readonly #byAsset = new Map<string, Array<Slot>>()
  readonly #pairsOf = new Map<Slot, Array<Pair>>()
  readonly #byFingerprint = new Map<string, Pair>()
  /** Checks made, and checks turned down by reason. */
  checks = 0
  readonly rejected = new Map<RejectionReason, number>()

  constructor(config: DetectConfig, conversions: Conversions) {
    this.#config = config
    this.#conversions = conversions
    const open = Decimal.fromChecked(String(config.minNetBps))
    this.#openBps = open
    this.#closeBps = config.hysteresis ? Decimal.multiply(open, Decimal.fromChecked("0.5")) : open
    const ratio = (bps: Decimal.Decimal) => (1 + Decimal.toNumber(bps) / 10_000) * (1 - SCREEN_MARGIN)
    this.#openRatio = ratio(this.#openBps)
    this.#closeRatio = ratio(this.#closeBps)
    this.#caps = {
      maxSize: Option.map(Option.fromNullishOr(config.maxSize), Decimal.fromChecked),
      visibleShare: config.maxVisibleShare < 1
        ? Option.some(Decimal.fromChecked(String(config.maxVisibleShare)))
        : Option.none(),
      openBps: this.#openBps,
    }
    this.#quarantine = new Quarantine(new Identities(config.identities))
  }

  add(slot: Slot): void {
    const asset = assetOf(slot.venue, slot.instrument.base)
    const peers = this.#byAsset.get(asset) ?? []
    this.#byAsset.set(asset, [...peers, slot])
    this.#pairsOf.set(slot, [])
    for (const peer of peers) {
      if (peer.venue === slot.venue) continue
      const gate = this.#quarantine.gate(asset, symbolOf(slot), symbolOf(peer))
      if (gate === null) continue
      for (const [buy, sell] of [[slot, peer], [peer, slot]] as const) {
        for (const mode of this.#config.modes) {
          if (mode === "transfer" && !(isTransferable(buy.instrument) && isTransferable(sell.instrument))) continue
          const pair = this.#pair(buy, sell, mode, gate)
          this.#pairsOf.get(slot)?.push(pair)
          this.#pairsOf.get(peer)?.push(pair)
          this.#byFingerprint.set(pair.fingerprint, pair)
        }
      }
    }
  }

  /** Dedup has closed this route: silence until it is above the threshold again. */
  release(fingerprint: string): void {
    const pair = this.#byFingerprint.get(fingerprint)
    if (pair === undefined) return
    pair.watched = false
    pair.best = null
  }

  /** Dedup holds this route open (restored from a checkpoint). */
  watch(fingerprint: string): void {
    const pair = this.#byFingerprint.get(fingerprint)
    if (pair !== undefined) pair.watched = true
  }

  /** The exact price of this very size on the books of now. */
  revalue(fingerprint: string, size: Decimal.Decimal, atMs: number): Revaluation | RejectionReason | null {
    const pair = this.#byFingerprint.get(fingerprint)
    if (pair === undefined) return null
    if (pair.conversionVersion !== this.#conversions.version) this.#convert(pair)
    if (pair.gate.suspect) return "identity_suspect"
    const unusable = this.#unusable(pair, atMs)
    if (unusable !== null) return unusable
    if (Option.isNone(pair.conversion)) return "no_conversion"
    if (pair.mode === "transfer" && pair.way === null) return "no_common_network"
    const terms = termsOf({ ...pair, conversion: pair.conversion.value })
    return Option.getOrElse(
      Pricing.priceAt(pair.buy.depth("asks"), pair.sell.depth("bids"), size, terms),
      () => "insufficient_depth",
    )
  }

  /** Who is suspected; which routes are spoken of is Dedup's to tell. */
  snapshot(): Schema.Json | null {
    return this.#quarantine.snapshot()
  }

  restore(state: unknown): void {
    this.#quarantine.restore(state)
  }

  /** Suspicions since the last call, each pair once for ever. */
  takeSuspicions(): ReadonlyArray<Suspicion> {
    return this.#quarantine.takeNews()
  }

  /** One check of every route the slot is part of. */
  book(slot: Slot, kind: BookTrigger, ingestTime: number, ordinal: number, out: Array<Candidate>): void {
    const pairs = this.#pairsOf.get(slot)
    if (pairs === undefined) return
    for (let at = 0; at < pairs.length; at++) {
      const pair = pairs[at]
      // Nothing was ever heard of the other side: there is nothing to compare.
      if (pair === undefined || pair.buy.book.state === "empty" || pair.sell.book.state === "empty") continue
      this.checks++
      if (pair.conversionVersion !== this.#conversions.version) this.#convert(pair)
      const gain = pair.sell.netBid * pair.factor
      if (gain <= pair.buy.netAsk * this.#openRatio && !pair.watched) continue
      const trigger = { venue: slot.venue, instrument: slot.instrument.name, kind, ingestTime, ordinal }
      const candidate = this.#judge(pair, gain, trigger)
      if (candidate.level === "above") pair.watched = true
      if (candidate.level === "below") pair.best = null
      if (candidate.rejection !== null) {
        this.rejected.set(candidate.rejection, (this.rejected.get(candidate.rejection) ?? 0) + 1)
      }
      // What is refused for more than its price is told as well, so that it can be explained.
      if (pair.watched || candidate.rejection !== "below_threshold") out.push(candidate)
    }
  }

  #pair(buy: Slot, sell: Slot, mode: TradeMode, gate: Gate): Pair {
    const leg = (slot: Slot) => ({ venue: slot.venue, instrument: slot.instrument.name })
    const route: Route.Route = {
      type: "cross_exchange",
      asset: gate.pair.asset,
      legs: [leg(buy), leg(sell)],
      variant: mode === "transfer" ? mode : null,
    }
    const { networks, otherCosts, rebalancingCost } = this.#config
    const way = mode === "transfer"
      ? ways(networks[buy.venue], networks[sell.venue], buy.instrument.base)[0] ?? null
      : null
    return {
      buy,
      sell,
      mode,
      way,
      costs: mode === "transfer"
        ? {
          withdrawal: way === null ? Decimal.ZERO : Decimal.fromChecked(way.fee),
          otherCosts: Decimal.fromChecked(otherCosts),
          rebalancing: Decimal.ZERO,
        }
        : { ...Pricing.PRE_FUNDED, rebalancing: Decimal.fromChecked(rebalancingCost) },
      gate,
      route,
      fingerprint: Route.fingerprint(route),
      factor: 0,
      conversionVersion: -1,
      conversion: Option.none(),
      watched: false,
      best: null,
      aboveAt: -Infinity,
    }
  }

  #convert(pair: Pair): void {
    pair.conversion = this.#conversions.between(pair.sell, pair.buy)
    pair.factor = Option.match(pair.conversion, { onNone: () => 0, onSome: (found) => found.factor })
    pair.conversionVersion = this.#conversions.version
  }

  #judge(pair: Pair, gain: number, trigger: Trigger): Candidate {
    const { fingerprint, route } = pair
    const below = (rejection: RejectionReason): Candidate => (
      { route, fingerprint, trigger, level: "below", plan: null, rejection, score: null }
    )
    const atMs = trigger.ingestTime
    const unusable = this.#unusable(pair, atMs)
    if (unusable !== null) return below(unusable)
    if (Option.isNone(pair.conversion)) return below("no_conversion")
    const conversion = pair.conversion.value
    const doubt = this.#quarantine.refuses(
      pair.gate,
      spreadOf(pair, conversion),
      atMs,
      () => spreadText(pair, conversion),
    )
    if (doubt !== null) return below(doubt)
    if (gain <= pair.buy.netAsk * this.#closeRatio) return below("below_threshold")
    if (pair.mode === "transfer" && pair.way === null) return below("no_common_network")
    const made = makePlan({ ...pair, conversion }, this.#caps, atMs)
    if (typeof made === "string") return below(made)
    const { exact } = made
    if (Pricing.isAbove(exact, this.#openBps)) {
      const isBest = pair.best === null || atMs - pair.aboveAt > FORGOTTEN_AFTER_MS ||
        Decimal.isGreater(exact.netProfit, pair.best)
      pair.aboveAt = atMs
      if (isBest) pair.best = exact.netProfit
      const plan = isBest ? made.withEvidence() : made.plan
      return { route, fingerprint, trigger, level: "above", plan, rejection: null, score: null }
    }
    const { plan } = made
    return Pricing.isAbove(exact, this.#closeBps)
      ? { route, fingerprint, trigger, level: "holding", plan, rejection: null, score: null }
      : below("below_threshold")
  }

  /** Rule 8: unbroken, not crossed, and unless switched off, fresh and close in time. */
  #unusable(pair: Pair, atMs: number): RejectionReason | null {
    const { buy, sell } = pair
    for (const slot of [buy, sell]) {
      if (slot.book.state !== "synced") return "broken_sequence"
      if (slot.book.crossed) return "crossed_book"
    }
    if (buy.netAsk === Infinity || sell.netBid === 0) return "insufficient_depth"
    const { staleness } = this.#config
    if (staleness === null) return null
    if (atMs - Math.min(buy.seenAt, sell.seenAt) > staleness.maxAgeMs) return "stale_book"
    if (Math.abs(buy.seenAt - sell.seenAt) > staleness.maxSkewMs) return "book_skew"
    const through = Option.flatMap(pair.conversion, (found) => Option.fromNullishOr(found.book))
    return Option.isSome(through) && atMs - through.value.slot.seenAt > staleness.maxAgeMs ? "conversion_stale" : null
  }
}

const symbolOf = ({ instrument, venue }: Slot) => ({ venue, symbol: instrument.base })

/** Gross spread of the best prices as a fraction, in floats: bounds are far coarser than their error. */
const spreadOf = ({ buy, sell }: Pair, { exchange }: Conversion): number => {
  const { denominator, numerator } = grossRate(exchange)
  const rate = exchange.kind === "rate" && numerator === denominator
    ? 1
    : Decimal.toNumber(numerator) / Decimal.toNumber(denominator)
  return (sell.book.bids.best ?? 0) * rate / (buy.book.asks.best ?? Infinity) - 1
}

/** The same exactly, scale 4. */
const spreadText = ({ buy, sell }: Pair, { exchange }: Conversion): string => {
  const { denominator, numerator } = grossRate(exchange)
  const cost = Decimal.multiply(buy.depth("asks").price(0), denominator)
  const gain = Decimal.subtract(Decimal.multiply(sell.depth("bids").price(0), numerator), cost)
  return Decimal.format(Decimal.divide(gain, cost, Decimal.SCALE.bps))
}
