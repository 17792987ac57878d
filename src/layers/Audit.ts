/**
 * The Audit port: the record of privileged actions, `audit_log`.
 *
 * In: entries. Out: a chain of them, and whether it is whole. Promises: each entry's hash covers the one before, so that
 * none is changed, taken out or put in between without `verify` naming the place; an entry written inside a transaction
 * stands or falls with what it tells of; writers take turns.
 */
import { Context, type Effect } from "effect"
import type { AuditEntry, Verification } from "../domain/AuditEntry.ts"
import type { StoreError } from "./Store.ts"

export interface Recorded {
  readonly auditId: number
  /** Its place in the chain, from 1. */
  readonly sequence: number
  /** SHA-256 in hex. */
  readonly hash: string
}

export class Audit extends Context.Service<Audit, {
  readonly record: (entry: AuditEntry) => Effect.Effect<Recorded, StoreError>
  /** Walks the whole chain, in pages. */
  readonly verify: Effect.Effect<Verification, StoreError>
  /** The newest entries, newest first. */
  readonly recent: (limit: number) => Effect.Effect<ReadonlyArray<AuditEntry>, StoreError>
}>()("arbedge/Audit") {}
