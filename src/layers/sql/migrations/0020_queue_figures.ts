/**
 * Migration 20: what a queue row is, by which strategy it was handed out, and how long it took.
 *
 * `due_since` is when it could first have been sent, `first_attempt_at` when it first was: waits for limits lie between
 * the two. What happened before a dead letter was put back stands in `metadata.history`, one entry a life.
 */
export const queueFigures: ReadonlyArray<string> = [
  `alter table opportunity_distribution_queue
    add column kind text not null default 'opportunity' check (kind in ('opportunity', 'notification', 'analytics')),
    add column strategy text not null default 'broadcast'
      check (strategy in ('broadcast', 'round_robin', 'priority', 'geographic')),
    add column opportunity_type text,
    add column due_since timestamptz,
    add column first_attempt_at timestamptz`,
  `update opportunity_distribution_queue
    set opportunity_type = payload #>> '{opportunity,type}', due_since = greatest(scheduled_at, created_at),
      first_attempt_at = case when attempts > 0 then last_attempt_at end`,
  `create index opportunity_distribution_queue_dead on opportunity_distribution_queue (updated_at, queue_id)
    where status = 'failed'`,
]
