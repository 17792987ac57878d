/**
 * `arbedge archive ls|verify|replay`: what is archived, whether it is whole, and the same ticks again.
 *
 * In: the archive of the settings, a span, markets. Out: tables, or JSON; a recording. Promises: nothing in the archive is
 * changed; `verify` ends with 3 where a record is broken, missing or there twice.
 */
import { Console, Effect, FileSystem, Option, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { NO_FAULTS } from "../../domain/FaultPlan.ts"
import * as TickCodec from "../../domain/TickCodec.ts"
import { playlistOf, writeRecording } from "../../programs/ArchiveReplay.ts"
import { isWhole, listArchive, type Listed, selectionOf } from "../../programs/ArchiveSelection.ts"
import { type Fault, verifyArchive } from "../../programs/ArchiveVerify.ts"
import { archiveIn, kinds, markets, span, storeFailure, wantedOf } from "./ArchiveFlags.ts"
import { checkFailed, usage } from "./Failure.ts"
import { json, recordingFailure } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import * as Progress from "./Progress.ts"
import { toBus } from "./Replay.ts"
import { parseSpeed } from "./ReplayFlags.ts"
import { table } from "./Table.ts"

const MOST_FAULTS = 50

const sizeText = (bytes: number): string =>
  bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${bytes} B`

const fileRow = ({ bytes, from, key, part }: Listed) => ({
  from: `${from.slice(0, 16)}Z`,
  state: part === null ? "final" : `part ${part}`,
  bytes: String(bytes),
  file: key,
})

const ls = Command.make(
  "ls",
  { ...span, ...markets, kinds, json },
  Effect.fn("Cli.archive.ls")(function* (options) {
    const wanted = yield* wantedOf(options)
    const archive = yield* archiveIn(yield* OperatorSettings.read)
    const files = yield* listArchive(selectionOf(wanted)).pipe(Effect.provide(archive), Effect.mapError(storeFailure))
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    if (options.json) return yield* Console.log(JSON.stringify({ files, bytes }))
    if (files.length === 0) return yield* Console.log("nothing is archived there")
    yield* Console.log(table(files.map(fileRow)))
    yield* Console.log(`${files.length} files, ${sizeText(bytes)}`)
  }),
).pipe(Command.withDescription("List the archive's files"))

const faultRow = ({ detail, kind, where }: Fault) => ({ fault: kind, where, detail })

const verify = Command.make(
  "verify",
  { ...span, ...markets, kinds, json },
  Effect.fn("Cli.archive.verify")(function* (options) {
    const wanted = yield* wantedOf(options)
    const archive = yield* archiveIn(yield* OperatorSettings.read)
    const progress = yield* Progress.make("verify")
    const verified = yield* verifyArchive({
      selection: selectionOf(wanted),
      whole: isWhole(wanted),
      onProgress: (share, records) => progress.show(share, `${records} records`),
    }).pipe(Effect.provide(archive), Effect.mapError(storeFailure), Effect.ensuring(progress.done))
    const { batches, bytes, faults, files, parts, records } = verified
    if (options.json) yield* Console.log(JSON.stringify(verified))
    else {
      yield* Console.log(
        `${files} files (${parts} parts), ${batches} batches, ${records} records, ${sizeText(bytes)} of lines: ` +
          (faults.length === 0 ? "whole" : `${faults.length} faults`),
      )
      if (!isWhole(wanted)) {
        yield* Console.log("a part of the archive: whether files are missing is only seen of all of it")
      }
      if (faults.length > 0) yield* Console.log(table(faults.slice(0, MOST_FAULTS).map(faultRow)))
      if (faults.length > MOST_FAULTS) yield* Console.log(`and ${faults.length - MOST_FAULTS} more: --json lists all`)
    }
    if (faults.length > 0) {
      return yield* checkFailed(
        `the archive has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}`,
        "take those files from a backup; what the streams still hold can be recorded with `arbedge record --stored`",
      )
    }
  }),
).pipe(Command.withDescription("Check every record of the archive"))

const out = Flag.String("out").pipe(
  Flag.withDescription("Write a recording, gzipped if its name ends with .gz, instead of printing the ticks"),
  Flag.optional,
)
const overwrite = Flag.Boolean("overwrite").pipe(
  Flag.withDescription("Replace the file if it exists"),
  Flag.withDefault(false),
)
const to = Flag.Literals("to", ["output", "bus"]).pipe(
  Flag.withDescription("`bus`: put the ticks on the bus, for a running service to work on"),
  Flag.withDefault("output" as const),
)
const speed = Flag.String("speed").pipe(
  Flag.withDescription("With --to bus: 1 (the default), another factor, or max"),
  Flag.withDefault("1"),
)

const replay = Command.make(
  "replay",
  { ...span, ...markets, out, overwrite, to, speed, json },
  Effect.fn("Cli.archive.replay")(function* (options) {
    const { families: _, ...query } = yield* wantedOf(options)
    const settings = yield* OperatorSettings.read
    const archive = yield* archiveIn(settings)
    const files = yield* FileSystem.FileSystem
    const path = Option.getOrNull(options.out)
    if (path !== null && !options.overwrite && (yield* Effect.orElseSucceed(files.exists(path), () => false))) {
      return yield* usage(`"${path}" exists`, "give another --out, or --overwrite")
    }
    const factor = yield* parseSpeed(options.speed)
    const playlist = yield* playlistOf(query).pipe(Effect.provide(archive), Effect.mapError(storeFailure))
    const progress = yield* Progress.make("archive replay")
    if (options.to === "bus") {
      const feeding = { playlist, speed: factor, faults: NO_FAULTS }
      return yield* toBus(settings, {
        ...feeding,
        onProgress: ({ share, ticks }) => progress.show(share, `${ticks} ticks`),
      }, options.json).pipe(Effect.ensuring(progress.done))
    }
    if (path === null) {
      return yield* playlist.batches.pipe(
        Stream.runForEach(({ ticks }) =>
          ticks.length === 0 ? Effect.void : Console.log(ticks.map(TickCodec.toLine).join("\n"))
        ),
        Effect.mapError(recordingFailure),
      )
    }
    const { bad, ticks } = yield* writeRecording(
      path,
      playlist,
      (share, ticks) => progress.show(share, `${ticks} ticks`),
    ).pipe(Effect.mapError(recordingFailure), Effect.ensuring(progress.done))
    const refused = [...new Set(bad.map(({ detail, path }) => `${path}: ${detail}`))]
    yield* Console.log(
      options.json ? JSON.stringify({ path, ticks, refused }) : [`${path}: ${ticks} ticks`, ...refused].join("\n"),
    )
    if (refused.length > 0) return yield* checkFailed("not all of it could be read", "run `arbedge archive verify`")
  }),
).pipe(Command.withDescription("The archived ticks again: printed, as a recording, or on the bus"))

export const archive = Command.make("archive").pipe(
  Command.withDescription("What was archived: ls, verify, replay"),
  Command.withSubcommands([ls, verify, replay]),
)
