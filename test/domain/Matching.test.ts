/** What a view on demand leaves out, each reason alone, and the empty choice that admits all. */
import { assert, describe, it } from "@effect/vitest"
import { offerOf, unwanted } from "../../src/domain/Matching.ts"
import type { Leg, Opportunity } from "../../src/domain/Opportunity.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "../../src/domain/Preferences.ts"
import { someOpportunity } from "../suites/StoreWorld.ts"

const leg = (side: "buy" | "sell", venue: string, instrument: string): Leg => ({
  venue,
  instrument,
  side,
  size: "1",
  price: "1",
  levels: [],
  contracts: null,
  contractSize: null,
  fee: "0",
  feeCurrency: "USDT",
  feeRate: "0",
  bookSeq: null,
  bookAgeMs: 0,
})
const offered = (changes: Partial<Opportunity> = {}) =>
  offerOf(someOpportunity({
    netBps: "10",
    legs: [leg("buy", "binanceusdm", "BTC/USDT:USDT"), leg("sell", "binancecoinm", "BTC/USD:BTC")],
    ...changes,
  }))

const reason = (
  preferences: Partial<Preferences>,
  changes: Partial<Opportunity> = {},
  plan: Pick<Parameters<typeof unwanted>[1], "tier" | "role"> = { tier: "free", role: "user" },
) => unwanted(offered(changes), { ...plan, preferences: { ...DEFAULT_PREFERENCES, ...preferences } })

describe("An opportunity", () => {
  it("is of a kind that whoever chose nothing wants", () => assert.isNull(reason({})))

  it("is not where another type or more basis points are wanted", () => {
    assert.strictEqual(reason({ opportunityTypes: ["technical"] }), "unwanted_type")
    assert.strictEqual(reason({ minNetBps: 10.01 }), "below_min_net_bps")
    assert.isNull(reason({ minNetBps: 10 }))
    assert.isNull(reason({ minNetBps: 10 }, { netBps: null }), "unknown is not below")
  })

  it("is not in a plan that does not include its type, whatever its user chose, but in an admin's", () => {
    assert.strictEqual(reason({}, { type: "triangular" }), "tier_type")
    assert.isNull(reason({}, { type: "triangular" }, { tier: "premium", role: "user" }))
    assert.isNull(reason({}, { type: "triangular" }, { tier: "free", role: "admin" }))
  })

  it("must have all its venues among those chosen", () => {
    assert.strictEqual(reason({ venues: ["binanceusdm", "okx"] }), "unwanted_venue")
    assert.isNull(reason({ venues: ["binanceusdm", "binancecoinm"] }))
  })

  it("may be named by its asset or by the pair of either leg, settlement left out", () => {
    for (const pair of ["BTC", "BTC/USDT", "BTC/USD"]) assert.isNull(reason({ pairs: [pair] }), pair)
    assert.strictEqual(reason({ pairs: ["ETH", "ETH/USDT"] }), "unwanted_pair")
  })

  it("is muted by its pair, also for who chose its asset", () => {
    assert.strictEqual(reason({ pairs: ["BTC"], mutedPairs: ["BTC/USDT"] }), "muted_pair")
  })
})
