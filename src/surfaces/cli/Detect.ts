/**
 * `arbedge detect FILE`: which opportunities stood in a recording?
 *
 * In: a recording and a configuration. Out: one opportunity a line (JSON) or a table; what took no part and why goes to
 * standard error.
 */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import * as Figures from "../../domain/card/Figures.ts"
import type { Opportunity } from "../../domain/Opportunity.ts"
import { detectFile } from "../../programs/DetectFile.ts"
import { detectConfig, json, readDetectConfig, recordingFailure, recordingFile } from "./Input.ts"
import * as Progress from "./Progress.ts"
import { reportBadLines, reportFigures } from "./Report.ts"
import { table } from "./Table.ts"

export const detect = Command.make(
  "detect",
  { file: recordingFile, config: detectConfig, json },
  Effect.fn("Cli.detect")(function* (options) {
    const configuration = yield* readDetectConfig(options.config)
    const progress = yield* Progress.make("detect")
    const shown: Array<Readonly<Record<string, string>>> = []
    const { bad, figures, found } = yield* detectFile({
      path: options.file,
      config: configuration,
      onFound: (opportunity) =>
        options.json ? Console.log(JSON.stringify(opportunity)) : Effect.sync(() => void shown.push(row(opportunity))),
      onProgress: (share, ticks) => progress.show(share, `${ticks} ticks`),
    }).pipe(Effect.catchTag("RecordingError", (error) => Effect.fail(recordingFailure(error))))
    yield* progress.done
    yield* reportBadLines(options.file, bad)
    yield* reportFigures(figures)
    if (options.json) return
    yield* Console.log(`${figures.ticks} ticks, ${figures.checks} checks, ${found} opportunities`)
    if (shown.length > 0) yield* Console.log(table(shown))
  }),
).pipe(Command.withDescription("Find the opportunities that stood in a recording, priced exactly"))

const row = (found: Opportunity): Readonly<Record<string, string>> => {
  const leg = (side: "buy" | "sell") => {
    const one = found.legs.find((leg) => leg.side === side)
    return one === undefined ? "" : `${one.venue} ${one.instrument}`
  }
  return {
    at: new Date(found.firstAt).toISOString(),
    type: found.type,
    asset: found.asset,
    ...(found.details.type === "triangular"
      ? { buy: `${found.legs[0]?.venue ?? ""} ${found.details.path.join(" → ")}`, sell: "" }
      : { buy: leg("buy"), sell: leg("sell") }),
    // A signal names no size.
    size: found.details.type === "technical" ? "" : found.size,
    "net bps": found.netBps ?? "unknown",
    "net profit": found.netProfit === null ? "unknown" : `${found.netProfit} ${found.currency}`,
    checks: String(found.checks),
    "lived ms": String(found.lastAt - found.firstAt),
    ...remark(found),
    id: found.id,
  }
}

/** What tells one funding position or signal from another at a glance. */
const remark = ({ details }: Opportunity): Readonly<Record<string, string>> => {
  if (details.type === "technical") return { remark: `${details.signal}, ${details.direction}` }
  if (details.type !== "funding") return {}
  const paysBack = details.breakEvenHours === null ? "" : `, pays back in ${details.breakEvenHours} h`
  return { remark: `${Figures.fixed(Figures.percentOf(details.annualYield), 2)}% a year${paysBack}` }
}
