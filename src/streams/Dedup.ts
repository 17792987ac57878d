/**
 * Dedup: one living opportunity per fingerprint, with hysteresis. It owns their state; only transitions leave.
 *
 *   none --above--> opened --above, net profit +20%--> improved      while it lives it is told again every 10 s
 *   opened | improved --not above--> fading (told once) --below for 500 ms, or silent for 30 s--> closed
 *   without hysteresis: opened at the first check above, closed at the first that is not; nothing between is told
 *   refused by the judge: it lives on in silence, and is asked about again when it has grown by a step worth telling
 *
 * In: candidates of one partition in tick order. Out: opportunities, each a transition with its revision. Promises: an
 * id depends on the triggering tick alone, so a restart from a checkpoint changes none; time is ingest time.
 */
import { createHash } from "node:crypto"
import { Schema } from "effect"
import * as Decimal from "../domain/Decimal.ts"
import { tableVersion } from "../domain/Fees.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { DataSource } from "../domain/Frame.ts"
import { Opportunity, type OpportunityState, priorityOf } from "../domain/Opportunity.ts"
import type { Candidate, Plan, Trigger } from "./detectors/Candidate.ts"
import type { Asked, Judgement } from "./Judge.ts"
import { seal } from "./Seal.ts"

/** Below for this long closes; unseen for this long expires; better by this factor is told. */
const CLOSE_AFTER_MS = 500
const LIFETIME_MS = 30_000
/** An unchanged one is told again this often, so that who counts its lifetime knows that it lives. */
const TOLD_EVERY_MS = 10_000
const IMPROVED = Decimal.fromChecked("1.2")

