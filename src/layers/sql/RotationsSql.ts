/**
 * Rotations and shares over SQL.
 *
 * In: the Rotations port's calls. Out: rows of `distribution_rotations` and `distribution_shares`. Promises: the lock on
 * a rotation's row makes its turns follow each other.
 */
import { Effect, Layer, Schema } from "effect"
import { Rotations } from "../Rotations.ts"
import { Store } from "../Store.ts"
import { all, at, count, isoOf, one, run } from "./Rows.ts"

const CursorRow = Schema.Struct({ cursor: Schema.NullOr(Schema.String) })
const ServedRow = Schema.Struct({ userId: Schema.String, served: Schema.Int })

const dayOf = (ms: number): string => isoOf(ms).slice(0, 10)

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const hold = Effect.fn("Rotations.hold")(function* (rotation: string, nowMs: number) {
    const { cursor } = yield* sql`insert into distribution_rotations as kept (rotation, updated_at)
      values (${rotation}, ${at(nowMs)})
      on conflict (rotation) do update set updated_at = excluded.updated_at returning cursor`.pipe(
      one("Rotations.hold", CursorRow),
    )
    const rows = yield* sql`select user_id as "userId", served from distribution_shares
      where day = ${dayOf(nowMs)}::date`.pipe(all("Rotations.hold", ServedRow))
    return { cursor, served: new Map(rows.map(({ served, userId }) => [userId, served])) }
  })

  const turn: Rotations["Service"]["turn"] = Effect.fn("Rotations.turn")(function* (
    { cursor, nowMs, rotation, served },
  ) {
    yield* sql`update distribution_rotations set cursor = ${cursor}, updated_at = ${at(nowMs)}
      where rotation = ${rotation}`.pipe(run("Rotations.turn"))
    if (served.length === 0) return
    yield* sql`insert into distribution_shares as kept (day, user_id, served)
      select ${dayOf(nowMs)}::date, user_id, 1 from unnest(${served}::text[]) as u (user_id) order by user_id
      on conflict (day, user_id) do update set served = kept.served + 1`.pipe(run("Rotations.turn"))
  })

  const prune = Effect.fn("Rotations.prune")((nowMs: number) =>
    sql`with gone as (delete from distribution_shares where day < ${dayOf(nowMs)}::date returning 1)
      select count(*) as count from gone`.pipe(count("Rotations.prune"))
  )

  return { hold, turn, prune }
})

export const layer: Layer.Layer<Rotations, never, Store> = Layer.effect(Rotations, make)
