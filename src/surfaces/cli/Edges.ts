/**
 * `arbedge edges FILE`: a raw look at how far apart venues quote, before fees.
 *
 * In: a recording.
 * Out: one row for each ordered pair of venues of an asset, as a table or as JSON lines; with `--last` one for each pair,
 * by last prices, for recordings that have no quotes.
 */
import { Console, Effect, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { isDecimalText } from "../../domain/Decimal.ts"
import type { BadLine } from "../../layers/Recording.ts"
import { Recording } from "../../layers/Recording.ts"
import { type EdgeRow, Edges } from "../../programs/Edges.ts"
import { type LastPriceRow, LastPrices } from "../../programs/LastPrices.ts"
import { usage } from "./Failure.ts"
import { json, recordingFailure, recordingFile } from "./Input.ts"
import * as Progress from "./Progress.ts"
import { reportBadLines } from "./Report.ts"
import { table } from "./Table.ts"

const thresholds = Flag.String("thresholds").pipe(
  Flag.withDescription("Basis points to count strictly above, separated by commas"),
  Flag.withDefault("0,2,4,5,6,8,10"),
)

const last = Flag.Boolean("last").pipe(
  Flag.withDescription("Compare last prices (tickers) instead of quotes"),
  Flag.withDefault(false),
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
  { file: recordingFile, thresholds, last, json },
  Effect.fn("Cli.edges")(function* (options) {
    const names = yield* parseThresholds(options.thresholds)
    const recording = yield* Recording
    const progress = yield* Progress.make("edges")
    const found = new Edges(names), prices = new LastPrices(names)
    const bad: Array<BadLine> = []
    yield* recording.read(options.file).pipe(
      Stream.runForEach((batch) => {
        if (options.last) prices.push(batch.ticks)
        else found.push(batch.ticks)
        bad.push(...batch.bad)
        return progress.show(batch.progress, options.last ? `${prices.tickers} prices` : `${found.quotes} quotes`)
      }),
      Effect.mapError(recordingFailure),
    )
    yield* progress.done
    yield* reportBadLines(options.file, bad)
    const lastRows = prices.rows(), rows = found.rows()
    const objects: ReadonlyArray<object> = options.last ? lastRows : rows
    if (options.json) {
      return yield* Effect.forEach(objects, (row) => Console.log(JSON.stringify(row)), { discard: true })
    }
    yield* Console.log(
      options.last
        ? "Last prices, one venue's over another's: no fees, no conversion (USD and USDT alike), no staleness limit."
        : "Raw edges at best level: no fees, no conversion (USD and USDT alike), contracts as stated, no staleness limit.",
    )
    if (objects.length === 0) {
      return yield* Console.log(
        options.last
          ? "No two venues have last prices of the same asset in this recording."
          : "No two venues quote the same asset in this recording.",
      )
    }
    yield* Console.log(table(options.last ? lastRows.map(shownLast) : rows.map(shown(names))))
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

const shownLast = (row: LastPriceRow): Readonly<Record<string, string>> => ({
  asset: row.asset,
  venue: row.venue,
  over: row.over,
  updates: String(row.updates),
  "max bps": row.max.bps,
  "at max": row.max.at,
  "min bps": row.min.bps,
  "at min": row.min.at,
  ...Object.fromEntries(Object.entries(row.apart).map(([name, count]) => [`>${name}`, String(count)])),
})
