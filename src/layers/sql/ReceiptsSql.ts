/**
 * Receipts over SQL.
 *
 * In: the Receipts port's calls. Out: rows of `distribution_analytics`. Promises: as the port's; what a reader does is
 * written under the row's lock; a message that was never owed to them gets no row, whatever id they name.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { type DistributionType, type Feedback, Receipt, scoreOf } from "../../domain/Engagement.ts"
import type { EngagementRecorded } from "../../domain/Fact.ts"
import * as Subject from "../../domain/Subject.ts"
import { type NewFact, Outbox } from "../Outbox.ts"
import { type Delivered, type Reader, type ReceiptEvent, Receipts } from "../Receipts.ts"
import { Store } from "../Store.ts"
import { all, at, EpochMs, first, Int8, one, run } from "./Rows.ts"

const Time = Schema.NullOr(EpochMs)

const ReceiptRow = Schema.Struct({
  ...Receipt.fields,
  deliveredAt: Time,
  openedAt: Time,
  clickedAt: Time,
  convertedAt: Time,
  dismissedAt: Time,
  mutedAt: Time,
})

const CountsRow = Schema.Struct({
  delivered: Int8,
  opened: Int8,
  clicked: Int8,
  converted: Int8,
  dismissed: Int8,
  muted: Int8,
  useful: Int8,
  notUseful: Int8,
  tooLate: Int8,
})

const columns = `user_id as "userId", opportunity_id as "opportunityId", distribution_type as "distributionType",
  delivered_at as "deliveredAt", opened_at as "openedAt", clicked_at as "clickedAt", converted_at as "convertedAt",
  dismissed_at as "dismissedAt", muted_at as "mutedAt", feedback`

const FIELD = {
  opened: "openedAt",
  clicked: "clickedAt",
  converted: "convertedAt",
  dismissed: "dismissedAt",
  muted: "mutedAt",
} as const satisfies Readonly<Record<ReceiptEvent, keyof Receipt>>

/** As it is after the event; the same object where it has been there before. */
const withEvent = (receipt: Receipt, event: ReceiptEvent, nowMs: number): Receipt => {
  const field = FIELD[event]
  if (receipt[field] !== null) return receipt
  return { ...receipt, openedAt: receipt.openedAt ?? nowMs, [field]: nowMs }
}

