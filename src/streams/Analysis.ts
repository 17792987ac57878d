/**
 * Analysis: Detect -> Validate -> Score -> Dedup of one worker, as plain function calls on one batch of frames.
 *
 * In: frames with their place in the stream. Out: transitions, in stream order within a partition. Promises: pure and
 * deterministic; each partition stands alone, so how partitions interleave changes nothing; `snapshot` and `restore`
 * carry everything that the next transition depends on, but deep books, which the stream rebuilds from `rewindTo`.
 */
import { Option, Schema } from "effect"
import type { Suspicion } from "../domain/AssetIdentity.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import { type DataSource, type Frame, Partition } from "../domain/Frame.ts"
import type { Opportunity, RejectionReason } from "../domain/Opportunity.ts"
import type { Outcome } from "../domain/Outcome.ts"
import type { Verdict } from "../domain/Verdict.ts"
import { Dedup, Living, opportunityId } from "./Dedup.ts"
import { Detect } from "./Detect.ts"
import { DetectState } from "./DetectState.ts"
import type { Candidate } from "./detectors/Candidate.ts"
import type { SlotNote } from "./detectors/Slot.ts"
import { Judge, type JudgeRules, rulesOf as judgingOf } from "./Judge.ts"
import { Origins } from "./Origins.ts"
import { Outcomes, OutcomesState } from "./Outcomes.ts"
import { score } from "./Score.ts"
import { type MarketRules, rulesOf, validate } from "./Validate.ts"

export const AnalysisState = Schema.Struct({
  partitions: Schema.Array(Schema.Struct({
    partition: Partition,
    detect: DetectState,
    outcomes: OutcomesState,
    open: Schema.Array(Living),
  })),
  /** The stream sequence from which deep books are rebuilt; null: there are none. */
  rewindTo: Schema.NullOr(Schema.Int),
})
export type AnalysisState = typeof AnalysisState.Type

export interface Figures {
  readonly ticks: number
  readonly checks: number
  readonly rejected: Readonly<Record<string, number>>
  readonly refused: Readonly<Record<string, number>>
  readonly notes: ReadonlyMap<string, ReadonlyArray<SlotNote>>
}

/** What is told of opportunities beside their transitions. */
export interface Findings {
  readonly verdicts: ReadonlyArray<Verdict>
  readonly outcomes: ReadonlyArray<Outcome>
}

interface Work {
  readonly detect: Detect
  readonly judge: Judge
  readonly outcomes: Outcomes
  readonly dedup: Dedup
}

