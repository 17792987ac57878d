/**
 * What a tap tells of how a message was received.
 *
 * In: a member, the opportunity under whose message they tapped. Out: the receipt's reader: the member, or in a group
 * the group, which was sent the message. Promises: a receipt that cannot be written is told and costs no answer.
 */
import { Effect, Option } from "effect"
import type { Feedback } from "../../../domain/Engagement.ts"
import type { Opportunity } from "../../../domain/Opportunity.ts"
import { type Reader, type ReceiptEvent, Receipts } from "../../../layers/Receipts.ts"
import type { StoreError } from "../../../layers/Store.ts"
import { Users } from "../../../layers/Users.ts"
import type { Member } from "../Visit.ts"

/** Whom a message was sent to; none: a group that nobody registered. */
export const readerOf = Effect.fnUntraced(function* ({ user, visit }: Member, { id: opportunityId }: Opportunity) {
  if (visit.isPrivate) return Option.some<Reader>({ userId: user.userId, opportunityId, inGroup: false })
  const group = yield* Users.use((users) => users.byTelegramId(visit.chatId))
  return Option.map(group, ({ userId }): Reader => ({ userId, opportunityId, inGroup: true }))
})

const recording = Effect.fnUntraced(function* (
  member: Member,
  opportunity: Opportunity,
  write: (receipts: Receipts["Service"], reader: Reader, nowMs: number) => Effect.Effect<boolean, StoreError>,
) {
  const receipts = yield* Receipts
  return yield* readerOf(member, opportunity).pipe(
    Effect.flatMap((reader) =>
      Option.isNone(reader) ? Effect.succeed(false) : write(receipts, reader.value, member.visit.nowMs)
    ),
    Effect.catch((error) => Effect.as(Effect.logWarning("a receipt was not recorded", error.message), false)),
  )
})

/** Out: whether it is news. */
export const record = (member: Member, opportunity: Opportunity, event: ReceiptEvent) =>
  recording(member, opportunity, (receipts, reader, nowMs) => receipts.record(reader, event, nowMs))

/** Out: whether it differs from what was said before. */
export const feedback = (member: Member, opportunity: Opportunity, said: Feedback) =>
  recording(member, opportunity, (receipts, reader, nowMs) => receipts.feedback(reader, said, nowMs))
