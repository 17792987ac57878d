/**
 * Migration 17: restrictions, which keep a user from being told of anything.
 *
 * One stands for a user at a time; lifted ones stay, as history. Who was told of a fingerprint lately is found by time,
 * for the cooldown.
 */
export const standings: ReadonlyArray<string> = [
  `create table user_restrictions (
    restriction_id bigint generated always as identity primary key,
    user_id text not null references users on delete cascade,
    reason text not null check (length(reason) between 1 and 500),
    imposed_by text not null,
    imposed_at timestamptz not null,
    until timestamptz,
    lifted_at timestamptz
  )`,
  `create unique index user_restrictions_one on user_restrictions (user_id) where lifted_at is null`,
  `create index opportunity_distribution_queue_told on opportunity_distribution_queue (created_at)
    where purpose = 'notify' and status in ('pending', 'sending', 'sent', 'unknown')`,
]
