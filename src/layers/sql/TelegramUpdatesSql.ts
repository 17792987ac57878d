/**
 * Received Telegram updates over SQL.
 *
 * In: the TelegramUpdates port's calls. Out: rows of `telegram_updates`. Promises: the primary key
 * alone decides whether an update is new, also between two processes.
 */
import { Effect, Layer, Schema } from "effect"
import { Store } from "../Store.ts"
import { type ReceivedUpdate, TelegramUpdates } from "../TelegramUpdates.ts"
import { all, at, count, EpochMs, Int8, int8s, run } from "./Rows.ts"

const UpdateRow = Schema.Struct({ updateId: Int8, payload: Schema.Unknown, receivedAt: EpochMs })

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const insertIfNew = Effect.fn("TelegramUpdates.insertIfNew")((update: ReceivedUpdate) =>
    sql`with inserted as (
        insert into telegram_updates (update_id, payload, received_at)
        values (${update.updateId}, ${sql.json(update.payload)}, ${at(update.receivedAt)})
        on conflict (update_id) do nothing returning 1
      )
      select count(*) as count from inserted`.pipe(
      count("TelegramUpdates.insertIfNew"),
      Effect.map((inserted) => inserted === 1),
    )
  )

  const markHandled = Effect.fn("TelegramUpdates.markHandled")((updateId: number, nowMs: number) =>
    sql`update telegram_updates set handled_at = ${at(nowMs)}, payload = 'null' where update_id = ${updateId}`.pipe(
      run("TelegramUpdates.markHandled"),
    )
  )

  const unhandled = Effect.fn("TelegramUpdates.unhandled")((limit: number, except: ReadonlyArray<number> = []) =>
    sql`select update_id as "updateId", payload, received_at as "receivedAt" from telegram_updates
      where handled_at is null and not (update_id = any(${int8s(except)}))
      order by update_id limit ${limit}`.pipe(all("TelegramUpdates.unhandled", UpdateRow))
  )

  const prune = Effect.fn("TelegramUpdates.prune")((handledBeforeMs: number) =>
    sql`with gone as (delete from telegram_updates where handled_at < ${at(handledBeforeMs)} returning 1)
      select count(*) as count from gone`.pipe(count("TelegramUpdates.prune"))
  )

  return { insertIfNew, markHandled, unhandled, prune }
})

export const layer: Layer.Layer<TelegramUpdates, never, Store> = Layer.effect(TelegramUpdates, make)
