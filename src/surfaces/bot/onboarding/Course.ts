/**
 * The course of the setup: from one step to the next, whatever comes between.
 *
 * In: a member and what they did with a step. Out: progress, measured: rows and facts by the Onboardings port, counts and
 * durations here. Promises: a step counts once; an answer that tells the next one too ends both; whoever has ended all
 * steps, or skipped the rest, is not asked again in any later session.
 */
import { Effect, Metric, Option } from "effect"
import {
  nextStep,
  type OnboardingOutcome,
  type OnboardingStep,
  type StepOutcome,
  stepsBack,
} from "../../../domain/Onboarding.ts"
import { SessionClient } from "../../../actors/Session.ts"
import { Onboardings } from "../../../layers/Onboardings.ts"
import type { Member } from "../Visit.ts"

const stepsTotal = Metric.counter("onboarding_steps_total", { description: "Steps of the setup by how they ended" })
const stepSeconds = Metric.histogram("onboarding_step_seconds", {
  description: "From a step's first showing to its end",
  boundaries: [1, 2, 5, 10, 30, 60, 300, 3_600, 86_400],
})
const finishedTotal = Metric.counter("onboardings_finished_total", { description: "Setups by how they ended" })

export const progressOf = (member: Member) =>
  Effect.flatMap(Onboardings, (onboardings) => onboardings.progress(member.user.userId))

export const shown = Effect.fn("Course.shown")(function* ({ user: { userId }, visit: { nowMs } }: Member) {
  const onboardings = yield* Onboardings
  const step = nextStep(yield* onboardings.progress(userId)) ?? "keys"
  yield* onboardings.shown({ userId, step, nowMs })
})

/** Ends one step, and nothing more. */
export const end = Effect.fn("Course.end")(
  function* ({ user: { userId }, visit: { nowMs } }: Member, step: OnboardingStep, outcome: StepOutcome) {
    const onboardings = yield* Onboardings
    const durationMs = yield* onboardings.ended({ userId, step, outcome, nowMs })
    if (Option.isNone(durationMs)) return
    yield* Metric.update(Metric.withAttributes(stepsTotal, { step, outcome }), 1)
    yield* Metric.update(Metric.withAttributes(stepSeconds, { step }), durationMs.value / 1_000)
  },
)

const finish = Effect.fn("Course.finish")(function* ({ user, visit }: Member, outcome: OnboardingOutcome) {
  const onboardings = yield* Onboardings
  const sessions = yield* SessionClient
  const { nowMs, telegramId } = visit
  yield* sessions.mark(telegramId, { onboardingCompleted: true })
  const took = yield* onboardings.finished({ userId: user.userId, outcome, nowMs })
  if (Option.isSome(took)) yield* Metric.update(Metric.withAttributes(finishedTotal, { outcome }), 1)
})

/** Ends a step, and shows the next or finishes. */
export const advance = Effect.fn("Course.advance")(
  function* (member: Member, step: OnboardingStep, outcome: StepOutcome) {
    yield* end(member, step, outcome)
    if (nextStep(yield* progressOf(member)) === null) yield* finish(member, "completed")
    yield* shown(member)
  },
)

/** To the answer before. */
export const goBack = Effect.fn("Course.goBack")(function* (member: Member, step: OnboardingStep) {
  const onboardings = yield* Onboardings
  const { user: { userId }, visit: { nowMs } } = member
  yield* onboardings.reopened({ userId, steps: stepsBack(yield* onboardings.progress(userId), step), nowMs })
})

/** Leaves the rest out: the defaults stay. */
export const skipRest = Effect.fn("Course.skipRest")(function* (member: Member) {
  const step = nextStep(yield* progressOf(member))
  if (step !== null) yield* end(member, step, "skipped")
  yield* finish(member, "skipped")
  yield* shown(member)
})

/** Something was set: kept for later sessions too. */
export const preferencesSet = Effect.fn("Course.preferencesSet")(function* ({ session, visit }: Member) {
  if (session.preferencesSet) return
  const sessions = yield* SessionClient
  yield* sessions.mark(visit.telegramId, { preferencesSet: true })
})
