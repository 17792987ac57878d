/**
 * Admission: when, or why not, one user is told of what waits for them.
 *
 * In: the user as they are now, the rows that wait, and when they were told before. Out: one decision a row, most
 * urgent first. Promises: never more notifications than the caps in any sliding hour or local calendar day, whatever
 * is scheduled ahead; edits are always admitted, at once; every refusal has a reason from a closed list.
 */
import { Schema } from "effect"
import { type Batch, place, withPlaced } from "./Batching.ts"
import { restsUntil, type Told } from "./Cooldown.ts"
import type { Priority } from "./Opportunity.ts"
import { type Preferences, startOfDay, startOfNextDay } from "./Preferences.ts"
import { quietAt, quietEndsAt } from "./QuietTime.ts"
import { limitsOf } from "./Tier.ts"
import type { Recipient } from "./User.ts"

/** Why a row is not sent; the row keeps it. */
export const RefusalReason = Schema.Literals([
  "no_session",
  "push_off",
  "do_not_disturb",
  "outside_hours",
  "hour_limit",
  "day_limit",
  "cooldown",
  "expired",
])
export type RefusalReason = typeof RefusalReason.Type

/** A row that waits for its time. */
export interface Awaiting {
  readonly queueId: number
  readonly isEdit: boolean
  /** No opportunity: it neither counts against the caps nor is held to them. */
  readonly isNotice?: boolean
  /** How long it may wait for company in a batch. Left out: it leaves by itself. */
  readonly priority?: Priority
  /** When the same fingerprint was last told, by another row. Left out or null: not lately. */
  readonly told?: Told | null
  /** What it tells. Left out: nothing that rests. */
  readonly fingerprint?: string
  readonly netProfit?: number | null
  readonly expiresAt: number
}

export type Decision =
  | {
    readonly _tag: "Admit"
    readonly queueId: number
    readonly dueAtMs: number
    /** With which others it leaves; left out: by itself. */
    readonly batchId?: number
  }
  | { readonly _tag: "Refuse"; readonly queueId: number; readonly reason: RefusalReason }

export interface Situation {
  /** Null: blocked, gone, or without a valid session. */
  readonly recipient: Recipient | null
  /** Most urgent first. */
  readonly awaiting: ReadonlyArray<Awaiting>
  /** Times at which notifications were or will be sent, back to the start of the user's day and of the last hour. */
  readonly spentAtMs: ReadonlyArray<number>
  /** Times at which they were shown something because they asked: it counts against the tier's limits alone. */
  readonly viewedAtMs?: ReadonlyArray<number>
  /** Batches of theirs that wait already. */
  readonly batches?: ReadonlyArray<Batch>
}

export const HOUR_MS = 3_600_000

interface Caps {
  readonly perHour: number
  readonly perDay: number
}

/** What the tier admits, pushed and shown together; twice as much in groups. */
export const tierCapsOf = ({ isGroup, role, tier }: Pick<Recipient, "tier" | "role" | "isGroup">): Caps => {
  const { perDay, perHour } = limitsOf(tier, role), factor = isGroup ? 2 : 1
  return { perHour: perHour * factor, perDay: perDay * factor }
}

/** How many a user may be told an hour and a day: the lower of the tier's limit and their own cap. */
export const capsOf = (recipient: Recipient): Caps => {
  const tier = tierCapsOf(recipient)
  return {
    perHour: Math.min(tier.perHour, recipient.preferences.maxPerHour),
    perDay: Math.min(tier.perDay, recipient.preferences.maxPerDay),
  }
}

/** From when on `spentAtMs` must be known to decide at `nowMs`. */
export const horizonOf = (preferences: Preferences, nowMs: number): number =>
  Math.min(nowMs - HOUR_MS, startOfDay(preferences, nowMs))

/** Which cap a notification at this instant would break, if any. */
const brokenCap = (
  recipient: Recipient,
  dueAtMs: number,
  spentAtMs: ReadonlyArray<number>,
  viewedAtMs: ReadonlyArray<number>,
): "hour_limit" | "day_limit" | null => {
  const own = capsOf(recipient), tier = tierCapsOf(recipient)
  const dayStart = startOfDay(recipient.preferences, dueAtMs)
  const dayEnd = startOfNextDay(recipient.preferences, dueAtMs)
  // What is scheduled within the hour after counts as well, or the two together would break the cap.
  const inHour = (atMs: number) => Math.abs(atMs - dueAtMs) < HOUR_MS
  const inDay = (atMs: number) => atMs >= dayStart && atMs < dayEnd
  const pushedHour = spentAtMs.filter(inHour).length, pushedDay = spentAtMs.filter(inDay).length
  if (pushedHour >= own.perHour || pushedHour + viewedAtMs.filter(inHour).length >= tier.perHour) return "hour_limit"
  if (pushedDay >= own.perDay || pushedDay + viewedAtMs.filter(inDay).length >= tier.perDay) return "day_limit"
  return null
}

export const decide = (situation: Situation, nowMs: number): ReadonlyArray<Decision> => {
  const { recipient } = situation
  const spent = [...situation.spentAtMs]
  const toldNow = new Map<string, Told>()
  let batches = situation.batches ?? []
  return situation.awaiting.map((row): Decision => {
    const { expiresAt, isEdit, isNotice, netProfit = null, priority, queueId } = row
    const fingerprint = row.fingerprint ?? `row ${queueId}`, told = toldNow.get(fingerprint) ?? row.told ?? null
    const refuse = (reason: RefusalReason): Decision => ({ _tag: "Refuse", queueId, reason })
    if (isEdit) return { _tag: "Admit", queueId, dueAtMs: nowMs }
    if (nowMs >= expiresAt) return refuse("expired")
    if (recipient === null || nowMs >= recipient.sessionExpiresAt) return refuse("no_session")
    if (!recipient.preferences.pushEnabled) return refuse("push_off")
    const quiet = quietAt(recipient.preferences, nowMs)
    const dueAtMs = quiet === null ? nowMs : quietEndsAt(recipient.preferences, nowMs)
    if (dueAtMs === null || dueAtMs >= expiresAt) return refuse(quiet ?? "expired")
    if (dueAtMs >= recipient.sessionExpiresAt) return refuse("no_session")
    if (isNotice === true) return { _tag: "Admit", queueId, dueAtMs }
    if (restsUntil(told, netProfit, nowMs) !== null) return refuse("cooldown")
    const placed = priority === undefined || !recipient.preferences.batchNotifications
      ? { dueAtMs, batchId: null }
      : place({ queueId, priority, expiresAt }, dueAtMs, batches, spent)
    const reason = brokenCap(recipient, placed.dueAtMs, spent, situation.viewedAtMs ?? [])
    if (reason !== null) return refuse(reason)
    spent.push(placed.dueAtMs)
    batches = withPlaced(batches, placed)
    toldNow.set(fingerprint, { atMs: placed.dueAtMs, netProfit })
    const { batchId } = placed
    return { _tag: "Admit", queueId, dueAtMs: placed.dueAtMs, ...(batchId === null ? {} : { batchId }) }
  })
}
