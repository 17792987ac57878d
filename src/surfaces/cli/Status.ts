/**
 * `arbedge status`: how the running service is doing.
 *
 * In: `service.json` of the data folder. Out: its roles, uptime and progress, what it owes to users, and who analyses
 * which partitions in all processes together. Promises: it asks the service and never opens its folder; exit 4 when the
 * service cannot be reached, with the reason.
 */
import { Console, Duration, Effect } from "effect"
import { Command } from "effect/cli"
import * as Backends from "../../programs/Backends.ts"
import * as Client from "../rpc/Client.ts"
import type { SourceState, Status } from "../rpc/Protocol.ts"
import { unreachable } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { partitionTable } from "./PartitionTable.ts"

const counts = (queue: Readonly<Record<string, number>>): string => {
  const present = Object.entries(queue).filter(([, count]) => count > 0).map(([status, count]) => `${status} ${count}`)
  return present.length === 0 ? "empty" : present.join(", ")
}

/** To the second: `1d 2h 3m 4s`. */
export const uptime = (uptimeMs: number): string =>
  uptimeMs < 1_000 ? "under a second" : Duration.format(Duration.seconds(Math.floor(uptimeMs / 1_000)))

const sourceText = ({ answered, breaker, failed, lastError, missed, p99Ms, source, venue }: SourceState): string =>
  [
    `${venue === null ? source : `${source} ${venue}`}: ${answered} answered, ${missed} missed, ${failed} failed`,
    ...p99Ms === null ? [] : [`p99 ${p99Ms} ms`],
    ...breaker === null || breaker === "closed" ? [] : [`left alone (${breaker})`],
    ...lastError === null ? [] : [`last: ${lastError.reason} (${lastError.detail.slice(0, 80)})`],
  ].join(", ")

export const text = (status: Status): string =>
  [
    ["ArbEdge", `${status.version}, process ${status.pid}`],
    ["roles", status.roles.length === 0 ? "none" : status.roles.join(", ")],
    ["market data", status.simulated ? "SIMULATED" : "real venues"],
    ["running", `${uptime(status.uptimeMs)}, since ${new Date(status.startedAt).toISOString()}`],
    [
      "analysed",
      `${status.ticks} ticks, ${status.checks} checks, up to frame message ${status.analysedSequence ?? "-"}`,
    ],
    ["distributed", `up to transition ${status.distributedSequence}`],
    ["delivering", `${status.delivering} under way`],
    ...status.sources.map((source) => ["source", sourceText(source)]),
    ["queue", status.queue === null ? "unknown" : counts(status.queue)],
    ["sessions", status.sessionsActive === null ? "unknown" : `${status.sessionsActive} active`],
    ...status.trouble === null ? [] : [["trouble", status.trouble]],
  ].map(([name = "", value]) => `${name.padEnd(12)}${value}`).concat(
    status.partitions === null || status.partitions.length === 0 ? [] : ["", partitionTable(status.partitions)],
  ).join("\n")

export const status = Command.make(
  "status",
  { json },
  Effect.fn("Cli.status")(function* (options) {
    const settings = yield* OperatorSettings.read
    const found = yield* Effect.mapError(
      Client.status(Backends.dataFolder(settings)),
      (error) => unreachable(error.detail, error.fix),
    )
    yield* Console.log(options.json ? JSON.stringify(found) : text(found))
  }),
).pipe(Command.withDescription("How the running service is doing"))
