/**
 * Technical detection: signals of one market from RSI, MACD, volume and momentum, and their word on other plans.
 *
 * In: trades or whole candles, books that let time pass. Out: a candidate for each signal, and for each candle while it
 * is spoken of; and whether the indicators confirm a direction. Promises: the rules are those of TechnicalRules.ts; what
 * a signal earns is unknown and never made up; a candle without volume, a gap in the trades and a price nobody confirms
 * make no signal, each under its reason; candles go by ingest time.
 */
import { Option, Schema } from "effect"
import { assetOf } from "../../domain/AssetIdentity.ts"
import { CandleSeries, type Closed, SeriesState } from "../../domain/Candles.ts"
import * as Decimal from "../../domain/Decimal.ts"
import type { DetectConfig } from "../../domain/DetectConfig.ts"
import type { RejectionReason } from "../../domain/Opportunity.ts"
import * as Route from "../../domain/Route.ts"
import * as Rules from "../../domain/TechnicalRules.ts"
import type { Candidate, Trigger, TriggerKind } from "./Candidate.ts"
import { isConversion } from "./Conversions.ts"
import type { BookTrigger, CandleEvent, Detector, Revaluation, TradeEvent } from "./Detector.ts"
import { Indicators, IndicatorsState } from "./Indicators.ts"
import type { Slot } from "./Slot.ts"
import { midOf, planOf, type Price } from "./TechnicalPlan.ts"

/** A signal once seen on one market. */
const Seen = Schema.Struct({
  signal: Schema.Literals(Rules.SIGNALS),
  direction: Schema.Literals(["buy", "sell"]),
  /** Ingest time until which it holds. */
  until: Schema.Int,
  /** Price at which one would have followed it when it opened. */
  entry: Schema.String,
  watched: Schema.Boolean,
})
type Seen = { -readonly [K in keyof typeof Seen.Type]: (typeof Seen.Type)[K] }

const State = Schema.Array(Schema.Struct({
  venue: Schema.String,
  instrument: Schema.String,
  series: SeriesState,
  indicators: IndicatorsState,
  lastPrice: Schema.NullOr(Schema.String),
  lastAt: Schema.Int,
  seen: Schema.Array(Seen),
}))
const decodeState = Schema.decodeUnknownOption(State)

/** What is known of one market. */
interface Watched {
  readonly slot: Slot
  readonly asset: string
  readonly series: CandleSeries
  readonly indicators: Indicators
  /** The last price that was believed, and its ingest time. */
  lastPrice: string | null
  lastAt: number
  /** By fingerprint. */
  readonly seen: Map<string, Seen>
}

export class Technical implements Detector {
  readonly name = "technical"
  readonly #config: Rules.TechnicalConfig
  readonly #maxAgeMs: number
  readonly #bySlot = new Map<Slot, Watched>()
  readonly #byName = new Map<string, Watched>()
  readonly #byFingerprint = new Map<string, Watched>()
  checks = 0
  readonly rejected = new Map<RejectionReason, number>()

  constructor(config: DetectConfig) {
    this.#config = config.technical
    this.#maxAgeMs = config.staleness === null ? Infinity : config.staleness.maxAgeMs
  }

