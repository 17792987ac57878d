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
    quiet_from timestamptz not null,
    came integer not null,
    created_at timestamptz not null,
    primary key (user_id, quiet_until)
  )`,
  `create index quiet_digests_time on quiet_digests (created_at)`,
]
