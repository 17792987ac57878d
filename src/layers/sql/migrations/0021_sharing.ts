/**
 * Migration 21: who is next where not all can be served, what people asked to see, and the limiter's memory by numbers.
 *
 * A rotation's `cursor` is the user it ended with; `shares` is how often a user was chosen in a UTC day for want of
 * capacity. Grants are numbered over all chats instead of timed, so that no process needs another's clock: the row `all`
 * holds the newest number, a chat's row those of its own that may still count.
 */
export const sharing: ReadonlyArray<string> = [
  `create table distribution_rotations (
    rotation text primary key,
    cursor text,
    updated_at timestamptz not null
  )`,
  `create table distribution_shares (
    day date not null,
    user_id text not null,
    served integer not null,
    primary key (day, user_id)
  )`,
  `create table opportunity_views (
    user_id text not null,
    fingerprint text not null,
    opportunity_id text not null,
    viewed_at timestamptz not null
  )`,
  `create index opportunity_views_user on opportunity_views (user_id, viewed_at)`,
  `create index opportunity_views_time on opportunity_views (viewed_at)`,
  `delete from rate_limits where blocked_until is null`,
  `alter table rate_limits drop column sent_at_ms,
    add column last_grant bigint not null default 0,
    add column grants bigint[] not null default '{}'`,
]
