/**
 * Engagement: how much use somebody makes of what they are sent, from 0 to 1 (docs/engagement.md).
 *
 * In: receipts. Out: a score a message, and one a user. Promises: pure; only what was delivered counts; where nothing
 * was, the score is null, never a default. Receipts are inferred from taps and links: a messenger tells bots of no
 * reading, so an unopened message may well have been read.
 */
import { Schema } from "effect"

export const DistributionType = Schema.Literals(["push", "on_demand", "group"])
export type DistributionType = typeof DistributionType.Type

export const Feedback = Schema.Literals(["useful", "not_useful", "too_late"])
export type Feedback = typeof Feedback.Type

/** What is known of one message's reception; times are those of the first (ms), null: not seen to have happened. */
export const Receipt = Schema.Struct({
  userId: Schema.String,
  opportunityId: Schema.String,
  distributionType: DistributionType,
  deliveredAt: Schema.NullOr(Schema.Int),
  openedAt: Schema.NullOr(Schema.Int),
  clickedAt: Schema.NullOr(Schema.Int),
  convertedAt: Schema.NullOr(Schema.Int),
  dismissedAt: Schema.NullOr(Schema.Int),
  mutedAt: Schema.NullOr(Schema.Int),
  feedback: Schema.NullOr(Feedback),
})
export type Receipt = typeof Receipt.Type

/** Hundredths, so that sums are exact. */
const REACHED = { opened: 30, clicked: 60, converted: 100 } as const
const SAID: Readonly<Record<Feedback, number>> = { useful: 20, not_useful: -30, too_late: -10 }
const DISMISSED = -30
const MUTED = -50

type Signals = Pick<
  Receipt,
  "openedAt" | "clickedAt" | "convertedAt" | "dismissedAt" | "mutedAt" | "feedback"
>

/** Of one message: the furthest step reached, and what was said of it. */
export const scoreOf = (receipt: Signals): number => {
  const { clickedAt, convertedAt, dismissedAt, feedback, mutedAt, openedAt } = receipt
  const reached = convertedAt !== null
    ? REACHED.converted
    : clickedAt !== null
    ? REACHED.clicked
    : openedAt !== null
    ? REACHED.opened
    : 0
  const said = (feedback === null ? 0 : SAID[feedback]) + (dismissedAt === null ? 0 : DISMISSED) +
    (mutedAt === null ? 0 : MUTED)
  return Math.min(100, Math.max(0, reached + said)) / 100
}

/** Older messages count for nothing; within it, each counts the less the older it is. */
export const WINDOW_MS = 30 * 86_400_000

/** Of a user: the mean over the last 30 days, weighted from 1 (now) down to 0; four decimals. */
export const engagementOf = (receipts: ReadonlyArray<Receipt>, nowMs: number): number | null => {
  let weights = 0, weighted = 0
  for (const receipt of receipts) {
    if (receipt.deliveredAt === null) continue
    const ageMs = Math.max(0, nowMs - receipt.deliveredAt)
    if (ageMs >= WINDOW_MS) continue
    weights += WINDOW_MS - ageMs
    weighted += (WINDOW_MS - ageMs) * scoreOf(receipt)
  }
  return weights === 0 ? null : Math.round(weighted / weights * 10_000) / 10_000
}
