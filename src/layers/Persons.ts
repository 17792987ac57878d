/**
 * The Persons port: people in what is published and kept for long, so that they can be forgotten.
 *
 * In: who somebody is. Out: a `SealedPerson`, and who it was as long as their key is there: `users.data_key`, made with
 * the user and destroyed with them. Promises: an erased person's facts open for nobody, wherever copies of them lie.
 */
import { Context, type Effect, type Option } from "effect"
import type { PersonDetails, SealedPerson } from "../domain/Person.ts"
import type { StoreError } from "./Store.ts"

export class Persons extends Context.Service<Persons, {
  /** In the order given. Joins the caller's transaction. Who is unknown is `NOBODY`. */
  readonly seal: (people: ReadonlyArray<PersonDetails>) => Effect.Effect<ReadonlyArray<SealedPerson>, StoreError>
  /** None: erased, changed, or about somebody else. */
  readonly open: (userId: string, person: SealedPerson) => Effect.Effect<Option.Option<PersonDetails>, StoreError>
}>()("arbedge/Persons") {}
