/**
 * A crowd: users of every kind, the same for the same seed.
 *
 * In: a seed. Out: candidates and offers, none of them special. Promises: every check of eligibility fails for some of
 * them and holds for others; no clock, no chance.
 */
import type { Candidate, EligibilityRules, Spending, Standing } from "../../src/domain/Eligibility.ts"
import { DEFAULT_RULES } from "../../src/domain/Eligibility.ts"
import type { Leg, Opportunity } from "../../src/domain/Opportunity.ts"
import { OPPORTUNITY_TYPES } from "../../src/domain/Opportunity.ts"
import { DEFAULT_PREFERENCES, type Preferences, type Weekday } from "../../src/domain/Preferences.ts"
import { Role, Tier } from "../../src/domain/Tier.ts"
import type { Recipient } from "../../src/domain/User.ts"
import { day, minute, someOpportunity, t0 } from "../suites/StoreWorld.ts"

/** Chances of a seed, Mulberry32. */
export const chances = (seed: number): () => number => {
  let state = seed >>> 0
  return () => {
    state = state + 0x6d2b79f5 >>> 0
    let mixed = Math.imul(state ^ state >>> 15, state | 1)
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61)
    return (mixed ^ mixed >>> 14) >>> 0
  }
}

export const VENUES = ["binance", "okx", "bybit", "kraken", "coinbaseexchange"]
const ASSETS = ["BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LINK", "AVAX", "DOT", "LTC"]
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Australia/Lord_Howe"]
const COUNTRIES = [null, null, "DE", "US", "IR", "NL", "JP"]
const WEEKDAYS: ReadonlyArray<Weekday> = [1, 2, 3, 4, 5, 6, 7]

export class Dice {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = chances(seed)
  }

  below(bound: number): number {
    return this.#next() % bound
  }

  /** One time in so many. */
  one(of: number): boolean {
    return this.below(of) === 0
  }

  pick<A>(values: readonly [A, ...ReadonlyArray<A>] | ReadonlyArray<A>): A {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new Error("nothing to pick from")
    return value
  }

  some<A>(values: ReadonlyArray<A>, oneIn: number): ReadonlyArray<A> {
    return values.filter(() => this.one(oneIn))
  }
}

export const preferencesOf = (dice: Dice): Preferences => ({
  ...DEFAULT_PREFERENCES,
  pushEnabled: !dice.one(15),
  opportunityTypes: dice.one(3) ? dice.some(OPPORTUNITY_TYPES, 2) : [],
  maxPerHour: dice.pick([0, 3, 3, 10, 100]),
  maxPerDay: dice.pick([1, 20, 20, 200]),
  activeHoursStart: dice.pick([0, 0, 7, 8, 22, dice.below(25)]),
  activeHoursEnd: dice.pick([0, 24, 22, 6, dice.below(25)]),
  activeDays: dice.one(8) ? dice.some(WEEKDAYS, 2) : [],
  timeZone: dice.pick(ZONES),
  doNotDisturb: dice.one(30),
  doNotDisturbUntil: dice.one(12) ? t0 + dice.below(4) * minute - 90_000 : null,
  doNotDisturbWindow: dice.one(8)
    ? { days: [dice.pick(WEEKDAYS), 4], from: dice.below(1_441), to: dice.below(1_441) }
    : null,
  highPriorityOnly: dice.one(15),
  minNetBps: dice.pick([0, 0, 0, 5, 10, 10.0001, 30]),
  venues: dice.one(4) ? dice.some(VENUES, 2) : [],
  pairs: dice.one(6) ? dice.some(ASSETS.flatMap((asset) => [asset, `${asset}/USDT`]), 2) : [],
  mutedPairs: dice.one(5) ? dice.some(ASSETS.map((asset) => `${asset}/USDT`), 3) : [],
  language: dice.pick(["en", "ru"]),
  riskTolerance: dice.pick(["low", "medium", "medium", "high"]),
  tradingMode: dice.one(6) ? "live" : "paper",
})

export const recipientOf = (dice: Dice, at: number): Recipient => ({
  userId: `user-${at}`,
  chatId: `${at + 1}`,
  role: dice.one(40) ? dice.pick(Role.literals) : "user",
  tier: dice.pick(Tier.literals),
  isGroup: dice.one(12),
  country: dice.pick(COUNTRIES),
  betaUntil: dice.one(4) ? t0 + dice.below(3) * minute - minute : null,
  sessionExpiresAt: dice.one(20) ? t0 - dice.below(2) : t0 + day,
  preferences: preferencesOf(dice),
})

export const standingOf = (dice: Dice): Standing => ({
  keyVenues: dice.one(2) ? dice.some(VENUES, 2) : [],
  hasAiKey: dice.one(3),
  restriction: dice.one(20)
    ? { reason: "chargeback", untilMs: dice.one(2) ? null : t0 + dice.below(3) * minute - minute }
    : null,
  freeCapital: dice.one(15) ? { USDT: dice.below(30_000) } : null,
})

export const spendingOf = (dice: Dice, cooldownMs: number): Spending => ({
  hour: dice.one(4) ? dice.below(12) : 0,
  day: dice.one(4) ? dice.below(30) : 0,
  told: dice.one(6)
    ? { atMs: t0 - dice.below(2) * cooldownMs + dice.below(2), netProfit: dice.pick([null, 4, 8, 12]) }
    : null,
})

export const candidateOf = (dice: Dice, at: number): Candidate => ({
  recipient: recipientOf(dice, at),
  standing: standingOf(dice),
  spending: spendingOf(dice, DEFAULT_RULES.cooldown.cooldownMs),
})

export const rulesOf = (dice: Dice): EligibilityRules => ({
  ...DEFAULT_RULES,
  permission: dice.pick(["opportunities", "opportunities", "opportunities", "keys", "stats"]),
  betaTypes: dice.one(3) ? dice.some(OPPORTUNITY_TYPES, 2) : [],
  labels: dice.one(2) ? {} : { free: ["no_key", "risk"], pro: ["no_ai_key", "portfolio"] },
  aiBudgetTiers: dice.one(2) ? [] : ["premium", "enterprise"],
})

const leg = (venue: string, instrument: string, side: Leg["side"]): Leg => ({
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

export const opportunityOf = (dice: Dice): Opportunity => {
  const asset = dice.pick(ASSETS), type = dice.pick(OPPORTUNITY_TYPES)
  const netBps = dice.pick([null, "5.0000", "10.0000", "25.0000", "60.0000"])
  const { details } = someOpportunity()
  return someOpportunity({
    id: `${dice.below(1_000_000_000)}`.padStart(32, "0"),
    type,
    asset,
    fingerprint: `${type}:${asset}`,
    legs: [
      leg(dice.pick(VENUES), `${asset}/USDT`, "buy"),
      leg(dice.pick(VENUES), `${asset}/USDT${dice.one(3) ? ":USDT" : ""}`, "sell"),
    ],
    netBps,
    netProfit: netBps === null ? null : dice.pick(["4", "12", "18"]),
    expiresAt: t0 + dice.pick([30_000, 30_000, 90_000, 3 * 3_600_000, 2 * day]),
    confidence: dice.one(2) ? 0.9 : null,
    reasons: dice.one(6) ? ["ai_enhanced: a model's words"] : [],
    simulated: dice.one(3),
    assessment: {
      risk: dice.pick([null, "low", "medium", "high"]),
      positionShare: null,
      expectedLifetimeMs: null,
      indicators: null,
    },
    details: details.type === "cross_exchange" && dice.one(4) ? { ...details, mode: "transfer" } : details,
    priority: dice.pick(["critical", "high", "medium", "low"]),
  })
}
