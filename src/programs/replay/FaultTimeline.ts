/**
 * Fault timeline: the faults of a plan that strike by the clock and not by the tick, Telegram's refusals and killed actors.
 *
 * In: the plan, and the instant it counts from. Out: when something is due next, and doing it. Promises: the instants
 * follow from plan and seed alone; each is done once, in the order of time.
 */
import { Clock, Duration, Effect } from "effect"
import type { FaultOf, FaultPlan } from "../../domain/FaultPlan.ts"
import { happensAt } from "../../domain/Faults.ts"
import type { Emulator } from "../../simulators/telegram/TelegramEmulator.ts"
import type { ActorKills } from "./ActorKills.ts"

interface Timed {
  readonly index: number
  readonly fault: FaultOf<"telegram_429"> | FaultOf<"actor_kill">
  /** How often it has happened. */
  n: number
}

/** Who can make them happen. */
export interface Hands {
  readonly emulator: Emulator
  readonly kills: ActorKills["Service"]
}

export class FaultTimeline {
  readonly #hands: Hands
  readonly #plan: FaultPlan
  readonly #startMs: number
  readonly #timed: ReadonlyArray<Timed>
  /** Times it happened, by the fault's place in the plan. */
  readonly struck = new Map<number, number>()

  constructor(plan: FaultPlan, startMs: number, hands: Hands) {
    this.#hands = hands
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
  strike(nowMs: number): Effect.Effect<void> {
    return Effect.forEach(this.#timed, (timed) => this.#strikeOne(timed, nowMs), { discard: true })
  }

  /** At a pace: strikes as time passes, until nothing is due any more. */
  get run(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      while (this.nextAt < Infinity) {
        const nowMs = yield* Clock.currentTimeMillis
        yield* Effect.sleep(Duration.millis(Math.max(0, this.nextAt - nowMs)))
        yield* this.strike(yield* Clock.currentTimeMillis)
      }
    })
  }

  #dueAt({ fault, n }: Timed): number {
    const offsetMs = happensAt(this.#plan, fault, n)
    return offsetMs === null ? Infinity : this.#startMs + offsetMs
  }

  #strikeOne(timed: Timed, nowMs: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { emulator, kills: { kill } } = this.#hands
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
