/**
 * Migration 13: the rest of what a user may wish, and beta access.
 *
 * A weekly window is one JSON value of the shape in domain/Preferences.ts: it is read and written whole, never searched.
 * Whose rows wait to be sent is found by user when preferences change: the index is small, since it holds only those.
 */
export const preferences: ReadonlyArray<string> = [
  `alter table user_notification_preferences
    add column active_days smallint[] not null default '{}',
    add column do_not_disturb_until timestamptz,
    add column do_not_disturb_window jsonb,
    add column risk_tolerance text not null default 'medium' check (risk_tolerance in ('low', 'medium', 'high')),
    add column trading_mode text not null default 'paper' check (trading_mode in ('paper', 'live'))`,
  `alter table users add column beta_until timestamptz, add check (country ~ '^[A-Z]{2}$')`,
  `create index opportunity_distribution_queue_owed on opportunity_distribution_queue (user_id)
    where status in ('pending', 'unknown')`,
]
