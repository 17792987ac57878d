/**
 * The PersonalData port: everything the store holds of one user, to be shown to them or erased.
 *
 * In: a user. Out: their rows, table by table; or none left. Promises: every table that names people is covered (a test
 * reads the catalogue); secrets are never shown again, not even to their owner; erasing is one transaction, ends with the
 * user's own key, and is told on the channel `audience`. What stays: the audit log, where people stand by their user id
 * alone, and published facts, which nobody can open any more (`Persons`).
 */
import { Context, type Effect } from "effect"
import type { User } from "../domain/User.ts"
import type { StoreError } from "./Store.ts"

export type Owner = Pick<User, "userId" | "telegramId">

/** Rows by table, as JSON objects; tables without any are left out. */
export type PersonalRows = Readonly<Record<string, ReadonlyArray<unknown>>>

export class PersonalData extends Context.Service<PersonalData, {
  /** Of one moment. */
  readonly of: (owner: Owner) => Effect.Effect<PersonalRows, StoreError>
  /** Out: rows erased, by table. End the session first, so that nothing is written for it meanwhile. */
  readonly erase: (owner: Owner, nowMs: number) => Effect.Effect<Readonly<Record<string, number>>, StoreError>
}>()("arbedge/PersonalData") {}
