/**
 * Migration 15: privileged actions in the audit log are chained.
 *
 * Rows of the chain have a place in it and the hash of the one before; other user actions have none. `audit_chain` holds
 * the end: writers take turns by its row, and entries cut off the end are missed.
 */
export const audit: ReadonlyArray<string> = [
  `alter table audit_log
    add column subject_id text,
    add column chain_sequence bigint unique,
    add column previous_hash text,
    add column hash text,
    add check ((chain_sequence is null) = (hash is null) and (hash is null) = (previous_hash is null))`,
  `create index audit_log_subject on audit_log (subject_id, "timestamp")`,
  `create table audit_chain (
    chain text primary key,
    sequence bigint not null,
    hash text not null
  )`,
]
