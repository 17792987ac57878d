/**
 * A look at a Postgres server for `doctor`: what its user may do, and whether vectors can be kept there.
 *
 * In: the Store. Out: a report. Promises: it only reads, asks nothing but the server's own catalogue, and needs no table
 * of ours to be there.
 */
import { Effect, Schema } from "effect"
import { Store, storeError } from "../Store.ts"

/** `installed` in this database, `available` to be installed, or `absent` on the server. */
export const VectorSupport = Schema.Literals(["installed", "available", "absent"])

const Row = Schema.Struct({ createsDatabases: Schema.Boolean, vector: VectorSupport })

export const inspect = Effect.gen(function* () {
  const { sql } = yield* Store
  const [row] = yield* sql`select
    (select rolcreatedb or rolsuper from pg_roles where rolname = current_user) as "createsDatabases",
    case
      when exists (select 1 from pg_extension where extname = 'vector') then 'installed'
      when exists (select 1 from pg_available_extensions where name = 'vector') then 'available'
      else 'absent'
    end as vector`.pipe(Effect.flatMap(Schema.decodeUnknownEffect(Schema.Tuple([Row]))))
  return row
}).pipe(Effect.mapError(storeError("Postgres.inspect")), Effect.withSpan("Postgres.inspect"))
