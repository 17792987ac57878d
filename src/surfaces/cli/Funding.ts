/**
 * `arbedge funding FILE`: a raw look at settled funding rates: what was paid, and how far apart venues were.
 *
 * In: a recording.
 * Out: sums by perpetual, the greatest spreads, counts above thresholds; as tables, or as one JSON object.
 */
import { Console, Effect, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { isDecimalText } from "../../domain/Decimal.ts"
import type { BadLine } from "../../layers/Recording.ts"
import { Recording } from "../../layers/Recording.ts"
import { FundingSpreads } from "../../programs/FundingSpreads.ts"
import { usage } from "./Failure.ts"
import { json, recordingFailure, recordingFile } from "./Input.ts"
import * as Progress from "./Progress.ts"
import { reportBadLines } from "./Report.ts"
import { table } from "./Table.ts"

const thresholds = Flag.String("thresholds").pipe(
  Flag.withDescription("Spreads to count strictly above, as fractions, separated by commas"),
  Flag.withDefault("0.0005,0.001"),
)
const top = Flag.Int("top").pipe(
  Flag.withDescription("How many of the greatest spreads to show"),
  Flag.withDefault(5),
)

export const funding = Command.make(
  "funding",
  { file: recordingFile, thresholds, top, json },
  Effect.fn("Cli.funding")(function* (options) {
    const names = options.thresholds.split(",").map((part) => part.trim())
    const wrong = names.find((name) => !isDecimalText(name))
    if (wrong !== undefined) {
      return yield* usage(`"${wrong}" in --thresholds is not a number`, "give fractions such as 0.0005,0.001")
    }
    if (options.top < 0) return yield* usage(`--top ${options.top} is below zero`, "give how many to show, such as 5")
    const recording = yield* Recording
    const progress = yield* Progress.make("funding")
    const spreads = new FundingSpreads()
    const bad: Array<BadLine> = []
    yield* recording.read(options.file).pipe(
      Stream.runForEach((batch) => {
        spreads.push(batch.ticks)
        bad.push(...batch.bad)
        return progress.show(batch.progress, `${spreads.settled} rates`)
      }),
      Effect.mapError(recordingFailure),
    )
    yield* progress.done
    yield* reportBadLines(options.file, bad)
    const report = spreads.report(names, options.top)
    if (options.json) return yield* Console.log(JSON.stringify(report))
    yield* Console.log("Settled rates as stated, before any cost; spreads at one instant, over one interval.")
    if (report.paid.length === 0) return yield* Console.log("No settled funding rate in this recording.")
    yield* Console.log(table(report.paid.map((row) => ({ ...row, settlements: String(row.settlements) }))))
    yield* Console.log(`\n${report.instants} instants with two venues or more`)
    for (const [name, count] of Object.entries(report.above)) yield* Console.log(`  above ${name}: ${count}`)
    if (report.top.length > 0) yield* Console.log(`\n${table(report.top.map((row) => ({ ...row })))}`)
  }),
).pipe(Command.withDescription("A raw look at a recording: what funding paid, and how far apart venues' rates were"))
