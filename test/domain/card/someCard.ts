/** An opportunity with every figure a card shows; B1 of the worked examples, at its best size. */
import type { Leg, Opportunity } from "../../../src/domain/Opportunity.ts"

export const detectedAt = 1_750_000_000_000

const leg = (changes: Partial<Leg> & Pick<Leg, "venue" | "side" | "price" | "levels" | "fee">): Leg => ({
  instrument: "BTC/USDT",
  size: "0.8",
  contracts: null,
  contractSize: null,
  feeCurrency: "USDT",
  feeRate: "0.001",
  bookSeq: 7,
  bookAgeMs: 120,
  ...changes,
})

export const card = (changes: Partial<Opportunity> = {}): Opportunity => ({
  v: 1,
  id: "0123456789abcdef0123456789abcdef",
  revision: 1,
  state: "opened",
  fingerprint: "cross_exchange:BTC:kraken|BTC/USDT>okx|BTC/USDT",
  type: "cross_exchange",
  asset: "BTC",
  detectedAt,
  at: detectedAt,
  expiresAt: detectedAt + 30_000,
  checks: 3,
  firstAt: detectedAt,
  lastAt: detectedAt + 1_250,
  legs: [
    leg({ venue: "kraken", side: "buy", price: "30005", levels: [["30000", "0.4"], ["30010", "0.4"]], fee: "24.004" }),
    leg({ venue: "okx", side: "sell", price: "30112.5", levels: [["30120", "0.5"], ["30100", "0.3"]], fee: "24.09" }),
  ],
  size: "0.8",
  notional: "24004",
  currency: "USDT",
  grossBps: "35.8273",
  netBps: "15.7757",
  netProfit: "37.906",
  capacity: "1.8",
  details: {
    type: "cross_exchange",
    mode: "pre_funded",
    curve: [],
    transfer: null,
    otherCosts: "0",
    feeTable: null,
  },
  evidence: null,
  confidence: null,
  assessment: { risk: null, positionShare: null, expectedLifetimeMs: null, indicators: null },
  score: 61.25,
  priority: "medium",
  reasons: [],
  simulated: false,
  settingsVersion: "test-1",
  ...changes,
})
