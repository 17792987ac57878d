/** The detection configuration: defaults, and every fault told with its path. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as DetectConfig from "../../src/domain/DetectConfig.ts"

const refusal = (value: unknown) => Effect.map(Effect.flip(DetectConfig.fromUnknown(value)), (error) => error.message)

describe("The detection configuration", () => {
  it.effect("needs fees alone, and says what it takes for granted", () =>
    Effect.gen(function* () {
      const config = yield* DetectConfig.fromUnknown({ fees: { okx: { taker: "0.001" } } })
      assert.deepInclude(config, {
        fees: { okx: { taker: "0.001" } },
        contractSizes: {},
        staleness: { maxAgeMs: 2_000, maxSkewMs: 1_000 },
        minNetBps: 5,
        detectors: ["cross_exchange"],
        hysteresis: true,
        parity: {},
        maxVisibleShare: 1,
        modes: ["pre_funded"],
        otherCosts: "0",
        rebalancingCost: "0",
        networks: {},
        identities: { maxSpread: 0.5, bounds: {}, pairs: [] },
      })
      assert.isUndefined(config.lots)
    }))

  it.effect("takes a fee from -0.1% to 2% and refuses the rest as a configuration error", () =>
    Effect.gen(function* () {
      for (const taker of ["-0.001", "0", "0.02"]) yield* DetectConfig.fromUnknown({ fees: { okx: { taker } } })
      for (const taker of ["-0.0011", "0.0201", "1e400", "ten"]) yield* refusal({ fees: { okx: { taker } } })
      assert.include(yield* refusal({ fees: { okx: { taker: "0.03" } } }), "configuration error")
      assert.include(yield* refusal({ fees: { okx: { taker: "0.15" } } }), `["okx"]["taker"]`)
    }))

  const wrong: ReadonlyArray<readonly [path: string, value: object]> = [
    ["speed", { speed: "max" }],
    ["takr", { fees: { okx: { taker: "0", takr: "0" } } }],
    ["maxAgeMs", { staleness: { maxAgeMs: 0 } }],
    ["minNetBps", { minNetBps: "5" }],
    ["detectors", { detectors: ["crystal_ball"] }],
    ["maxVisibleShare", { maxVisibleShare: 1.5 }],
    ["maxSize", { maxSize: "0" }],
    ["step", { lots: { okx: { "BTC/USDT": { step: "-1" } } } }],
    ["step", { lots: { okx: { "BTC/USDT": { step: "0" } } } }],
    ["parity", { parity: { "USDT/USD": 1 } }],
    ["hysteresis", { hysteresis: "no" }],
    ["volatility", { validation: { volatility: { crystal_ball: {} } } }],
    ["maxBps", { validation: { volatility: { funding: { maxBps: 0 } } } }],
    ["minBps", { validation: { volatility: { funding: { minBps: 201 } } } }],
    ["tier", { fees: { okx: { tier: "vip99" } } }],
    ["tier", { fees: { nowhere: { tier: "regular" } } }],
    ["taker", { fees: { okx: {} } }],
    ["linear", { fees: { okx: { taker: "0.001", linear: { taker: "0.15" } } } }],
    ["modes", { modes: [] }],
    ["otherCosts", { otherCosts: "-1" }],
    ["rebalancingCost", { rebalancingCost: "1.5" }],
    ["fee", { networks: { okx: { BTC: { Bitcoin: { withdraw: true, deposit: true, fee: "-1" } } } } }],
    ["deposit", { networks: { okx: { BTC: { Bitcoin: { withdraw: true, fee: "0" } } } } }],
    ["maxSpread", { identities: { maxSpread: 0 } }],
    ["status", { identities: { pairs: [{ asset: "X", a: {}, b: {}, status: "perhaps" }] } }],
  ]
  for (const [path, value] of wrong) {
    it.effect(`is refused with the path where ${path} is wrong`, () =>
      Effect.gen(function* () {
        assert.include(yield* refusal({ fees: {}, ...value }), path)
      }))
  }

  it.effect("tells all its faults at once", () =>
    Effect.gen(function* () {
      const message = yield* refusal({ fees: { okx: { taker: 1 } }, minNetBps: null, extra: 1 })
      for (const path of ["taker", "minNetBps", "extra"]) assert.include(message, path)
    }))
})
