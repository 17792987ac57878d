/**
 * Triangular detection: round three (or four) spot markets of one venue, back to the asset one began with. EXAMPLES
 * rule 10.
 *
 * In: slots of one venue whose book changed. Out: a candidate for each check that matters. Promises: pure and
 * incremental (a changed book checks only the cycles it is part of); floats only screen, with a margin, and whatever
 * they let through is priced exactly; each direction of a cycle is a route of its own; nothing is remembered but which
 * routes are spoken of.
 */
import { Option, type Schema } from "effect"
import * as Cycle from "../../domain/Cycle.ts"
import * as Decimal from "../../domain/Decimal.ts"
import type { DetectConfig } from "../../domain/DetectConfig.ts"
import type { RejectionReason } from "../../domain/Opportunity.ts"
import * as Route from "../../domain/Route.ts"
import type { Candidate, Plan, Trigger } from "./Candidate.ts"
import { CycleGraph, type Loop } from "./CycleGraph.ts"
import { inputsOf, legOf, planOf, type WatchedLeg } from "./CyclePlan.ts"
import type { BookTrigger, Detector, Revaluation } from "./Detector.ts"
import { Peak } from "./Peak.ts"
import type { Slot, SlotNote } from "./Slot.ts"

/** Relative room left to the screen's floats: far above their error, far below any threshold. */
const SCREEN_MARGIN = 1e-9

interface Known {
  readonly loop: Loop<Slot>
  readonly route: Route.Route
  readonly fingerprint: string
  /** At most so much of the start asset. */
  readonly most: Option.Option<Decimal.Decimal>
  readonly peak: Peak
  /** Something was heard of each of its markets. */
  complete: boolean
  /** Spoken of on every check until released. */
  watched: boolean
}

export class Triangular implements Detector {
  readonly name = "triangular"
  readonly #staleness: DetectConfig["staleness"]
  readonly #maxStart: Readonly<Record<string, string>>
  readonly #visibleShare: Option.Option<Decimal.Decimal>
  readonly #openBps: Decimal.Decimal
  readonly #closeBps: Decimal.Decimal
  readonly #openRatio: number
  readonly #closeRatio: number
  readonly #wrongRatio: number
  readonly #graph: CycleGraph<Slot>
  readonly #cyclesOf = new Map<Slot, Array<Known>>()
  readonly #byFingerprint = new Map<string, Known>()
  /** Checks made, and checks turned down by reason. */
  checks = 0
  readonly rejected = new Map<RejectionReason, number>()

  constructor(config: DetectConfig) {
    const { legs, maxNetBps, maxStart, minNetBps = config.minNetBps, startAssets } = config.triangular
    this.#staleness = config.staleness
    this.#maxStart = maxStart
    this.#visibleShare = config.maxVisibleShare < 1
      ? Option.some(Decimal.fromChecked(String(config.maxVisibleShare)))
      : Option.none()
    this.#openBps = Decimal.fromChecked(String(minNetBps))
    this.#closeBps = config.hysteresis ? Decimal.multiply(this.#openBps, Decimal.fromChecked("0.5")) : this.#openBps
    const ratio = (bps: Decimal.Decimal) => (1 + Decimal.toNumber(bps) / 10_000) * (1 - SCREEN_MARGIN)
    this.#openRatio = ratio(this.#openBps)
    this.#closeRatio = ratio(this.#closeBps)
    this.#wrongRatio = 1 + maxNetBps / 10_000
    this.#graph = new CycleGraph(legs, startAssets)
  }

