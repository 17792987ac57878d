/**
 * `arbedge backtest FILE`: what would a recording's opportunities have earned?
 *
 * In: a recording, a configuration, whose data these are. Out: what was found, turned down, how long it lived and what it
 * would have earned after each delay: as text, as one JSON object, and as a page. Promises: currencies are never added up;
 * simulated data says so; the same recording gives the same JSON on every runtime.
 */
import { Console, Effect, FileSystem } from "effect"
import { Command, Flag } from "effect/cli"
import { type Backtest, delayName, spanName } from "../../domain/Backtest.ts"
import { backtestFile } from "../../programs/Backtest.ts"
import { failed } from "./Failure.ts"
import { dataSource, detectConfig, json, readDetectConfig, recordingFailure, recordingFile } from "./Input.ts"
import * as Progress from "./Progress.ts"
import { reportBadLines, reportFigures } from "./Report.ts"
import { table } from "./Table.ts"
import { VERSION } from "./Version.ts"

const out = Flag.String("out").pipe(
  Flag.withDescription("Where the page goes: one HTML file with charts, without scripts"),
  Flag.optional,
)

const earnings = ({ earned }: Backtest): string =>
  table(earned.map((it) => ({
    delay: delayName(it.delayMs),
    earned: it.total,
    currency: it.currency,
    taken: `${it.taken}/${it.told}`,
    missed: String(it.missed),
    unread: String(it.unread),
    "hit rate": it.hitRate ?? "-",
    "max drawdown": it.maxDrawdown,
  })))

const text = (report: Backtest): string =>
  [
    `${report.simulated ? "SIMULATED DATA. " : ""}${report.checks} checks, ${report.found} opportunities, ` +
    `${report.silent} kept from people`,
    ...(report.earned.length === 0 ? [] : ["", earnings(report)]),
    ...(report.found === 0 ? [] : [
      "",
      table(report.by.pair.map(({ found, group, medianLivedMs, medianNetBps }) => ({
        pair: group,
        found: String(found),
        "lived ms": String(medianLivedMs),
        "net bps": medianNetBps ?? "-",
      }))),
      "",
      table(
        report.lived.filter(({ count }) => count > 0).map((span) => (
          { lived: spanName(span), opportunities: String(span.count) }
        )),
      ),
    ]),
    ...(report.refused.length === 0 ? [] : [
      "",
      table(report.refused.map(({ count, level, reason }) => (
        { refused: reason, level: String(level), times: String(count) }
      ))),
    ]),
  ].join("\n")

export const backtest = Command.make(
  "backtest",
  { file: recordingFile, config: detectConfig, source: dataSource, out, json },
  Effect.fn("Cli.backtest")(function* (options) {
    const files = yield* FileSystem.FileSystem
    const configuration = yield* readDetectConfig(options.config)
    const progress = yield* Progress.make("backtest")
    const { bad, figures, report } = yield* backtestFile({
      path: options.file,
      config: configuration,
      source: options.source,
      onProgress: (share, ticks) => progress.show(share, `${ticks} ticks`),
    }).pipe(Effect.catchTag("RecordingError", (error) => Effect.fail(recordingFailure(error))))
    yield* progress.done
    yield* reportBadLines(options.file, bad)
    yield* reportFigures(figures)
    if (options.out._tag === "Some") {
      // The chart library takes half a second to load: only whoever wants a page waits for it.
      const { page } = yield* Effect.promise(() => import("./BacktestPage.ts"))
      const path = options.out.value, about = { file: options.file, config: options.config, version: VERSION }
      yield* files.writeFileString(path, page(report, about)).pipe(
        Effect.mapError((error) => failed(`the page "${path}" cannot be written: ${error.message}`)),
      )
      yield* Console.error(`the page is ${path}`)
    }
    yield* Console.log(options.json ? JSON.stringify(report) : text(report))
  }),
).pipe(Command.withDescription("What a recording's opportunities would have earned, with a page of charts"))
