/**
 * Rejections: why a check was turned down.
 *
 * In: nothing. Out: the closed list of reasons, as counted, logged and shown. Promises: detection and validation give no
 * other reason.
 */
import { Schema } from "effect"

/** Why detection or validation turned a check down; counted under this name. Closed list. */
export const RejectionReason = Schema.Literals([
  "below_threshold",
  "insufficient_depth",
  "stale_book",
  "book_skew",
  "crossed_book",
  "broken_sequence",
  "no_conversion",
  "conversion_stale",
  "identity_suspect",
  "implausible_spread",
  "no_common_network",
  "implausible_rate",
  "stale_rate",
  "incomparable_rates",
  "unknown_settlement",
  "implausible_price",
  "late_trade",
  "candle_gap",
  "no_volume",
  "unconfirmed",
  "below_lot",
  "below_min_amount",
  "below_min_notional",
  "venue_down",
  "volatility_out_of_range",
  "low_success_rate",
  "blackout",
  "low_confidence",
])
export type RejectionReason = typeof RejectionReason.Type
