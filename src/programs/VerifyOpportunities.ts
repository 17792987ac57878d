/**
 * Verification of many: opportunities in a text, each priced again from its evidence.
 *
 * In: one JSON object, or one a line. Out: of each whether it holds, and every value that disagrees. Promises: what is
 * JSON but no opportunity fails by name and is never skipped; what is no JSON is told with its line.
 */
import { Effect, Option, Schema } from "effect"
import { Opportunity } from "../domain/Opportunity.ts"
import { Fault, verify } from "../streams/Verify.ts"

export const Verified = Schema.Struct({
  /** Null: it does not say. */
  id: Schema.NullOr(Schema.String),
  fingerprint: Schema.NullOr(Schema.String),
  verified: Schema.Boolean,
  faults: Schema.Array(Fault),
})
export type Verified = typeof Verified.Type

export class NotJson extends Schema.TaggedError<NotJson>()("NotJson", {
  line: Schema.Int,
  detail: Schema.String,
}) {
  readonly retryable: boolean = false

  override get message(): string {
    return `line ${this.line} is no JSON: ${this.detail}`
  }
}

const decodeJson = Schema.decodeEffect(Schema.fromJsonString(Schema.Unknown))
const decodeOpportunity = Schema.decodeUnknownEffect(Opportunity)
const decodeId = Schema.decodeUnknownOption(Schema.Struct({ id: Schema.String }))

export const verifyOne = (value: unknown): Effect.Effect<Verified> =>
  decodeOpportunity(value).pipe(
    Effect.map((one): Verified => {
      const faults = verify(one)
      return { id: one.id, fingerprint: one.fingerprint, verified: faults.length === 0, faults }
    }),
    Effect.catch((error) =>
      Effect.succeed<Verified>({
        id: Option.getOrNull(Option.map(decodeId(value), ({ id }) => id)),
        fingerprint: null,
        verified: false,
        faults: [{ path: "", told: "no opportunity", recomputed: error.message }],
      })
    ),
  )

/** The whole text as one object, else line by line. */
export const verifyText = Effect.fn("VerifyOpportunities.verifyText")(function* (
  text: string,
): Effect.fn.Return<ReadonlyArray<Verified>, NotJson> {
  const whole = yield* Effect.option(decodeJson(text))
  if (Option.isSome(whole)) return [yield* verifyOne(whole.value)]
  const verified: Array<Verified> = []
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const value = yield* decodeJson(line).pipe(
      Effect.mapError((error) => new NotJson({ line: at + 1, detail: error.message })),
    )
    verified.push(yield* verifyOne(value))
  }
  return verified
})
