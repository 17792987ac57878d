/**
 * Checkpoints over SQL.
 *
 * In: the Checkpoints port's calls. Out: rows of `pipeline_checkpoints`. Promises: opening is one statement, so two
 * openers at once get different epochs and only the later may save.
 */
import { Effect, Layer, Schema } from "effect"
import { type Checkpoint, Checkpoints } from "../Checkpoints.ts"
import { Store } from "../Store.ts"
import { at, fenced, first, Int8, one } from "./Rows.ts"

const CheckpointRow = Schema.Struct({ name: Schema.String, epoch: Int8, position: Int8, snapshot: Schema.Unknown })
const SavedRow = Schema.Struct({ name: Schema.String })

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const open = Effect.fn("Checkpoints.open")((name: string, nowMs: number) =>
    sql`insert into pipeline_checkpoints (name, epoch, updated_at) values (${name}, 1, ${at(nowMs)})
      on conflict (name) do update set epoch = pipeline_checkpoints.epoch + 1
      returning name, epoch, position, snapshot`.pipe(one("Checkpoints.open", CheckpointRow))
  )

  const load = Effect.fn("Checkpoints.load")((name: string) =>
    sql`select name, epoch, position, snapshot from pipeline_checkpoints where name = ${name}`.pipe(
      first("Checkpoints.load", CheckpointRow),
    )
  )

  const save = Effect.fn("Checkpoints.save")((checkpoint: Checkpoint, nowMs: number) =>
    fenced("Checkpoints.save", SavedRow)(
      `checkpoint ${checkpoint.name}`,
      sql`update pipeline_checkpoints
        set position = ${checkpoint.position}, snapshot = ${sql.json(checkpoint.snapshot)}, updated_at = ${at(nowMs)}
        where name = ${checkpoint.name} and epoch = ${checkpoint.epoch} returning name`,
    ).pipe(Effect.asVoid)
  )

  return { open, load, save }
})

export const layer: Layer.Layer<Checkpoints, never, Store> = Layer.effect(Checkpoints, make)
