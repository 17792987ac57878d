/**
 * Reference data: asked, kept, filled in; silence and age are no reason to stop. What changes while detection runs has it
 * begin anew.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer, Option, Queue } from "effect"
import { TestClock } from "effect/testing"
import { pairOf } from "../../src/domain/AssetIdentity.ts"
import type { FeedRequest } from "../../src/domain/Feed.ts"
import { AssetIdentities } from "../../src/layers/AssetIdentities.ts"
import { layer as ccxtNetworks } from "../../src/layers/ccxt/CcxtNetworks.ts"
import * as EmbeddedRestBudgets from "../../src/layers/embedded/RestBudgets.ts"
import * as Pglite from "../../src/layers/pglite/Pglite.ts"
import { ReferenceData } from "../../src/layers/ReferenceData.ts"
import * as Markets from "../../src/programs/Markets.ts"
import * as Reference from "../../src/programs/Reference.ts"
import { empty, worldOf } from "../suites/StoreWorld.ts"
import { configOf } from "../support/ticks.ts"

const simulated = Markets.simulated({})
const budgets = EmbeddedRestBudgets.layer
const [first] = simulated.requests
const followed: FeedRequest = {
  venue: first?.venue ?? "",
  instruments: first?.instruments.slice(0, 1) ?? [],
  kinds: ["quote"],
  depth: 5,
}

layer(worldOf(Pglite.layer({ dataDir: Option.none() })))("Reference data", (it) => {
  describe("at the start of detection", () => {
    it.effect("are the rules of the markets that are followed, kept for processes that speak to no venue", () =>
      Effect.gen(function* () {
        yield* empty
        yield* Reference.askMarkets([followed]).pipe(Effect.provide(simulated.exchange), Effect.provide(budgets))
        const kept = (yield* (yield* ReferenceData).markets)[followed.venue]
        assert.deepStrictEqual(kept?.value.map(({ instrument }) => instrument), followed.instruments)
        const { lots } = yield* Reference.fill(configOf())
        const lot = lots?.[followed.venue]?.[followed.instruments[0] ?? ""]
        assert.strictEqual(lot?.step, kept?.value[0]?.amountStep)
        assert.isDefined(lot?.step)
      }))

    it.effect("leave what is kept as it is where a venue does not answer, and go on", () =>
      Effect.gen(function* () {
        yield* empty
        const reference = yield* ReferenceData
        const rule = {
          venue: "nowhere",
          instrument: "X/Y",
          contractSize: null,
          amountStep: "3",
          minAmount: null,
          minNotional: null,
        }
        yield* reference.saveMarkets("nowhere", [rule], 0)
        const lost = { ...followed, venue: "nowhere", instruments: ["X/Y"] }
        yield* Reference.askMarkets([lost]).pipe(Effect.provide(simulated.exchange), Effect.provide(budgets))
        yield* Reference.askNetworks(["nowhere"]).pipe(
          Effect.provide(ccxtNetworks().pipe(Layer.provide(budgets))),
        )
        assert.deepStrictEqual((yield* Reference.fill(configOf())).lots?.["nowhere"], { "X/Y": { step: "3" } })
      }))

    it.effect("are networks of the last day only, and every decision on an identity", () =>
      Effect.gen(function* () {
        yield* empty
        const reference = yield* ReferenceData, identities = yield* AssetIdentities
        const way = { withdraw: true, deposit: true, fee: "1", minWithdraw: null, arrivalMs: null }
        yield* reference.saveNetworks("okx", { X: { ERC20: way } }, 0)
        const pair = pairOf("X", { venue: "okx", symbol: "X" }, { venue: "kraken", symbol: "X" })
        yield* identities.suspect({ ...pair, spread: "9", bound: 0.5, at: 0 }, 0)
        const filled = yield* Reference.fill(configOf())
        assert.deepStrictEqual(Object.keys(filled.networks), ["okx"])
        assert.deepStrictEqual(filled.identities.pairs, [{ ...pair, status: "suspect" }])
        yield* TestClock.adjust("25 hours")
        assert.deepStrictEqual((yield* Reference.fill(configOf())).networks, {})
      }))
  })

  describe("while detection runs", () => {
    it.effect("end it and begin it anew when they change, and not for doubts that it raised itself", () =>
      Effect.gen(function* () {
        yield* empty
        const reference = yield* ReferenceData, identities = yield* AssetIdentities
        const save = (amountStep: string) => {
          const limits = { contractSize: null, amountStep, minAmount: null, minNotional: null }
          return reference.saveMarkets("okx", [{ venue: "okx", instrument: "X/Y", ...limits }], 0)
        }
        const pair = pairOf("X", { venue: "okx", symbol: "X" }, { venue: "kraken", symbol: "X" })
        const looks = yield* Queue.unbounded<void>(), happened = yield* Queue.unbounded<string>()
        const watched = {
          ...reference,
          markets: Effect.tap(reference.markets, () => Queue.offer(looks, undefined)),
        }
        /** So that whatever was saved before has been seen. */
        const fiveLooks = Effect.andThen(Queue.clear(looks), Queue.takeN(looks, 5))
        yield* save("3")
        yield* Reference.following(
          configOf(),
          ({ identities: { pairs }, lots }) =>
            Queue.offer(happened, `begun: ${lots?.["okx"]?.["X/Y"]?.step}, ${pairs.map(({ status }) => status)}`).pipe(
              Effect.andThen(Effect.never),
              Effect.ensuring(Queue.offer(happened, "ended")),
            ),
        ).pipe(Effect.provideService(ReferenceData, watched), Effect.forkScoped)
        yield* Effect.forkScoped(Effect.forever(TestClock.adjust("10 seconds")))

        assert.strictEqual(yield* Queue.take(happened), "begun: 3, ")
        yield* save("3")
        yield* identities.suspect({ ...pair, spread: "9", bound: 0.5, at: 0 }, 0)
        yield* fiveLooks
        assert.strictEqual(yield* Queue.size(happened), 0)
        yield* save("4")
        assert.deepStrictEqual(yield* Queue.takeN(happened, 2), ["ended", "begun: 4, suspect"])
        yield* identities.decide({ pair, status: "denied", by: "an admin", nowMs: 0 })
        assert.deepStrictEqual(yield* Queue.takeN(happened, 2), ["ended", "begun: 4, denied"])
        yield* fiveLooks
        assert.strictEqual(yield* Queue.size(happened), 0)
      }))
  })
})
