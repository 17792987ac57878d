/**
 * `arbedge load SCENARIO`: how much it bears, where the time goes, and whether anything is lost.
 *
 * In: a scenario file, objectives. Out: a live display, a summary or one JSON object, a report as JSON and as a page; exit
 * code 3 when an objective was not kept. Promises: everything that is asked for is checked before the first tick; an
 * objective on what was not measured fails the command (1), it never counts as kept.
 */
import { availableParallelism } from "node:os"
import { dirname, resolve } from "node:path"
import process from "node:process"
import { Console, Effect, Layer, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Scenario from "../../domain/Scenario.ts"
import type { ScenarioReport } from "../../domain/ScenarioReport.ts"
import type { Settings } from "../../domain/Settings.ts"
import * as Slo from "../../domain/Slo.ts"
import * as Backends from "../../programs/Backends.ts"
import { load as runLoad } from "../../programs/Load.ts"
import { marketOf } from "../../programs/load/Source.ts"
import * as Bot from "../bot/Bot.ts"
import * as Pacing from "../bot/Pacing.ts"
import { checkFailed, failed, usage } from "./Failure.ts"
import { json, readDetectConfig, readJson, recordingFailure, tableConfig } from "./Input.ts"
import * as LoadDisplay from "./LoadDisplay.ts"
import * as LoadReport from "./LoadReport.ts"
import { display, objectives, summary } from "./LoadText.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import * as Owner from "./Owner.ts"
import * as Progress from "./Progress.ts"
import { span } from "./Span.ts"

const GUIDE = "see docs/guides/load.md"
/** How long an empty poll is held: a run that ends waits for no longer one. */
const POLL_SECONDS = 1

const scenarioFile = Argument.String("scenario").pipe(
  Argument.withDescription("A JSON file that says who, what, how fast and how long (docs/guides/load.md)"),
)
const report = Flag.String("report").pipe(
  Flag.withDescription("Folder for report.json and report.html, made if need be, written as the run goes on"),
  Flag.optional,
)
const assert = Flag.String("assert").pipe(
  Flag.withDescription("JSON file of objectives; exit code 3 if one is not kept"),
  Flag.optional,
)
const soak = span("soak").pipe(
  Flag.withDescription("Ticks come so long (30m), and memory, handles and lag are watched for growth"),
  Flag.optional,
)
const duration = span("duration").pipe(
  Flag.withDescription("Ticks come so long (20s), instead of the scenario's durationMs"),
  Flag.optional,
)
const seed = Flag.Int("seed").pipe(
  Flag.withDescription("Instead of the scenario's: another seed, other markets"),
  Flag.optional,
)

const readScenario = Effect.fnUntraced(function* (
  path: string,
  changes: Readonly<Record<string, Option.Option<number>>>,
) {
  const value = yield* readJson(path, "the scenario")
  const { durationMs = Option.none(), seed = Option.none(), soakMs = Option.none() } = changes
  const changed = typeof value !== "object" || value === null ? value : {
    ...value,
    ...Option.match(seed, { onNone: () => ({}), onSome: (seed) => ({ seed }) }),
    ...Option.match(durationMs, { onNone: () => ({}), onSome: (durationMs) => ({ durationMs }) }),
    ...Option.match(soakMs, { onNone: () => ({}), onSome: (durationMs) => ({ durationMs, soak: true }) }),
  }
  return yield* Scenario.fromUnknown(changed).pipe(
    Effect.mapError((error) => usage(`the scenario "${path}" is refused:\n${error.message}`, GUIDE)),
  )
})

const readSlo = Effect.fnUntraced(function* (path: string) {
  const value = yield* readJson(path, "the objectives file")
  return yield* Slo.fromUnknown(value).pipe(
    Effect.mapError((error) => usage(`the objectives file "${path}" is refused:\n${error.message}`, GUIDE)),
  )
})

/** For people: what it ran on. */
const worldOf = (settings: Settings): Readonly<Record<string, string>> => ({
  bus: Option.isSome(settings.natsUrl) ? "NATS" : "embedded bus",
  store: Option.isSome(settings.postgresUrl) ? "Postgres" : "embedded store",
  runtime: "deno" in process.versions ? `Deno ${process.versions["deno"]}` : `Node ${process.versions.node}`,
  cores: String(availableParallelism()),
})

/** Tells what was not kept; fails where anything was not, or could not be seen. */
const verdict = Effect.fnUntraced(function* (judged: ReadonlyArray<Slo.Judged>, asJson: boolean) {
  const of = (one: Slo.Judged["verdict"]) => judged.filter(({ verdict }) => verdict === one)
  const broken = of("broken"), unmeasured = of("unmeasured")
  if (broken.length + unmeasured.length === 0) {
    return judged.length === 0 || asJson ? undefined : yield* Console.log(`\nall ${judged.length} objectives were kept`)
  }
  yield* Console.error(`\n${objectives([...broken, ...unmeasured])}`)
  if (broken.length > 0) return yield* checkFailed(`${broken.length} of ${judged.length} objectives were not kept`)
  return yield* failed(
    `${unmeasured.length} of ${judged.length} objectives are on what this run did not measure`,
    "make the run long enough for it to happen, or leave the objective out",
  )
})

export const load = Command.make(
  "load",
  { scenario: scenarioFile, report, assert, soak, duration, seed, json },
  Effect.fn("Cli.load")(function* (options) {
    const scenario = yield* readScenario(options.scenario, {
      seed: options.seed,
      durationMs: options.duration,
      soakMs: options.soak,
    })
    const slo = yield* Effect.transposeOption(Option.map(options.assert, readSlo))
    const settings = yield* OperatorSettings.read
    const beside = (path: string) => resolve(dirname(options.scenario), path)
    const market = yield* marketOf(scenario, beside).pipe(Effect.catchTags({
      RecordingError: (error) => Effect.fail(recordingFailure(error)),
      SchemaError: (error) =>
        Effect.fail(usage(`the markets of "${options.scenario}" cannot be simulated:\n${error.message}`, GUIDE)),
    }))
    const config = scenario.detect !== undefined
      ? yield* readDetectConfig(beside(scenario.detect))
      : yield* Option.match(market.config, { onSome: Effect.succeed, onNone: () => tableConfig(settings.feeTiers) })
    const files = yield* Effect.transposeOption(Option.map(options.report, LoadReport.make))
    const owner = yield* Owner.make
    const progress = yield* Progress.make("inviting"), live = yield* LoadDisplay.make

    const onReport = (now: ScenarioReport) =>
      Effect.andThen(
        live.show(display(now)),
        Option.match(files, { onNone: () => Effect.void, onSome: ({ progress }) => progress(now) }),
      )
    const last = yield* runLoad({
      ...Backends.ownOf(settings, owner),
      scenario,
      market,
      config,
      owner,
      world: worldOf(settings),
      bot: Bot.layerPolling({ owner, holdSeconds: POLL_SECONDS }).pipe(Layer.provide(Pacing.layer)),
      onInvited: (people, of) => people === of ? progress.done : progress.show(people / of, `${people} users`),
      onReport,
    }).pipe(
      Effect.ensuring(live.done),
      Effect.catchTag("RecordingError", (error) => Effect.fail(recordingFailure(error))),
      Effect.catchIf(
        (error) => error._tag !== "Failure",
        (error) => Effect.fail(failed(`the run stopped: ${error._tag}: ${error.message}`, "run `arbedge doctor`")),
      ),
    )
    const judged = Option.match(slo, { onNone: () => [], onSome: (it) => Slo.judge(it, last) })
    if (Option.isSome(files)) yield* files.value.last(last, judged)
    if (options.json) yield* Console.log(JSON.stringify(judged.length === 0 ? last : { ...last, objectives: judged }))
    else yield* Console.log(summary(last))
    if (Option.isSome(options.report)) {
      yield* Console.error(`\nthe report is ${resolve(options.report.value)}/report.html`)
    }
    yield* verdict(judged, options.json)
  }),
).pipe(Command.withDescription("Put a load on the whole path: what is lost, where the time goes, what it costs"))
