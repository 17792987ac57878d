/**
 * Judging: what levels 2 and 4 of validation go by in a running service.
 *
 * In: the configuration, a trained model's file, blackout windows. Out: the rules of the judge. Promises: a model that
 * cannot be read, or that was made of other features, stops the start and says why; it is asked only about data like those
 * that taught it; windows are looked at again every ten seconds.
 */
import { Effect, FileSystem, Option, Schedule, Schema, type Scope } from "effect"
import { blackoutAt } from "../domain/Blackout.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import * as Model from "../domain/Model.ts"
import { Blackouts, NONE } from "../layers/Blackouts.ts"
import { type JudgeRules, rulesOf } from "../streams/Judge.ts"

export class ModelUnusable extends Schema.TaggedError<ModelUnusable>()("ModelUnusable", {
  reason: Schema.Literals(["unreadable", "malformed", "other_features"]),
  path: Schema.String,
  detail: Schema.String,
}) {
  readonly retryable: boolean = false
  override get message(): string {
    return `the model "${this.path}" of ARBEDGE_MODEL is ${this.reason}: ${this.detail}; make one with \`arbedge train\``
  }
}

const decode = Schema.decodeEffect(Schema.fromJsonString(Model.Model))

export const readModel = Effect.fn("Judging.readModel")(function* (
  path: string,
): Effect.fn.Return<Model.Model, ModelUnusable, FileSystem.FileSystem> {
  const files = yield* FileSystem.FileSystem
  const refuse = (reason: ModelUnusable["reason"]) => (error: { readonly message: string }) =>
    new ModelUnusable({ reason, path, detail: error.message })
  const text = yield* Effect.mapError(files.readFileString(path), refuse("unreadable"))
  const model = yield* Effect.mapError(decode(text), refuse("malformed"))
  if (Model.isReadable(model)) return model
  return yield* refuse("other_features")(new Error("it was trained by another version"))
})

/** A model's confidence, of data like its own. */
export const confidenceBy = (model: Model.Model): JudgeRules["confidence"] => (features, simulated) =>
  (model.source === "simulated") === simulated ? Model.confidenceOf(model, features) : null

export const judging = Effect.fn("Judging.judging")(function* (
  config: DetectConfig,
  model: Option.Option<Model.Model>,
): Effect.fn.Return<JudgeRules, never, Blackouts | Scope.Scope> {
  const blackouts = yield* Blackouts
  let { windows } = NONE
  const look = Effect.map(blackouts.known, (known) => {
    windows = known.windows
  })
  yield* look
  yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced("10 seconds")))
  return {
    ...rulesOf(config),
    blackout: (asset, atMs) =>
      Option.match(blackoutAt(windows, asset, atMs), { onNone: () => null, onSome: (it) => it.reason }),
    ...(Option.isSome(model) ? { confidence: confidenceBy(model.value) } : {}),
  }
})
