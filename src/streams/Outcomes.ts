/**
 * Outcomes: every opportunity is followed after its detection, told or silent.
 *
 * In: openings, checks that confirm them, and the passing of ingest time with the books of each moment. Out: outcomes,
 * each once, when its last instant has passed and it has ended; and the cases that levels 2 and 4 learn from. Promises:
 * pure and deterministic; an instant is read on the books as they stood then, before any later tick; `snapshot` and
 * `restore` carry everything. Capacity: 4,096 followed at once; beyond that the oldest ends unread and is counted.
 */
import { Schema } from "effect"
import { type Cases, NO_CASES } from "../domain/Cases.ts"
import * as Decimal from "../domain/Decimal.ts"
import type { Opportunity, RejectionReason } from "../domain/Opportunity.ts"
import { type Described, featuresOf } from "../domain/Features.ts"
import * as Outcome from "../domain/Outcome.ts"
import type { Revaluation } from "./detectors/Detector.ts"

const CAPACITY = 4_096
const LIVES_KEPT = 31
const LEAST_LIVES = 5

/** What a plan would bring on the books of now; null: its route is unknown. */
export type Revalue = (fingerprint: string, size: Decimal.Decimal, atMs: number) => Revaluation | RejectionReason | null

/** One that is not yet whole: what was read of it so far, and whether it has ended. */
const Followed = Schema.Struct({
  outcome: Outcome.Outcome,
  ended: Schema.Boolean,
  bestNetBps: Schema.NullOr(Schema.String),
})
type Followed = { -readonly [K in keyof typeof Followed.Type]: (typeof Followed.Type)[K] }

const CasesOf = Schema.Struct({ judged: Schema.Int, succeeded: Schema.Int })

export const OutcomesState = Schema.Struct({
  followed: Schema.Array(Followed),
  cases: Schema.Record(Schema.String, CasesOf),
  /** The newest lives, ms. */
  lives: Schema.Record(Schema.String, Schema.Array(Schema.Int)),
})
export type OutcomesState = typeof OutcomesState.Type

export class Outcomes {
  /** By opportunity id, in the order of their openings. */
  readonly #followed = new Map<string, Followed>()
  readonly #cases = new Map<string, Cases>()
  readonly #lives = new Map<string, ReadonlyArray<number>>()
  readonly #ready: Array<Outcome.Outcome> = []
  /** Ingest time of the next instant to be read, ms. */
  dueAt = Infinity
  /** Followed no further for want of room. */
  dropped = 0

