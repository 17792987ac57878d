/**
 * Sealed rows over SQL: where envelopes stand, and how each is bound.
 *
 * In: the SealedRecords port's calls. Out: rewrapped columns. Promises: an envelope is replaced only where it is still
 * the one that was read, in one statement a batch; nothing is locked while the Vault works; owners before what is theirs.
 */
import { Effect, Layer, Option, Result, Schema } from "effect"
import { type SealedBatch, type SealedCursor, SealedRecords } from "../SealedRecords.ts"
import { Store } from "../Store.ts"
import { Vault } from "../Vault.ts"
import { all, count, Int8 } from "./Rows.ts"

/** All but the table in SQL. */
interface Place {
  readonly table: string
  readonly record: string
  readonly sealed: string
  readonly user: string
  readonly purpose: string
  /** Puts the envelope `n.fresh` in its place. */
  readonly put: string
  /** A change of it changes its owner's row as well, which whoever changes both locks first. */
  readonly touchesOwner?: true
}

/** Every column that the Vault seals. */
const PLACES: ReadonlyArray<Place> = [
  {
    table: "user_api_keys",
    record: "key_id",
    sealed: "sealed",
    user: "user_id",
    purpose: "'venue:' || venue",
    put: "sealed = n.fresh",
    touchesOwner: true,
  },
  {
    table: "user_sessions",
    record: "session_id",
    sealed: "(metadata->>'sealed')",
    user: "user_id",
    purpose: "'session'",
    put: "metadata = jsonb_build_object('sealed', n.fresh)",
  },
  {
    table: "telegram_updates",
    record: "update_id::text",
    sealed: "(payload->>'sealed')",
    user: "payload->>'chat'",
    purpose: "'update'",
    put: "payload = jsonb_set(payload, '{sealed}', to_jsonb(n.fresh))",
  },
]

/** Rows whose data keys are unwrapped at a time. */
const AT_ONCE = 8

const SealedRow = Schema.Struct({
  record: Schema.String,
  sealed: Schema.String,
  user: Schema.String,
  purpose: Schema.String,
})
const CountRow = Schema.Struct({ masterKeyId: Schema.String, records: Int8 })

const nowhere: Omit<SealedBatch, "next"> = { rewrapped: 0, overtaken: 0, unknownKey: 0, tampered: 0 }

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const vault = yield* Vault
  const keyOf = ({ sealed }: Place) => `split_part(${sealed}, '.', 2)`

  const counts = sql`select "masterKeyId", sum(records)::bigint as records from (${
    sql.literal(
      PLACES.map((place) =>
        `select ${keyOf(place)} as "masterKeyId", count(*) as records from ${place.table}
          where ${place.sealed} is not null group by 1`
      ).join(" union all "),
    )
  }) counted group by 1 order by 1`.pipe(all("SealedRecords.counts", CountRow), Effect.withSpan("SealedRecords.counts"))

  const put = (
    place: Place,
    rows: ReadonlyArray<{ readonly record: string; readonly old: string; readonly fresh: string }>,
  ) =>
    rows.length === 0 ? Effect.succeed(0) : sql`with owners as materialized (
        select user_id from users where ${place.touchesOwner === true} and user_id in (select ${sql.literal(place.user)}
          from ${sql(place.table)} where ${sql.literal(place.record)} = any(${
      rows.map(({ record }) => record)
    }::text[]))
        order by user_id for no key update
      ), put as (
        update ${sql(place.table)} set ${sql.literal(place.put)}
        from (select count(*) from owners) as locked, unnest(${rows.map(({ record }) => record)}::text[],
          ${rows.map(({ old }) => old)}::text[], ${rows.map(({ fresh }) => fresh)}::text[]) as n (row_id, old, fresh)
        where ${sql.literal(place.record)} = n.row_id and ${sql.literal(place.sealed)} = n.old returning 1
      ) select count(*) as count from put`.pipe(count("SealedRecords.put"))

  const batch = Effect.fnUntraced(function* (place: Place, after: string, current: string, limit: number) {
    const { purpose, record, sealed, table, user } = place
    const rows = yield* sql`${
      sql.literal(
        `select ${record} as record, ${sealed} as sealed, ${user} as "user", ${purpose} as purpose from ${table}
        where ${sealed} is not null and ${keyOf(place)} <> `,
      )
    }${current} and ${sql.literal(record)} > ${after} order by 1 limit ${limit}`.pipe(
      all("SealedRecords.batch", SealedRow),
    )
    const tried = yield* Effect.forEach(
      rows,
      ({ sealed, ...about }) => Effect.result(vault.rewrap(sealed, about)),
      { concurrency: AT_ONCE },
    )
    const fresh = rows.flatMap(({ record, sealed }, at) => {
      const one = tried[at]
      return one !== undefined && Result.isSuccess(one) ? [{ record, old: sealed, fresh: one.success }] : []
    })
    const failed = tried.flatMap((one) => Result.isFailure(one) ? [one.failure.reason] : [])
    const rewrapped = yield* put(place, fresh)
    return {
      last: rows.at(-1)?.record ?? after,
      isOver: rows.length < limit,
      figures: {
        rewrapped,
        overtaken: fresh.length - rewrapped,
        unknownKey: failed.filter((reason) => reason !== "tampered").length,
        tampered: failed.filter((reason) => reason === "tampered").length,
      },
    }
  })

  const rewrap: SealedRecords["Service"]["rewrap"] = Effect.fn("SealedRecords.rewrap")(function* (cursor, limit) {
    const place = PLACES[cursor.place]
    const { current } = yield* vault.keys
    if (place === undefined || Option.isNone(current)) return { next: null, ...nowhere }
    const { figures, isOver, last } = yield* batch(place, cursor.after, current.value, limit)
    const following: SealedCursor | null = !isOver
      ? { place: cursor.place, after: last }
      : cursor.place + 1 < PLACES.length
      ? { place: cursor.place + 1, after: "" }
      : null
    return { next: following, ...figures }
  })

  return { counts, rewrap }
})

export const layer: Layer.Layer<SealedRecords, never, Store | Vault> = Layer.effect(SealedRecords, make)
