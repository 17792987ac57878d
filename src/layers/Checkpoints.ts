/**
 * The Checkpoints port: how far a pipeline has read, and the state it had there, table `pipeline_checkpoints`.
 *
 * In: positions and snapshots by the pipeline's name. Out: the last ones saved. Promises: `open` fences every earlier
 * writer of the name; position and snapshot change together or not at all.
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

export class Checkpoints extends Context.Service<Checkpoints, {
  /** Loads the checkpoint, made empty if new, and raises its epoch: only the caller may save from now on. */
  readonly open: (name: string, nowMs: number) => Effect.Effect<Checkpoint, StoreError>
  /** Reads it without fencing anybody. */
  readonly load: (name: string) => Effect.Effect<Option.Option<Checkpoint>, StoreError>
  readonly save: (checkpoint: Checkpoint, nowMs: number) => Effect.Effect<void, StoreError | Fenced>
}>()("arbedge/Checkpoints") {}