  add(slot: Slot): void {
    if (isConversion(slot.instrument)) return
    const watched: Watched = {
      slot,
      asset: assetOf(slot.venue, slot.instrument.base),
      series: new CandleSeries(this.#config.intervalMs),
      indicators: new Indicators(this.#config),
      lastPrice: null,
      lastAt: 0,
      seen: new Map(),
    }
    this.#bySlot.set(slot, watched)
    this.#byName.set(`${slot.venue}|${slot.instrument.name}`, watched)
  }

  /** A book says nothing here but that time has passed. */
  book(slot: Slot, kind: BookTrigger, at: number, ordinal: number, out: Array<Candidate>): void {
    const watched = this.#bySlot.get(slot)
    if (watched === undefined || at < watched.series.closesAt) return
    this.#closed(watched, watched.series.advance(at), { kind, at, ordinal }, out)
  }

  trade(slot: Slot, event: TradeEvent, at: number, ordinal: number, out: Array<Candidate>): void {
    const watched = this.#bySlot.get(slot)
    if (watched === undefined) return
    const { series } = watched
    const closed = at < series.closesAt ? null : series.advance(at)
    const refused = series.trade(Number(event.price), Number(event.size), at)
    if (refused === null) this.#heard(watched, event.price, at)
    else this.#count(refused)
    if (closed !== null) this.#closed(watched, closed, { kind: "trade", at, ordinal }, out)
  }

  candle(slot: Slot, event: CandleEvent, at: number, ordinal: number, out: Array<Candidate>): void {
    const watched = this.#bySlot.get(slot)
    if (watched === undefined || event.intervalMs !== this.#config.intervalMs) return
    const { close, high, low, open, volume } = event
    const closed = watched.series.candle(
      { open: Number(open), high: Number(high), low: Number(low), close: Number(close), volume: Number(volume) },
      at,
    )
    if (typeof closed === "string") return this.#count(closed)
    this.#heard(watched, close, at)
    this.#closed(watched, closed, { kind: "candle", at, ordinal }, out)
  }

  release(fingerprint: string): void {
    const seen = this.#byFingerprint.get(fingerprint)?.seen.get(fingerprint)
    if (seen !== undefined) seen.watched = false
  }

  watch(fingerprint: string): void {
    const seen = this.#byFingerprint.get(fingerprint)?.seen.get(fingerprint)
    if (seen !== undefined) seen.watched = true
  }

  /** What following the signal since it opened would bring if one left now: taker fees both ways, no slippage. */
  revalue(fingerprint: string, _size: Decimal.Decimal, atMs: number): Revaluation | RejectionReason | null {
    const watched = this.#byFingerprint.get(fingerprint), seen = watched?.seen.get(fingerprint)
    if (watched === undefined || seen === undefined) return null
    const { slot } = watched
    if (slot.book.state === "broken") return "broken_sequence"
    if (slot.book.crossed) return "crossed_book"
    const now = this.#price(watched, atMs)
    if (now === null) return "stale_book"
    const [bought, sold] = seen.direction === "buy" ? [seen.entry, now.price] : [now.price, seen.entry]
    const paid = Decimal.multiply(Decimal.fromChecked(bought), Decimal.add(Decimal.ONE, slot.fee))
    const received = Decimal.multiply(Decimal.fromChecked(sold), Decimal.subtract(Decimal.ONE, slot.fee))
    const gain = Decimal.multiply(Decimal.subtract(received, paid), Decimal.TEN_THOUSAND)
    return { netBps: Decimal.divide(gain, paid, Decimal.SCALE.bps), netProfit: null }
  }

  confirms(venue: string, instrument: string, direction: Rules.Direction, atMs: number): boolean | null {
    const { before, now } = this.#byName.get(`${venue}|${instrument}`)?.indicators ?? { before: null, now: null }
    if (before === null || now === null) return null
    // The next candle should have closed an interval ago: what was said then says nothing of now.
    if (atMs >= now.candle.from + 3 * this.#config.intervalMs) return null
    return Rules.confirmers(Rules.votesOf(before, now, this.#config), direction) !== null
  }

  snapshot(): Schema.Json {
    return [...this.#bySlot.values()]
      .filter(({ lastPrice }) => lastPrice !== null)
      .map(({ indicators, lastAt, lastPrice, seen, series, slot }) => ({
        venue: slot.venue,
        instrument: slot.instrument.name,
        series: series.snapshot(),
        indicators: indicators.snapshot(),
        lastPrice,
        lastAt,
        seen: [...seen.values()].map((one) => ({ ...one })),
      }))
  }

  restore(state: unknown): void {
    for (const kept of Option.getOrElse(decodeState(state), () => [])) {
      const watched = this.#byName.get(`${kept.venue}|${kept.instrument}`)
      if (watched === undefined) continue
      watched.series.restore(kept.series)
      watched.indicators.restore(kept.indicators)
      watched.lastPrice = kept.lastPrice
      watched.lastAt = kept.lastAt
      for (const seen of kept.seen) {
        const { fingerprint } = routeOf(watched, seen)
        watched.seen.set(fingerprint, { ...seen })
        this.#byFingerprint.set(fingerprint, watched)
      }
    }
  }

  #heard(watched: Watched, price: string, at: number): void {
    watched.lastPrice = price
    watched.lastAt = at
  }

  /** Feeds what closed; the last of the candles is looked at, as what closed before it is over. */
  #closed(watched: Watched, { broken, candles }: Closed, event: Event, out: Array<Candidate>): void {
    const { indicators, slot } = watched
    if (broken && !indicators.isEmpty) {
      indicators.reset()
      this.#count("candle_gap")
    }
    for (const candle of candles) indicators.add(candle)
    if (!broken && candles.length === 0) return
    const { at, kind, ordinal } = event
    const trigger = { venue: slot.venue, instrument: slot.instrument.name, kind, ingestTime: at, ordinal }
    const { before, now } = indicators
    if (before === null || now === null) return this.#silence(watched, trigger, out)
    this.checks++
    if (now.candle.volume === 0) this.#count("no_volume")
    const votes = Rules.votesOf(before, now, this.#config)
    const signals = Rules.signalsOf(before, now, this.#config)
    const spoken = new Set(
      (["buy", "sell"] as const).map((direction) => {
        const signal = signals.find((signal) => signal.direction === direction)
        return signal === undefined ? null : this.#signal(watched, signal, now, votes, trigger, out)
      }),
    )
    for (const [fingerprint, seen] of watched.seen) {
      if (!seen.watched || spoken.has(fingerprint)) continue
      const isOver = now.candle.from + this.#config.intervalMs >= seen.until
      const by = isOver ? null : Rules.confirmers(votes, seen.direction)
      out.push(this.#candidate(watched, seen, now, by, trigger))
    }
  }

  /**
   * Something happened at this candle. One signal of a direction is told at a time: another of the same direction lets
   * the one told hold on. Out: the fingerprint of its route.
   */
  #signal(
    watched: Watched,
    { direction, name: signal }: Rules.Signal,
    now: Rules.Readings,
    votes: Rules.Votes,
    trigger: Trigger,
    out: Array<Candidate>,
  ): string {
    const by = Rules.confirmers(votes, direction)
    const price = this.#price(watched, trigger.ingestTime)
    const until = now.candle.from + (1 + this.#config.holdCandles) * this.#config.intervalMs
    const seen: Seen = [...watched.seen.values()].find((one) => one.watched && one.direction === direction) ??
      { signal, direction, until, entry: price?.price ?? "0", watched: false }
    const { fingerprint } = routeOf(watched, seen)
    if (by !== null && price !== null) {
      seen.until = until
      seen.watched = true
      watched.seen.set(fingerprint, seen)
      this.#byFingerprint.set(fingerprint, watched)
    }
    out.push(this.#candidate(watched, seen, now, by, trigger))
    return fingerprint
  }

  /** Nothing can be said of what was spoken of: too few candles are left. */
  #silence(watched: Watched, trigger: Trigger, out: Array<Candidate>): void {
    for (const seen of watched.seen.values()) {
      if (seen.watched) out.push(below(routeOf(watched, seen), trigger, "candle_gap"))
    }
  }

  #candidate(
    watched: Watched,
    seen: Seen,
    now: Rules.Readings,
    by: ReadonlyArray<Rules.IndicatorName> | null,
    trigger: Trigger,
  ): Candidate {
    const { fingerprint, route } = routeOf(watched, seen)
    const price = this.#price(watched, trigger.ingestTime)
    if (by === null || price === null) {
      const why = by === null ? "unconfirmed" : "stale_book"
      this.#count(why)
      return below({ route, fingerprint }, trigger, why)
    }
    const { indicators, slot: market } = watched
    const kept = indicators.snapshot()
    const plan = planOf({ market, config: this.#config, held: seen, price, now, by, kept }, trigger.ingestTime)
    return { route, fingerprint, trigger, level: "above", plan, rejection: null, score: null }
  }

  /** The middle of the book, or the last trade where there is no fresh book; null: neither is fresh. */
  #price({ lastAt, lastPrice, slot }: Watched, atMs: number): Price | null {
    const { book, seenAt } = slot
    const usable = book.state === "synced" && !book.crossed && book.bids.best !== undefined &&
      book.asks.best !== undefined
    if (usable && atMs - seenAt <= this.#maxAgeMs) return midOf(slot, atMs)
    return lastPrice === null || atMs - lastAt > this.#maxAgeMs
      ? null
      : { price: Decimal.format(Decimal.fromChecked(lastPrice)), ageMs: atMs - lastAt, book: null }
  }

  #count(reason: RejectionReason): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1)
  }
}

interface Event {
  readonly kind: TriggerKind
  readonly at: number
  readonly ordinal: number
}

const routeOf = (
  { asset, slot }: Pick<Watched, "asset" | "slot">,
  { direction, signal }: Pick<Seen, "signal" | "direction">,
): { readonly route: Route.Route; readonly fingerprint: string } => {
  const route: Route.Route = {
    type: "technical",
    asset,
    legs: [{ venue: slot.venue, instrument: slot.instrument.name }],
    variant: `${signal}:${direction}`,
  }
  return { route, fingerprint: Route.fingerprint(route) }
}

const below = (
  of: { readonly route: Route.Route; readonly fingerprint: string },
  trigger: Trigger,
  rejection: RejectionReason,
): Candidate => ({ ...of, trigger, level: "below", plan: null, rejection, score: null })
