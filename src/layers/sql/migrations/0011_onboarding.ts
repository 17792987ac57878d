/**
 * Migration 11: how far each user has come with the setup, and how long each step took them.
 *
 * By user and not by session: a renewed session goes on where the last one stood. A step that was never shown, since an
 * earlier answer told it, is shown and ended at the same instant.
 */
export const onboarding: ReadonlyArray<string> = [
  `create table onboarding (
    user_id text primary key references users on delete cascade,
    started_at timestamptz not null,
    outcome text check (outcome in ('completed', 'skipped')),
    ended_at timestamptz
  )`,
  `create table onboarding_steps (
    user_id text not null references onboarding on delete cascade,
    step text not null,
    shown_at timestamptz not null,
    outcome text check (outcome in ('done', 'skipped', 'inferred')),
    ended_at timestamptz,
    primary key (user_id, step)
  )`,
]
