/** Matching: each reason against an opportunity alone, the empty choice that admits all, and the order of recipients. */
import { assert, describe, it } from "@effect/vitest"
import { mismatch, offerOf, rank } from "../../src/domain/Matching.ts"
import type { Leg, Opportunity } from "../../src/domain/Opportunity.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "../../src/domain/Preferences.ts"
import type { Recipient } from "../../src/domain/User.ts"
import { day, someOpportunity, t0 } from "../suites/StoreWorld.ts"

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

const someone = (preferences: Partial<Preferences> = {}, changes: Partial<Recipient> = {}): Recipient => ({
  userId: "u1",
  chatId: "100",
  role: "user",
  tier: "free",
  isGroup: false,
  country: null,
  betaUntil: null,
  sessionExpiresAt: t0 + day,
  preferences: { ...DEFAULT_PREFERENCES, ...preferences },
  ...changes,
})
const reason = (recipient: Recipient, changes: Partial<Opportunity> = {}) => mismatch(offered(changes), recipient, t0)

describe("An opportunity", () => {
  it("fits whoever chose nothing and has a session", () => assert.isNull(reason(someone())))

  it("fits nobody whose session has run out, to the millisecond", () => {
    assert.strictEqual(reason(someone({}, { sessionExpiresAt: t0 })), "no_session")
    assert.isNull(reason(someone({}, { sessionExpiresAt: t0 + 1 })))
  })

  it("does not fit who wants no push, another type, more basis points or only urgent ones", () => {
    assert.strictEqual(reason(someone({ pushEnabled: false })), "push_off")
    assert.strictEqual(reason(someone({ opportunityTypes: ["technical"] })), "unwanted_type")
    assert.strictEqual(reason(someone({ minNetBps: 10.01 })), "below_min_net_bps")
    assert.isNull(reason(someone({ minNetBps: 10 })))
    assert.strictEqual(reason(someone({ highPriorityOnly: true })), "low_priority")
    assert.isNull(reason(someone({ highPriorityOnly: true }), { priority: "high" }))
  })

  it("does not fit a plan that does not include its type, whatever its user chose, but an admin's", () => {
    assert.strictEqual(reason(someone(), { type: "triangular" }), "tier_type")
    assert.isNull(reason(someone({}, { tier: "premium" }), { type: "triangular" }))
    assert.isNull(reason(someone({}, { role: "admin" }), { type: "triangular" }))
  })

  it("must have all its venues among those chosen", () => {
    assert.strictEqual(reason(someone({ venues: ["binanceusdm", "okx"] })), "unwanted_venue")
    assert.isNull(reason(someone({ venues: ["binanceusdm", "binancecoinm"] })))
  })

  it("may be named by its asset or by the pair of either leg, settlement left out", () => {
    for (const pair of ["BTC", "BTC/USDT", "BTC/USD"]) assert.isNull(reason(someone({ pairs: [pair] })), pair)
    assert.strictEqual(reason(someone({ pairs: ["ETH", "ETH/USDT"] })), "unwanted_pair")
  })

  it("is muted by its pair, also for who chose its asset", () => {
    assert.strictEqual(reason(someone({ pairs: ["BTC"], mutedPairs: ["BTC/USDT"] })), "muted_pair")
  })
})

describe("Recipients", () => {
  it("are ranked by their plan, and among equals by an id that no user can choose", () => {
    const all = [
      someone({}, { userId: "b", tier: "free" }),
      someone({}, { userId: "a", tier: "free" }),
      someone({}, { userId: "z", tier: "pro" }),
      someone({}, { userId: "y", role: "admin" }),
    ]
    assert.deepStrictEqual(rank(all).map(({ userId }) => userId), ["y", "z", "a", "b"])
    assert.deepStrictEqual(rank(all.toReversed()).map(({ userId }) => userId), ["y", "z", "a", "b"])
  })
})
