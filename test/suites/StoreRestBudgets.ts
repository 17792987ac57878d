/**
 * The RestBudgets port: what several processes may spend on one venue, and what stops them all.
 *
 * In: repositories of one store, each standing for a process with a clock of its own. Out: verdicts.
 */
import { assert } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { allowanceOf, FULL, spend, type Verdict } from "../../src/domain/RestBudget.ts"
import { RestBudgets } from "../../src/layers/RestBudgets.ts"
import * as RestBudgetsSql from "../../src/layers/sql/RestBudgetsSql.ts"
import { empty, type Suite, t0 } from "./StoreWorld.ts"

/** What another process sees: the same store, nothing else in common. */
const anotherProcess = Effect.provide(RestBudgets, Layer.fresh(RestBudgetsSql.layer), { local: true })

const venue = "binance"
const granted: Verdict = { _tag: "Granted" }
/** 1,200 units a minute, as ccxt counts Binance's. */
const windowMs = 60_000, limit = 1_200
const allowance = allowanceOf(50, windowMs)

/** The greatest weight that falls into any window. */
const heaviest = (calls: ReadonlyArray<{ readonly atMs: number; readonly weight: number }>): number =>
  Math.max(...calls.map(({ atMs }) =>
    calls.filter((call) => call.atMs >= atMs && call.atMs < atMs + windowMs)
      .reduce((sum, call) => sum + call.weight, 0)
  ))

export const storeRestBudgets: Suite = (it) => {
  it.effect("are spent by two processes whose clocks differ, and no window holds more than the venue allows", () =>
    Effect.gen(function* () {
      yield* empty
      const processes = [yield* anotherProcess, yield* anotherProcess]
      const made: Array<{ readonly atMs: number; readonly weight: number }> = []
      let refused = 0
      for (let passedMs = 0; passedMs < 4 * windowMs; passedMs += 400) {
        for (const [n, budgets] of processes.entries()) {
          // The second process is 20 s ahead; each asks for far more than there is.
          const nowMs = t0 + passedMs + n * 20_000, weight = [10, 1, 40, 5][(passedMs / 400 + n) % 4] ?? 1
          const verdict = yield* budgets.spend({ venue, weight, allowance, nowMs })
          if (verdict._tag === "Granted") made.push({ atMs: t0 + passedMs, weight })
          else {
            refused++
            assert.isAbove(verdict.untilMs, nowMs)
            assert.strictEqual(verdict.reason, "spent")
          }
        }
      }
      assert.isAbove(refused, 100)
      assert.isAtMost(heaviest(made), limit)
      // And it is no starvation: well above a third of what is allowed went out.
      assert.isAbove(made.reduce((sum, { weight }) => sum + weight, 0), 4 * limit / 3)
    }))

  it.effect("give one of many who ask at once what is there for one", () =>
    Effect.gen(function* () {
      yield* empty
      const asking = [yield* anotherProcess, yield* anotherProcess].flatMap((budgets) =>
        Array.from({ length: 10 }, () => budgets.spend({ venue, weight: 250, allowance, nowMs: t0 }))
      )
      const verdicts = yield* Effect.all(asking, { concurrency: "unbounded" })
      assert.strictEqual(verdicts.filter(({ _tag }) => _tag === "Granted").length, 1)
    }))

  it.effect("are still spent after a restart, and say when to ask again", () =>
    Effect.gen(function* () {
      yield* empty
      assert.deepStrictEqual(
        yield* (yield* anotherProcess).spend({ venue, weight: 300, allowance, nowMs: t0 }),
        granted,
      )
      const restarted = yield* anotherProcess
      const wait = yield* restarted.spend({ venue, weight: 10, allowance, nowMs: t0 + 1 })
      assert.deepStrictEqual(wait, { _tag: "Wait", untilMs: t0 + 1_000, reason: "spent", why: "" })
      assert.deepStrictEqual(yield* restarted.spend({ venue, weight: 10, allowance, nowMs: t0 + 1_000 }), granted)
      assert.deepStrictEqual(yield* restarted.spend({ venue: "okx", weight: 300, allowance, nowMs: t0 + 1 }), granted)
    }))

  it.effect("stop everyone while a venue wants silence, also after a restart, and never for less than it said", () =>
    Effect.gen(function* () {
      yield* empty
      const one = yield* anotherProcess
      const block = (untilMs: number, why: string) => one.block({ venue, untilMs, why, nowMs: t0 })
      assert.strictEqual(yield* block(t0 + 120_000, "418"), t0 + 120_000)
      assert.strictEqual(yield* block(t0 + 5_000, "429"), t0 + 120_000)
      const other = yield* anotherProcess
      assert.deepStrictEqual(yield* other.spend({ venue, weight: 0, allowance, nowMs: t0 + 119_999 }), {
        _tag: "Wait",
        untilMs: t0 + 120_000,
        reason: "blocked",
        why: "418",
      })
      assert.deepStrictEqual(yield* other.spend({ venue, weight: 1, allowance, nowMs: t0 + 120_000 }), granted)
      assert.strictEqual(yield* block(t0 + 180_000, "429"), t0 + 180_000)
      assert.strictEqual((yield* other.spend({ venue, weight: 1, allowance, nowMs: t0 + 150_000 }))._tag, "Wait")
    }))

  it.effect("reckon as the pure function does, whatever is asked", () =>
    Effect.gen(function* () {
      yield* empty
      const budgets = yield* anotherProcess
      for (const [name, units] of [["window", allowanceOf(7.5, 30_000)], ["pace", allowanceOf(110, 0)]] as const) {
        let nowMs = t0, known = FULL
        for (let n = 1; n <= 120; n++) {
          // A fixed walk through weights and pauses, also backwards in time and above the capacity.
          nowMs += [0, 3, 700, 40, -25, 5_000][(n * n) % 6] ?? 0
          const weight = [0, 0.2, 1, 4, 333, 5_000][(n * 7 + n % 5) % 6] ?? 1
          const expected = spend(known, units, weight, nowMs)
          known = expected.budget
          const verdict = yield* budgets.spend({ venue: name, weight, allowance: units, nowMs })
          assert.deepStrictEqual(verdict, expected.verdict, `${name} ${n}`)
        }
      }
    }))
}
