/**
 * Migration 1: users, their sessions and their notification preferences.
 *
 * `user_sessions` has one active row a user by a unique partial index: that, and nothing in memory, is what makes
 * simultaneous starts meet in one session. `epoch` fences: a writer holding an older one changes nothing.
 */
export const users: ReadonlyArray<string> = [
  `create table users (
    user_id text primary key default gen_random_uuid()::text,
    telegram_id text not null unique,
    username text,
    first_name text,
    last_name text,
    gender text,
    country text,
    role text not null default 'user' check (role in ('user', 'admin', 'superadmin')),
    tier text not null default 'free' check (tier in ('free', 'basic', 'premium', 'pro', 'enterprise')),
    is_group boolean not null default false,
    is_admin boolean generated always as (role <> 'user') stored,
    is_active boolean not null default true,
    registration_date timestamptz not null,
    last_seen_date timestamptz not null,
    last_journey_stage text,
    streams jsonb not null default '[]',
    markers jsonb not null default '{}',
    has_started_journey boolean not null default false,
    has_completed_journey boolean not null default false,
    has_visited_platform boolean not null default false,
    has_purchased_flow boolean not null default false,
    updated_at timestamptz not null
  )`,
  `create index users_last_seen_date on users (last_seen_date)`,
  `create index users_last_journey_stage on users (last_journey_stage)`,
  `create index users_is_active on users (is_active)`,
  `create table user_sessions (
    session_id text primary key default gen_random_uuid()::text,
    token_hash text not null unique,
    user_id text not null references users,
    telegram_id text not null,
    session_state text not null check (session_state in ('active', 'expired', 'terminated')),
    started_at timestamptz not null,
    last_activity_at timestamptz not null,
    expires_at timestamptz not null,
    onboarding_completed boolean not null default false,
    preferences_set boolean not null default false,
    epoch bigint not null default 0,
    metadata jsonb not null default '{}',
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create unique index user_sessions_one_active on user_sessions (user_id) where session_state = 'active'`,
  `create index user_sessions_telegram on user_sessions (telegram_id, started_at desc)`,
  `create index user_sessions_expiry on user_sessions (expires_at) where session_state = 'active'`,
  `create table user_notification_preferences (
    user_id text primary key references users,
    push_enabled boolean not null default true,
    opportunity_types text[] not null default '{}',
    max_notifications_per_hour integer not null default 3 check (max_notifications_per_hour >= 0),
    max_notifications_per_day integer not null default 20 check (max_notifications_per_day >= 0),
    active_hours_start smallint not null default 8 check (active_hours_start between 0 and 24),
    active_hours_end smallint not null default 22 check (active_hours_end between 0 and 24),
    timezone text not null default 'UTC',
    do_not_disturb boolean not null default false,
    high_priority_only boolean not null default false,
    batch_notifications boolean not null default true,
    min_net_bps double precision not null default 0,
    venues text[] not null default '{}',
    pairs text[] not null default '{}',
    muted_pairs text[] not null default '{}',
    language text not null default 'en',
    updated_at timestamptz not null
  )`,
]
