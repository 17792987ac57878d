/**
 * What commands read: recordings and JSON files, with errors a person can act on.
 *
 * In: paths from the command line. Out: decoded values. Promises: a file that is missing, unreadable or wrong is told
 * with its path, the place inside it, and what to do; each is a usage failure (exit 2).
 */
import { Effect, FileSystem, Schema } from "effect"
import { Argument, Flag } from "effect/cli"
import * as DetectConfig from "../../domain/DetectConfig.ts"
import { DataSource } from "../../domain/Frame.ts"
import { fromTable } from "../../domain/Fees.ts"
import type { RecordingError } from "../../layers/Recording.ts"
import { failed, type Failure, usage } from "./Failure.ts"

export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON, one object a line, instead of text for people"),
  Flag.withDefault(false),
)

export const recordingFile = Argument.String("file").pipe(
  Argument.withDescription("A recording: NDJSON, one tick a line, optionally gzipped"),
)

export const detectConfig = Flag.String("config").pipe(
  Flag.withDescription("JSON file with fees, lots, thresholds (docs/guides/detect-config.md)"),
)

export const dataSource = Flag.Literals("source", DataSource.literals).pipe(
  Flag.withDescription("Whose data these are: simulated ones are marked, and never speak of real markets"),
  Flag.withDefault("recorded"),
)

/** Text of a file. */
const readText = (path: string, what: string): Effect.Effect<string, Failure, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    return yield* files.readFileString(path).pipe(
      Effect.mapError(() => usage(`${what} "${path}" cannot be read`, "check the path and its permissions")),
    )
  })

const decodeJson = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))

/** A JSON file's value, not yet checked. */
export const readJson = Effect.fn("Input.readJson")(function* (path: string, what: string) {
  const text = yield* readText(path, what)
  return yield* decodeJson(text).pipe(
    Effect.mapError((error) => usage(`${what} "${path}" is not JSON: ${error.message}`, "correct the file")),
  )
})

/** The detection configuration; every fault is told with its path. */
export const readDetectConfig = Effect.fn("Input.readDetectConfig")(function* (path: string) {
  const value = yield* readJson(path, "the configuration")
  return yield* DetectConfig.fromUnknown(value).pipe(
    Effect.mapError((error) =>
      usage(`the configuration "${path}" is refused:\n${error.message}`, "see docs/guides/detect-config.md")
    ),
  )
})

/** The configuration of who gave none: fees by the table, at the tiers of ARBEDGE_FEE_TIERS ("okx=vip1"). */
export const tableConfig = Effect.fn("Input.tableConfig")(function* (tiers: ReadonlyArray<string>) {
  const chosen = tiers.map((pair): readonly [string, string] => {
    const [venue = "", tier = ""] = pair.split("=").map((part) => part.trim())
    return [venue, tier]
  })
  return yield* DetectConfig.fromUnknown({ fees: fromTable(Object.fromEntries(chosen)) }).pipe(
    Effect.mapError((error) => usage(`ARBEDGE_FEE_TIERS is refused:\n${error.message}`, "see docs/guides/settings.md")),
  )
})

/** A recording that cannot be read is the user's to mend; only trouble while reading is ours. */
export const recordingFailure = (error: RecordingError): Failure => {
  if (error.reason === "incomplete") {
    return failed(`the raw recording "${error.path}": ${error.detail}`, "record it anew: `arbedge record --raw`")
  }
  const what = `the recording "${error.path}" ${
    error.reason === "not_found" ? "does not exist" : `cannot be read (${error.reason}: ${error.detail})`
  }`
  return error.reason === "io" ? failed(what) : usage(what, "give the path of an NDJSON recording, plain or gzipped")
}
