/**
 * The table of tiers that a command or service goes by.
 *
 * In: the path of ARBEDGE_TIERS. Out: that table in force for this process, or the shipped one. Promises: a file that is
 * missing or wrong is told with the place inside it, and nothing starts (exit 2).
 */
import { Effect, FileSystem, Option, Schema } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import { putInForce, tiersInForce, TierTable } from "../../domain/Tier.ts"
import { type Failure, usage } from "./Failure.ts"

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(TierTable))

const refused = (path: string) => (error: { readonly message: string }): Failure =>
  usage(`the table of tiers in ${path} is refused: ${error.message}`, "see docs/guides/settings.md, ARBEDGE_TIERS")

export const enforce = ({ tiers }: Settings): Effect.Effect<TierTable, Failure, FileSystem.FileSystem> =>
  Option.match(tiers, {
    onNone: () => Effect.sync(tiersInForce),
    onSome: (path) =>
      FileSystem.FileSystem.use((files) => files.readFileString(path)).pipe(
        Effect.flatMap(decode),
        Effect.mapError(refused(path)),
        Effect.tap((table) => Effect.sync(() => putInForce(table))),
      ),
  })
