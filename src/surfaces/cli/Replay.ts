/**
 * `arbedge replay FILE...`: recordings through the whole live path.
 *
 * In: recordings, which part of them, a configuration, the people, what goes wrong. Out: the emulator's log (what each
 * person was sent), the opportunity log, and a summary; or, with `--to bus`, the frames on the bus for others; or, with
 * `--ticks`, the ticks in a file. With `--raw` the recordings are of frames, and real clients make the ticks.
 */
import { Clock, Console, Effect, FileSystem, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { Settings } from "../../domain/Settings.ts"
import * as Backends from "../../programs/Backends.ts"
import type { FaultReport } from "../../programs/replay/FaultReport.ts"
import type { FeedOptions, Position } from "../../programs/replay/Feeding.ts"
import * as Playlist from "../../programs/replay/Playlist.ts"
import { replay as runReplay, type Replayed } from "../../programs/replay/Replay.ts"
import * as ReplayUsers from "../../programs/replay/ReplayUsers.ts"
import * as RawRecording from "../../programs/replay/RawRecording.ts"
import { replayToBus } from "../../programs/replay/ReplayToBus.ts"
import { replayToFile } from "../../programs/replay/ReplayToFile.ts"
import * as Telemetry from "../../programs/Telemetry.ts"
import { Topology } from "../../streams/Topology.ts"
import { failed, usage } from "./Failure.ts"
import { json, readDetectConfig, readJson, recordingFailure, tableConfig } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import * as Owner from "./Owner.ts"
import * as Progress from "./Progress.ts"
import { faults, files, parseSelection, parseSpeed, raw, readPlan, selection, speed, ticks } from "./ReplayFlags.ts"
import { reportBadLines, reportFigures } from "./Report.ts"
import { streamTopology } from "./StreamSettings.ts"
import { VERSION } from "./Version.ts"

const config = Flag.String("config").pipe(
  Flag.withDescription("JSON file with fees, lots, thresholds; without it the shipped fees"),
  Flag.optional,
)
const users = Flag.String("users").pipe(
  Flag.withDescription("JSON file of the people: chat, timeZone, hours, caps, minNetBps (docs/guides/replay.md)"),
  Flag.optional,
)
const log = Flag.String("log").pipe(
  Flag.withDescription("Where the emulator's log goes, one call a line"),
  Flag.optional,
)
const opportunities = Flag.String("opportunities").pipe(
  Flag.withDescription("Where the opportunity log goes, one transition a line"),
  Flag.optional,
)
const to = Flag.Literals("to", ["emulator", "bus"]).pipe(
  Flag.withDescription("`bus`: only put the frames on the bus, for a running service to work on"),
  Flag.withDefault("emulator" as const),
)

const readUsers = Effect.fnUntraced(function* (path: string) {
  const value = yield* readJson(path, "the users file")
  return yield* ReplayUsers.fromUnknown(value).pipe(
    Effect.mapError((error) =>
      usage(`the users file "${path}" is refused:\n${error.message}`, "see docs/guides/replay.md")
    ),
  )
})

const write = (path: Option.Option<string>, what: string, text: string) =>
  Option.match(path, {
    onNone: () => Effect.void,
    onSome: (target) =>
      FileSystem.FileSystem.use((disk) => disk.writeFileString(target, text)).pipe(
        Effect.mapError(() => usage(`${what} "${target}" cannot be written`, "check the path and its permissions")),
      ),
  })

/** Where it stands, and how fast recorded time passes. */
const positionText = ({ playedMs, ticks, tookMs }: Position): string =>
  `${ticks} ticks, +${(playedMs / 1_000).toFixed(1)} s, ${(playedMs / Math.max(1, tookMs)).toFixed(1)} times as fast`

const faultLine = ({ became, kind, struck }: FaultReport): string => {
  const fates = Object.entries(became).map(([what, count]) => `${what} ${count}`)
  return `  ${kind}: ${struck} injected${fates.length === 0 ? "" : `; ${fates.join(", ")}`}`
}

const tellBadLines = (bad: ReadonlyArray<Playlist.RefusedLine>) =>
  Effect.forEach(Map.groupBy(bad, ({ path }) => path), ([path, lines]) => reportBadLines(path, lines), {
    discard: true,
  })

const tell = Effect.fnUntraced(function* (replayed: Replayed, asJson: boolean, tookMs: number) {
  const { bad, edited, opportunities, playedMs, refused, sent, ticks, transitions } = replayed
  yield* tellBadLines(bad)
  if (Option.isSome(replayed.figures)) yield* reportFigures(replayed.figures.value)
  if (asJson) {
    const told = { ticks, opportunities, transitions, sent, edited, refused, tookMs, playedMs, faults: replayed.faults }
    return yield* Console.log(JSON.stringify(told))
  }
  yield* Console.log(
    `${ticks} ticks in ${tookMs} ms (${
      Math.round(ticks * 1_000 / Math.max(1, playedMs))
    } a second once begun): ${opportunities.length} opportunities, ${sent} messages sent, ${edited} edited, ` +
      `${refused} calls refused`,
  )
  for (const id of opportunities) yield* Console.log(`  ${id}`)
  if (replayed.faults.length > 0) yield* Console.log("faults:")
  for (const report of replayed.faults) yield* Console.log(faultLine(report))
})

export const toBus = Effect.fnUntraced(function* (settings: Settings, options: FeedOptions, asJson: boolean) {
  if (Option.isNone(settings.natsUrl)) {
    return yield* usage("--to bus needs a bus that others can reach", "set ARBEDGE_NATS_URL")
  }
  const byClock = options.faults.faults.find(({ kind }) => kind === "telegram_429" || kind === "actor_kill")
  if (byClock !== undefined) {
    return yield* usage(`${byClock.kind} is no fault of ticks`, "leave it out with --to bus, or replay in process")
  }
  const owner = yield* Owner.make
  const { bad, faults, ticks } = yield* replayToBus({ ...options, owner }).pipe(
    Effect.provide(Backends.busOf(settings)),
    Effect.provideService(Topology, yield* streamTopology(settings)),
    Effect.provide(Telemetry.tracingOf(settings, { instance: owner, roles: ["replay"], version: VERSION })),
    Effect.catchTags({
      BadSettings: (error) => Effect.fail(usage(error.message, "see docs/guides/telemetry.md")),
      RecordingError: (error) => Effect.fail(recordingFailure(error)),
      BusError: (error) =>
        Effect.fail(failed(`the bus failed: ${error.reason}: ${error.detail}`, "run `arbedge doctor`")),
    }),
  )
  yield* tellBadLines(bad)
  const reports = Option.match(faults, {
    onNone: (): ReadonlyArray<FaultReport> => [],
    onSome: ({ fates, struck }) =>
      options.faults.faults.map(({ kind }, at) => ({ kind, struck: struck[at] ?? 0, became: fates[at] ?? {} })),
  })
  if (asJson) return yield* Console.log(JSON.stringify({ ticks, faults: reports }))
  yield* Console.log(`${ticks} ticks are on the bus`)
  for (const report of reports) yield* Console.log(faultLine(report))
})

const toFile = Effect.fnUntraced(function* (
  { onProgress, playlist }: Pick<FeedOptions, "playlist"> & {
    readonly onProgress: (share: number, text: string) => Effect.Effect<void>
  },
  path: string,
  asJson: boolean,
) {
  if (playlist.paths.includes(path)) return yield* usage(`--ticks: "${path}" is what is played`, "give another file")
  const { bad, ticks } = yield* replayToFile({
    path,
    playlist,
    onProgress: (share, count) => onProgress(share, `${count} ticks`),
  }).pipe(Effect.mapError(recordingFailure))
  yield* tellBadLines(bad)
  yield* Console.log(asJson ? JSON.stringify({ path, ticks }) : `${ticks} ticks are in ${path}`)
})

const flags = { files, raw, ticks, config, users, log, opportunities, speed, ...selection, ...faults, to, json }

const run = Effect.fn("Cli.replay")(
  function* (options: Command.Command.Config.Infer<typeof flags>) {
    // Whoever works on frames from the bus lives at the wall's pace: at any other, what is owed expires unsent.
    const factor = yield* parseSpeed(Option.getOrElse(options.speed, () => options.to === "bus" ? "1" : "max"))
    const chosen = yield* parseSelection(options), plan = yield* readPlan(options)
    const settings = yield* OperatorSettings.read
    const playlist = yield* Playlist.open(options.files, chosen).pipe(Effect.mapError(recordingFailure))
    const progress = yield* Progress.make("replay")
    if (Option.isSome(options.ticks)) {
      if (plan.faults.length > 0 || options.to === "bus") {
        return yield* usage("--ticks writes what is played and nothing else", "leave out the faults and --to bus")
      }
      const writing = toFile({ playlist, onProgress: progress.show }, options.ticks.value, options.json)
      return yield* Effect.ensuring(writing, progress.done)
    }
    const began = yield* Clock.currentTimeMillis
    const feeding: FeedOptions = {
      playlist,
      speed: factor,
      faults: plan,
      // Drawn now and then by the wall's time, whatever time it is in the replay.
      onProgress: (position) =>
        progress.show(position.share, positionText(position)).pipe(
          Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
        ),
    }
    if (options.to === "bus") return yield* Effect.ensuring(toBus(settings, feeding, options.json), progress.done)
    const configuration = Option.isSome(options.config)
      ? yield* readDetectConfig(options.config.value)
      : yield* tableConfig(settings.feeTiers)
    const people = Option.isSome(options.users) ? yield* readUsers(options.users.value) : []
    const owner = yield* Owner.make
    const replayed = yield* runReplay({
      ...feeding,
      ...Backends.ownOf(settings, owner),
      config: configuration,
      users: people,
      owner,
    }).pipe(
      Effect.catchTag("RecordingError", (error) => Effect.fail(recordingFailure(error))),
      Effect.catchIf(
        (error) => error._tag !== "Failure",
        (error) => Effect.fail(failed(`the replay stopped: ${error._tag}: ${error.message}`, "run `arbedge doctor`")),
      ),
    )
    yield* progress.done
    yield* write(options.log, "the log", replayed.log)
    yield* write(options.opportunities, "the opportunity log", replayed.opportunityLog)
    yield* tell(replayed, options.json, (yield* Clock.currentTimeMillis) - began)
  },
)

export const replay = Command.make(
  "replay",
  flags,
  (options) => options.raw ? Effect.provide(run(options), RawRecording.layer()) : run(options),
).pipe(Command.withDescription("Send recordings through the whole path, at any speed, in the recordings' time"))
