/**
 * `arbedge migrate`: brings the store's tables up to date.
 *
 * In: the settings. Out: what was applied, or that nothing was to be done. Promises: a folder that the running service
 * holds is left alone (exit 4): the service migrates it itself when it starts.
 */
import { Console, Effect, Option } from "effect"
import { Command } from "effect/cli"
import * as Backends from "../../programs/Backends.ts"
import { migrate as migrateStore, type Migrated } from "../../programs/Migrate.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { storeFailure } from "./StoreFailure.ts"

const text = ({ applied, kind, version, where }: Migrated): string => {
  const store = kind === "postgres" ? `Postgres ${version} at ${where}` : `the embedded store in ${where}`
  return applied.length === 0
    ? `${store} is up to date`
    : [`${store}: ${applied.length} migrations applied`, ...applied.map((name) => `  ${name}`)].join("\n")
}

export const migrate = Command.make(
  "migrate",
  { json },
  Effect.fn("Cli.migrate")(function* (options) {
    const settings = yield* OperatorSettings.read
    const migrated = yield* Effect.mapError(migrateStore(settings), storeFailure)
    yield* Console.log(options.json ? JSON.stringify(migrated) : text(migrated))
    if (Backends.isEmbedded(settings) && Option.isNone(Backends.dataFolder(settings))) {
      yield* Console.error("ARBEDGE_DATA_DIR=memory: nothing was kept")
    }
  }),
).pipe(Command.withDescription("Bring the store's tables up to date"))
