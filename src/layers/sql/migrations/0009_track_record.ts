/**
 * Migration 9: the trace of validation with the values compared, and what became of opportunities.
 *
 * A verdict is known by opportunity, revision, level and user, so that a batch may be written again. An outcome is one
 * row an opportunity; its columns are what queries filter by, the whole is `payload`.
 */
export const trackRecord: ReadonlyArray<string> = [
  `alter table opportunity_validation_log
    add column fingerprint text not null default '',
    add column values_compared jsonb not null default '{}'`,
  `create unique index opportunity_validation_log_verdict
    on opportunity_validation_log (opportunity_id, revision, level, coalesce(user_id, ''))`,
  `drop index opportunity_validation_log_opportunity`,
  `create table opportunity_outcomes (
    opportunity_id text primary key,
    fingerprint text not null,
    opportunity_type text not null,
    asset text not null,
    detected_at timestamptz not null,
    lived_ms bigint not null,
    silent boolean not null,
    simulated boolean not null,
    payload jsonb not null,
    created_at timestamptz not null
  )`,
  `create index opportunity_outcomes_time on opportunity_outcomes (detected_at, opportunity_id)`,
]
