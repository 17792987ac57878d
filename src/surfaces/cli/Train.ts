/**
 * `arbedge train FILE`: a model of which opportunities still pay a second after their detection.
 *
 * In: a recording, a detection configuration, where the model goes. Out: the Brier score on the part it has not seen,
 * beside that of the constant base rate, and the reliability curve. Promises: it says so where the model does not beat the
 * base rate, and then writes it only when told to; too few cases end with 1.
 */
import { Console, Effect, FileSystem, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import * as Model from "../../domain/Model.ts"
import { trainOnFile } from "../../programs/Train.ts"
import { failed } from "./Failure.ts"
import { dataSource, detectConfig, json, readDetectConfig, recordingFailure, recordingFile } from "./Input.ts"
import * as Progress from "./Progress.ts"
import { reportBadLines } from "./Report.ts"
import { table } from "./Table.ts"

const out = Flag.String("out").pipe(
  Flag.withDescription("Where the model goes, for ARBEDGE_MODEL"),
  Flag.withDefault("model.json"),
)
const force = Flag.Boolean("force").pipe(
  Flag.withDescription("Write the model even if it does not beat the base rate"),
  Flag.withDefault(false),
)

const encode = Schema.encodeEffect(Schema.fromJsonString(Model.Model))

const curve = (trained: Model.Trained): string =>
  table(trained.reliability.map(({ cases, from, meanConfidence, succeeded }) => ({
    forecast: `${Math.round(from * 100)}-${Math.round(from * 100) + 10}%`,
    cases: String(cases),
    "mean forecast": meanConfidence.toFixed(3),
    "came true": (succeeded / cases).toFixed(3),
  })))

export const train = Command.make(
  "train",
  { file: recordingFile, config: detectConfig, out, source: dataSource, force, json },
  Effect.fn("Cli.train")(function* (options) {
    const files = yield* FileSystem.FileSystem
    const configuration = yield* readDetectConfig(options.config)
    const progress = yield* Progress.make("train")
    const { bad, cases, outcomes, trained } = yield* trainOnFile({
      path: options.file,
      config: configuration,
      source: options.source,
      onProgress: (share, ticks) => progress.show(share, `${ticks} ticks`),
    }).pipe(Effect.catchTag("RecordingError", (error) => Effect.fail(recordingFailure(error))))
    yield* progress.done
    yield* reportBadLines(options.file, bad)
    if (trained === null) {
      return yield* failed(
        `${cases} cases of ${outcomes} opportunities could be judged; a model needs ${Model.LEAST_CASES}`,
        "use a longer recording, or a lower minNetBps in the configuration",
      )
    }
    const { baseRateBrier, brier, calibrated, held, taught } = trained
    const beats = brier < baseRateBrier
    const written = beats || options.force
    if (written) {
      yield* files.writeFileString(options.out, `${yield* Effect.orDie(encode(trained.model))}\n`).pipe(
        Effect.mapError((error) => failed(`the model "${options.out}" cannot be written: ${error.message}`)),
      )
    }
    if (options.json) {
      const { model: _, ...figures } = trained
      return yield* Console.log(JSON.stringify({ source: options.source, outcomes, cases, ...figures, beats, written }))
    }
    yield* Console.log(
      `${cases} cases of ${options.source} data: ${taught} taught, ${calibrated} calibrated, ${held} later ones judge`,
    )
    yield* Console.log(`Brier score ${brier}, constant base rate ${baseRateBrier} (less is better)`)
    yield* Console.log(curve(trained))
    yield* Console.log(
      beats
        ? `the model beats the base rate; written to ${options.out}`
        : `the model does NOT beat the base rate${
          written ? `; written to ${options.out} all the same` : ": not written"
        }`,
    )
  }),
).pipe(Command.withDescription("Train the model of success on a recording, and say how good it is"))