  opened(opportunity: Opportunity, silent: boolean): void {
    const {
      asset,
      currency,
      detectedAt,
      fingerprint,
      id,
      legs,
      netBps,
      netProfit,
      settingsVersion,
      simulated,
      size,
      type,
    } = opportunity
    if (this.#followed.size >= CAPACITY) this.#drop()
    this.#followed.set(id, {
      outcome: {
        opportunityId: id,
        fingerprint,
        type,
        asset,
        venues: legs.map(({ venue }) => venue),
        pair: legs[0]?.instrument ?? asset,
        detectedAt,
        livedMs: 0,
        size,
        currency,
        netBps,
        netProfit,
        realised: [],
        features: featuresOf(describe(opportunity), this.cases(similarityOf(opportunity))),
        silent,
        simulated,
        settingsVersion,
      },
      ended: false,
      bestNetBps: netBps,
    })
    this.dueAt = Math.min(this.dueAt, detectedAt + Outcome.DELAYS_MS[0])
  }

  /** A check confirmed it. */
  confirmed(id: string, netBps: Decimal.Decimal | null, atMs: number): void {
    const known = this.#followed.get(id)
    if (known === undefined) return
    known.outcome = { ...known.outcome, livedMs: atMs - known.outcome.detectedAt }
    if (netBps === null) return
    const isBetter = known.bestNetBps === null || Decimal.isGreater(netBps, Decimal.fromChecked(known.bestNetBps))
    if (isBetter) known.bestNetBps = Decimal.format(netBps)
  }

  ended(id: string): void {
    const known = this.#followed.get(id)
    if (known === undefined) return
    known.ended = true
    this.#settle(id, known)
  }

  /** Reads every instant before `nowMs`; to be called before the books take anything that came at `nowMs`. */
  advance(nowMs: number, revalue: Revalue): void {
    if (nowMs <= this.dueAt) return
    let next = Infinity
    for (const [id, known] of this.#followed) {
      for (let dueAt = nextOf(known); dueAt < nowMs; dueAt = nextOf(known)) this.#read(known, dueAt, revalue)
      next = Math.min(next, nextOf(known))
      this.#settle(id, known)
    }
    this.dueAt = next
  }

  /** End of a recording: what was not reached is unread. */
  finish(): void {
    for (const [id, known] of this.#followed) {
      while (nextOf(known) < Infinity) note(known, null, "end_of_data")
      known.ended = true
      this.#settle(id, known)
    }
  }

  /** Outcomes since the last call. */
  take(): ReadonlyArray<Outcome.Outcome> {
    return this.#ready.splice(0)
  }

  cases(similarity: string): Cases {
    return this.#cases.get(similarity) ?? NO_CASES
  }

  /** Of the newest lives of those alike; null: fewer than five. */
  medianLivedMs(similarity: string): number | null {
    const lives = this.#lives.get(similarity) ?? []
    return lives.length < LEAST_LIVES ? null : lives.toSorted((a, b) => a - b)[lives.length >> 1] ?? null
  }

  snapshot(): OutcomesState {
    return {
      followed: [...this.#followed.values()].map((known) => ({ ...known })),
      cases: Object.fromEntries(this.#cases),
      lives: Object.fromEntries(this.#lives),
    }
  }

  restore(state: OutcomesState): void {
    for (const known of state.followed) this.#followed.set(known.outcome.opportunityId, { ...known })
    for (const [key, cases] of Object.entries(state.cases)) this.#cases.set(key, cases)
    for (const [key, lives] of Object.entries(state.lives)) this.#lives.set(key, lives)
    this.dueAt = Math.min(Infinity, ...[...this.#followed.values()].map(nextOf))
  }

  #read(known: Followed, dueAt: number, revalue: Revalue): void {
    const { fingerprint, size } = known.outcome
    const found = revalue(fingerprint, Decimal.fromChecked(size), dueAt)
    if (found === null) note(known, null, "unknown_route")
    else if (typeof found === "string") note(known, null, found)
    else note(known, found, null)
  }

  /** Whole once it has ended and its last instant was read. */
  #settle(id: string, known: Followed): void {
    if (!known.ended || nextOf(known) < Infinity) return
    this.#followed.delete(id)
    const { outcome } = known
    this.#ready.push(outcome)
    const key = Outcome.similarity(outcome)
    this.#lives.set(key, [...this.#lives.get(key) ?? [], outcome.livedMs].slice(-LIVES_KEPT))
    const success = Outcome.succeeded(outcome)
    if (success === null) return
    const before = this.cases(key)
    this.#cases.set(key, { judged: before.judged + 1, succeeded: before.succeeded + (success ? 1 : 0) })
  }

  #drop(): void {
    for (const id of this.#followed.keys()) {
      this.#followed.delete(id)
      this.dropped++
      return
    }
  }
}

const numberOf = (text: string | null): number | null => text === null ? null : Number(text)

/** What features are made of. */
const describe = ({ capacity, grossBps, legs, netBps, netProfit, size, type }: Opportunity): Described => ({
  type,
  legs,
  netBps: numberOf(netBps),
  grossBps: numberOf(grossBps),
  netProfit: numberOf(netProfit),
  size: Number(size),
  capacity: Number(capacity),
})

const similarityOf = ({ asset, legs, type }: Opportunity): string =>
  Outcome.similarity({ type, asset, venues: legs.map(({ venue }) => venue) })

/** Ingest time of its next instant; infinite when all were read. */
const nextOf = ({ outcome: { detectedAt, realised } }: Followed): number => {
  const delay = Outcome.DELAYS_MS[realised.length]
  return delay === undefined ? Infinity : detectedAt + delay
}

const note = (known: Followed, found: Revaluation | null, reason: Outcome.Realised["reason"]): void => {
  const delayMs = Outcome.DELAYS_MS[known.outcome.realised.length]
  if (delayMs === undefined) return
  const text = (value: Decimal.Decimal | null | undefined): string | null =>
    value === null || value === undefined ? null : Decimal.format(value)
  const read = {
    delayMs,
    netBps: text(found?.netBps),
    netProfit: text(found?.netProfit),
    reason,
    bestNetBps: known.bestNetBps,
  }
  known.outcome = { ...known.outcome, realised: [...known.outcome.realised, read] }
}
