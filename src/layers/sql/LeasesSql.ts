/**
 * Leases over SQL.
 *
 * In: the Leases port's calls. Out: rows of `leases`. Promises: acquiring is one statement, so one of many who ask at
 * once gets the lease; a row is never deleted, so its epoch never starts anew.
 */
import { Effect, Layer, Schema } from "effect"
import { type Lease, Leases } from "../Leases.ts"
import { Fenced, Store } from "../Store.ts"
import { all, at, EpochMs, fenced, first, Int8, run } from "./Rows.ts"

const LeaseRow = Schema.Struct({ name: Schema.String, owner: Schema.String, epoch: Int8, expiresAt: EpochMs })

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const columns = sql.literal(`name, owner, epoch, expires_at as "expiresAt"`)

  const acquire: Leases["Service"]["acquire"] = Effect.fn("Leases.acquire")(({ name, owner, nowMs, ttlMs }) =>
    sql`insert into leases as held (name, owner, epoch, expires_at, updated_at)
      values (${name}, ${owner}, 1, ${at(nowMs + ttlMs)}, ${at(nowMs)})
      on conflict (name) do update
      set owner = excluded.owner, epoch = held.epoch + 1, expires_at = excluded.expires_at,
        updated_at = excluded.updated_at
      where held.expires_at <= ${at(nowMs)} or held.owner = excluded.owner
      returning ${columns}`.pipe(first("Leases.acquire", LeaseRow))
  )

  const renew = Effect.fn("Leases.renew")((lease: Lease, nowMs: number, ttlMs: number) =>
    fenced("Leases.renew", LeaseRow)(
      `lease ${lease.name}`,
      sql`update leases set expires_at = ${at(nowMs + ttlMs)}, updated_at = ${at(nowMs)}
        where name = ${lease.name} and epoch = ${lease.epoch} returning ${columns}`,
    )
  )

  const release = Effect.fn("Leases.release")((lease: Lease, nowMs: number) =>
    sql`update leases set expires_at = ${at(nowMs)}, updated_at = ${at(nowMs)}
      where name = ${lease.name} and epoch = ${lease.epoch} and expires_at > ${at(nowMs)}`.pipe(run("Leases.release"))
  )

  const current = Effect.fn("Leases.current")((name: string) =>
    sql`select ${columns} from leases where name = ${name}`.pipe(first("Leases.current", LeaseRow))
  )

  const list = Effect.fn("Leases.list")((prefix: string) =>
    sql`select ${columns} from leases where starts_with(name, ${prefix}) order by name`.pipe(
      all("Leases.list", LeaseRow),
    )
  )

  const acquireAll: Leases["Service"]["acquireAll"] = Effect.fn("Leases.acquireAll")(
    ({ names, nowMs, owner, ttlMs }) =>
      names.length === 0
        ? Effect.succeed([])
        : sql`insert into leases as held (name, owner, epoch, expires_at, updated_at)
        select name, ${owner}, 1, ${at(nowMs + ttlMs)}, ${at(nowMs)} from unnest(${[...names]}::text[]) as wanted (name)
        order by name
        on conflict (name) do update
        set owner = excluded.owner, epoch = held.epoch + 1, expires_at = excluded.expires_at,
          updated_at = excluded.updated_at
        where held.expires_at <= ${at(nowMs)} or held.owner = excluded.owner
        returning ${columns}`.pipe(all("Leases.acquireAll", LeaseRow)),
  )

  /** The rows of these leases, locked in the order of their names, so that no two writers wait for each other. */
  const mine = (leases: ReadonlyArray<Lease>) =>
    sql`select held.name from leases as held
      join jsonb_to_recordset(${sql.json(leases.map(({ epoch, name }) => ({ epoch, name })))}) as mine (
        name text, epoch bigint) on mine.name = held.name and mine.epoch = held.epoch
      order by held.name for update of held`

  const renewAll: Leases["Service"]["renewAll"] = Effect.fn("Leases.renewAll")(function* (leases, nowMs, ttlMs) {
    if (leases.length === 0) return []
    const renewed = yield* sql`update leases set expires_at = ${at(nowMs + ttlMs)}, updated_at = ${at(nowMs)}
      where name in (${mine(leases)}) returning ${columns}`.pipe(all("Leases.renewAll", LeaseRow))
    const lost = leases.find(({ name }) => renewed.every((lease) => lease.name !== name))
    return lost === undefined ? renewed : yield* new Fenced({ operation: "Leases.renewAll", key: `lease ${lost.name}` })
  })

  const releaseAll = Effect.fn("Leases.releaseAll")((leases: ReadonlyArray<Lease>, nowMs: number) =>
    leases.length === 0 ? Effect.void : sql`update leases set expires_at = ${at(nowMs)}, updated_at = ${at(nowMs)}
        where name in (${mine(leases)}) and expires_at > ${at(nowMs)}`.pipe(run("Leases.releaseAll"))
  )

  return { acquire, acquireAll, current, list, release, releaseAll, renew, renewAll }
})

export const layer: Layer.Layer<Leases, never, Store> = Layer.effect(Leases, make)
