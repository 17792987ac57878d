/**
 * The CreditQuotas port: what several processes may spend of one provider's quota, and what a restart remembers.
 *
 * In: repositories of one store, each standing for a process of its own. Out: verdicts.
 */
import { assert } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { CreditQuotas } from "../../src/layers/CreditQuotas.ts"
import * as CreditQuotasSql from "../../src/layers/sql/CreditQuotasSql.ts"
import { day, empty, minute, type Suite, t0 } from "./StoreWorld.ts"

/** What another process sees, also one after a restart: the same store, nothing else in common. */
const anotherProcess = Effect.provide(CreditQuotas, Layer.fresh(CreditQuotasSql.layer), { local: true })

const provider = "coinmarketcap"
const limits = { creditsAMonth: 600, requestsAMinute: 5, burst: 600 }

export const storeCreditQuotas: Suite = (it) => {
  it.effect("give five requests a minute in all to many who ask at once from two processes", () =>
    Effect.gen(function* () {
      yield* empty
      const asking = [yield* anotherProcess, yield* anotherProcess].flatMap((quotas) =>
        Array.from({ length: 6 }, () => quotas.spend({ provider, limits, credits: 1, nowMs: t0 }))
      )
      const verdicts = yield* Effect.all(asking, { concurrency: "unbounded" })
      assert.strictEqual(verdicts.filter(({ _tag }) => _tag === "Granted").length, 5)
      for (const verdict of verdicts) {
        if (verdict._tag === "Granted") continue
        assert.strictEqual(verdict.reason, "requests_a_minute")
        assert.strictEqual(verdict.untilMs, t0 + minute)
      }
      const state = yield* (yield* anotherProcess).state(provider, t0)
      assert.deepInclude(state, { daySpent: 5, monthSpent: 5 })
    }))

  it.effect("are kept over a restart: credits, what more was charged, and the silence that was asked for", () =>
    Effect.gen(function* () {
      yield* empty
      const before = yield* anotherProcess
      yield* before.spend({ provider, limits, credits: 1, nowMs: t0 })
      yield* before.charge(provider, 2, t0 + 1)
      yield* before.block(provider, t0 + 10 * minute, t0 + 2)
      yield* before.block(provider, t0 + minute, t0 + 3)
      const after = yield* anotherProcess
      assert.deepInclude(yield* after.state(provider, t0 + 4), { daySpent: 3, monthSpent: 3 })
      assert.deepStrictEqual(yield* after.spend({ provider, limits, credits: 1, nowMs: t0 + 5 * minute }), {
        _tag: "Refused",
        reason: "blocked",
        untilMs: t0 + 10 * minute,
      })
      const later = yield* after.spend({ provider, limits, credits: 1, nowMs: t0 + 10 * minute })
      assert.strictEqual(later._tag, "Granted")
      assert.deepInclude(yield* after.state(provider, t0 + day), { daySpent: 0, monthSpent: 4 })
      assert.deepInclude(yield* after.state(provider, t0 + 31 * day), { daySpent: 0, monthSpent: 0 })
    }))

  it.effect("know nothing of a provider never asked", () =>
    Effect.gen(function* () {
      yield* empty
      const quotas = yield* CreditQuotas
      assert.deepInclude(yield* quotas.state("nobody", t0), { daySpent: 0, monthSpent: 0, blockedUntilMs: 0 })
    }))
}
