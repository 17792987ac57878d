/**
 * Migration 6: what was spent of each data provider's credits.
 *
 * One row a provider, never deleted. `day` (UTC) is that of the last spending: counters of another day or month count
 * as zero.
 */
export const creditQuotas: ReadonlyArray<string> = [
  `create table credit_quotas (
    provider text primary key,
    day text not null default '',
    day_spent integer not null default 0,
    month_spent integer not null default 0,
    requested_at_ms jsonb not null default '[]',
    blocked_until timestamptz,
    updated_at timestamptz not null
  )`,
]
