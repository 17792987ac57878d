/**
 * `arbedge scorecard`: what was found, and what of it could have been had after 0.1, 1, 5, 30 and 60 seconds.
 *
 * In: a grouping and a number of days. Out: one row a group; with `--json` one object a line. Promises: simulated data
 * has rows of its own and says so; what could not be judged is left out of the shares, and both numbers are shown.
 */
import { Clock, Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { Grouping, type ScorecardRow } from "../../domain/Scorecard.ts"
import * as Backends from "../../programs/Backends.ts"
import { scorecardOf } from "../../programs/TrackRecords.ts"
import * as Client from "../rpc/Client.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import { recorded } from "./Recorded.ts"
import { table } from "./Table.ts"

const DAY_MS = 86_400_000

const by = Flag.Literals("by", Grouping.literals).pipe(
  Flag.withDescription("What a row stands for"),
  Flag.withDefault("type"),
)
const days = Flag.Int("days").pipe(
  Flag.withDescription("How far back it looks, by time of detection"),
  Flag.withDefault(30),
)

const shown = (row: ScorecardRow): Readonly<Record<string, string>> => ({
  [row.by]: row.simulated ? `${row.group} (SIMULATED)` : row.group,
  found: String(row.found),
  silent: String(row.silent),
  "lived ms": String(row.medianLivedMs),
  "net bps": row.medianNetBps ?? "-",
  ...Object.fromEntries(row.after.map(({ delayMs, judged, medianNetBps, realisable }) => [
    `after ${delayMs / 1_000} s`,
    judged === 0 ? "-" : `${realisable}/${judged} at ${medianNetBps ?? "-"}`,
  ])),
})

export const scorecard = Command.make(
  "scorecard",
  { by, days, json },
  Effect.fn("Cli.scorecard")(function* (options) {
    const settings = yield* OperatorSettings.read
    const nowMs = yield* Clock.currentTimeMillis
    const query = { by: options.by, sinceMs: nowMs - options.days * DAY_MS, untilMs: nowMs + 1 }
    const rows = yield* recorded(settings, {
      ofStore: scorecardOf(query),
      ofService: Client.asking(Backends.dataFolder(settings), (client) => client.Scorecard(query)),
    })
    if (options.json) return yield* Effect.forEach(rows, (row) => Console.log(JSON.stringify(row)), { discard: true })
    if (rows.length === 0) return yield* Console.log(`nothing was found and followed in the last ${options.days} days`)
    yield* Console.log(table(rows.map(shown)))
    yield* Console.log(
      "after N s: how many still paid after fees / how many could be judged, at their median net bps; lived, net: medians",
    )
  }),
).pipe(Command.withDescription("What was found, and what of it could have been had"))
