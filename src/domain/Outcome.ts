/**
 * Outcomes: what became of an opportunity after it was detected. The ground truth of success rates, of learning, and of
 * the public record.
 *
 * In: what following an opportunity showed. Out: its Schema, whether it counts as a success, and what is alike.
 * Promises: nothing is guessed; where a book could not be read at an instant, the figure is null and the reason is said,
 * and a case that could not be judged counts for nothing.
 */
import { Schema } from "effect"
import { withDefault } from "./ConfigValues.ts"
import { OpportunityType, RejectionReason } from "./Opportunity.ts"

/** After detection, ms: what a bot needs, and what a person needs. */
export const DELAYS_MS = [100, 1_000, 5_000, 30_000, 60_000] as const

/** Why nothing could be read at an instant although the market may have been there. */
export const UnreadReason = Schema.Literals([
  "stale_book",
  "book_skew",
  "broken_sequence",
  "conversion_stale",
  "venue_down",
  "end_of_data",
  "unknown_route",
])

/** The plan at its first size, priced again on the books as they stood `delayMs` after detection. */
export const Realised = Schema.Struct({
  delayMs: Schema.Int,
  /** Null: it could not be had (`reason` is the market's), or could not be read. */
  netBps: Schema.NullOr(Schema.String),
  /** In the outcome's currency; null where there are no basis points, and of a type that names no size. */
  netProfit: withDefault(Schema.NullOr(Schema.String), null),
  reason: Schema.NullOr(Schema.Union([RejectionReason, UnreadReason])),
  /** The highest net basis points of any check up to then; null: unknown of its type. */
  bestNetBps: Schema.NullOr(Schema.String),
})
export type Realised = typeof Realised.Type

export const Outcome = Schema.Struct({
  opportunityId: Schema.String,
  fingerprint: Schema.String,
  type: OpportunityType,
  asset: Schema.String,
  /** Of the legs, in the order of the route. */
  venues: Schema.Array(Schema.String),
  /** The first leg's instrument. */
  pair: Schema.String,
  detectedAt: Schema.Int,
  /** From detection to the last check that confirmed it, ms. */
  livedMs: Schema.Int,
  size: Schema.String,
  currency: Schema.String,
  /** As detected; null: unknown of its type. */
  netBps: Schema.NullOr(Schema.String),
  netProfit: Schema.NullOr(Schema.String),
  realised: Schema.Array(Realised),
  /** What the model looks at, as it stood at detection: domain/Features.ts. */
  features: Schema.Array(Schema.Finite),
  /** Nobody was told: validation kept it silent. */
  silent: Schema.Boolean,
  simulated: Schema.Boolean,
  settingsVersion: Schema.String,
})
export type Outcome = typeof Outcome.Type

/** The delay at which a case is judged, unless the configuration names another. */
export const SUCCESS_DELAY_MS = 1_000

const UNREAD: ReadonlySet<string> = new Set(UnreadReason.literals)

/** Whether nobody can say what it would have brought then. */
export const isUnread = ({ reason }: Pick<Realised, "reason">): boolean => reason !== null && UNREAD.has(reason)

/** Whether it still paid after `delayMs`; null: nobody can say. */
export const succeeded = (
  { realised }: Pick<Outcome, "realised">,
  delayMs: number = SUCCESS_DELAY_MS,
): boolean | null => {
  const at = realised.find((one) => one.delayMs === delayMs)
  if (at === undefined || isUnread(at)) return null
  return at.netBps !== null && Number(at.netBps) > 0
}

/** What makes two cases alike: type, asset and the venues gone through. */
export const similarity = ({ asset, type, venues }: Pick<Outcome, "type" | "asset" | "venues">): string =>
  [type, asset, ...venues].join("|")