const factOf = (receipt: Receipt, event: EngagementRecorded["event"], nowMs: number): NewFact => {
  const { distributionType, feedback, opportunityId, userId } = receipt
  const payload: Omit<EngagementRecorded, "person"> = {
    v: 1,
    at: nowMs,
    opportunityId,
    distributionType,
    event,
    feedback,
    score: scoreOf(receipt),
  }
  return { subject: Subject.fact("engagement", "recorded"), payload, person: { userId } }
}

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store
  const outbox = yield* Outbox
  const selected = sql.literal(columns)
  const orNull = (ms: number | null) => ms === null ? null : at(ms)

  const delivered: Receipts["Service"]["delivered"] = Effect.fn("Receipts.delivered")((messages, nowMs) => {
    const rows = messages.map(({ distributionType, opportunityId, userId }: Delivered) => ({
      user_id: userId,
      opportunity_id: opportunityId,
      distribution_type: distributionType,
    }))
    return rows.length === 0 ? Effect.void : sql`insert into distribution_analytics
        (user_id, opportunity_id, distribution_type, delivered_at, engagement_score)
      select distinct x.user_id, x.opportunity_id, x.distribution_type, ${at(nowMs)}, 0::float8
      from jsonb_to_recordset(${sql.json(rows)}) as x (user_id text, opportunity_id text, distribution_type text)
      on conflict (user_id, opportunity_id, distribution_type)
      do update set delivered_at = coalesce(distribution_analytics.delivered_at, excluded.delivered_at)`.pipe(
      run("Receipts.delivered"),
    )
  })

  /** The reader's row, locked; a message that left and whose answer was lost has none yet. */
  const locked = Effect.fnUntraced(function* ({ inGroup, opportunityId, userId }: Reader) {
    const usual: DistributionType = inGroup ? "group" : "push"
    yield* run("Receipts.locked")(sql`insert into distribution_analytics
        (user_id, opportunity_id, distribution_type, engagement_score)
      select ${userId}, ${opportunityId}, ${usual}, 0
      where not exists (select 1 from distribution_analytics a where a.user_id = ${userId}
          and a.opportunity_id = ${opportunityId})
        and exists (select 1 from opportunity_distribution_queue q where q.opportunity_id = ${opportunityId}
          and q.user_id = ${userId} and q.purpose = 'notify' and q.status in ('sending', 'sent', 'unknown', 'failed'))
      on conflict do nothing`)
    return yield* sql`select ${selected} from distribution_analytics
      where user_id = ${userId} and opportunity_id = ${opportunityId} and (distribution_type = 'group') = ${inGroup}
      order by delivered_at desc nulls last limit 1 for update`.pipe(first("Receipts.locked", ReceiptRow))
  })

  const write = (receipt: Receipt, nowMs: number) =>
    sql`update distribution_analytics set opened_at = ${orNull(receipt.openedAt)},
        clicked_at = ${orNull(receipt.clickedAt)}, converted_at = ${orNull(receipt.convertedAt)},
        dismissed_at = ${orNull(receipt.dismissedAt)}, muted_at = ${orNull(receipt.mutedAt)},
        feedback_at = case when feedback is distinct from ${receipt.feedback} then ${at(nowMs)} else feedback_at end,
        feedback = ${receipt.feedback}, engagement_score = ${scoreOf(receipt)}
      where user_id = ${receipt.userId} and opportunity_id = ${receipt.opportunityId}
        and distribution_type = ${receipt.distributionType}`.pipe(run("Receipts.write"))

  const change = (
    reader: Reader,
    event: EngagementRecorded["event"],
    changed: (receipt: Receipt) => Receipt,
    nowMs: number,
  ) =>
    transaction(Effect.gen(function* () {
      const before = yield* locked(reader)
      if (Option.isNone(before)) return false
      const after = changed(before.value)
      if (after === before.value) return false
      yield* write(after, nowMs)
      yield* outbox.append([factOf(after, event, nowMs)], nowMs)
      return true
    }))

  const record: Receipts["Service"]["record"] = Effect.fn("Receipts.record")((reader, event, nowMs) =>
    change(reader, event, (receipt) => withEvent(receipt, event, nowMs), nowMs)
  )

  const feedback: Receipts["Service"]["feedback"] = Effect.fn("Receipts.feedback")((
    reader: Reader,
    said: Feedback,
    nowMs: number,
  ) =>
    change(
      reader,
      "feedback",
      (receipt) => receipt.feedback === said ? receipt : { ...withEvent(receipt, "opened", nowMs), feedback: said },
      nowMs,
    )
  )

  const since = Effect.fn("Receipts.since")((userId: string, sinceMs: number, limit: number) =>
    sql`select ${selected} from distribution_analytics
      where user_id = ${userId} and delivered_at >= ${at(sinceMs)}
      order by delivered_at desc, analytics_id desc limit ${limit}`.pipe(all("Receipts.since", ReceiptRow))
  )

  const counts = Effect.fn("Receipts.counts")((userId: string | null, sinceMs: number) =>
    sql`select count(delivered_at) as delivered, count(opened_at) as opened, count(clicked_at) as clicked,
        count(converted_at) as converted, count(dismissed_at) as dismissed, count(muted_at) as muted,
        count(*) filter (where feedback = 'useful') as useful,
        count(*) filter (where feedback = 'not_useful') as "notUseful",
        count(*) filter (where feedback = 'too_late') as "tooLate"
      from distribution_analytics
      where coalesce(delivered_at, opened_at) >= ${at(sinceMs)}
        and (${userId}::text is null or user_id = ${userId}::text)`.pipe(one("Receipts.counts", CountsRow))
  )

  return { delivered, record, feedback, since, counts }
})

export const layer: Layer.Layer<Receipts, never, Store | Outbox> = Layer.effect(Receipts, make)
