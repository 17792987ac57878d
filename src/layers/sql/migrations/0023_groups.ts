/**
 * Migration 23: groups and broadcast channels that consented.
 *
 * A group is a chat with a row of `users` for its settings (`user_notification_preferences`); this row holds the consent:
 * who registered it, and whether it stands. `told_at`: when its registrar was told that it ended.
 */
export const groups: ReadonlyArray<string> = [
  `create table groups (
    chat_id text primary key,
    user_id text not null unique references users on delete cascade,
    kind text not null check (kind in ('group', 'channel')),
    title text,
    registrar_id text not null,
    state text not null check (state in ('active', 'paused', 'removed')),
    reason text not null check (reason in ('registered', 'by_admin', 'registrar_rights', 'bot_rights', 'bot_removed')),
    thread_id integer,
    told_at timestamptz,
    checked_at timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create index groups_registrar on groups (registrar_id)`,
  `create index groups_checked on groups (checked_at) where state = 'active'`,
  `create index groups_untold on groups (updated_at) where state <> 'active' and told_at is null`,
]
