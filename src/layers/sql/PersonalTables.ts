/**
 * Which tables name people, by which column, and what becomes of their rows.
 *
 * In: nothing. Out: the list that exporting and erasing go by, in the order in which rows can be erased. Promises:
 * test/suites/StorePrivacy.ts fails for a table that names people and is not here.
 */

export interface PersonalTable {
  readonly table: string
  /** A condition on the row `t`, with $1 the user id and $2 the Telegram id. */
  readonly theirs: string
  /** Columns that are shown to nobody. */
  readonly hidden?: ReadonlyArray<string>
  /** `blanked`: the row stays as a mark, without what it said; `handed_over`: it is not theirs alone; `kept`: by law. */
  readonly onErase?: "blanked" | "handed_over" | "kept"
}

const byUser = "t.user_id = $1"

export const PERSONAL_TABLES: ReadonlyArray<PersonalTable> = [
  { table: "onboarding_steps", theirs: byUser },
  { table: "onboarding", theirs: byUser },
  { table: "user_api_keys", theirs: byUser, hidden: ["sealed", "master_key_id"] },
  { table: "user_channels", theirs: byUser, hidden: ["code_hash"] },
  { table: "user_restrictions", theirs: byUser },
  { table: "user_notification_preferences", theirs: byUser },
  { table: "session_activity", theirs: byUser },
  { table: "user_sessions", theirs: byUser, hidden: ["token_hash", "metadata"] },
  { table: "opportunity_distribution_queue", theirs: "t.user_id = $1 or t.chat_id = $2" },
  { table: "distribution_analytics", theirs: byUser },
  { table: "distribution_shares", theirs: byUser },
  { table: "opportunity_views", theirs: byUser },
  { table: "opportunity_validation_log", theirs: byUser },
  { table: "price_alert_notices", theirs: byUser },
  { table: "price_alerts", theirs: byUser },
  { table: "quiet_digests", theirs: byUser },
  { table: "rate_limits", theirs: "t.key = 'chat:' || $2" },
  {
    table: "telegram_updates",
    // Typed words rest sealed, with the chat beside them.
    theirs:
      "$2 in (t.payload ->> 'chat', t.payload #>> '{message,from,id}', t.payload #>> '{callback_query,from,id}'," +
      " t.payload #>> '{my_chat_member,from,id}')",
    onErase: "blanked",
  },
  { table: "groups", theirs: "t.registrar_id = $2", onErase: "handed_over" },
  { table: "audit_log", theirs: "t.user_id = $1 or t.subject_id = $1", onErase: "kept" },
  { table: "users", theirs: byUser, hidden: ["data_key"] },
]
