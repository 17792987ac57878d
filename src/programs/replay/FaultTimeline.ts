/**
 * Fault timeline: the faults of a plan that strike by the clock and not by the tick, Telegram's refusals and killed actors.
 *
 * In: the plan, and the instant it counts from. Out: when something is due next, and doing it. Promises: the instants
 * follow from plan and seed alone; each is done once, in the order of time.
 */
import { Effect } from "effect"
import type { FaultOf, FaultPlan } from "../../domain/FaultPlan.ts"
import { happensAt } from "../../domain/Faults.ts"
import { TelegramEmulator } from "../../simulators/telegram/TelegramEmulator.ts"
import { ActorKills } from "./ActorKills.ts"

interface Timed {
  readonly index: number
  readonly fault: FaultOf<"telegram_429"> | FaultOf<"actor_kill">
  /** How often it has happened. */
  n: number
}

export class FaultTimeline {
  readonly #plan: FaultPlan
  readonly #startMs: number
  readonly #timed: ReadonlyArray<Timed>
  /** Times it happened, by the fault's place in the plan. */
  readonly struck = new Map<number, number>()

  constructor(plan: FaultPlan, startMs: number) {
    this.#plan = plan
    this.#startMs = startMs
    this.#timed = plan.faults.flatMap((fault, index): ReadonlyArray<Timed> =>
      fault.kind === "telegram_429" || fault.kind === "actor_kill" ? [{ index, fault, n: 0 }] : []
    )
  }

  /** Ms; infinite: nothing is due any more. */
  get nextAt(): number {
    return Math.min(Infinity, ...this.#timed.map((timed) => this.#dueAt(timed)))
  }

  /** Does whatever is due by now. */
  strike(nowMs: number): Effect.Effect<void, never, ActorKills | TelegramEmulator> {
    return Effect.forEach(this.#timed, (timed) => this.#strikeOne(timed, nowMs), { discard: true })
  }

  #dueAt({ fault, n }: Timed): number {
    const offsetMs = happensAt(this.#plan, fault, n)
    return offsetMs === null ? Infinity : this.#startMs + offsetMs
  }

  #strikeOne(timed: Timed, nowMs: number): Effect.Effect<void, never, ActorKills | TelegramEmulator> {
    return Effect.gen({ self: this }, function* () {
      const emulator = yield* TelegramEmulator, { kill } = yield* ActorKills
      while (this.#dueAt(timed) <= nowMs) {
        timed.n++
        this.struck.set(timed.index, timed.n)
        const { fault } = timed
        yield* fault.kind === "actor_kill" ? kill(fault.actor) : emulator.faults.inject({
          trouble: { _tag: "retryAfter", seconds: fault.retryAfterS },
          times: fault.calls,
        })
      }
    })
  }
}
