/**
 * Analysis: Detect -> Validate -> Score -> Dedup of one worker, as plain function calls on one batch of frames.
 *
 * In: frames with their place in the stream. Out: transitions, in stream order within a partition. Promises: pure and
 * deterministic; each partition stands alone, so how partitions interleave changes nothing; `snapshot` and `restore`
 * carry everything that the next transition depends on, but deep books, which the stream rebuilds from `rewindTo`.
 */
import { Option, Schema } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { DataSource, Frame } from "../domain/Frame.ts"
import type { Opportunity, RejectionReason } from "../domain/Opportunity.ts"
import { Dedup, Living } from "./Dedup.ts"
import { Detect, SlotState } from "./Detect.ts"
import type { Candidate } from "./detectors/Candidate.ts"
import type { SlotNote } from "./detectors/Slot.ts"
import { score } from "./Score.ts"
import { type MarketRules, rulesOf, validate } from "./Validate.ts"

export const AnalysisState = Schema.Struct({
  partitions: Schema.Array(Schema.Struct({
    partition: Schema.Int,
    slots: Schema.Array(SlotState),
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

interface Partition {
  readonly detect: Detect
  readonly dedup: Dedup
}

export class Analysis {
  readonly #config: DetectConfig
  readonly #rules: MarketRules
  readonly #partitions = new Map<number, Partition>()
  readonly #rejected = new Map<RejectionReason, number>()
  /** Where the newest frame came from, and the newest ingest time (ms). */
  source: DataSource = "live"
  now = 0
  readonly #reject = (reason: RejectionReason): void => {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
  }

  constructor(config: DetectConfig) {
    this.#config = config
    this.#rules = rulesOf(config)
  }

  /** The transitions that these frames bring about. */
  frames(frames: ReadonlyArray<Frame>, sequence: number): ReadonlyArray<Opportunity> {
    const out: Array<Opportunity> = []
    for (const frame of frames) {
      const { dedup, detect } = this.#partition(frame.p)
      const candidates: Array<Candidate> = []
      detect.frame(frame, sequence, candidates)
      if (candidates.length > 0) {
        dedup.accept(score(validate(candidates, this.#rules, this.#reject)), frame.f, out)
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
    for (const { dedup } of this.#partitions.values()) dedup.finish(out)
    return out
  }

  snapshot(): AnalysisState {
    const rewinds = [...this.#partitions.values()].flatMap(({ detect }) => Option.toArray(detect.rewindTo))
    return {
      partitions: [...this.#partitions].map(([partition, { dedup, detect }]) => ({
        partition,
        slots: detect.snapshot(),
        open: dedup.snapshot(),
      })),
      rewindTo: rewinds.length === 0 ? null : Math.min(...rewinds),
    }
  }

  restore(state: AnalysisState): void {
    for (const { open, partition, slots } of state.partitions) {
      const { dedup, detect } = this.#partition(partition)
      detect.restore(slots)
      dedup.restore(open)
    }
  }

  /** After the rewind: quotes stand as they did, and routes held open are spoken of again on every check. */
  resume(): void {
    for (const { dedup, detect } of this.#partitions.values()) {
      detect.resume()
      for (const { opportunity } of dedup.snapshot()) detect.watch(opportunity.fingerprint)
    }
  }

  get figures(): Figures {
    const rejected: Record<string, number> = {}, refused: Record<string, number> = {}
    const add = (into: Record<string, number>, from: ReadonlyMap<string, number>) => {
      for (const [reason, count] of from) into[reason] = (into[reason] ?? 0) + count
    }
    const notes = new Map<string, ReadonlyArray<SlotNote>>()
    let ticks = 0, checks = 0
    add(rejected, this.#rejected)
    for (const { detect } of this.#partitions.values()) {
      ticks += detect.ticks
      checks += detect.checks
      add(rejected, detect.rejected)
      add(refused, detect.refused)
      for (const [key, note] of detect.notes) notes.set(key, note)
    }
    return { ticks, checks, rejected, refused, notes }
  }

  #partition(number: number): Partition {
    const known = this.#partitions.get(number)
    if (known !== undefined) return known
    const made = { detect: new Detect(this.#config), dedup: new Dedup(this.#config) }
    this.#partitions.set(number, made)
    return made
  }
}
