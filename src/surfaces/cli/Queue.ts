/**
 * `arbedge queue`: how the queue of messages is doing, by kind, strategy, type and channel.
 *
 * In: a number of minutes to look back. Out: one row a group; with `--json` one object a line. Promises: what nobody knows
 * is "-", never 0; asked of the running service.
 */
import { Clock, Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { QueueFigure } from "../../layers/QueueFigures.ts"
import * as Backends from "../../programs/Backends.ts"
import * as Client from "../rpc/Client.ts"
import { unreachable, usage } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { table } from "./Table.ts"

const MINUTE_MS = 60_000

const minutes = Flag.Int("minutes").pipe(
  Flag.withDescription("How far back rates, waits and processing times reach"),
  Flag.withDefault(60),
)

const known = (value: number | null, digits = 0): string => value === null ? "-" : value.toFixed(digits)

const spread = ({ p50, p95, p99 }: QueueFigure["waitMs"]): string =>
  p50 === null ? "-" : [p50, p95, p99].map((value) => known(value)).join("/")

const shown = (row: QueueFigure): Readonly<Record<string, string>> => ({
  kind: row.kind,
  strategy: row.strategy,
  type: row.type ?? "-",
  channel: row.channel,
  depth: String(row.depth),
  "oldest s": row.oldestAgeMs === null ? "-" : known(row.oldestAgeMs / 1_000, 1),
  sent: String(row.sent),
  failed: String(row.failed),
  expired: String(row.expired),
  success: row.successRate === null ? "-" : `${known(row.successRate * 100, 1)}%`,
  "wait ms": spread(row.waitMs),
  "processing ms": spread(row.processingMs),
  dead: String(row.deadLetters),
})

export const queue = Command.make(
  "queue",
  { minutes, json },
  Effect.fn("Cli.queue")(function* (options) {
    if (options.minutes < 1) return yield* usage(`--minutes ${options.minutes}`, "give a number from 1")
    const settings = yield* OperatorSettings.read
    const sinceMs = (yield* Clock.currentTimeMillis) - options.minutes * MINUTE_MS
    const rows = yield* Client.asking(
      Backends.dataFolder(settings),
      (client) => client.QueueFigures({ sinceMs }),
    ).pipe(Effect.mapError((error) => unreachable(error.detail, error.fix)))
    if (options.json) return yield* Effect.forEach(rows, (row) => Console.log(JSON.stringify(row)), { discard: true })
    if (rows.length === 0) return yield* Console.log("nothing waits, and nothing was sent in that time")
    yield* Console.log(table(rows.map(shown)))
    yield* Console.log(
      "wait: from when it could be sent to its first request; processing: its last request; p50/p95/p99",
    )
  }),
).pipe(Command.withDescription("How the queue of messages is doing"))
