/**
 * Migration 25: what readers do with their messages, and what batches and the cooldown need of a queue row.
 *
 * `batch_id` is the `queue_id` of the row that leads a batch: it is claimed, and takes the others along. `fingerprint` and
 * `told_profit` say what was told, so that the same is not told again within its rest, whoever restarts.
 */
export const receipts: ReadonlyArray<string> = [
  `alter table distribution_analytics
    add column dismissed_at timestamptz,
    add column muted_at timestamptz,
    add column feedback text check (feedback in ('useful', 'not_useful', 'too_late')),
    add column feedback_at timestamptz`,
  `create index distribution_analytics_user on distribution_analytics (user_id, delivered_at)`,
  `alter table opportunity_distribution_queue
    add column batch_id bigint,
    add column fingerprint text,
    add column told_profit double precision`,
  `create index opportunity_distribution_queue_batch on opportunity_distribution_queue (batch_id)
    where batch_id is not null`,
  `create index opportunity_distribution_queue_fingerprint on opportunity_distribution_queue (fingerprint, created_at)
    where purpose = 'notify'`,
]
