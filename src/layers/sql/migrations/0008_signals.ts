/**
 * Migration 8: opportunities whose profit nobody knows.
 *
 * A technical signal names no profit: null in `net_bps` and `net_profit`, never a default. Queries that rank by them put
 * the unknown last.
 */
export const signals: ReadonlyArray<string> = [
  `alter table global_opportunities alter column net_bps drop not null, alter column net_profit drop not null`,
]
