/**
 * `arbedge replay FILE`: a recording through the whole live path.
 *
 * In: a recording, a configuration, the people. Out: the emulator's log (what each person was sent) and a summary; or,
 * with `--to bus`, the frames on the bus for others.
 */
import { Clock, Console, Effect, FileSystem, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as Backends from "../../programs/Backends.ts"
import { replay as runReplay, type Replayed } from "../../programs/replay/Replay.ts"
import * as ReplayUsers from "../../programs/replay/ReplayUsers.ts"
import { replayToBus } from "../../programs/replay/ReplayToBus.ts"
import { failed, usage } from "./Failure.ts"
import { json, readDetectConfig, readJson, recordingFailure, recordingFile, tableConfig } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import * as Owner from "./Owner.ts"
import * as Progress from "./Progress.ts"
import { reportBadLines, reportFigures } from "./Report.ts"

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
const speed = Flag.String("speed").pipe(
  Flag.withDescription("1, 10, any factor, or max (the default; to the bus 1): as fast as it goes, in virtual time"),
  Flag.optional,
)
const to = Flag.Literals("to", ["emulator", "bus"]).pipe(
  Flag.withDescription("`bus`: only put the frames on the bus, for a running service to work on"),
  Flag.withDefault("emulator" as const),
)

const parseSpeed = (text: string) => {
  const factor = Number(text)
  return text === "max"
    ? Effect.succeed("max" as const)
    : Number.isFinite(factor) && factor > 0
    ? Effect.succeed(factor)
    : Effect.fail(usage(`"${text}" is no speed`, "give --speed 1, 10, another factor, or max"))
}

const readUsers = Effect.fnUntraced(function* (path: string) {
  const value = yield* readJson(path, "the users file")
  return yield* ReplayUsers.fromUnknown(value).pipe(
    Effect.mapError((error) =>
      usage(`the users file "${path}" is refused:\n${error.message}`, "see docs/guides/replay.md")
    ),
  )
})

const tell = Effect.fnUntraced(function* (file: string, replayed: Replayed, asJson: boolean, tookMs: number) {
  const { bad, edited, opportunities, refused, sent, ticks, transitions } = replayed
  yield* reportBadLines(file, bad)
  if (Option.isSome(replayed.figures)) yield* reportFigures(replayed.figures.value)
  if (asJson) {
    return yield* Console.log(JSON.stringify({ ticks, opportunities, transitions, sent, edited, refused, tookMs }))
  }
  yield* Console.log(
    `${ticks} ticks in ${tookMs} ms: ${opportunities.length} opportunities, ${sent} messages sent, ${edited} edited, ` +
      `${refused} calls refused`,
  )
  for (const id of opportunities) yield* Console.log(`  ${id}`)
})

export const replay = Command.make(
  "replay",
  { file: recordingFile, config, users, log, speed, to, json },
  Effect.fn("Cli.replay")(function* (options) {
    // Whoever works on frames from the bus lives at the wall's pace: at any other, what is owed expires unsent.
    const factor = yield* parseSpeed(Option.getOrElse(options.speed, () => options.to === "bus" ? "1" : "max"))
    const chosen = yield* OperatorSettings.read
    const owner = yield* Owner.make
    const progress = yield* Progress.make("replay")
    const onProgress = (share: number, ticks: number) => progress.show(share, `${ticks} ticks`)
    if (options.to === "bus") {
      if (Option.isNone(chosen.natsUrl)) {
        return yield* usage("--to bus needs a bus that others can reach", "set ARBEDGE_NATS_URL")
      }
      const { bad, ticks } = yield* replayToBus({ path: options.file, speed: factor, owner, onProgress }).pipe(
        Effect.provide(Backends.busOf(chosen)),
        Effect.catchTags({
          RecordingError: (error) => Effect.fail(recordingFailure(error)),
          BusError: (error) =>
            Effect.fail(failed(`the bus failed: ${error.reason}: ${error.detail}`, "run `arbedge doctor`")),
        }),
      )
      yield* progress.done
      yield* reportBadLines(options.file, bad)
      return yield* Console.log(options.json ? JSON.stringify({ ticks }) : `${ticks} ticks are on the bus`)
    }
    const configuration = Option.isSome(options.config)
      ? yield* readDetectConfig(options.config.value)
      : yield* tableConfig(chosen.feeTiers)
    const people = Option.isSome(options.users) ? yield* readUsers(options.users.value) : []
    const began = yield* Clock.currentTimeMillis
    const replayed = yield* runReplay({
      ...Backends.ownOf(chosen, owner),
      path: options.file,
      config: configuration,
      users: people,
      speed: factor,
      owner,
      onProgress,
    }).pipe(
      Effect.catchTag("RecordingError", (error) => Effect.fail(recordingFailure(error))),
      Effect.catchIf(
        (error) => error._tag !== "Failure",
        (error) => Effect.fail(failed(`the replay stopped: ${error._tag}: ${error.message}`, "run `arbedge doctor`")),
      ),
    )
    yield* progress.done
    if (Option.isSome(options.log)) {
      const path = options.log.value
      const files = yield* FileSystem.FileSystem
      yield* files.writeFileString(path, replayed.log).pipe(
        Effect.mapError(() => usage(`the log "${path}" cannot be written`, "check the path and its permissions")),
      )
    }
    yield* tell(options.file, replayed, options.json, (yield* Clock.currentTimeMillis) - began)
  }),
).pipe(Command.withDescription("Send a recording through the whole path, at any speed, in the recording's time"))