export class Analysis {
  readonly #config: DetectConfig
  readonly #rules: MarketRules
  readonly #judging: JudgeRules
  readonly #partitions = new Map<Partition, Work>()
  readonly #rejected = new Map<RejectionReason, number>()
  /** What brought each transition about. */
  readonly origins = new Origins()
  /** Where the newest frame came from, and the newest ingest time (ms). */
  source: DataSource = "live"
  now = 0
  readonly #reject = (reason: RejectionReason): void => {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
  }

  constructor(config: DetectConfig, judging: JudgeRules = judgingOf(config)) {
    this.#config = config
    this.#judging = judging
    this.#rules = rulesOf(config)
  }

  /** The transitions that these frames bring about. */
  frames(frames: ReadonlyArray<Frame>, sequence: number): ReadonlyArray<Opportunity> {
    const out: Array<Opportunity> = []
    for (const frame of frames) {
      const { dedup, detect, judge } = this.#partition(frame.p)
      const candidates: Array<Candidate> = []
      detect.frame(frame, sequence, candidates)
      if (candidates.length > 0) {
        const valid = validate(candidates, this.#rules, this.#reject)
        for (const candidate of valid) {
          const { fingerprint, rejection, trigger } = candidate
          if (rejection === null || rejection === "below_threshold" || dedup.isOpen(fingerprint)) continue
          judge.refused(candidate, rejection, () => opportunityId(fingerprint, trigger))
        }
        const told = out.length
        dedup.accept(score(valid), frame.f, out)
        if (out.length > told) this.origins.note(out.slice(told), valid, frame)
        for (const { fingerprint } of candidates) if (!dedup.isOpen(fingerprint)) detect.release(fingerprint)
      }
      this.source = frame.f
      if (detect.now > this.now) this.now = detect.now
      const before = out.length
      dedup.advance(detect.now, out)
      for (let at = before; at < out.length; at++) detect.release(out[at]?.fingerprint ?? "")
    }
    return out
  }

  /** Frames between `rewindTo` and the checkpoint: rebuilds books, tells nothing. */
  rewind(frames: ReadonlyArray<Frame>, sequence: number): void {
    for (const frame of frames) this.#partition(frame.p).detect.frame(frame, sequence, [], true)
  }

  /** End of a recording. */
  finish(): ReadonlyArray<Opportunity> {
    const out: Array<Opportunity> = []
    for (const { dedup, outcomes } of this.#partitions.values()) {
      dedup.finish(out)
      outcomes.finish()
    }
    return out
  }

  /** Doubts about identities since the last call. */
  takeSuspicions(): ReadonlyArray<Suspicion> {
    return [...this.#partitions.values()].flatMap(({ detect }) => detect.takeSuspicions())
  }

  /** Verdicts given, and outcomes that became whole, since the last call. */
  findings(): Findings {
    const works = [...this.#partitions.values()]
    return {
      verdicts: works.flatMap(({ judge }) => judge.take()),
      outcomes: works.flatMap(({ outcomes }) => outcomes.take()),
    }
  }

  snapshot(): AnalysisState {
    const rewinds = [...this.#partitions.values()].flatMap(({ detect }) => Option.toArray(detect.rewindTo))
    return {
      partitions: [...this.#partitions].map(([partition, { dedup, detect, outcomes }]) => ({
        partition,
        detect: detect.snapshot(),
        outcomes: outcomes.snapshot(),
        open: dedup.snapshot(),
      })),
      rewindTo: rewinds.length === 0 ? null : Math.min(...rewinds),
    }
  }

  restore(state: AnalysisState): void {
    for (const kept of state.partitions) {
      const { dedup, detect, outcomes } = this.#partition(kept.partition)
      detect.restore(kept.detect)
      outcomes.restore(kept.outcomes)
      dedup.restore(kept.open)
    }
  }

  /** After the rewind: quotes stand as they did, and routes held open are spoken of again on every check. */
  resume(): void {
    for (const { dedup, detect } of this.#partitions.values()) {
      detect.resume()
      for (const { opportunity } of dedup.snapshot()) detect.watch(opportunity.fingerprint)
    }
  }

  /** Ticks analysed; those of a venue's own partition are counted where their asset's is. */
  get ticks(): number {
    let ticks = 0
    for (const { detect } of this.#partitions.values()) ticks += detect.ticks
    return ticks
  }

  get figures(): Figures {
    const detects = [...this.#partitions.values()].map(({ detect }) => detect)
    return {
      ticks: this.ticks,
      checks: detects.reduce((sum, { checks }) => sum + checks, 0),
      rejected: added([this.#rejected, ...detects.map(({ rejected }) => rejected)]),
      refused: added(detects.map(({ refused }) => refused)),
      notes: joined(detects.map(({ notes }) => notes)),
    }
  }

  #partition(partition: Partition): Work {
    const known = this.#partitions.get(partition)
    if (known !== undefined) return known
    const outcomes = new Outcomes()
    const detect = new Detect(this.#config, partition, outcomes)
    const judge = new Judge(this.#judging, {
      casesOf: (similarity) => outcomes.cases(similarity),
      medianLivedMs: (similarity) => outcomes.medianLivedMs(similarity),
      confirms: (venue, instrument, direction, atMs) => detect.confirms(venue, instrument, direction, atMs),
    })
    const made = {
      detect,
      outcomes,
      judge,
      dedup: new Dedup(this.#config, {
        judge: (asked) => judge.judge(asked),
        witness: outcomes,
      }),
    }
    this.#partitions.set(partition, made)
    return made
  }
}

const added = (all: ReadonlyArray<Iterable<readonly [reason: string, count: number]>>): Record<string, number> => {
  const sums: Record<string, number> = {}
  for (const counts of all) for (const [reason, count] of counts) sums[reason] = (sums[reason] ?? 0) + count
  return sums
}

const joined = (all: ReadonlyArray<Figures["notes"]>): Figures["notes"] => {
  const notes = new Map<string, ReadonlyArray<SlotNote>>()
  for (const some of all) {
    for (const [key, more] of some) notes.set(key, [...new Set([...notes.get(key) ?? [], ...more])])
  }
  return notes
}

/** Of several analyses together. */
export const sumOf = (all: ReadonlyArray<Analysis>): Figures => {
  const each = all.map(({ figures }) => figures)
  return {
    ticks: each.reduce((sum, { ticks }) => sum + ticks, 0),
    checks: each.reduce((sum, { checks }) => sum + checks, 0),
    rejected: added(each.map(({ rejected }) => Object.entries(rejected))),
    refused: added(each.map(({ refused }) => Object.entries(refused))),
    notes: joined(each.map(({ notes }) => notes)),
  }
}
