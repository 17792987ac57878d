/**
 * Migration 14: price alerts, and the messages that they are owed.
 *
 * An alert's state is what makes it fire once, whoever sees the price and however often: a notice is inserted by the
 * statement that leaves `armed`. Notices copy what was crossed, so that an alert may be deleted while one is on its way.
 */
export const priceAlerts: ReadonlyArray<string> = [
  `create table price_alerts (
    alert_id bigint generated always as identity primary key,
    user_id text not null references users on delete cascade,
    venue text,
    instrument text not null,
    direction text not null check (direction in ('above', 'below')),
    price numeric not null check (price > 0),
    repeats boolean not null default false,
    state text not null check (state in ('new', 'armed', 'fired', 'done')),
    fired_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  `create unique index price_alerts_one on price_alerts (user_id, coalesce(venue, ''), instrument, direction, price)
    where state <> 'done'`,
  `create table price_alert_notices (
    notice_id bigint generated always as identity primary key,
    alert_id bigint not null,
    user_id text not null references users on delete cascade,
    venue text,
    instrument text not null,
    direction text not null check (direction in ('above', 'below')),
    threshold numeric not null,
    price numeric not null,
    venues integer not null check (venues > 0),
    simulated boolean not null,
    repeats boolean not null,
    fired_at timestamptz not null,
    expires_at timestamptz not null,
    status text not null default 'pending'
      check (status in ('pending', 'sending', 'sent', 'failed', 'cancelled', 'expired')),
    due_at timestamptz not null,
    attempts integer not null default 0,
    uncertain_ends smallint not null default 0,
    lease_owner text,
    lease_until timestamptz,
    message_id bigint,
    error_message text,
    updated_at timestamptz not null,
    check ((lease_owner is null) = (lease_until is null))
  )`,
  `create index price_alert_notices_due on price_alert_notices (due_at) where status in ('pending', 'sending')`,
  `create index price_alert_notices_user on price_alert_notices (user_id)`,
]
