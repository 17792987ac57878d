/**
 * Migration 5: what each venue's REST calls have cost, and until when it wants silence.
 *
 * One row a venue, never deleted. `granted` is the answer to whoever asked last: a statement that decides and writes in
 * one step reads its own answer from it.
 */
export const restBudgets: ReadonlyArray<string> = [
  `create table rest_budgets (
    venue text primary key,
    full_at_ms double precision not null default 0,
    granted boolean not null,
    blocked_until timestamptz,
    blocked_why text not null default '',
    updated_at timestamptz not null
  )`,
]
