/**
 * `arbedge doctor`: does everything that the settings ask for work?
 *
 * In: the environment. Out: a check for each dependency, with what is missing and how to mend it. Promises: exit 3 if
 * something needed does not work, 0 otherwise, also with nothing set.
 */
import { Console, Effect, FileSystem } from "effect"
import { Command, Flag } from "effect/cli"
import type { Settings } from "../../domain/Settings.ts"
import * as Backends from "../../programs/Backends.ts"
import { type Check, failing, holds, ok, optional } from "../../programs/doctor/Check.ts"
import { examine } from "../../programs/Doctor.ts"
import * as Client from "../rpc/Client.ts"
import { checkFailed } from "./Failure.ts"
import { json } from "./Input.ts"
import { uptime } from "./Status.ts"
import { table } from "./Table.ts"

const venues = Flag.Boolean("venues").pipe(
  Flag.withDescription("Ask each venue of ARBEDGE_VENUES for its markets too (takes some seconds and megabytes)"),
  Flag.withDefault(false),
)

/** A service that is not running is no fault: doctor is what one runs before the first start. */
const service = (settings: Settings): Effect.Effect<Check, never, FileSystem.FileSystem> =>
  Client.status(Backends.dataFolder(settings)).pipe(
    Effect.map(({ queue, roles, ticks, trouble, uptimeMs }) => {
      const pending = queue?.["pending"] ?? 0, failed = queue?.["failed"] ?? 0
      const detail = `${roles.join(", ")}; up ${uptime(uptimeMs)}; ${ticks} ticks; ` +
        (trouble === null ? `${pending} messages pending, ${failed} failed` : trouble)
      return trouble === null ? ok("service", detail) : failing("service", detail, "look at its log")
    }),
    Effect.catch((error) =>
      Effect.succeed(
        error.reason === "not_running"
          ? optional("service", error.detail, error.fix)
          : failing("service", error.detail, error.fix),
      )
    ),
  )

const row = ({ detail, name, state }: Check): Readonly<Record<string, string>> => ({
  check: name,
  state: state === "missing" || state === "failing" ? state.toUpperCase() : state,
  found: detail,
})

const text = (checks: ReadonlyArray<Check>): string => {
  const advice = checks.filter(({ fix }) => fix !== "").map(({ fix, name }) => `  ${name}: ${fix}`)
  return [table(checks.map(row)), ...advice.length === 0 ? [] : ["", "What to do", ...advice]].join("\n")
}

export const doctor = Command.make(
  "doctor",
  { venues, json },
  Effect.fn("Cli.doctor")(function* (options) {
    const files = yield* FileSystem.FileSystem
    const checks = yield* examine({
      venues: options.venues,
      service: (settings) => Effect.provideService(service(settings), FileSystem.FileSystem, files),
    })
    if (options.json) yield* Effect.forEach(checks, (check) => Console.log(JSON.stringify(check)), { discard: true })
    else yield* Console.log(text(checks))
    if (holds(checks)) return
    const wrong = checks.filter(({ state }) => state === "missing" || state === "failing").map(({ name }) => name)
    return yield* checkFailed(`not everything works: ${wrong.join(", ")}`)
  }),
).pipe(Command.withDescription("What works, what is missing, and how to fix it"))
