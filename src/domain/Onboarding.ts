/**
 * Onboarding: the steps from the first `/start` to being set up, and how far one person has come.
 *
 * In: what was shown, done and skipped. Out: the step that is next, and the facts of each. Promises: pure; a person who
 * comes back, by whatever way, finds the first step that has not ended; what a step sets stands in their preferences.
 */
import { Schema } from "effect"
import { SealedPerson } from "./Person.ts"

/** In the order in which they are shown. `keys` comes when all else is done: nobody has to look at it. */
export const OnboardingStep = Schema.Literals([
  "language",
  "country",
  "zone",
  "types",
  "risk",
  "venues",
  "limits",
  "keys",
])
export type OnboardingStep = typeof OnboardingStep.Type

export const STEPS: ReadonlyArray<OnboardingStep> = OnboardingStep.literals
/** Those that have to end before a person is ready. */
export const ASKED: ReadonlyArray<OnboardingStep> = STEPS.filter((step) => step !== "keys")

/** `inferred`: never shown, since an earlier answer told. `skipped`: the default stays. */
export const StepOutcome = Schema.Literals(["done", "skipped", "inferred"])
export type StepOutcome = typeof StepOutcome.Type

/** `completed`: every step ended, whichever way. `skipped`: all that were left were left out at once. */
export const OnboardingOutcome = Schema.Literals(["completed", "skipped"])
export type OnboardingOutcome = typeof OnboardingOutcome.Type

export const StepProgress = Schema.Struct({
  step: OnboardingStep,
  /** When it was first shown. */
  shownAt: Schema.Int,
  outcome: Schema.NullOr(StepOutcome),
  endedAt: Schema.NullOr(Schema.Int),
})
export type StepProgress = typeof StepProgress.Type

export interface Progress {
  /** Null: it goes on, or has not begun. */
  readonly outcome: OnboardingOutcome | null
  /** Steps that were shown or have ended, in the order in which they were shown. */
  readonly steps: ReadonlyArray<StepProgress>
}

/** Payload of `evt.v1.onboarding.<shown|ended|reopened|finished>`. */
export const OnboardingFact = Schema.Struct({
  v: Schema.Literal(1),
  at: Schema.Int,
  /** With `userId` sealed. */
  person: SealedPerson,
  /** Null: the whole of it. */
  step: Schema.NullOr(OnboardingStep),
  /** Null: it was shown, or reopened. */
  outcome: Schema.NullOr(Schema.Union([StepOutcome, OnboardingOutcome])),
  /** From being shown first to its end, ms; null: it has not ended. */
  durationMs: Schema.NullOr(Schema.Int),
})
export type OnboardingFact = typeof OnboardingFact.Type

export const hasEnded = ({ steps }: Progress, step: OnboardingStep): boolean =>
  steps.some((each) => each.step === step && each.outcome !== null)

/** Null: all have ended, or the rest was skipped. */
export const nextStep = (progress: Progress): OnboardingStep | null =>
  progress.outcome !== null ? null : ASKED.find((step) => !hasEnded(progress, step)) ?? null

/** What "back" opens again: the answer before this step, and what that told besides. Empty: there is none. */
export const stepsBack = (progress: Progress, step: OnboardingStep): ReadonlyArray<OnboardingStep> => {
  const before = ASKED.slice(0, ASKED.indexOf(step))
  const answered = before.findLastIndex((each) =>
    progress.steps.some((one) => one.step === each && (one.outcome === "done" || one.outcome === "skipped"))
  )
  return answered < 0 ? [] : before.slice(answered)
}
