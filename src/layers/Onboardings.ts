/**
 * The Onboardings port: how far each user has come with the setup, `onboarding` and `onboarding_steps`.
 *
 * In: what was shown and how it ended, each with the time. Out: progress, and a fact for each change in its transaction.
 * Promises: each step counts by its first showing and its first end, however often that is repeated, and once more only
 * if it was reopened; it outlives the session, so that whoever returns goes on where they were.
 */
import { Context, type Effect, type Option } from "effect"
import type { OnboardingOutcome, OnboardingStep, Progress, StepOutcome } from "../domain/Onboarding.ts"
import type { StoreError } from "./Store.ts"

export class Onboardings extends Context.Service<Onboardings, {
  readonly progress: (userId: string) => Effect.Effect<Progress, StoreError>
  /** The first begins the onboarding. Fails with `constraint` for an unknown user. */
  readonly shown: (options: {
    readonly userId: string
    readonly step: OnboardingStep
    readonly nowMs: number
  }) => Effect.Effect<void, StoreError>
  /** Out: how long it took, ms; none: it had ended before. */
  readonly ended: (options: {
    readonly userId: string
    readonly step: OnboardingStep
    readonly outcome: StepOutcome
    readonly nowMs: number
  }) => Effect.Effect<Option.Option<number>, StoreError>
  /** Takes ends back; those that have not ended stay as they are. */
  readonly reopened: (options: {
    readonly userId: string
    readonly steps: ReadonlyArray<OnboardingStep>
    readonly nowMs: number
  }) => Effect.Effect<void, StoreError>
  /** Out: how long all of it took, ms; none: it had been finished before. */
  readonly finished: (options: {
    readonly userId: string
    readonly outcome: OnboardingOutcome
    readonly nowMs: number
  }) => Effect.Effect<Option.Option<number>, StoreError>
}>()("arbedge/Onboardings") {}
