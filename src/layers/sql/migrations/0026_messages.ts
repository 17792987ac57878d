/**
 * Migration 26: messages that tell of several opportunities, and digests of quiet times.
 *
 * Rows that share a message are found by it, for each edit. A digest is noted before it is owed, under the end of the
 * quiet time it tells of, so that it is told once whatever restarts.
 */
export const messages: ReadonlyArray<string> = [
  `create index opportunity_distribution_queue_message on opportunity_distribution_queue (chat_id, message_id)
    where message_id is not null`,
  `create index global_opportunities_detected on global_opportunities (detected_at)`,
  `create table quiet_digests (
    user_id text not null,
    quiet_until timestamptz not null,
    chat_id text not null,
    quiet_from timestamptz not null,
    came integer,
    attempts integer not null default 0,
    not_before timestamptz,
    told_at timestamptz,
    created_at timestamptz not null,
    primary key (user_id, quiet_until)
  )`,
  `create index quiet_digests_owed on quiet_digests (quiet_until) where told_at is null`,
  `alter table user_notification_preferences add column quiet_digest boolean not null default true`,
]
