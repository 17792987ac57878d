/** All detectors together, over a simulated market in which each of them has something to find. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as DetectConfig from "../../../src/domain/DetectConfig.ts"
import { configure } from "../../../src/simulators/venues/Config.ts"
import * as Simulation from "../../../src/simulators/venues/Simulation.ts"
import * as Venues from "../../../src/simulators/venues/Venues.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import { Framing } from "../../../src/streams/Framing.ts"

describe("A simulated market of spot and perpetuals", () => {
  const simulation = configure({
    seed: 1,
    durationMs: 90_000,
    ticksPerSecond: 300,
    kinds: ["quote", "trade", "funding"],
    assets: ["BTC", "ETH"],
    venues: ["binance", "okx", "binanceusdm"],
  })
  const config = Schema.decodeUnknownSync(DetectConfig.DetectConfig)({
    fees: Venues.fees(simulation),
    lots: Venues.lots(simulation),
    detectors: ["cross_exchange", "funding", "technical"],
    funding: { horizonHours: 240 },
    technical: { intervalMs: 1_000 },
  })

  it("yields opportunities of every type, each with an id of its own, funding until its settlement", () => {
    const framing = new Framing("simulated.0", "simulated")
    for (const tick of Simulation.simulate(simulation)) framing.push(tick)
    framing.flush()
    const analysis = new Analysis(config)
    const found = analysis.frames(framing.take(), 1).filter(({ revision }) => revision === 1)
    assert.deepStrictEqual([...new Set(found.map(({ type }) => type))].toSorted(), [
      "cross_exchange",
      "funding",
      "technical",
    ])
    assert.strictEqual(new Set(found.map(({ id }) => id)).size, found.length)
    for (const { details, expiresAt, netBps, simulated } of found) {
      assert.isTrue(simulated)
      if (details.type === "funding") assert.strictEqual(expiresAt, details.nextSettlement)
      assert.strictEqual(netBps === null, details.type === "technical")
    }
  })
})
