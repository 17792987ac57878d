/**
 * Cross-exchange detection: buy an asset on one venue, sell it on another, both legs at once, pre-funded.
 *
 * In: slots whose book changed. Out: a candidate for each check that matters. Promises: pure and incremental (a changed
 * book checks only the routes it is part of); floats only screen, with a margin, and whatever they let through is priced
 * exactly by EXAMPLES rules 1 to 4, 6 and 8; the clock is the ticks' ingest time.
 */
import { Option } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import type { DetectConfig } from "../../domain/DetectConfig.ts"
import type { Leg, RejectionReason } from "../../domain/Opportunity.ts"
import * as Pricing from "../../domain/Pricing.ts"
import * as Route from "../../domain/Route.ts"
import type { Candidate, Plan, Trigger } from "./Candidate.ts"
import type { Conversion, Conversions } from "./Conversions.ts"
import type { Slot } from "./Slot.ts"

/** Relative room left to the screen's floats: far above their error, far below any threshold. */
const SCREEN_MARGIN = 1e-9

/** One ordered pair of slots of one asset on two venues. */
interface Pair {
  readonly buy: Slot
  readonly sell: Slot
  readonly route: Route.Route
  readonly fingerprint: string
  /** Selling currency into buying currency; 0 while no conversion is known. */
  factor: number
  conversionVersion: number
  conversion: Option.Option<Conversion>
  /** Spoken of on every check until released. */
  watched: boolean
}

