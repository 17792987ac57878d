/** Eligibility: each check of each layer failing alone, what labels and groups change, and the values a trace compares. */
import { assert, describe, it } from "@effect/vitest"
import {
  type Candidate,
  CHECKS,
  DEFAULT_RULES,
  type EligibilityReason,
  type EligibilityRules,
  firstFailure,
  NO_STANDING,
  NOTHING_SPENT,
  trace,
} from "../../src/domain/Eligibility.ts"
import { offerOf } from "../../src/domain/Matching.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "../../src/domain/Preferences.ts"
import type { Recipient } from "../../src/domain/User.ts"
import { card, detectedAt as now } from "./card/someCard.ts"

const HOUR = 3_600_000

interface Case {
  readonly prefer?: Partial<Preferences>
  readonly who?: Partial<Recipient>
  readonly stands?: Partial<Candidate["standing"]>
  readonly spent?: Partial<Candidate["spending"]>
  readonly rules?: Partial<EligibilityRules>
  /** Kraken and OKX, BTC/USDT, medium priority, 15.8 bps, 37.9 USDT, unproven. */
  readonly offer?: Partial<Opportunity>
  readonly atMs?: number
}

const traced = ({ atMs = now, offer = {}, prefer = {}, rules = {}, spent = {}, stands = {}, who = {} }: Case) =>
  trace(
    offerOf(card({ expiresAt: atMs + 30_000, ...offer })),
    {
      recipient: {
        userId: "u",
        chatId: "1",
        role: "user",
        tier: "free",
        isGroup: false,
        country: "DE",
        betaUntil: null,
        sessionExpiresAt: atMs + HOUR,
        preferences: { ...DEFAULT_PREFERENCES, activeHoursStart: 0, activeHoursEnd: 0, ...prefer },
        ...who,
      },
      standing: { ...NO_STANDING, ...stands },
      spending: { ...NOTHING_SPENT, ...spent },
    },
    { ...DEFAULT_RULES, ...rules },
    atMs,
  )

/** Every check that fails, not the first alone. */
const failing = (given: Case) => traced(given).filter(({ passed }) => !passed).map(({ reason }) => reason)

const CASES: ReadonlyArray<readonly [EligibilityReason, string, Case]> = [
  ["no_session", "the session ran out this millisecond", { who: { sessionExpiresAt: now } }],
  ["tier_type", "the plan lacks triangular", { offer: { type: "triangular" } }],
  ["no_permission", "an administrator's permission is asked for", { rules: { permission: "stats" } }],
  ["beta_ended", "the type is in beta, and access ended", {
    rules: { betaTypes: ["cross_exchange"] },
    who: { betaUntil: now },
  }],
  ["push_off", "push is off", { prefer: { pushEnabled: false } }],
  ["unwanted_type", "another type was chosen", { prefer: { opportunityTypes: ["technical"] } }],
  ["do_not_disturb", "until further notice", { prefer: { doNotDisturb: true } }],
  ["do_not_disturb", "for an hour", { prefer: { doNotDisturbUntil: now + HOUR } }],
  ["outside_hours", "it is another hour", { prefer: { activeHoursStart: 2, activeHoursEnd: 3 } }],
  ["low_priority", "medium is not high", { prefer: { highPriorityOnly: true } }],
  ["below_min_net_bps", "more was asked for", { prefer: { minNetBps: 15.78 } }],
  ["unwanted_venue", "one of two venues was chosen", { prefer: { venues: ["kraken"] } }],
  ["unwanted_pair", "another pair was chosen", { prefer: { pairs: ["ETH"] } }],
  ["muted_pair", "its pair is muted", { prefer: { mutedPairs: ["BTC/USDT"] } }],
  ["hour_limit", "their own cap of three an hour", { spent: { hour: 3 } }],
  ["hour_limit", "the plan's five, where they wish for more", { prefer: { maxPerHour: 50 }, spent: { hour: 5 } }],
  ["day_limit", "twenty a day", { spent: { day: 20 } }],
  ["cooldown", "told four hours ago, less a millisecond", {
    spent: { told: { atMs: now - 4 * HOUR + 1, netProfit: 37 } },
  }],
  ["no_key", "live, with a key for one of two venues", {
    prefer: { tradingMode: "live" },
    stands: { keyVenues: ["kraken"] },
  }],
  ["no_ai_key", "a model's words, and nobody pays for them", { offer: { reasons: ["ai_enhanced"] } }],
  ["risk", "low tolerance, and it is unproven", { prefer: { riskTolerance: "low" } }],
  ["risk", "medium tolerance, and its risk was judged high", {
    offer: {
      assessment: { risk: "high", positionShare: null, expectedLifetimeMs: null, indicators: null },
    },
  }],
  ["portfolio", "less is free than it takes", { stands: { freeCapital: { USDT: 24_003 } } }],
  ["wrong_place", "what is for private chats, in a group", {
    rules: { permission: "keys" },
    who: { isGroup: true },
  }],
  ["blocked_region", "Kraken serves nobody in Cuba", { who: { country: "CU" } }],
  ["restricted", "a restriction stands", { stands: { restriction: { reason: "fraud", untilMs: null } } }],
]

