/**
 * `doctor` on the master keys: can what users entrust be sealed, and opened again?
 *
 * In: settings. Out: one check.
 * Promises: no key file is made, and no key is in the check; only ids are.
 */
import { existsSync } from "node:fs"
import { Effect, Option } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import { Vault } from "../../layers/Vault.ts"
import * as EnvelopeVault from "../../layers/vault/EnvelopeVault.ts"
import type { KeySource } from "../../layers/vault/MasterKeys.ts"
import { keySourceOf, NO_MASTER_KEY } from "../Backends.ts"
import { type Check, failing, ok, optional } from "./Check.ts"

const name = "master keys"

const ofSource = (source: KeySource): Effect.Effect<Check> => {
  if (source._tag === "Ephemeral") {
    return Effect.succeed(ok(name, "in memory; the end of the process loses them with everything else"))
  }
  if (source._tag === "File" && source.make && !existsSync(source.path)) {
    return Effect.succeed(ok(name, `${source.path}, made at the first start`))
  }
  return Effect.flatMap(Vault, ({ keys }) => keys).pipe(
    Effect.map(({ current, known, source }) =>
      ok(name, `${known.length} of ${source}, current: ${Option.getOrElse(current, () => "none")}`)
    ),
    Effect.provide(EnvelopeVault.layer(source._tag === "File" ? { ...source, make: false } : source)),
    Effect.catch((error) =>
      Effect.succeed(
        failing(
          name,
          error.message,
          "correct ARBEDGE_MASTER_KEYS or its file; what was sealed needs the same keys again",
        ),
      )
    ),
  )
}

export const checkVault = (settings: Settings): Effect.Effect<Check> =>
  Option.match(keySourceOf(settings), {
    onNone: () => Effect.succeed(optional(name, "none: users cannot leave exchange keys here", NO_MASTER_KEY)),
    onSome: ofSource,
  })
