/**
 * Doctor: does everything that the settings ask for work, and if not, what is to be done?
 *
 * In: the environment; whether to ask the venues too; what is known of the running service. Out: one check for each
 * dependency. Promises: nothing is changed anywhere, nothing set is fine, each check ends within seconds, all run side
 * by side, and no secret is in any of them.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { Config, Effect, Layer, Option } from "effect"
import { type Settings, settings } from "../domain/Settings.ts"
import * as CcxtExchange from "../layers/ccxt/CcxtExchange.ts"
import * as Backends from "./Backends.ts"
import { checkArchive } from "./doctor/Archive.ts"
import { checkBus } from "./doctor/Bus.ts"
import { checkChannels } from "./doctor/Channels.ts"
import { type Check, failing, missing, ok, optional } from "./doctor/Check.ts"
import { checkTelegram, checkVenues } from "./doctor/Outside.ts"
import { checkReference } from "./doctor/Reference.ts"
import { checkStore } from "./doctor/Store.ts"
import { checkVault } from "./doctor/Vault.ts"

export interface DoctorOptions {
  readonly venues: boolean
  /** The running service, as whoever can reach it sees it. */
  readonly service: (settings: Settings) => Effect.Effect<Check>
}

const OLDEST_NODE = "22.19.0"
const OLDEST_DENO = "2.9.0"

/** -1, 0 or 1, by the numbers of "major.minor.patch". */
const compareVersions = (a: string, b: string): number => {
  const [left, right] = [a, b].map((version) => version.split(/[.-]/).slice(0, 3).map(Number))
  for (let at = 0; at < 3; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0)
    if (difference !== 0) return Math.sign(difference)
  }
  return 0
}

export const checkRuntime = (versions: { readonly deno?: string | undefined; readonly node: string }): Check => {
  const [name, version, oldest] = versions.deno === undefined
    ? ["Node", versions.node, OLDEST_NODE] as const
    : ["Deno", versions.deno, OLDEST_DENO] as const
  return compareVersions(version, oldest) < 0
    ? failing("runtime", `${name} ${version} is too old`, `use ${name} ${oldest} or newer`)
    : ok("runtime", `${name} ${version}`)
}

const checkCluster = ({ clusterHost, clusterPort, natsUrl, postgresUrl }: Settings): ReadonlyArray<Check> =>
  Option.match(clusterPort, {
    onNone: () => [],
    onSome: (port) => {
      const wanted = [
        ...Option.isNone(natsUrl) ? ["ARBEDGE_NATS_URL"] : [],
        ...Option.isNone(postgresUrl) ? ["ARBEDGE_POSTGRES_URL"] : [],
      ]
      return wanted.length === 0
        ? [ok("cluster", `shares the work at ${clusterHost}:${port}`)]
        : [missing("cluster", "several processes cannot share an embedded bus or store", `set ${wanted.join(" and ")}`)]
    },
  })

/** Recorded market data: only some tests and benchmarks want it. */
const checkData: Effect.Effect<Check, Config.ConfigError> = Effect.map(
  Config.option(Config.String("ARBEDGE_DATA")),
  Option.match({
    onNone: () => optional("data", "ARBEDGE_DATA is not set; only tests and benchmarks read it"),
    onSome: (folder) =>
      existsSync(join(folder, "recordings"))
        ? ok("data", folder)
        : optional("data", `${folder} holds no recordings; tests that need them are skipped`, "correct ARBEDGE_DATA"),
  }),
)

/** Every check, in the order people read them. */
export const examine = Effect.fn("Doctor.examine")(
  (options: DoctorOptions): Effect.Effect<ReadonlyArray<Check>> =>
    Effect.gen(function* () {
      const set = yield* settings
      const groups = yield* Effect.all([
        checkBus(set),
        checkStore(set),
        Effect.map(checkVault(set), (check) => [check]),
        checkTelegram(set),
        checkChannels(set),
        checkReference(set),
        Effect.map(checkArchive(set), (check) => [check]),
        Effect.map(checkData, (check) => [check]),
        options.venues
          ? Effect.provide(checkVenues(set), Layer.provide(CcxtExchange.layer(), Backends.restBudgetsOf(set)))
          : Effect.succeed([]),
        Effect.map(options.service(set), (check) => [check]),
      ], { concurrency: "unbounded" })
      return [ok("settings", "read"), ...groups.flat(), ...checkCluster(set)]
    }).pipe(
      Effect.catch((error) =>
        Effect.succeed([failing("settings", error.message, "correct the variable: docs/guides/settings.md")])
      ),
      Effect.map((checks) => [checkRuntime(process.versions), ...checks]),
    ),
)