describe("A check that fails alone", () => {
  for (const [reason, why, given] of CASES) {
    it(`is the reason: ${reason}, ${why}`, () => assert.deepStrictEqual(failing(given), [reason]))
  }

  it("is there for every reason of the closed list", () => {
    assert.sameMembers([...new Set(CASES.map(([reason]) => reason))], CHECKS.map(({ reason }) => reason))
  })
})

describe("The first failure", () => {
  it("is that of the lowest layer, in the order of the specification", () => {
    const everything: Case = {
      who: { sessionExpiresAt: now, country: "CU" },
      prefer: { pushEnabled: false },
      spent: { day: 99 },
    }
    assert.strictEqual(firstFailure(traced(everything)), "no_session")
    assert.deepStrictEqual(failing(everything), ["no_session", "push_off", "day_limit", "blocked_region"])
    assert.deepStrictEqual([...new Set(traced({}).map(({ layer }) => layer))], [1, 2, 3, 4, 5, 6])
  })

  it("is none for a free user in paper mode without keys, with keys, or of a higher plan", () => {
    assert.deepStrictEqual(failing({}), [])
    assert.deepStrictEqual(failing({ stands: { keyVenues: ["kraken", "okx"] }, prefer: { tradingMode: "live" } }), [])
    assert.deepStrictEqual(failing({ who: { tier: "premium" }, offer: { type: "triangular" } }), [])
  })
})

describe("Eligibility", () => {
  it("lets the venues chosen stand in for keys in paper mode, and asks a live user of any plan for keys", () => {
    for (const tier of ["free", "premium", "enterprise"] as const) {
      assert.deepStrictEqual(failing({ who: { tier } }), [])
      assert.deepStrictEqual(failing({ who: { tier }, prefer: { tradingMode: "live" } }), ["no_key"])
    }
  })

  it("turns a requirement into a label for the tier the operator names, and for no other", () => {
    const rules = { labels: { free: ["no_key", "risk"] } } as const
    const given: Case = { rules, prefer: { tradingMode: "live", riskTolerance: "low" } }
    assert.deepStrictEqual(failing(given), [])
    assert.deepStrictEqual(traced(given).filter(({ isLabel }) => isLabel).map(({ reason }) => reason), [
      "no_key",
      "risk",
    ])
    assert.deepStrictEqual(failing({ ...given, who: { tier: "basic" } }), ["no_key", "risk"])
  })

  it("waives layer 5 of a group, doubles the plan's limits there, and still asks for its registrar's session", () => {
    const group = { isGroup: true } as const
    const demanding: Case = {
      who: group,
      prefer: { tradingMode: "live", riskTolerance: "low", maxPerHour: 99 },
      spent: { hour: 9 },
    }
    assert.deepStrictEqual(failing(demanding), [])
    assert.deepStrictEqual(failing({ ...demanding, spent: { hour: 10 } }), ["hour_limit"])
    assert.deepStrictEqual(failing({ who: { ...group, sessionExpiresAt: now } }), ["no_session"])
  })

  it("tells of the same fingerprint again once four hours are over, or when it has grown by half", () => {
    const told = (agoMs: number, netProfit: number | null): Case => ({
      spent: { told: { atMs: now - agoMs, netProfit } },
    })
    assert.deepStrictEqual(failing(told(4 * HOUR, 37)), [])
    assert.deepStrictEqual(failing(told(HOUR, 25)), [])
    assert.deepStrictEqual(failing(told(HOUR, 26)), ["cooldown"])
    assert.deepStrictEqual(failing(told(HOUR, null)), ["cooldown"])
  })

  it("counts quiet that ends before the opportunity does as none", () => {
    const prefer = { doNotDisturbUntil: now + 10_000 }
    assert.deepStrictEqual(failing({ prefer }), [])
    assert.deepStrictEqual(failing({ prefer, offer: { expiresAt: now + 10_000 } }), ["do_not_disturb"])
  })

  it("pushes to an unknown country, and says that it is unknown", () => {
    const check = traced({ who: { country: null } }).find(({ reason }) => reason === "blocked_region")
    assert.deepStrictEqual(check, {
      layer: 6,
      reason: "blocked_region",
      passed: true,
      isLabel: false,
      values: { country: null, venues: "kraken okx", blocking: "" },
    })
  })

  it("is over for a restriction whose time has passed, and holds the operator's AI budget for a key", () => {
    assert.deepStrictEqual(failing({ stands: { restriction: { reason: "x", untilMs: now } } }), [])
    const offer = { reasons: ["ai_enhanced: summary"] }
    assert.deepStrictEqual(failing({ offer, rules: { aiBudgetTiers: ["free"] } }), [])
    assert.deepStrictEqual(failing({ offer, stands: { hasAiKey: true } }), [])
    assert.deepStrictEqual(failing({ offer, rules: { aiBudgetTiers: ["enterprise"] }, who: { role: "admin" } }), [])
  })

  it("admits only the hedged and proven to low tolerance", () => {
    const proven = { confidence: 0.9, reasons: [] }
    const low = { riskTolerance: "low" } as const
    assert.deepStrictEqual(failing({ prefer: low, offer: proven }), [])
    for (
      const offer of [{ ...proven, simulated: true }, { ...proven, type: "technical" as const }, { confidence: null }]
    ) {
      assert.deepStrictEqual(failing({ prefer: low, offer }), ["risk"])
    }
  })
})
