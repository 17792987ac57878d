/**
 * Fault reports: what a plan did to a replay, fault by fault, and what the service made of it.
 *
 * In: what the feed's guard, the timeline, the actors and the emulator counted. Out: one report a fault, for the summary.
 * Promises: everything that was struck is accounted for; a call that came before Telegram's `retry_after` was over is
 * told as such.
 */
import { type Effect, Option } from "effect"
import type { Fault, FaultKind, FaultPlan } from "../../domain/FaultPlan.ts"
import type { Emulator } from "../../simulators/telegram/TelegramEmulator.ts"
import type { ActorKills } from "./ActorKills.ts"
import type { FeedGuard } from "./FeedGuard.ts"

export interface FaultReport {
  readonly kind: FaultKind
  /** Ticks struck, outages, refusals asked for, or kills. */
  readonly struck: number
  /** What became of them, counted. */
  readonly became: Readonly<Record<string, number>>
}

type Calls = Effect.Success<Emulator["log"]["calls"]>

export interface Counted {
  readonly ticks: Option.Option<FeedGuard["report"]>
  /** Times that a fault of the timeline happened, by its place in the plan. */
  readonly happened: ReadonlyMap<number, number>
  readonly kills: Effect.Success<ActorKills["Service"]["counts"]>
  readonly calls: Calls
  /** Checks that detection turned down, by reason. */
  readonly rejected: Readonly<Record<string, number>>
}

/** Calls struck by a 429, and whether their chats were left alone until it was over. */
const refusals = (calls: Calls): Record<string, number> => {
  const became = { "refused with 429": 0, "obeyed": 0, "called too early": 0 }
  for (const [at, { chatId, fault, outcome, at: atMs }] of calls.entries()) {
    if (fault !== "retryAfter" || outcome.ok) continue
    became["refused with 429"]++
    const untilMs = atMs + (outcome.parameters?.retry_after ?? 0) * 1_000
    const next = calls.slice(at + 1).find((call) => call.chatId === chatId && call.fault === undefined)
    became[next !== undefined && next.at < untilMs ? "called too early" : "obeyed"]++
  }
  return became
}

/** Why detection turns down what it sees by a clock that is off. */
const SKEW_REASONS = ["book_skew", "stale_book"]

const becameOf = (fault: Fault, index: number, counted: Counted): Readonly<Record<string, number>> => {
  switch (fault.kind) {
    case "telegram_429":
      return refusals(counted.calls)
    case "actor_kill":
      return { ...counted.kills[fault.actor] ?? { died: 0, restored: 0 } }
    case "clock_skew": {
      const checks = SKEW_REASONS.flatMap((reason): ReadonlyArray<readonly [string, number]> => [
        [`checks turned down: ${reason}`, counted.rejected[reason] ?? 0],
      ])
      return { ...fatesOf(index, counted), ...fault.clock === "ingest" ? Object.fromEntries(checks) : {} }
    }
    default:
      return fatesOf(index, counted)
  }
}

const fatesOf = (index: number, { ticks }: Counted): Readonly<Record<string, number>> =>
  Option.match(ticks, { onNone: () => ({}), onSome: ({ fates }) => fates[index] ?? {} })

export const of = (plan: FaultPlan, counted: Counted): ReadonlyArray<FaultReport> =>
  plan.faults.map((fault, index) => ({
    kind: fault.kind,
    struck: counted.happened.get(index) ??
      Option.match(counted.ticks, { onNone: () => 0, onSome: ({ struck }) => struck[index] ?? 0 }),
    became: becameOf(fault, index, counted),
  }))
