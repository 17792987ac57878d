/**
 * Dedup: one living opportunity per fingerprint, with hysteresis. It owns their state; only transitions leave.
 *
 *   none --above--> opened --above, net profit +20%--> improved      while it lives it is told again every 10 s
 *   opened | improved --not above--> fading (told once) --below for 500 ms, or silent for 30 s--> closed
 *   without hysteresis: opened at the first check above, closed at the first that is not; nothing between is told
 *
 * In: candidates of one partition in tick order. Out: opportunities, each a transition with its revision. Promises: an
 * id depends on the triggering tick alone, so a restart from a checkpoint changes none; time is ingest time.
 */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import * as Decimal from "../domain/Decimal.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { DataSource } from "../domain/Frame.ts"
import { Opportunity, type OpportunityState, priorityOf } from "../domain/Opportunity.ts"
import type { Candidate, Plan, Trigger } from "./detectors/Candidate.ts"

/** Below for this long closes; unseen for this long expires; better by this factor is told. */
const CLOSE_AFTER_MS = 500
const LIFETIME_MS = 30_000
/** An unchanged one is told again this often, so that who counts its lifetime knows that it lives. */
const TOLD_EVERY_MS = 10_000
const IMPROVED = Decimal.fromChecked("1.2")

/** A living opportunity at its best revision, and what its next transition depends on. */
export const Living = Schema.Struct({
  opportunity: Opportunity,
  /** Net profit at the last transition told. */
  toldProfit: Schema.String,
  faded: Schema.Boolean,
  /** Ingest time since which it stands below; null while it does not. */
  belowSince: Schema.NullOr(Schema.Int),
  checks: Schema.Int,
  lastAt: Schema.Int,
  seenAt: Schema.Int,
  revision: Schema.Int,
  /** Ingest time of the last transition told. */
  toldAt: Schema.Int,
})
export type Living = { -readonly [K in keyof typeof Living.Type]: (typeof Living.Type)[K] }

/** First 32 hex digits of SHA-256 over fingerprint and triggering tick. */
export const opportunityId = (fingerprint: string, trigger: Trigger): string =>
  createHash("sha256")
    .update(
      [fingerprint, trigger.venue, trigger.instrument, trigger.kind, trigger.ingestTime, trigger.ordinal].join("\n"),
    )
    .digest("hex").slice(0, 32)

/** Names the configuration in every opportunity, so that `verify` can recompute. */
export const settingsVersion = (config: DetectConfig): string =>
  createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 12)

export class Dedup {
  readonly #living = new Map<string, Living>()
  readonly #hysteresis: boolean
  readonly #settingsVersion: string

  constructor(config: DetectConfig) {
    this.#hysteresis = config.hysteresis
    this.#settingsVersion = settingsVersion(config)
  }

  accept(candidates: ReadonlyArray<Candidate>, source: DataSource, out: Array<Opportunity>): void {
    for (const candidate of candidates) this.#one(candidate, source, out)
  }

