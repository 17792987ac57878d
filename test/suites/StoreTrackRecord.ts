/**
 * The TrackRecord port: verdicts and outcomes, written in batches that may come again.
 */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { Outcome } from "../../src/domain/Outcome.ts"
import type { Verdict } from "../../src/domain/Verdict.ts"
import { Outbox } from "../../src/layers/Outbox.ts"
import { TrackRecord } from "../../src/layers/TrackRecord.ts"
import { empty, type Suite, t0 } from "./StoreWorld.ts"

const verdict = (changes: Partial<Verdict> = {}): Verdict => ({
  opportunityId: "a",
  fingerprint: "cross_exchange:BTC:kraken|BTC/USDT>okx|BTC/USDT",
  revision: 1,
  level: 1,
  userId: null,
  passed: true,
  reason: null,
  values: { netBps: "12.3456", oldestBookAgeMs: 12, proven: false, confidence: null },
  at: t0,
  ...changes,
})

const outcome = (changes: Partial<Outcome> = {}): Outcome => ({
  opportunityId: "a",
  fingerprint: "cross_exchange:BTC:kraken|BTC/USDT>okx|BTC/USDT",
  type: "cross_exchange",
  asset: "BTC",
  venues: ["kraken", "okx"],
  pair: "BTC/USDT",
  detectedAt: t0,
  livedMs: 1_250,
  size: "0.4",
  currency: "USDT",
  netBps: "10.0000",
  netProfit: "12.00000000",
  realised: [{ delayMs: 100, netBps: "9.5", netProfit: "0.95", reason: null, bestNetBps: "11" }],
  features: [12.5, -1],
  silent: false,
  simulated: true,
  settingsVersion: "test-1",
  ...changes,
})

export const storeTrackRecord: Suite = (it) => {
  it.effect("keeps each verdict once, with the values compared", () =>
    Effect.gen(function* () {
      yield* empty
      const record = yield* TrackRecord
      const ofUser = verdict({ level: 3, userId: "u", passed: false, reason: "active_hours", at: t0 + 1 })
      const again = verdict({ revision: 2, level: 2, reason: "low_success_rate", passed: false })
      yield* record.append({ verdicts: [again, ofUser, verdict()], outcomes: [] }, t0)
      yield* record.append({ verdicts: [ofUser, verdict({ opportunityId: "b" })], outcomes: [] }, t0)
      assert.deepStrictEqual(yield* record.verdictsOf("a"), [verdict(), ofUser, again])
      assert.lengthOf(yield* record.verdictsOf("b"), 1)
      assert.deepStrictEqual(yield* record.verdictsOf("c"), [])
    }))

  it.effect("keeps each outcome once, and announces it once", () =>
    Effect.gen(function* () {
      yield* empty
      const record = yield* TrackRecord, outbox = yield* Outbox
      yield* record.append({ verdicts: [], outcomes: [outcome(), outcome({ opportunityId: "b" })] }, t0)
      yield* record.append({ verdicts: [], outcomes: [outcome({ livedMs: 9 })] }, t0)
      assert.deepStrictEqual(yield* record.outcomeOf("a"), Option.some(outcome()))
      assert.isTrue(Option.isNone(yield* record.outcomeOf("c")))
      const announced: Array<unknown> = []
      yield* outbox.relayBatch({
        limit: 10,
        nowMs: t0,
        publish: (facts) =>
          Effect.sync(() => void announced.push(...facts.map(({ payload, subject }) => [subject, payload]))),
      })
      assert.deepStrictEqual(announced, [
        ["evt.v1.opportunity.outcome", { v: 1, ...outcome() }],
        ["evt.v1.opportunity.outcome", { v: 1, ...outcome({ opportunityId: "b" }) }],
      ])
    }))

  it.effect("writes nothing of a batch that fails in part", () =>
    Effect.gen(function* () {
      yield* empty
      const record = yield* TrackRecord
      const broken = outcome({ opportunityId: "x", detectedAt: 9e14 })
      yield* Effect.flip(record.append({ verdicts: [verdict()], outcomes: [broken] }, t0))
      assert.deepStrictEqual(yield* record.verdictsOf("a"), [])
    }))

  it.effect("pages through outcomes by time of detection, each once", () =>
    Effect.gen(function* () {
      yield* empty
      const record = yield* TrackRecord
      const ids = ["a", "b", "c", "d", "e"]
      const outcomes = ids.map((opportunityId, at) => outcome({ opportunityId, detectedAt: t0 + Math.floor(at / 2) }))
      yield* record.append({ verdicts: [], outcomes }, t0)
      const range = { sinceMs: t0, untilMs: t0 + 2 }
      const first = yield* record.outcomes({ ...range, after: Option.none(), limit: 3 })
      const last = first.at(-1)
      assert.isDefined(last)
      const rest = yield* record.outcomes({ ...range, after: Option.some(last), limit: 3 })
      assert.deepStrictEqual([...first, ...rest].map(({ opportunityId }) => opportunityId), ["a", "b", "c", "d"])
    }))
}
