/**
 * Alerts to admins over SQL.
 *
 * In: the AdminAlerts port's calls. Out: rows of `admin_alerts`. Promises: rows are made and locked in the order of
 * their names, so that two processes wait for each other and never for ever.
 */
import { Effect, Layer, Schema } from "effect"
import { type AlertState, QUIET } from "../../domain/AdminAlert.ts"
import { AdminAlerts } from "../AdminAlerts.ts"
import { Store } from "../Store.ts"
import { all, EpochMs, isoOf, run } from "./Rows.ts"

const Instant = Schema.NullOr(EpochMs)
const AlertRow = Schema.Struct({
  name: Schema.String,
  firing: Schema.Boolean,
  turningSince: Instant,
  since: Instant,
  lookedAt: Instant,
  toldFiring: Schema.Boolean,
  toldAt: Instant,
  toldSince: Instant,
})

const textOf = (atMs: number | null): string | null => atMs === null ? null : isoOf(atMs)

const savedRow = ([name, state]: readonly [string, AlertState]) => ({
  name,
  firing: state.firing,
  turning_since: textOf(state.turningSince),
  since: textOf(state.since),
  looked_at: textOf(state.lookedAt),
  told_firing: state.toldFiring,
  told_at: textOf(state.toldAt),
  told_since: textOf(state.toldSince),
})

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const lock: AdminAlerts["Service"]["lock"] = Effect.fn("AdminAlerts.lock")(function* (names) {
    const sorted = [...new Set(names)].toSorted()
    yield* sql`insert into admin_alerts (name) select name from unnest(${sorted}::text[]) as n (name) order by name
      on conflict (name) do nothing`.pipe(run("AdminAlerts.lock"))
    const rows = yield* sql`select name, firing, turning_since as "turningSince", since, looked_at as "lookedAt",
        told_firing as "toldFiring", told_at as "toldAt", told_since as "toldSince"
      from admin_alerts where name = any(${sorted}::text[]) order by name for update`.pipe(
      all("AdminAlerts.lock", AlertRow),
    )
    const known = new Map(rows.map(({ name, ...state }) => [name, state]))
    return new Map(sorted.map((name) => [name, known.get(name) ?? QUIET]))
  })

  const save: AdminAlerts["Service"]["save"] = Effect.fn("AdminAlerts.save")((states) =>
    sql`update admin_alerts a
      set firing = s.firing, turning_since = s.turning_since, since = s.since, looked_at = s.looked_at,
        told_firing = s.told_firing, told_at = s.told_at, told_since = s.told_since
      from jsonb_to_recordset(${sql.json([...states].map(savedRow))}) as s (name text, firing boolean,
        turning_since timestamptz, since timestamptz, looked_at timestamptz, told_firing boolean,
        told_at timestamptz, told_since timestamptz)
      where a.name = s.name`.pipe(run("AdminAlerts.save"))
  )

  return { lock, save }
})

export const layer: Layer.Layer<AdminAlerts, never, Store> = Layer.effect(AdminAlerts, make)
