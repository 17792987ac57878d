/**
 * The limiters' shared count over SQL.
 *
 * In: the RateLimits port's calls. Out: rows of `rate_limits`: `all`, whose `grants` are the open ones, and one a chat,
 * with its newest. Promises: the lock on the row
 * `all` makes a decision alone; chats are read under it, so that nothing older than the lock is seen.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { type Counted, type Decided, RateLimits } from "../RateLimits.ts"
import { Store } from "../Store.ts"
import { all, at, count, EpochMs, first, Int8, one, run } from "./Rows.ts"

const LastRow = Schema.Struct({ last: Int8, open: Schema.Array(Schema.Int) })
const ChatRow = Schema.Struct({
  key: Schema.String,
  grants: Schema.Array(Schema.Int),
  blockedUntilMs: Schema.NullOr(EpochMs),
})

const PREFIX = "chat:"
/** Pauses are told in wall time, and a process's clock may be wrong by hours. */
const BLOCK_KEPT_MS = 86_400_000

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store

  const locked = sql`select last_grant as last, to_jsonb(grants) as open from rate_limits where key = 'all' for update`
    .pipe(
      first("RateLimits.turn", LastRow),
    )
  const begun = (nowMs: number) =>
    sql`insert into rate_limits as kept (key, updated_at) values ('all', ${at(nowMs)})
      on conflict (key) do update set updated_at = kept.updated_at returning last_grant as last, to_jsonb(grants) as open`
      .pipe(
        one("RateLimits.turn", LastRow),
      )
  const chatsOf = (chatIds: ReadonlyArray<string>) =>
    sql`select key, to_jsonb(grants) as grants, blocked_until as "blockedUntilMs" from rate_limits
      where key = any(${chatIds.map((chatId) => PREFIX + chatId)}::text[])`.pipe(
      all("RateLimits.turn", ChatRow),
      Effect.map((rows): Counted["chats"] =>
        rows.map(({ blockedUntilMs, grants, key }) => ({
          chatId: key.slice(PREFIX.length),
          grants,
          blockedUntilMs: blockedUntilMs ?? 0,
        }))
      ),
    )

  const write = <A>({ chats, last, open }: Decided<A>, nowMs: number) =>
    sql`with counted as (
        update rate_limits set last_grant = ${BigInt(last)}, updated_at = ${at(nowMs)},
          grants = array(select value::bigint from jsonb_array_elements_text(${sql.json(open)}))
        where key = 'all'
      )
      insert into rate_limits (key, last_grant, grants, updated_at)
      select x.key, x.last, array(select value::bigint from jsonb_array_elements_text(x.grants)), ${at(nowMs)}
      from jsonb_to_recordset(${
      sql.json(chats.map(({ chatId, grants }) => ({ key: PREFIX + chatId, last: grants.at(-1) ?? 0, grants })))
    }) as x (key text, last bigint, grants jsonb)
      on conflict (key) do update
      set last_grant = excluded.last_grant, grants = excluded.grants, updated_at = excluded.updated_at`.pipe(
      run("RateLimits.turn"),
    )

  const turn: RateLimits["Service"]["turn"] = (chatIds, decide, nowMs) =>
    transaction(Effect.gen(function* () {
      const found = yield* locked
      const { last, open } = Option.isSome(found) ? found.value : yield* begun(nowMs)
      const decided = decide({ last, open, chats: yield* chatsOf(chatIds) })
      if (decided.last !== last || decided.open.length !== open.length) yield* write(decided, nowMs)
      return decided.answer
    })).pipe(Effect.withSpan("RateLimits.turn"))

  const block = Effect.fn("RateLimits.block")((chatId: string, untilMs: number, nowMs: number) =>
    sql`insert into rate_limits as kept (key, blocked_until, updated_at)
      values (${PREFIX + chatId}, ${at(untilMs)}, ${at(nowMs)})
      on conflict (key) do update
      set blocked_until = greatest(kept.blocked_until, excluded.blocked_until), updated_at = excluded.updated_at`.pipe(
      run("RateLimits.block"),
    )
  )

  const prune = Effect.fn("RateLimits.prune")((past: number, nowMs: number) =>
    sql`with gone as (
        delete from rate_limits where key <> 'all' and last_grant <= ${BigInt(past)}
          and (blocked_until is null or blocked_until <= ${at(nowMs - BLOCK_KEPT_MS)}) returning 1
      )
      select count(*) as count from gone`.pipe(count("RateLimits.prune"))
  )

  return { turn, block, prune }
})

export const layer: Layer.Layer<RateLimits, never, Store> = Layer.effect(RateLimits, make)
