/**
 * Leases over SQL.
 *
 * In: the Leases port's calls. Out: rows of `leases`. Promises: acquiring is one statement, so one of many who ask at
 * once gets the lease; a row is never deleted, so its epoch never starts anew.
 */
import { Effect, Layer, Schema } from "effect"
import { type Lease, Leases } from "../Leases.ts"
import { Store } from "../Store.ts"
import { at, EpochMs, fenced, first, Int8, run } from "./Rows.ts"

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

  return { acquire, renew, release, current }
})

export const layer: Layer.Layer<Leases, never, Store> = Layer.effect(Leases, make)
