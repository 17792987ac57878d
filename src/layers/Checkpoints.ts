/**
 * The Checkpoints port: how far a pipeline has read, and the state it had there, table `pipeline_checkpoints`.
 *
 * In: positions and snapshots by the pipeline's name. Out: the last ones saved. Promises: `open` fences every earlier
 * writer of the names; position and snapshot change together or not at all.
 */
import { Context, type Effect, type Option } from "effect"
import type { Fenced, StoreError } from "./Store.ts"

export interface Checkpoint {
  readonly name: string
  readonly epoch: number
  /** The last stream sequence whose output is out; 0: nothing yet. */
  readonly position: number
  /** Whatever the pipeline saved; null: nothing yet. */
  readonly snapshot: unknown
}

/** What is saved: the state, and for onlookers the pace at which it came about. */
export interface Progress extends Checkpoint {
  readonly ticksPerSecond: number
}

/** A checkpoint as an onlooker sees it. */
export interface Place {
  readonly name: string
  readonly position: number
  readonly ticksPerSecond: number
  /** When it was saved, integer ms since the epoch. */
  readonly savedAtMs: number
}

export class Checkpoints extends Context.Service<Checkpoints, {
  /** Loads them, those that are new at the `position` given, and raises their epochs: only the caller may save now. */
  readonly open: (
    wanted: ReadonlyArray<{ readonly name: string; readonly position: number }>,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<Checkpoint>, StoreError>
  /** Reads one without fencing anybody. */
  readonly load: (name: string) => Effect.Effect<Option.Option<Checkpoint>, StoreError>
  /** Every checkpoint whose name begins so, without its snapshot. */
  readonly list: (prefix: string) => Effect.Effect<ReadonlyArray<Place>, StoreError>
  /** In one step. `Fenced`: somebody has opened one of them since; the others are saved. */
  readonly save: (checkpoints: ReadonlyArray<Progress>, nowMs: number) => Effect.Effect<void, StoreError | Fenced>
  /** The positions alone, where nothing was found on the way there. Those that others have opened are left alone. */
  readonly advance: (
    checkpoints: ReadonlyArray<Pick<Checkpoint, "name" | "epoch" | "position">>,
    nowMs: number,
  ) => Effect.Effect<void, StoreError>
}>()("arbedge/Checkpoints") {}