  add(slot: Slot): SlotNote | void {
    if (slot.instrument.market !== "spot") return
    this.#cyclesOf.set(slot, [])
    for (const loop of this.#graph.add(slot)) {
      const cycle = this.#cycle(loop)
      for (const { market } of loop) this.#cyclesOf.get(market)?.push(cycle)
      this.#byFingerprint.set(cycle.fingerprint, cycle)
    }
    if (this.#graph.leftOut) return "cycles_left_out"
  }

  release(fingerprint: string): void {
    const cycle = this.#byFingerprint.get(fingerprint)
    if (cycle === undefined) return
    cycle.watched = false
    cycle.peak.below()
  }

  watch(fingerprint: string): void {
    const cycle = this.#byFingerprint.get(fingerprint)
    if (cycle !== undefined) cycle.watched = true
  }

  /** The exact price of this very start amount on the books of now. */
  revalue(fingerprint: string, size: Decimal.Decimal, atMs: number): Revaluation | RejectionReason | null {
    const cycle = this.#byFingerprint.get(fingerprint)
    if (cycle === undefined) return null
    return this.#unusable(cycle, atMs) ?? Cycle.roundAt(this.#legs(cycle), size)
  }

  snapshot(): Schema.Json | null {
    return null
  }

  restore(): void {}

  /** One check of every cycle the slot is part of. */
  book(slot: Slot, kind: BookTrigger, ingestTime: number, ordinal: number, out: Array<Candidate>): void {
    const cycles = this.#cyclesOf.get(slot)
    if (cycles === undefined) return
    for (let at = 0; at < cycles.length; at++) {
      const cycle = cycles[at]
      if (cycle === undefined) continue
      // Of one of its markets nothing was ever heard: there is no way round.
      if (!cycle.complete && !isComplete(cycle)) continue
      cycle.complete = true
      this.checks++
      const gain = gainOf(cycle.loop)
      if (gain <= this.#openRatio && !cycle.watched) continue
      const trigger = { venue: slot.venue, instrument: slot.instrument.name, kind, ingestTime, ordinal }
      const candidate = this.#judge(cycle, gain, trigger)
      if (candidate.level === "above") cycle.watched = true
      if (candidate.level === "below") cycle.peak.below()
      if (candidate.rejection !== null) {
        this.rejected.set(candidate.rejection, (this.rejected.get(candidate.rejection) ?? 0) + 1)
      }
      // What is refused for more than its price is told as well, so that it can be explained.
      if (cycle.watched || candidate.rejection !== "below_threshold") out.push(candidate)
    }
  }

  #cycle(loop: Loop<Slot>): Known {
    const start = loop[0]?.from ?? ""
    const legs = loop.map(({ market }) => ({ venue: market.venue, instrument: market.instrument.name }))
    const route: Route.Route = { type: "triangular", asset: start, legs, variant: null }
    return {
      loop,
      route,
      fingerprint: Route.fingerprint(route),
      most: Option.map(Option.fromNullishOr(this.#maxStart[start]), Decimal.fromChecked),
      peak: new Peak(),
      complete: false,
      watched: false,
    }
  }

  #legs({ loop }: Known): ReadonlyArray<WatchedLeg> {
    return loop.map(({ market, side }) => legOf(market, side, this.#visibleShare))
  }

  #judge(cycle: Known, gain: number, trigger: Trigger): Candidate {
    const { fingerprint, loop, most, peak, route } = cycle
    const below = (rejection: RejectionReason): Candidate => (
      { route, fingerprint, trigger, level: "below", plan: null, rejection, score: null }
    )
    const unusable = this.#unusable(cycle, trigger.ingestTime)
    if (unusable !== null) return below(unusable)
    if (gain > this.#wrongRatio) return below("implausible_spread")
    if (gain <= this.#closeRatio) return below("below_threshold")
    const legs = this.#legs(cycle)
    const best = Cycle.best(legs, most)
    if (typeof best === "string") return below(best)
    if (!Cycle.isAbove(best.round, this.#closeBps)) return below("below_threshold")
    const plan = planOf(loop, legs, best, trigger.ingestTime)
    const at = (level: "above" | "holding", plan: Plan): Candidate => (
      { route, fingerprint, trigger, level, plan, rejection: null, score: null }
    )
    if (!Cycle.isAbove(best.round, this.#openBps)) return at("holding", plan)
    if (!peak.above(best.round.netProfit, trigger.ingestTime)) return at("above", plan)
    const terms = { most, visibleShare: this.#visibleShare, openBps: this.#openBps }
    return at("above", { ...plan, inputs: inputsOf(loop, legs, terms, trigger.ingestTime) })
  }

  /** Rule 8: unbroken, not crossed, and unless switched off, fresh and close in time. */
  #unusable({ loop }: Known, atMs: number): RejectionReason | null {
    let oldest = Infinity, newest = -Infinity
    for (const { market } of loop) {
      if (market.book.state !== "synced") return "broken_sequence"
      if (market.book.crossed) return "crossed_book"
      oldest = Math.min(oldest, market.seenAt)
      newest = Math.max(newest, market.seenAt)
    }
    if (loop.some(({ market, side }) => side === "sell" ? market.netBid === 0 : market.netAsk === Infinity)) {
      return "insufficient_depth"
    }
    if (this.#staleness === null) return null
    if (atMs - oldest > this.#staleness.maxAgeMs) return "stale_book"
    return newest - oldest > this.#staleness.maxSkewMs ? "book_skew" : null
  }
}

const isComplete = ({ loop }: Known): boolean => loop.every(({ market }) => market.book.state !== "empty")

/**
 * What one unit of the start asset becomes at the best prices, in floats; 0 where a book cannot be used. Never less than
 * the truth: a fee f in quote makes 1 / (1 + f) of a purchase, which is above 1 - f.
 */
const gainOf = (loop: Loop<Slot>): number => {
  let gain = 1
  for (let at = 0; at < loop.length; at++) {
    const step = loop[at]
    if (step !== undefined) gain *= step.side === "sell" ? step.market.netBid : 1 / step.market.netAsk
  }
  return gain
}
