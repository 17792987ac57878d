/**
 * Onboardings over SQL.
 *
 * In: the Onboardings port's calls. Out: rows of `onboarding` and `onboarding_steps`, facts in the outbox. Promises: a
 * change and its fact commit together; what changes nothing says nothing.
 */
import { Effect, Layer, Option, Schema } from "effect"
import {
  type OnboardingFact,
  OnboardingOutcome,
  OnboardingStep,
  type Progress,
  StepProgress,
} from "../../domain/Onboarding.ts"
import * as Subject from "../../domain/Subject.ts"
import { Onboardings } from "../Onboardings.ts"
import { Outbox } from "../Outbox.ts"
import { Store } from "../Store.ts"
import { all, at, EpochMs, first, run } from "./Rows.ts"

const ProgressRow = Schema.Struct({
  ...StepProgress.fields,
  shownAt: EpochMs,
  endedAt: Schema.NullOr(EpochMs),
})
const WholeRow = Schema.Struct({ outcome: Schema.NullOr(OnboardingOutcome) })
const ReopenedRow = Schema.Struct({ step: OnboardingStep })
const Begun = Schema.Struct({ begunAt: EpochMs })

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store
  const outbox = yield* Outbox

  const say = (
    event: "shown" | "ended" | "reopened" | "finished",
    userId: string,
    fact: Omit<OnboardingFact, "v" | "person">,
  ) =>
    outbox.append([{
      subject: Subject.fact("onboarding", event),
      payload: { v: 1, ...fact },
      person: { userId },
    }], fact.at)

  const progress = Effect.fn("Onboardings.progress")(function* (userId: string) {
    const steps = yield* sql`select step, shown_at as "shownAt", outcome, ended_at as "endedAt" from onboarding_steps
      where user_id = ${userId} order by shown_at, step`.pipe(all("Onboardings.progress", ProgressRow))
    const whole = yield* sql`select outcome from onboarding where user_id = ${userId}`.pipe(
      first("Onboardings.progress", WholeRow),
    )
    return { outcome: Option.isNone(whole) ? null : whole.value.outcome, steps } satisfies Progress
  })

  const begin = (userId: string, nowMs: number) =>
    sql`insert into onboarding (user_id, started_at) values (${userId}, ${at(nowMs)}) on conflict do nothing`.pipe(
      run("Onboardings.begin"),
    )

  const shown: Onboardings["Service"]["shown"] = Effect.fn("Onboardings.shown")(
    function* ({ nowMs, step, userId }) {
      yield* begin(userId, nowMs)
      const isFirst = yield* sql`insert into onboarding_steps (user_id, step, shown_at)
        values (${userId}, ${step}, ${at(nowMs)}) on conflict do nothing returning shown_at as "begunAt"`.pipe(
        first("Onboardings.shown", Begun),
      )
      if (Option.isNone(isFirst)) return
      yield* say("shown", userId, { at: nowMs, step, outcome: null, durationMs: null })
    },
    (saved) => transaction(saved),
  )

  const ended: Onboardings["Service"]["ended"] = Effect.fn("Onboardings.ended")(
    function* ({ nowMs, outcome, step, userId }) {
      yield* begin(userId, nowMs)
      const row = yield* sql`insert into onboarding_steps as s (user_id, step, shown_at, outcome, ended_at)
        values (${userId}, ${step}, ${at(nowMs)}, ${outcome}, ${at(nowMs)})
        on conflict (user_id, step) do update set outcome = excluded.outcome, ended_at = excluded.ended_at
        where s.outcome is null
        returning shown_at as "begunAt"`.pipe(first("Onboardings.ended", Begun))
      if (Option.isNone(row)) return Option.none()
      const durationMs = nowMs - row.value.begunAt
      yield* say("ended", userId, { at: nowMs, step, outcome, durationMs })
      return Option.some(durationMs)
    },
    (saved) => transaction(saved),
  )

  const reopened: Onboardings["Service"]["reopened"] = Effect.fn("Onboardings.reopened")(
    function* ({ nowMs, steps, userId }) {
      const rows = yield* sql`update onboarding_steps set outcome = null, ended_at = null
        where user_id = ${userId} and step = any(${steps}::text[]) and outcome is not null returning step`.pipe(
        all("Onboardings.reopened", ReopenedRow),
      )
      yield* Effect.forEach(
        rows,
        ({ step }) => say("reopened", userId, { at: nowMs, step, outcome: null, durationMs: null }),
        { discard: true },
      )
    },
    (saved) => transaction(saved),
  )

  const finished: Onboardings["Service"]["finished"] = Effect.fn("Onboardings.finished")(
    function* ({ nowMs, outcome, userId }) {
      yield* begin(userId, nowMs)
      const row = yield* sql`update onboarding set outcome = ${outcome}, ended_at = ${at(nowMs)}
        where user_id = ${userId} and outcome is null returning started_at as "begunAt"`.pipe(
        first("Onboardings.finished", Begun),
      )
      if (Option.isNone(row)) return Option.none()
      const durationMs = nowMs - row.value.begunAt
      yield* say("finished", userId, { at: nowMs, step: null, outcome, durationMs })
      return Option.some(durationMs)
    },
    (saved) => transaction(saved),
  )

  return { progress, shown, ended, reopened, finished }
})

export const layer: Layer.Layer<Onboardings, never, Store | Outbox> = Layer.effect(Onboardings, make)
