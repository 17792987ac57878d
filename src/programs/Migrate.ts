/**
 * Migrate: brings the Store of the settings up to the newest schema.
 *
 * In: settings. Out: where that is and the names applied, none when it was up to date. Promises: all of them or none;
 * the embedded folder is opened only if nobody holds it (`folder_taken` says who does).
 */
import { Effect } from "effect"
import type { Settings } from "../domain/Settings.ts"
import * as Migrations from "../layers/sql/Migrations.ts"
import { Store, type StoreDescription, type StoreError } from "../layers/Store.ts"
import { storeOf } from "./Backends.ts"

export interface Migrated extends StoreDescription {
  readonly applied: ReadonlyArray<string>
}

export const migrate = Effect.fn("Migrate.migrate")(
  (settings: Settings): Effect.Effect<Migrated, StoreError> =>
    Effect.gen(function* () {
      const store = yield* Store
      const applied = yield* Migrations.migrate
      return { ...(yield* store.describe), applied }
    }).pipe(Effect.provide(storeOf(settings))),
)
