/**
 * `arbedge edges FILE`: a raw look at how far apart venues quote, before fees.
 *
 * In: a recording.
 * Out: one row for each ordered pair of venues of an asset, as a table or as JSON lines.
 */
import { Console, Effect, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { isDecimalText } from "../../domain/Decimal.ts"
import type { BadLine } from "../../layers/Recording.ts"
import { Recording } from "../../layers/Recording.ts"
import { type EdgeRow, Edges } from "../../programs/Edges.ts"
import { usage } from "./Failure.ts"
import { json, recordingFailure, recordingFile } from "./Input.ts"
import * as Progress from "./Progress.ts"
import { reportBadLines } from "./Report.ts"
import { table } from "./Table.ts"

const thresholds = Flag.String("thresholds").pipe(
  Flag.withDescription("Basis points to count strictly above, separated by commas"),
  Flag.withDefault("0,2,4,5,6,8,10"),
)

const parseThresholds = (text: string) => {
  const parts = text.split(",").map((part) => part.trim())
  const wrong = parts.find((part) => !isDecimalText(part))
  return wrong === undefined
    ? Effect.succeed(parts)
    : Effect.fail(usage(`"${wrong}" in --thresholds is not a number`, "give basis points such as 0,2.5,10"))
}

export const edges = Command.make(
  "edges",
  { file: recordingFile, thresholds, json },
  Effect.fn("Cli.edges")(function* (options) {
    const names = yield* parseThresholds(options.thresholds)
    const recording = yield* Recording
    const progress = yield* Progress.make("edges")
    const found = new Edges(names)
    const bad: Array<BadLine> = []
    yield* recording.read(options.file).pipe(
      Stream.runForEach((batch) => {
        found.push(batch.ticks)
        bad.push(...batch.bad)
        return progress.show(batch.progress, `${found.quotes} quotes`)
      }),
      Effect.mapError(recordingFailure),
    )
    yield* progress.done
    yield* reportBadLines(options.file, bad)
    const rows = found.rows()
    if (options.json) return yield* Effect.forEach(rows, (row) => Console.log(JSON.stringify(row)), { discard: true })
    yield* Console.log(
      "Raw edges at best level: no fees, no conversion (USD and USDT alike), contracts as stated, no staleness limit.",
    )
    yield* Console.log(
      rows.length === 0 ? "No two venues quote the same asset in this recording." : table(rows.map(shown(names))),
    )
  }),
).pipe(Command.withDescription("A raw look at a recording: how far apart venues quote an asset, before fees"))

const shown = (names: ReadonlyArray<string>) => (row: EdgeRow): Readonly<Record<string, string>> => ({
  asset: String(row["asset"]),
  buy: String(row["buyInstrument"] === undefined ? row["buy"] : `${row["buy"]} ${row["buyInstrument"]}`),
  sell: String(row["sellInstrument"] === undefined ? row["sell"] : `${row["sell"]} ${row["sellInstrument"]}`),
  checks: String(row["checks"]),
  "max bps": String(row["max_bps"]),
  at: String(row["at"]),
  ...Object.fromEntries(names.map((name) => [`>${name}`, `${row[`above_${name}bps`]}/${row[`episodes_${name}bps`]}`])),
})
