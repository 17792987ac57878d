/**
 * Checkpoints over SQL.
 *
 * In: the Checkpoints port's calls. Out: rows of `pipeline_checkpoints`. Promises: opening is one statement, so two
 * openers at once get different epochs and only the later may save; so is saving, however many there are.
 */
import { Effect, Layer, Schema } from "effect"
import { Checkpoints } from "../Checkpoints.ts"
import { Fenced, Store } from "../Store.ts"
import { all, at, EpochMs, first, Int8, run } from "./Rows.ts"

const CheckpointRow = Schema.Struct({ name: Schema.String, epoch: Int8, position: Int8, snapshot: Schema.Unknown })
const PlaceRow = Schema.Struct({
  name: Schema.String,
  position: Int8,
  ticksPerSecond: Schema.Finite,
  savedAtMs: EpochMs,
})
const SavedRow = Schema.Struct({ name: Schema.String })

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const open: Checkpoints["Service"]["open"] = Effect.fn("Checkpoints.open")((wanted, nowMs) =>
    sql`insert into pipeline_checkpoints (name, epoch, position, updated_at)
      select name, 1, position, ${at(nowMs)} from jsonb_to_recordset(${sql.json(wanted)}) as wanted (
        name text, position bigint)
      order by name
      on conflict (name) do update set epoch = pipeline_checkpoints.epoch + 1
      returning name, epoch, position, snapshot`.pipe(all("Checkpoints.open", CheckpointRow))
  )

  const load = Effect.fn("Checkpoints.load")((name: string) =>
    sql`select name, epoch, position, snapshot from pipeline_checkpoints where name = ${name}`.pipe(
      first("Checkpoints.load", CheckpointRow),
    )
  )

  const list = Effect.fn("Checkpoints.list")((prefix: string) =>
    sql`select name, position, ticks_per_second as "ticksPerSecond", updated_at as "savedAtMs"
      from pipeline_checkpoints where starts_with(name, ${prefix}) order by name`.pipe(
      all("Checkpoints.list", PlaceRow),
    )
  )

  const save: Checkpoints["Service"]["save"] = Effect.fn("Checkpoints.save")(function* (checkpoints, nowMs) {
    if (checkpoints.length === 0) return
    const rows = checkpoints.map(({ ticksPerSecond, ...checkpoint }) => (
      { ...checkpoint, ticks_per_second: ticksPerSecond }
    ))
    const saved = yield* sql`update pipeline_checkpoints as kept
      set position = told.position, snapshot = told.snapshot, ticks_per_second = told.ticks_per_second,
        updated_at = ${at(nowMs)}
      from jsonb_to_recordset(${sql.json(rows)}) as told (
        name text, epoch bigint, position bigint, snapshot jsonb, ticks_per_second double precision)
      where kept.name = told.name and kept.epoch = told.epoch returning kept.name`.pipe(
      all("Checkpoints.save", SavedRow),
    )
    const lost = checkpoints.find(({ name }) => saved.every((row) => row.name !== name))
    if (lost !== undefined) {
      return yield* new Fenced({ operation: "Checkpoints.save", key: `checkpoint ${lost.name}` })
    }
  })

  const advance: Checkpoints["Service"]["advance"] = Effect.fn("Checkpoints.advance")((checkpoints, nowMs) =>
    checkpoints.length === 0 ? Effect.void : sql`update pipeline_checkpoints as kept
        set position = told.position, ticks_per_second = 0, updated_at = ${at(nowMs)}
        from jsonb_to_recordset(${sql.json(checkpoints)}) as told (name text, epoch bigint, position bigint)
        where kept.name = told.name and kept.epoch = told.epoch`.pipe(run("Checkpoints.advance"))
  )

  return { open, load, list, save, advance }
})

export const layer: Layer.Layer<Checkpoints, never, Store> = Layer.effect(Checkpoints, make)
