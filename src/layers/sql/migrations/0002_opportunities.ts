/**
 * Migration 2: opportunities at their newest revision, and the verdicts of validation.
 *
 * The whole public object is `payload`; the columns beside it are what queries filter and sort by, written from it by the
 * repository alone. The log keeps each level's verdict once, and of a user only the first failure.
 */
export const opportunities: ReadonlyArray<string> = [
  `create table global_opportunities (
    opportunity_id text primary key,
    revision integer not null,
    state text not null check (state in ('opened', 'improved', 'fading', 'closed')),
    fingerprint text not null,
    opportunity_type text not null,
    asset text not null,
    priority smallint not null check (priority between 0 and 3),
    net_bps numeric not null,
    net_profit numeric not null,
    currency text not null,
    detected_at timestamptz not null,
    expires_at timestamptz not null,
    settings_version text not null,
    payload jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create index global_opportunities_open on global_opportunities (expires_at) where state <> 'closed'`,
  `create index global_opportunities_fingerprint on global_opportunities (fingerprint, detected_at)`,
  `create table opportunity_validation_log (
    validation_id bigint generated always as identity primary key,
    opportunity_id text not null,
    revision integer not null,
    level smallint not null check (level between 1 and 4),
    user_id text,
    passed boolean not null,
    reason text,
    validated_at timestamptz not null
  )`,
  `create index opportunity_validation_log_opportunity on opportunity_validation_log (opportunity_id, revision)`,
  `create index opportunity_validation_log_time on opportunity_validation_log (validated_at)`,
]