export class CrossExchange {
  readonly #config: DetectConfig
  readonly #conversions: Conversions
  readonly #openBps: Decimal.Decimal
  readonly #closeBps: Decimal.Decimal
  readonly #openRatio: number
  readonly #closeRatio: number
  readonly #maxSize: Option.Option<Decimal.Decimal>
  readonly #visibleShare: Option.Option<Decimal.Decimal>
  readonly #byBase = new Map<string, Array<Slot>>()
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
    this.#maxSize = Option.map(Option.fromNullishOr(config.maxSize), Decimal.fromChecked)
    this.#visibleShare = config.maxVisibleShare < 1
      ? Option.some(Decimal.fromChecked(String(config.maxVisibleShare)))
      : Option.none()
  }

  add(slot: Slot): void {
    const peers = this.#byBase.get(slot.instrument.base) ?? []
    this.#byBase.set(slot.instrument.base, [...peers, slot])
    this.#pairsOf.set(slot, [])
    for (const peer of peers) {
      if (peer.venue === slot.venue) continue
      for (const [buy, sell] of [[slot, peer], [peer, slot]] as const) {
        const pair = this.#pair(buy, sell)
        this.#pairsOf.get(slot)?.push(pair)
        this.#pairsOf.get(peer)?.push(pair)
        this.#byFingerprint.set(pair.fingerprint, pair)
      }
    }
  }

  /** Dedup has closed this route: silence until it is above the threshold again. */
  release(fingerprint: string): void {
    const pair = this.#byFingerprint.get(fingerprint)
    if (pair !== undefined) pair.watched = false
  }

  /** Dedup holds this route open (restored from a checkpoint). */
  watch(fingerprint: string): void {
    const pair = this.#byFingerprint.get(fingerprint)
    if (pair !== undefined) pair.watched = true
  }

  /** One check of every route the slot is part of. `ordinal` is of the triggering tick. */
  check(slot: Slot, kind: Trigger["kind"], ingestTime: number, ordinal: number, out: Array<Candidate>): void {
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
      if (candidate.rejection !== null) {
        this.rejected.set(candidate.rejection, (this.rejected.get(candidate.rejection) ?? 0) + 1)
      }
      if (pair.watched) out.push(candidate)
    }
  }

  #pair(buy: Slot, sell: Slot): Pair {
    const leg = (slot: Slot) => ({ venue: slot.venue, instrument: slot.instrument.name })
    const route: Route.Route = { type: "cross_exchange", asset: buy.instrument.base, buy: leg(buy), sell: leg(sell) }
    const fingerprint = Route.fingerprint(route)
    return {
      buy,
      sell,
      route,
      fingerprint,
      factor: 0,
      conversionVersion: -1,
      conversion: Option.none(),
      watched: false,
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
    const unusable = this.#unusable(pair, trigger.ingestTime)
    if (unusable !== null) return below(unusable)
    if (Option.isNone(pair.conversion)) return below("no_conversion")
    if (gain <= pair.buy.netAsk * this.#closeRatio) return below("below_threshold")
    const priced = this.#price(pair, pair.conversion.value, trigger.ingestTime)
    if (typeof priced === "string") return below(priced)
    const { exact, plan } = priced
    const rate = pair.conversion.value.rate
    if (Pricing.isAbove(exact, rate, this.#openBps)) {
      return { route, fingerprint, trigger, level: "above", plan, rejection: null, score: null }
    }
    return Pricing.isAbove(exact, rate, this.#closeBps)
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

  #price(
    pair: Pair,
    conversion: Conversion,
    atMs: number,
  ): { readonly exact: Pricing.Priced; readonly plan: Plan } | RejectionReason {
    const { buy, sell } = pair
    const asks = buy.depth("asks"), bids = sell.depth("bids")
    const terms: Pricing.Terms = {
      buyFee: buy.fee,
      sellFee: sell.fee,
      buyFeeIn: buy.fees.takerIn,
      rate: conversion.rate,
    }
    const capacity = Pricing.bestSize(asks, bids, terms)
    if (!Decimal.isPositive(capacity)) return "below_threshold"
    const size = this.#admissible(pair, conversion, capacity, asks, bids)
    if (typeof size === "string") return size
    const priced = Pricing.priceAt(asks, bids, size, terms)
    if (Option.isNone(priced)) return "insufficient_depth"
    const exact = priced.value
    if (
      tooSmall(exact.buy.total, buy.lot.minNotional) || tooSmall(exact.sell.total, sell.lot.minNotional)
    ) return "below_min_notional"
    const legs = [
      leg(buy, "buy", exact.buy, atMs),
      leg(sell, "sell", exact.sell, atMs),
      ...conversionLegs(conversion, sell, exact.sell, atMs),
    ]
    const plan: Plan = {
      legs,
      size,
      capacity,
      notional: exact.buy.total,
      currency: buy.instrument.quote,
      grossBps: Pricing.grossBps(exact, conversion.gross),
      netBps: exact.netBps,
      netProfit: exact.netProfit,
      notes: notesOf(buy, sell, conversion),
    }
    return { exact, plan }
  }

  /** Caps, then the coarser step of both markets, then the least amounts. */
  #admissible(
    pair: Pair,
    conversion: Conversion,
    capacity: Decimal.Decimal,
    asks: Pricing.Depth,
    bids: Pricing.Depth,
  ): Decimal.Decimal | RejectionReason {
    const { buy, sell } = pair
    let size = Option.match(this.#maxSize, { onNone: () => capacity, onSome: (most) => Decimal.min(capacity, most) })
    if (Option.isSome(this.#visibleShare)) {
      const seen = Decimal.min(Pricing.visible(asks), Pricing.visible(bids))
      size = Decimal.min(size, Decimal.multiply(seen, this.#visibleShare.value))
    }
    if (Option.isSome(conversion.capacity)) {
      // The best bid pays the most a unit, so dividing by it never sells for more than the conversion takes.
      const convertible = Decimal.divide(conversion.capacity.value, bids.price(0), Decimal.SCALE.size)
      size = Decimal.min(size, convertible)
    }
    const steps = [buy.stepAt(asks.price(0)), sell.stepAt(bids.price(0))].flatMap((step) => Option.toArray(step))
    if (steps.length > 0) size = Decimal.floorTo(size, steps.reduce((a, b) => Decimal.max(a, b)))
    if (!Decimal.isPositive(size)) return "below_lot"
    const least = [buy.minAmountAt(asks.price(0)), sell.minAmountAt(bids.price(0))].flatMap((min) =>
      Option.toArray(min)
    )
    return least.some((min) => Decimal.isLess(size, min)) ? "below_min_amount" : size
  }
}

const tooSmall = (total: Decimal.Decimal, least: string | undefined): boolean =>
  least !== undefined && Decimal.isLess(total, Decimal.fromChecked(least))

const notesOf = (buy: Slot, sell: Slot, conversion: Conversion): ReadonlyArray<string> => [
  ...(conversion.note === null ? [] : [conversion.note]),
  ...(buy.instrument.market !== "spot" || sell.instrument.market !== "spot"
    ? ["not transferable: derivative leg"]
    : []),
]

const filledSize = (fill: Pricing.Fill): Decimal.Decimal =>
  fill.levels.reduce((sum, [, size]) => Decimal.add(sum, size), Decimal.ZERO)

const leg = (slot: Slot, side: "buy" | "sell", fill: Pricing.Fill, atMs: number): Leg => {
  const size = filledSize(fill)
  const inBase = side === "buy" && slot.fees.takerIn === "base"
  return {
    venue: slot.venue,
    instrument: slot.instrument.name,
    side,
    size: Decimal.format(size),
    price: Decimal.format(Decimal.divide(fill.total, size, Decimal.SCALE.price)),
    levels: fill.levels.map(([price, taken]) => [Decimal.format(price), Decimal.format(taken)] as const),
    contracts: slot.contracts(fill.levels),
    contractSize: slot.instrument.market === "spot" ? null : Decimal.format(slot.contractSize),
    fee: Decimal.format(Decimal.multiply(inBase ? size : fill.total, slot.fee)),
    feeCurrency: inBase ? slot.instrument.base : slot.instrument.quote,
    feeRate: slot.fees.taker,
    bookSeq: slot.book.seq,
    bookAgeMs: atMs - slot.seenAt,
  }
}

/** What the selling leg pays out, exchanged at the conversion book's best level. */
const conversionLegs = (conversion: Conversion, sell: Slot, sold: Pricing.Fill, atMs: number): ReadonlyArray<Leg> => {
  if (conversion.book === null) return []
  const { side, slot } = conversion.book
  const paidOut = Decimal.multiply(sold.total, Decimal.subtract(Decimal.ONE, sell.fee))
  const price = slot.depth(side === "buy" ? "asks" : "bids").price(0)
  const size = side === "sell" ? paidOut : Decimal.divide(
    Decimal.multiply(paidOut, conversion.rate.numerator),
    conversion.rate.denominator,
    Decimal.SCALE.size,
  )
  return [leg(slot, side, { total: Decimal.multiply(price, size), levels: [[price, size]] }, atMs)]
}
