/**
 * The tables of the simulated venues and the configuration they come from.
 */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { configure } from "../../../src/simulators/venues/Config.ts"
import { simulate } from "../../../src/simulators/venues/Simulation.ts"
import { describe as description, fees, lots, markets, venueOf } from "../../../src/simulators/venues/Venues.ts"

describe("a simulated venue", () => {
  it("says wherever it is described that it is simulated", () => {
    const told = description(configure({ venues: ["okx", "binanceusdm"], assets: ["BTC"] }))
    assert.isTrue(told.simulated)
    assert.match(told.text, /simulated/i)
    assert.deepStrictEqual(told.instruments, [
      { venue: "okx", instrument: "BTC/USDT" },
      { venue: "binanceusdm", instrument: "BTC/USDT:USDT" },
    ])
  })

  it("has the shipped fees unless the configuration says otherwise", () => {
    assert.deepStrictEqual(fees(configure({ venues: ["binance", "kraken"] })), {
      binance: { taker: "0.001" },
      kraken: { taker: "0.004" },
    })
    const changed = configure({ venues: ["binance", "new_venue"], venueSettings: { binance: { takerFee: "0.0002" } } })
    assert.deepStrictEqual(fees(changed), { binance: { taker: "0.0002" }, new_venue: { taker: "0.001" } })
    assert.isTrue(Option.isNone(venueOf(changed, "okx")))
  })

  it("gives the lots of spot markets to the detectors, and none of contracts, which are no base units", () => {
    assert.deepStrictEqual(lots(configure({ venues: ["okx", "binanceusdm"], assets: ["BTC"] })), {
      okx: { "BTC/USDT": { step: "0.00001", minAmount: "0.00001", minNotional: "5" } },
      binanceusdm: {},
    })
  })

  it("lists its markets with their steps, and contract sizes on derivatives alone", () => {
    const config = configure({
      venues: ["okx", "binanceusdm"],
      venueSettings: { okx: { market: "linear" } },
      assets: ["BTC", "DOGE"],
    })
    const sizes = (venue: string) =>
      Option.map(markets(config, venue), (list) => list.map((market) => [market.contractSize, market.amountStep]))
    assert.deepStrictEqual(sizes("binanceusdm"), Option.some([["1", "0.00001"], ["1", "1"]]))
    assert.deepStrictEqual(sizes("okx"), Option.some([["0.01", "0.001"], ["1000", "0.001"]]))
    assert.deepStrictEqual(markets(config, "kraken"), Option.none())
    const spot = Option.getOrThrow(markets(configure({ assets: ["BTC"] }), "kraken"))
    assert.strictEqual(spot[0]?.contractSize, null)
  })

  it("trades any asset at the configured price, however small or large", () => {
    for (const price of ["0.000001", "0.00042", "1", "99.5", "999999"]) {
      const config = configure({ assets: ["NEW"], startPrices: { NEW: price }, durationMs: 200, volatilityBps: 0 })
      const [first] = simulate(config)
      assert.isTrue(first?.kind === "quote")
      if (first?.kind === "quote") {
        assert.approximately(Number(first.bid) / Number(price), 1, 0.001)
        const money = Number(first.bid) * Number(first.bidSize)
        assert.isAbove(money, 0)
        assert.isBelow(money, 100_000)
      }
    }
  })

  it("refuses a configuration that is out of bounds, contradicts itself or has unknown keys", () => {
    assert.throws(() => configure({ ticksPerSecond: 0 }), /ticksPerSecond/)
    assert.throws(() => configure({ venues: ["okx", "okx"] }), /venues/)
    assert.throws(() => configure({ kinds: ["funding"] }), /kinds/)
    assert.throws(() => configure({ dislocations: { minBps: 50, maxBps: 20 } }), /dislocations/)
    assert.throws(() => configure({ startPrices: { BTC: "-1" } }), /startPrices/)
    assert.throws(() => configure(Object.assign({ seed: 1 }, { sed: 5 })), /sed/)
  })
})
