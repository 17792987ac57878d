/**
 * Migration 33: what is known of each alert to admins, so that a restart neither repeats one nor forgets its end.
 *
 * One row an alert and subject, such as "stale_venue:kraken"; it names nobody. What is so and what admins were told last
 * stand beside each other: a message is owed where they differ.
 */
export const adminAlerts: ReadonlyArray<string> = [
  `create table admin_alerts (
    name text primary key,
    firing boolean not null default false,
    turning_since timestamptz,
    since timestamptz,
    looked_at timestamptz,
    told_firing boolean not null default false,
    told_at timestamptz,
    told_since timestamptz
  )`,
]
