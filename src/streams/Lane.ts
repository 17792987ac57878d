/**
 * Lane: one partition's way from messages of frames to transitions, with its own place in the stream.
 *
 *   rewinding (muted, up to the checkpoint) --a message behind it, or silence--> following
 *
 * In: the messages of one partition, in stream order. Out: transitions, and checkpoints. Promises: what it finds depends
 * on its own messages and its own checkpoint alone, so it does not matter which process it runs in, nor beside which
 * others; a message it has read is not read again; one that nobody can read is told to `fail` and passed over.
 */
import { Effect, Option, Schema } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import * as Frame from "../domain/Frame.ts"
import * as Instrument from "../domain/Instrument.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import type { StoredMessage, StreamState } from "../layers/Bus.ts"
import type { Checkpoint, Progress } from "../layers/Checkpoints.ts"
import { Analysis, AnalysisState } from "./Analysis.ts"
import type { JudgeRules } from "./Judge.ts"
import { beginOf, Merge, type Merged, MergeState } from "./Merge.ts"

const LaneState = Schema.Struct({
  ...AnalysisState.fields,
  /** Absent from checkpoints of versions that did not merge. */
  merge: MergeState.pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
})
const decodeState = Schema.decodeUnknownOption(LaneState)

/** Partitions whose analysis moves together from process to process. */
export const SHARDS = Instrument.PARTITIONS

/** An asset partition is its own shard; a venue's belongs to one by the hash of its name, for ever. */
export const shardOf = (partition: Frame.Partition): number =>
  typeof partition === "number" ? partition : Instrument.partitionOf(partition)

const PACE_OVER_MS = 1_000

const VENUE = "venue."
/** How a partition is called in checkpoints, metrics and tables: its number, or "venue.kraken". */
export const partitionName = (partition: Frame.Partition): string =>
  typeof partition === "number" ? String(partition) : VENUE + partition

/** What `partitionName` was made of; none for anything else. */
export const parsePartition = (name: string): Option.Option<Frame.Partition> => {
  if (name.startsWith(VENUE)) return Option.some(name.slice(VENUE.length))
  const number = Number(name)
  return /^\d+$/.test(name) && number < SHARDS ? Option.some(number) : Option.none()
}

export interface LaneOptions {
  readonly partition: Frame.Partition
  readonly config: DetectConfig
  readonly judging: JudgeRules
}

/** Told of a message that is passed over. */
export type Fail = (sequence: number, cause: unknown) => void

export class Lane {
  readonly partition: Frame.Partition
  readonly analysis: Analysis
  readonly #merge = new Merge()
  readonly #checkpoint: Checkpoint
  /** Up to here everything is known already. */
  #position = 0
  #rewinding = false
  #read = 0
  #changed = false
  #told = 0
  #ticksPerSecond = 0
  /** Ticks worked off since `#paceSince`, which the next checkpoint tells. */
  #ticks = 0
  #paceSince: number

  constructor(
    { config, judging, partition }: LaneOptions,
    checkpoint: Checkpoint,
    stream: StreamState & { readonly durable: boolean },
    nowMs: number,
  ) {
    this.partition = partition
    this.analysis = new Analysis(config, judging)
    this.#checkpoint = checkpoint
    this.#paceSince = nowMs
    this.#resume(stream)
  }

  /** The last stream sequence read, or known to hold nothing of this partition. */
  get read(): number {
    return this.#read
  }

  /** As the last checkpoint told it. */
  get ticksPerSecond(): number {
    return this.#ticksPerSecond
  }

  /** Ticks that wait for those of other writers. */
  get waiting(): number {
    return this.#merge.waiting
  }

  /** Whether it has something to save. */
  get changed(): boolean {
    return this.#changed && !this.#rewinding
  }

  /** Whether the checkpoint has been reached again. */
  get hasRewound(): boolean {
    return this.#read >= this.#position
  }

  /** The last stream sequence of which nothing waits. */
  get settled(): number {
    return this.#merge.settled(this.#read)
  }

  /** Ticks analysed since the last call. */
  takeTicks(): number {
    const before = this.#told
    this.#told = this.analysis.ticks
    return this.#told - before
  }

  /** Ticks that came after the watermark since the last call. */
  takeLate(): number {
    return this.#merge.takeLate()
  }

