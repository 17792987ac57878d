/**
 * Migration 4: what the machinery itself must remember.
 *
 * Facts to publish, checkpoints, received updates, the limiter's windows, named ownerships, the audit log and the
 * operator's configuration. Rows of `pipeline_checkpoints` and `leases` are never deleted: their epochs only grow.
 */
export const pipeline: ReadonlyArray<string> = [
  `create table outbox (
    id bigint generated always as identity primary key,
    subject text not null,
    payload jsonb not null,
    created_at timestamptz not null,
    published_at timestamptz
  )`,
  `create index outbox_unpublished on outbox (id) where published_at is null`,
  `create index outbox_published on outbox (published_at) where published_at is not null`,
  `create table pipeline_checkpoints (
    name text primary key,
    epoch bigint not null,
    position bigint not null default 0,
    snapshot jsonb,
    updated_at timestamptz not null
  )`,
  `create table telegram_updates (
    update_id bigint primary key,
    payload jsonb not null,
    received_at timestamptz not null,
    handled_at timestamptz
  )`,
  `create index telegram_updates_unhandled on telegram_updates (update_id) where handled_at is null`,
  `create index telegram_updates_handled on telegram_updates (handled_at) where handled_at is not null`,
  `create table rate_limits (
    key text primary key,
    sent_at_ms jsonb not null default '[]',
    blocked_until timestamptz,
    updated_at timestamptz not null
  )`,
  `create table leases (
    name text primary key,
    owner text not null,
    epoch bigint not null,
    expires_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create table audit_log (
    audit_id bigint generated always as identity primary key,
    user_id text,
    action_type text not null,
    "timestamp" timestamptz not null,
    ip_address text,
    user_agent text,
    session_id text,
    command text,
    success boolean not null,
    error text,
    details jsonb not null default '{}'
  )`,
  `create index audit_log_user on audit_log (user_id, "timestamp")`,
  `create index audit_log_time on audit_log ("timestamp")`,
  `create table system_configuration (
    key text primary key,
    value jsonb not null,
    version integer not null default 1,
    changed_by text not null,
    changed_at timestamptz not null
  )`,
]
