/**
 * Migration 3: what users are owed, and what became of it.
 *
 * A queue row is unique for (chat, opportunity, purpose): that key is what makes every retry harmless. `revision` is the
 * number in an edit's purpose; `uncertain_ends` counts sends whose end nobody knows: at two the row has failed.
 */
export const distribution: ReadonlyArray<string> = [
  `create table opportunity_distribution_queue (
    queue_id bigint generated always as identity primary key,
    opportunity_id text not null,
    user_id text not null,
    chat_id text not null,
    purpose text not null,
    revision integer,
    priority smallint not null check (priority between 0 and 3),
    scheduled_at timestamptz,
    expires_at timestamptz not null,
    status text not null default 'pending'
      check (status in ('pending', 'sending', 'sent', 'unknown', 'failed', 'cancelled', 'expired')),
    attempts integer not null default 0,
    uncertain_ends smallint not null default 0,
    last_attempt_at timestamptz,
    delivered_at timestamptz,
    lease_owner text,
    lease_until timestamptz,
    message_id bigint,
    error_message text,
    payload jsonb not null,
    metadata jsonb not null default '{}',
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (chat_id, opportunity_id, purpose),
    check ((purpose = 'notify') = (revision is null)),
    check ((lease_owner is null) = (lease_until is null))
  )`,
  `create index opportunity_distribution_queue_status on opportunity_distribution_queue (status, priority, scheduled_at)`,
  `create index opportunity_distribution_queue_user on opportunity_distribution_queue (user_id, created_at)`,
  `create index opportunity_distribution_queue_opportunity on opportunity_distribution_queue (opportunity_id)`,
  `create index opportunity_distribution_queue_due on opportunity_distribution_queue (priority, scheduled_at, queue_id)
    where status in ('pending', 'unknown')`,
  `create index opportunity_distribution_queue_next on opportunity_distribution_queue (scheduled_at)
    where status in ('pending', 'unknown') and lease_until is null`,
  `create index opportunity_distribution_queue_expiry on opportunity_distribution_queue (expires_at)
    where status in ('pending', 'unknown')`,
  `create index opportunity_distribution_queue_lease on opportunity_distribution_queue (lease_until)
    where lease_until is not null`,
  `create table distribution_analytics (
    analytics_id bigint generated always as identity primary key,
    user_id text not null,
    opportunity_id text not null,
    distribution_type text not null check (distribution_type in ('push', 'on_demand', 'group')),
    delivered_at timestamptz,
    opened_at timestamptz,
    clicked_at timestamptz,
    converted_at timestamptz,
    engagement_score double precision,
    metadata jsonb not null default '{}',
    unique (user_id, opportunity_id, distribution_type)
  )`,
  `create index distribution_analytics_delivered on distribution_analytics (delivered_at)`,
]