  /** Closes what time has closed up to `nowMs` (ingest time). */
  advance(nowMs: number, out: Array<Opportunity>): void {
    for (const [fingerprint, living] of this.#living) this.#lapse(fingerprint, living, nowMs, out)
  }

  /** End of a recording: everything still open is closed as it stands. */
  finish(out: Array<Opportunity>): void {
    for (const [fingerprint, living] of this.#living) {
      this.#close(fingerprint, living, living.lastAt, "end of data", out)
    }
  }

  isOpen(fingerprint: string): boolean {
    return this.#living.has(fingerprint)
  }

  /** What is open, for a checkpoint. */
  snapshot(): ReadonlyArray<Living> {
    return [...this.#living.values()].map((living) => ({ ...living }))
  }

  restore(open: ReadonlyArray<Living>): void {
    for (const living of open) this.#living.set(living.opportunity.fingerprint, { ...living })
  }

  #one(candidate: Candidate, source: DataSource, out: Array<Opportunity>): void {
    const at = candidate.trigger.ingestTime
    const before = this.#living.get(candidate.fingerprint)
    if (before !== undefined) this.#lapse(candidate.fingerprint, before, at, out)
    const living = this.#living.get(candidate.fingerprint)
    if (living === undefined) {
      if (candidate.level === "above" && candidate.plan !== null) this.#open(candidate, candidate.plan, source, out)
      return
    }
    if (candidate.level === "above" && candidate.plan !== null) {
      return this.#rise(living, candidate, candidate.plan, out)
    }
    if (!this.#hysteresis) {
      return this.#close(candidate.fingerprint, living, at, candidate.rejection ?? "below_threshold", out)
    }
    if (candidate.level === "below") living.belowSince ??= at
    else {
      living.belowSince = null
      living.seenAt = at
    }
    if (!living.faded) {
      living.faded = true
      this.#tell(living, "fading", at, out)
    } else this.#remind(living, at, out)
  }

  #open(candidate: Candidate, plan: Plan, source: DataSource, out: Array<Opportunity>): void {
    const at = candidate.trigger.ingestTime
    const opportunity: Opportunity = {
      v: 1,
      id: opportunityId(candidate.fingerprint, candidate.trigger),
      revision: 1,
      state: "opened",
      fingerprint: candidate.fingerprint,
      type: candidate.route.type,
      asset: candidate.route.asset,
      detectedAt: at,
      expiresAt: at + LIFETIME_MS,
      checks: 1,
      firstAt: at,
      lastAt: at,
      ...figures(plan, candidate.score),
      // No model has been trained: similar past cases are unknown, and that is said.
      confidence: null,
      reasons: [...plan.notes, "unproven"],
      simulated: source === "simulated",
      settingsVersion: this.#settingsVersion,
    }
    this.#living.set(candidate.fingerprint, {
      opportunity,
      toldProfit: opportunity.netProfit,
      faded: false,
      belowSince: null,
      checks: 1,
      lastAt: at,
      seenAt: at,
      revision: 1,
      toldAt: at,
    })
    out.push(opportunity)
  }

  #rise(living: Living, candidate: Candidate, plan: Plan, out: Array<Opportunity>): void {
    const at = candidate.trigger.ingestTime
    living.checks++
    living.lastAt = living.seenAt = at
    living.belowSince = null
    if (Decimal.isGreater(plan.netProfit, Decimal.fromChecked(living.opportunity.netProfit))) {
      living.opportunity = { ...living.opportunity, ...figures(plan, candidate.score) }
    }
    const told = Decimal.multiply(Decimal.fromChecked(living.toldProfit), IMPROVED)
    if (this.#hysteresis && !Decimal.isLess(plan.netProfit, told)) {
      living.toldProfit = Decimal.format(plan.netProfit)
      living.faded = false
      this.#tell(living, "improved", at, out)
    } else this.#remind(living, at, out)
  }

  #remind(living: Living, at: number, out: Array<Opportunity>): void {
    if (at - living.toldAt >= TOLD_EVERY_MS) this.#tell(living, living.faded ? "fading" : "opened", at, out)
  }

  /** What the passing of time alone brings about. */
  #lapse(fingerprint: string, living: Living, nowMs: number, out: Array<Opportunity>): void {
    const { belowSince, seenAt } = living
    if (belowSince !== null && nowMs - belowSince >= CLOSE_AFTER_MS) {
      this.#close(fingerprint, living, belowSince + CLOSE_AFTER_MS, "below_threshold", out)
    } else if (this.#hysteresis && nowMs - seenAt > LIFETIME_MS) {
      this.#close(fingerprint, living, seenAt + LIFETIME_MS, "expired", out)
    }
  }

  #close(fingerprint: string, living: Living, at: number, why: string, out: Array<Opportunity>): void {
    this.#living.delete(fingerprint)
    this.#tell(living, "closed", at, out, [`closed: ${why}`])
  }

  #tell(
    living: Living,
    state: OpportunityState,
    at: number,
    out: Array<Opportunity>,
    reasons: ReadonlyArray<string> = [],
  ): void {
    living.revision++
    living.toldAt = at
    out.push({
      ...living.opportunity,
      revision: living.revision,
      state,
      expiresAt: state === "closed" ? at : living.seenAt + LIFETIME_MS,
      checks: living.checks,
      lastAt: living.lastAt,
      reasons: [...living.opportunity.reasons, ...reasons],
    })
  }
}

/** When a transition happened (ingest time); of one that fades, when it was last seen to hold. */
export const transitionAt = (transition: Opportunity): number =>
  transition.state === "closed" ? transition.expiresAt : transition.expiresAt - LIFETIME_MS

const figures = (plan: Plan, score: number | null) => ({
  legs: plan.legs,
  size: Decimal.format(plan.size),
  notional: Decimal.format(plan.notional),
  currency: plan.currency,
  grossBps: Decimal.format(plan.grossBps),
  netBps: Decimal.format(plan.netBps),
  netProfit: Decimal.format(plan.netProfit),
  capacity: Decimal.format(plan.capacity),
  score,
  priority: priorityOf(Decimal.toNumber(plan.netBps)),
})