/** A living opportunity at its best revision, and what its next transition depends on. */
export const Living = Schema.Struct({
  opportunity: Opportunity,
  /** Net profit at the last transition told; null: unknown. */
  toldProfit: Schema.NullOr(Schema.String),
  faded: Schema.Boolean,
  /** Ingest time since which it stands below; null while it does not. */
  belowSince: Schema.NullOr(Schema.Int),
  checks: Schema.Int,
  lastAt: Schema.Int,
  seenAt: Schema.Int,
  /** It holds until then without being checked again; null: for 30 s after it was last seen. */
  holdsUntil: Schema.NullOr(Schema.Int),
  /** Nobody is told of it. */
  silent: Schema.Boolean,
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

/** Names the configuration in every opportunity, so that `verify` can recompute: with the fee table, where it is used. */
export const settingsVersion = (config: DetectConfig): string => {
  const feeTable = tableVersion(config.fees)
  const settings = feeTable === null ? config : { ...config, feeTable }
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 12)
}

export interface DedupOptions {
  /** Asked when one would open, and when a silent one has grown by a step. */
  readonly judge: (asked: Asked) => Judgement
  /** Hears of every life, told or silent. */
  readonly witness: Witness
}

export interface Witness {
  readonly opened: (opportunity: Opportunity, silent: boolean) => void
  /** A check confirmed it. */
  readonly confirmed: (id: string, netBps: Decimal.Decimal | null, atMs: number) => void
  readonly ended: (id: string) => void
}

export class Dedup {
  readonly #living = new Map<string, Living>()
  readonly #hysteresis: boolean
  readonly #settingsVersion: string
  readonly #options: DedupOptions

  constructor(config: DetectConfig, options: DedupOptions) {
    this.#hysteresis = config.hysteresis
    this.#settingsVersion = settingsVersion(config)
    this.#options = options
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
    const id = opportunityId(candidate.fingerprint, candidate.trigger)
    const { assessment, confidence, notes, refusal } = this.#options.judge({
      candidate,
      plan,
      id,
      revision: 1,
      simulated: source === "simulated",
    })
    const opportunity: Opportunity = {
      v: 1,
      id,
      revision: 1,
      state: "opened",
      fingerprint: candidate.fingerprint,
      type: candidate.route.type,
      asset: candidate.route.asset,
      detectedAt: at,
      at,
      expiresAt: plan.holdsUntil ?? at + LIFETIME_MS,
      checks: 1,
      firstAt: at,
      lastAt: at,
      ...figures(plan, candidate.score),
      evidence: plan.inputs === null ? null : seal(candidate.trigger, plan.inputs),
      confidence,
      assessment,
      reasons: [...plan.notes, ...notes],
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
      holdsUntil: plan.holdsUntil,
      silent: refusal !== null,
      revision: 1,
      toldAt: at,
    })
    this.#options.witness.opened(opportunity, refusal !== null)
    if (refusal === null) out.push(opportunity)
  }

  #rise(living: Living, candidate: Candidate, plan: Plan, out: Array<Opportunity>): void {
    const at = candidate.trigger.ingestTime
    living.checks++
    this.#options.witness.confirmed(living.opportunity.id, plan.netBps, at)
    living.lastAt = living.seenAt = at
    living.holdsUntil = plan.holdsUntil
    living.belowSince = null
    if (plan.inputs !== null && isMore(plan.netProfit, living.opportunity.netProfit)) {
      const opened = living.opportunity.evidence?.openedBy
      living.opportunity = {
        ...living.opportunity,
        ...figures(plan, candidate.score),
        evidence: opened === undefined ? null : seal(opened, plan.inputs),
      }
    }
    if (!this.#hysteresis || !isStep(plan.netProfit, living.toldProfit)) return this.#remind(living, at, out)
    living.toldProfit = plan.netProfit === null ? null : Decimal.format(plan.netProfit)
    living.faded = false
    if (!living.silent) return this.#tell(living, "improved", at, out)
    const { assessment, confidence, notes, refusal } = this.#options.judge({
      candidate,
      plan,
      id: living.opportunity.id,
      revision: living.revision + 1,
      simulated: living.opportunity.simulated,
    })
    if (refusal !== null) return
    living.silent = false
    living.opportunity = { ...living.opportunity, confidence, assessment, reasons: [...plan.notes, ...notes] }
    this.#tell(living, "opened", at, out)
  }

  #remind(living: Living, at: number, out: Array<Opportunity>): void {
    if (at - living.toldAt >= TOLD_EVERY_MS) this.#tell(living, living.faded ? "fading" : "opened", at, out)
  }

  /** What the passing of time alone brings about. */
  #lapse(fingerprint: string, living: Living, nowMs: number, out: Array<Opportunity>): void {
    const { belowSince } = living
    const expiresAt = expiryOf(living)
    if (belowSince !== null && nowMs - belowSince >= CLOSE_AFTER_MS) {
      this.#close(fingerprint, living, belowSince + CLOSE_AFTER_MS, "below_threshold", out)
    } else if (this.#hysteresis && nowMs > expiresAt) {
      this.#close(fingerprint, living, expiresAt, "expired", out)
    }
  }

  #close(fingerprint: string, living: Living, at: number, why: string, out: Array<Opportunity>): void {
    this.#living.delete(fingerprint)
    this.#options.witness.ended(living.opportunity.id)
    this.#tell(living, "closed", at, out, [`closed: ${why}`])
  }

  #tell(
    living: Living,
    state: OpportunityState,
    at: number,
    out: Array<Opportunity>,
    reasons: ReadonlyArray<string> = [],
  ): void {
    living.toldAt = at
    if (living.silent) return
    living.revision++
    out.push({
      ...living.opportunity,
      revision: living.revision,
      state,
      at: state === "closed" ? at : living.seenAt,
      expiresAt: state === "closed" ? at : expiryOf(living),
      checks: living.checks,
      lastAt: living.lastAt,
      reasons: [...living.opportunity.reasons, ...reasons],
    })
  }
}

const expiryOf = ({ holdsUntil, seenAt }: Living): number => holdsUntil ?? seenAt + LIFETIME_MS

const isMore = (profit: Decimal.Decimal | null, best: string | null): boolean =>
  profit !== null && (best === null || Decimal.isGreater(profit, Decimal.fromChecked(best)))

/** Whether the profit has grown by a step worth telling. */
const isStep = (profit: Decimal.Decimal | null, told: string | null): boolean =>
  profit !== null && told !== null && !Decimal.isLess(profit, Decimal.multiply(Decimal.fromChecked(told), IMPROVED))

const textOf = (value: Decimal.Decimal | null): string | null => value === null ? null : Decimal.format(value)

/** A plan as the public object shows it. */
export const figures = (plan: Plan, score: number | null) => ({
  legs: plan.legs,
  size: Decimal.format(plan.size),
  notional: Decimal.format(plan.notional),
  currency: plan.currency,
  grossBps: textOf(plan.grossBps),
  netBps: textOf(plan.netBps),
  netProfit: textOf(plan.netProfit),
  capacity: Decimal.format(plan.capacity),
  details: plan.details,
  score,
  priority: priorityOf(plan.netBps === null ? null : Decimal.toNumber(plan.netBps)),
})
