/**
 * Notices: what people are owed of the product's own news, as rows of the queue.
 *
 * In: to whom and what. Out: rows of the kinds `notification` and `analytics`, without a time: each user's queue says when. Promises:
 * joins the caller's transaction; each chat is owed a notice once, however often it is asked for.
 */
import { Effect, Metric } from "effect"
import { keyOf, kindOf, type Notice, priorityOf, worthUntil } from "../domain/Notice.ts"
import type { TelegramId } from "../domain/User.ts"
import { Directory } from "../layers/Directory.ts"
import { OpportunityQueue } from "../layers/OpportunityQueue.ts"

const owedTotal = Metric.counter("notices_total", { description: "Notices queued for people, by type" })

/** `atMs`: when it became true. Out: how many are new. */
export const owe = Effect.fn("Notices.owe")(function* (
  to: ReadonlyArray<{ readonly userId: string; readonly chatId: TelegramId }>,
  notice: Notice,
  atMs: number,
) {
  const queue = yield* OpportunityQueue
  const rows = yield* queue.enqueue(
    to.map(({ chatId, userId }) => ({
      kind: kindOf(notice),
      opportunityId: keyOf(notice, atMs),
      userId,
      chatId,
      purpose: "notify",
      priority: priorityOf(notice),
      scheduledAt: null,
      expiresAt: worthUntil(notice, atMs),
      payload: { notice },
    })),
    atMs,
  )
  yield* Metric.update(Metric.withAttributes(owedTotal, { type: notice.about }), rows.length)
  return rows.length
})

/** Everybody with a role who can be reached. */
export const oweAdmins = Effect.fn("Notices.oweAdmins")(function* (notice: Notice, atMs: number) {
  const staff = yield* Directory.use((directory) => directory.staff(atMs))
  const admins = staff.filter(({ isActive, isGroup }) => isActive && !isGroup)
  return yield* owe(admins.map(({ telegramId: chatId, userId }) => ({ userId, chatId })), notice, atMs)
})
