/**
 * Pairs of two assets: their prices agree with what each asset is worth, but where the schedule says otherwise.
 */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { createHash } from "node:crypto"
import type { TickOf } from "../../../src/domain/Tick.ts"
import { configure, DEFAULT_START_MS, type SimulationInput } from "../../../src/simulators/venues/Config.ts"
import { dislocations } from "../../../src/simulators/venues/Dislocations.ts"
import { simulate } from "../../../src/simulators/venues/Simulation.ts"
import { describe as description, markets } from "../../../src/simulators/venues/Venues.ts"

const crossing: SimulationInput = {
  seed: 5,
  venues: ["binance", "okx"],
  assets: ["BTC", "ETH", "DOGE"],
  crossPairs: ["ETH/BTC", "DOGE/ETH"],
  durationMs: 60_000,
  ticksPerSecond: 800,
}

interface Edge {
  readonly venue: string
  readonly pair: string
  readonly timeMs: number
  readonly bps: number
}

/** What the better way round each triangle of a cross pair pays before fees, at every quote of one of its markets. */
const edgesOf = (input: SimulationInput): ReadonlyArray<Edge> => {
  const last = new Map<string, TickOf<"quote">>(), edges: Array<Edge> = []
  for (const tick of simulate(configure(input))) {
    if (tick.kind !== "quote") continue
    last.set(`${tick.venue} ${tick.instrument}`, tick)
    for (const pair of input.crossPairs ?? []) {
      const [base = "", quote = ""] = pair.split("/")
      const names = [pair, `${base}/USDT`, `${quote}/USDT`]
      const [cross, dear, cheap] = names.map((name) => last.get(`${tick.venue} ${name}`))
      if (!names.includes(tick.instrument) || cross === undefined || dear === undefined || cheap === undefined) continue
      const one = Number(cross.bid) * Number(cheap.bid) / Number(dear.ask)
      const other = Number(dear.bid) / (Number(cross.ask) * Number(cheap.ask))
      const bps = (Math.max(one, other) - 1) * 10_000
      edges.push({ venue: tick.venue, pair, timeMs: tick.ingestTime - DEFAULT_START_MS, bps })
    }
  }
  return edges
}

describe("a simulated pair of two assets", () => {
  it("is traded by spot venues, with a step and a least notional in its own currency", () => {
    const config = configure({ ...crossing, venues: ["binance", "binanceusdm"] })
    assert.deepStrictEqual(
      description(config).instruments.filter(({ instrument }) => !instrument.includes("USDT")),
      [{ venue: "binance", instrument: "ETH/BTC" }, { venue: "binance", instrument: "DOGE/ETH" }],
    )
    const listed = Option.getOrThrow(markets(config, "binance")).find(({ instrument }) => instrument === "ETH/BTC")
    assert.deepInclude(listed, { amountStep: "0.0001", minNotional: "0.00001" })
  })

  it("is refused where one of its assets is not simulated", () => {
    for (const pair of ["ETH/SOL", "BTC/BTC", "ETHBTC"]) {
      assert.throws(() => configure({ ...crossing, crossPairs: [pair] }), /crossPairs/)
    }
    assert.throws(() => configure({ ...crossing, crossPairs: ["ETH/BTC", "ETH/BTC"] }), /crossPairs/)
  })

  it("agrees with its two assets within spread and noise while nothing is dislocated", () => {
    const edges = edgesOf({ ...crossing, dislocations: { everyMs: 0 }, volatilityBps: 3 })
    assert.isAbove(edges.length, 20_000)
    assert.isBelow(Math.max(...edges.map(({ bps }) => bps)), 8)
  })

  it("leaves them where the schedule says, by about as much", () => {
    const schedule = dislocations(configure(crossing), 60_000)
      .filter(({ endMs, pricedIn, startMs }) => pricedIn !== null && endMs <= 60_000 && endMs - startMs >= 1_000)
    assert.isAtLeast(schedule.length, 3)
    const edges = edgesOf(crossing)
    for (const { base, bps, endMs, kind, pricedIn, startMs, venue } of schedule) {
      assert.strictEqual(kind, "jump")
      const seen = edges.filter((edge) =>
        edge.venue === venue && edge.pair === `${base}/${pricedIn}` && edge.timeMs >= startMs && edge.timeMs <= endMs
      )
      assert.isAtLeast(Math.max(...seen.map((edge) => edge.bps)), Math.abs(bps) - 12)
    }
  })

  it("has the golden bytes on every runtime", () => {
    const sha = createHash("sha256")
    let count = 0
    for (const tick of simulate(configure({ ...crossing, kinds: ["quote", "book"] }))) {
      sha.update(JSON.stringify(tick) + "\n")
      if (++count === 20_000) break
    }
    assert.strictEqual(sha.digest("hex").slice(0, 32), "feed167ab47a30182c94189d31fe7f08")
  })
})
