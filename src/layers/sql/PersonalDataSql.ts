/**
 * Personal data over SQL.
 *
 * In: the PersonalData port's calls. Out: reads and deletes of the tables in PersonalTables.ts, in its order. Promises:
 * as the port's; an export is of one moment, an erasure one transaction.
 */
import { Effect, Layer, Schema } from "effect"
import { type Owner, PersonalData } from "../PersonalData.ts"
import { Channel, Store, storeError } from "../Store.ts"
import { PERSONAL_TABLES, type PersonalTable } from "./PersonalTables.ts"
import { all, at, run } from "./Rows.ts"

const JsonRow = Schema.Struct({ row: Schema.Unknown })
const ChatRow = Schema.Struct({ chatId: Schema.String })

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store

  /** Table, condition and columns are our own words: only the two ids are parameters. */
  const rowsOf = ({ hidden = [], table, theirs }: PersonalTable, { telegramId, userId }: Owner) =>
    sql.unsafe(
      `select to_jsonb(t) - '{${hidden.join(",")}}'::text[] as row from ${table} t where ${theirs}
        and ($1::text, $2::text) is not null`,
      [userId, telegramId],
    ).pipe(all("PersonalData.of", JsonRow), Effect.map((rows) => rows.map(({ row }) => row)))

  const of = Effect.fn("PersonalData.of")((owner: Owner) =>
    transaction(Effect.gen(function* () {
      yield* sql`set transaction isolation level repeatable read`.pipe(Effect.mapError(storeError("PersonalData.of")))
      const found = yield* Effect.forEach(
        PERSONAL_TABLES,
        (each) => Effect.map(rowsOf(each, owner), (rows) => [each.table, rows] as const),
      )
      return Object.fromEntries(found.filter(([, rows]) => rows.length > 0))
    }))
  )

  /** A group goes on as removed until another admin registers it. */
  const handOver = ({ telegramId }: Owner, nowMs: number) =>
    sql`update groups set state = 'removed', reason = 'registrar_rights', registrar_id = 'erased',
        told_at = ${at(nowMs)}, updated_at = ${at(nowMs)}
      where registrar_id = ${telegramId} returning chat_id as "chatId"`.pipe(all("PersonalData.erase", ChatRow))

  const statement = ({ onErase, table, theirs }: PersonalTable): string =>
    onErase === "blanked"
      ? `update ${table} t set payload = 'null' where ${theirs} and ($1::text, $2::text) is not null returning '' as row`
      : `delete from ${table} t where (${theirs}) and ($1::text, $2::text) is not null returning '' as row`

  const erase = Effect.fn("PersonalData.erase")((owner: Owner, nowMs: number) =>
    transaction(Effect.gen(function* () {
      const groups = yield* handOver(owner, nowMs)
      const erased = yield* Effect.forEach(
        PERSONAL_TABLES.filter(({ onErase }) => onErase === undefined || onErase === "blanked"),
        (each) =>
          sql.unsafe(statement(each), [owner.userId, owner.telegramId]).pipe(
            all("PersonalData.erase", JsonRow),
            Effect.map((rows) => [each.table, rows.length] as const),
          ),
      )
      yield* Effect.forEach(
        [owner.telegramId, ...groups.map(({ chatId }) => chatId)],
        (chatId) => sql`select pg_notify(${Channel.audience}, ${chatId})`.pipe(run("PersonalData.erase")),
        { discard: true },
      )
      return Object.fromEntries(erased)
    }))
  )

  return { of, erase }
})

export const layer: Layer.Layer<PersonalData, never, Store> = Layer.effect(PersonalData, make)