  take(message: StoredMessage, fail: Fail): ReadonlyArray<Opportunity> {
    if (message.sequence <= this.#read) return []
    this.#read = message.sequence
    try {
      if (this.#rewinding && message.sequence > this.#position) this.#goOn()
      this.#push(message)
    } catch (cause) {
      fail(message.sequence, cause)
    }
    this.#changed = true
    return this.#released(fail)
  }

  /** A later message of another partition was stored at `storedAtMs`: waiting ticks may leave. */
  passed(storedAtMs: number, fail: Fail): ReadonlyArray<Opportunity> {
    if (this.#rewinding) this.#goOn()
    this.#merge.passed(storedAtMs)
    this.#changed = true
    return this.#released(fail)
  }

  /** Nothing comes any more. That what waits leaves now is no matter of the stream: save before `take` is called again. */
  silence(): void {
    if (this.#rewinding) this.#goOn()
    this.#merge.silence()
    this.#changed = true
  }

  /** What left by `silence`. */
  released(fail: Fail): ReadonlyArray<Opportunity> {
    return this.#released(fail)
  }

  /** Up to `sequence` there is nothing of this partition. Out: whether that is news. What is unsaved goes first. */
  pass(sequence: number): boolean {
    if (this.changed || this.#merge.waiting > 0 || sequence <= this.#read || sequence < this.#position) return false
    this.#read = sequence
    this.#ticksPerSecond = 0
    if (this.#rewinding) this.#position = sequence
    return true
  }

  /** Where it stands, without the state. */
  place(): Pick<Checkpoint, "name" | "epoch" | "position"> {
    const { epoch, name } = this.#checkpoint
    return { name, epoch, position: this.#read }
  }

  /** Everything the next transition depends on. Meaningless before it has rewound. */
  save(nowMs: number): Progress {
    const elapsedMs = nowMs - this.#paceSince
    if (elapsedMs >= PACE_OVER_MS) {
      this.#ticksPerSecond = Math.round(this.#ticks * 1_000 / elapsedMs)
      this.#ticks = 0
      this.#paceSince = nowMs
    }
    this.#changed = false
    return {
      ...this.place(),
      ticksPerSecond: this.#ticksPerSecond,
      snapshot: { ...this.analysis.snapshot(), merge: this.#merge.snapshot() },
    }
  }

  /** Begins at the checkpoint, unless the stream was made anew since: then its sequences mean nothing. */
  #resume({ durable, firstSequence, lastSequence }: StreamState & { readonly durable: boolean }): void {
    const { position, snapshot } = this.#checkpoint
    const first = Math.max(firstSequence, 1) - 1
    if (!durable || position > lastSequence) {
      this.#read = first
      return
    }
    const state = decodeState(snapshot)
    if (Option.isNone(state)) {
      // Nothing of this partition has come yet; or it was left in a form that nobody reads any more.
      this.#read = Math.max(snapshot === null ? position : 0, first)
      return
    }
    this.analysis.restore(state.value)
    this.#merge.restore(state.value.merge)
    this.#position = position
    this.#rewinding = true
    const next = position + 1
    const begin = Math.min(state.value.rewindTo ?? next, Option.getOrElse(beginOf(state.value.merge), () => next))
    this.#read = Math.max(begin - 1, first)
  }

  #push(message: StoredMessage): void {
    const frames = Frame.decode(message.data)
    if ("_tag" in frames) throw new Error(`${frames.reason}: ${frames.detail}`)
    const strange = frames.find(({ p }) => p !== this.partition)
    if (strange !== undefined) throw new Error(`a frame of partition ${strange.p} on the subject of ${this.partition}`)
    if (!this.#rewinding) { for (const { s } of frames) this.#ticks += s.length }
    const bad = this.#merge.push(frames, message)
    if (bad !== null) throw new Error(`${bad.reason}: ${bad.detail}`)
  }

  /** Up to the checkpoint everything has been read again. */
  #goOn(): void {
    this.#merge.rewound().forEach((merged) => this.#analysed(merged))
    this.analysis.resume()
    this.#rewinding = false
  }

  #released(fail: Fail): ReadonlyArray<Opportunity> {
    const left = this.#merge.take()
    if (left.length === 0) return []
    const out: Array<Opportunity> = []
    for (const merged of left) {
      try {
        out.push(...this.#analysed(merged))
      } catch (cause) {
        fail(merged.sequence, cause)
      }
    }
    return out
  }

  #analysed({ frames, sequence }: Merged): ReadonlyArray<Opportunity> {
    if (!this.#rewinding) return this.analysis.frames(frames, sequence)
    this.analysis.rewind(frames, sequence)
    return []
  }
}
