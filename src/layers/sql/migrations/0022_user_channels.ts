/**
 * Migration 22: users' own addresses beside Telegram.
 *
 * One address a user and channel. `position` orders them around Telegram, which stands at 0. Of a code only the hash is
 * kept. `spent` counts the messages of `spent_on`, a day of UTC.
 */
export const userChannels: ReadonlyArray<string> = [
  `create table user_channels (
    channel_id text primary key default replace(gen_random_uuid()::text, '-', ''),
    user_id text not null references users on delete cascade,
    channel text not null check (channel in ('webhook', 'email', 'web_push')),
    address text not null,
    state text not null default 'pending' check (state in ('pending', 'verified', 'ended')),
    position integer not null default 1,
    code_hash text,
    code_expires_at timestamptz,
    code_tries smallint not null default 0,
    spent_on date,
    spent integer not null default 0,
    last_error text,
    verified_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (user_id, channel)
  )`,
]
