/**
 * Migration 7: what is known of assets and of the ways between venues.
 *
 * One row of `asset_identities` for each two symbols that claim to be one asset and were looked at, the lesser name first;
 * one row of `market_rules` for each market and of `currency_networks` for each currency of a venue, as the venue last
 * told it. Decimals are text.
 */
export const referenceData: ReadonlyArray<string> = [
  `create table asset_identities (
    identity_id bigint generated always as identity primary key,
    asset text not null,
    venue text not null,
    symbol text not null,
    other_venue text not null,
    other_symbol text not null,
    status text not null check (status in ('verified', 'suspect', 'approved', 'denied')),
    bound double precision not null,
    spread text not null,
    seen_at timestamptz not null,
    decided_by text,
    decided_at timestamptz,
    unique (venue, symbol, other_venue, other_symbol)
  )`,
  `create index asset_identities_suspect on asset_identities (seen_at) where status = 'suspect'`,
  `create table market_rules (
    venue text not null,
    instrument text not null,
    contract_size text,
    amount_step text,
    min_amount text,
    min_notional text,
    fetched_at timestamptz not null,
    primary key (venue, instrument)
  )`,
  `create table currency_networks (
    venue text not null,
    currency text not null,
    networks jsonb not null,
    fetched_at timestamptz not null,
    primary key (venue, currency)
  )`,
]
