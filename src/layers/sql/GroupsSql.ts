/**
 * Groups over SQL.
 *
 * In: the Groups port's calls. Out: rows of `groups`. Promises: each change of state is one statement that names the
 * state it starts from, so of two callers one makes it.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { Group } from "../../domain/Group.ts"
import { Groups } from "../Groups.ts"
import { Channel, Store } from "../Store.ts"
import { all, at, first, Int8, one, run } from "./Rows.ts"

const TOP_PAIRS = 5

const SentRow = Schema.Struct({ sent: Int8, engaged: Int8 })
const PairRow = Schema.Struct({ pair: Schema.String, sent: Int8 })

const make = Effect.gen(function* () {
  const { notify, sql, transaction } = yield* Store
  const columns = sql.literal(`chat_id as "chatId", user_id as "userId", kind, title, registrar_id as "registrarId",
    state, reason, thread_id as "threadId"`)

  /** In one transaction: the change, and the notice that the audience is another. */
  const told = <E, R>(changed: Effect.Effect<Option.Option<Group>, E, R>) =>
    transaction(Effect.tap(
      changed,
      Option.match({ onNone: () => Effect.void, onSome: ({ chatId }) => notify(Channel.audience, chatId) }),
    ))

  const register: Groups["Service"]["register"] = Effect.fn("Groups.register")((group) =>
    transaction(
      sql`insert into groups (chat_id, user_id, kind, title, registrar_id, state, reason, thread_id, checked_at,
        created_at, updated_at)
      values (${group.chatId}, ${group.userId}, ${group.kind}, ${group.title}, ${group.registrarId}, 'active',
        'registered', ${group.threadId}, ${at(group.nowMs)}, ${at(group.nowMs)}, ${at(group.nowMs)})
      on conflict (chat_id) do update
      set kind = excluded.kind, title = excluded.title, registrar_id = excluded.registrar_id, state = 'active',
        reason = 'registered', thread_id = excluded.thread_id, told_at = null, checked_at = excluded.checked_at,
        updated_at = excluded.updated_at
      returning ${columns}`.pipe(
        one("Groups.register", Group),
        Effect.tap(({ chatId }) => notify(Channel.audience, chatId)),
      ),
    )
  )

  const get = Effect.fn("Groups.get")((chatId: string) =>
    sql`select ${columns} from groups where chat_id = ${chatId}`.pipe(first("Groups.get", Group))
  )

  const pause: Groups["Service"]["pause"] = Effect.fn("Groups.pause")((chatId, reason, nowMs) =>
    told(
      sql`update groups set state = 'paused', reason = ${reason}, updated_at = ${at(nowMs)}
      where chat_id = ${chatId} and state = 'active' returning ${columns}`.pipe(first("Groups.pause", Group)),
    )
  )

  const remove: Groups["Service"]["remove"] = Effect.fn("Groups.remove")((chatId, nowMs) =>
    told(
      sql`update groups set state = 'removed', reason = 'bot_removed', updated_at = ${at(nowMs)}
      where chat_id = ${chatId} and state <> 'removed' returning ${columns}`.pipe(first("Groups.remove", Group)),
    )
  )

  const setThread = Effect.fn("Groups.setThread")((chatId: string, threadId: number | null, nowMs: number) =>
    sql`update groups set thread_id = ${threadId}, updated_at = ${at(nowMs)} where chat_id = ${chatId}`.pipe(
      run("Groups.setThread"),
    )
  )

  const ofRegistrar = Effect.fn("Groups.ofRegistrar")((registrarId: string) =>
    sql`select ${columns} from groups where registrar_id = ${registrarId} order by chat_id`.pipe(
      all("Groups.ofRegistrar", Group),
    )
  )

  const claimUntold = Effect.fn("Groups.claimUntold")((limit: number, nowMs: number) =>
    sql`update groups set told_at = ${at(nowMs)} where chat_id in (
        select chat_id from groups where state <> 'active' and told_at is null
          and reason in ('registrar_rights', 'bot_rights', 'bot_removed')
        order by updated_at limit ${limit} for update skip locked
      ) returning ${columns}`.pipe(all("Groups.claimUntold", Group))
  )

  const claimUnchecked = Effect.fn("Groups.claimUnchecked")((beforeMs: number, limit: number, nowMs: number) =>
    sql`update groups set checked_at = ${at(nowMs)} where chat_id in (
        select chat_id from groups where state = 'active' and checked_at <= ${at(beforeMs)}
        order by checked_at limit ${limit} for update skip locked
      ) returning ${columns}`.pipe(all("Groups.claimUnchecked", Group))
  )

  /** What was sent are rows of the queue; what came of it, receipts of the group's user. */
  const analytics = Effect.fn("Groups.analytics")(function* (chatId: string, sinceMs: number) {
    const { engaged, sent } = yield* sql`select count(*) as sent, count(a.user_id) as engaged
      from opportunity_distribution_queue q
      left join lateral (select a.user_id from distribution_analytics a
        where a.user_id = q.user_id and a.opportunity_id = q.opportunity_id
          and (a.opened_at is not null or a.clicked_at is not null or a.converted_at is not null) limit 1) a on true
      where q.chat_id = ${chatId} and q.purpose = 'notify' and q.status = 'sent'
        and q.delivered_at >= ${at(sinceMs)}`.pipe(one("Groups.analytics", SentRow))
    const topPairs = yield* sql`select pair, count(*) as sent from (
        select coalesce(q.payload #>> '{opportunity,legs,0,instrument}', q.payload #>> '{opportunity,asset}') as pair
        from opportunity_distribution_queue q
        where q.chat_id = ${chatId} and q.purpose = 'notify' and q.status = 'sent'
          and q.delivered_at >= ${at(sinceMs)}
      ) told where pair is not null group by pair order by count(*) desc, pair limit ${TOP_PAIRS}`.pipe(
      all("Groups.analytics", PairRow),
    )
    return { sent, engaged, topPairs }
  })

  return { register, get, pause, remove, setThread, ofRegistrar, claimUntold, claimUnchecked, analytics }
})

export const layer: Layer.Layer<Groups, never, Store> = Layer.effect(Groups, make)
