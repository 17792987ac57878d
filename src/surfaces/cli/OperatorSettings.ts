/**
 * The settings, as commands read them.
 *
 * In: the environment. Out: settings, or a usage failure (exit 2) that names the variable. Promises: a secret's value is
 * never in the failure.
 */
import { Effect } from "effect"
import * as Settings from "../../domain/Settings.ts"
import { usage } from "./Failure.ts"

export const read = Effect.mapError(
  Settings.settings,
  (error) => usage(`the settings are refused: ${error.message}`, "see docs/guides/settings.md"),
)
