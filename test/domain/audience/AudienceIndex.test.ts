/** The index of the audience: the same answers as a trace one by one, whatever came, changed and went before. */
import { assert, describe, it } from "@effect/vitest"
import { AudienceIndex } from "../../../src/domain/audience/AudienceIndex.ts"
import { hashOf, rankKey } from "../../../src/domain/audience/Ranking.ts"
import {
  type Candidate,
  DEFAULT_RULES,
  EligibilityReason,
  type EligibilityRules,
  firstFailure,
  trace,
} from "../../../src/domain/Eligibility.ts"
import { offerOf } from "../../../src/domain/Matching.ts"
import { limitsOf } from "../../../src/domain/Tier.ts"
import { candidateOf, Dice, opportunityOf, recipientOf, rulesOf, standingOf } from "../../support/crowd.ts"
import { day, minute, someOpportunity, t0 } from "../../suites/StoreWorld.ts"

type Known = Omit<Candidate, "spending">

/** What a plain loop over objects says, with what the index knows of tellings. */
const oneByOne = (
  index: AudienceIndex,
  everyone: Iterable<Known>,
  offer: ReturnType<typeof offerOf>,
  rules: EligibilityRules,
  nowMs: number,
) =>
  new Map(Array.from(everyone, (known) => {
    const { chatId } = known.recipient
    const spending = index.spendingOf(chatId, offer.opportunity.fingerprint, nowMs)
    return [chatId, firstFailure(trace(offer, { ...known, spending }, rules, nowMs))]
  }))

describe("The index of the audience", () => {
  it("names the same first reason as the trace of each, and every reason there is", () => {
    const met = new Set<EligibilityReason | null>()
    for (let seed = 1; seed <= 40; seed++) {
      const dice = new Dice(seed), rules = rulesOf(dice), index = new AudienceIndex(rules)
      const everyone = Array.from({ length: 60 }, (_, at) => candidateOf(dice, at))
      const offers = Array.from({ length: 3 }, () => offerOf(opportunityOf(dice)))
      for (const { recipient, spending, standing } of everyone) {
        index.put(recipient, standing)
        for (let told = 0; told < spending.hour; told++) {
          index.tell(recipient.chatId, "other", { atMs: t0 - told, netProfit: 1 })
        }
        if (spending.told === null) continue
        for (const { opportunity: { fingerprint } } of offers) {
          index.tell(recipient.chatId, fingerprint, spending.told)
        }
      }
      for (const offer of offers) {
        for (const [chatId, reason] of oneByOne(index, everyone, offer, rules, t0)) {
          assert.strictEqual(index.reasonOf(chatId, offer, t0), reason, `seed ${seed}, chat ${chatId}`)
          met.add(reason)
        }
      }
    }
    assert.sameMembers([...met], [null, ...EligibilityReason.literals])
  })

  it("finds whom a plain loop finds, in order, after any sequence of events", () => {
    for (let seed = 100; seed < 115; seed++) {
      const dice = new Dice(seed), rules = rulesOf(dice), index = new AudienceIndex(rules)
      const known = new Map<string, Known>()
      let nowMs = t0
      for (let step = 0; step < 300; step++) {
        nowMs += dice.pick([0, 1_000, minute, 20 * minute])
        const at = dice.below(40), chatId = `${at + 1}`
        if (dice.one(4)) {
          index.remove(chatId)
          known.delete(chatId)
        } else if (dice.one(3)) {
          index.tell(chatId, "cross_exchange:BTC", { atMs: nowMs, netProfit: dice.pick([null, 4, 12]) })
        } else {
          const one = {
            recipient: { ...recipientOf(dice, at), sessionExpiresAt: t0 + 30 * day },
            standing: standingOf(dice),
          }
          index.put(one.recipient, one.standing)
          known.set(chatId, one)
        }
        if (step % 10 !== 0) continue
        const opportunity = { ...opportunityOf(dice), expiresAt: nowMs + 30_000 }
        const offer = offerOf(opportunity)
        const expected = oneByOne(index, known.values(), offer, rules, nowMs)
        const keyOf = (one: Known) =>
          rankKey(
            limitsOf(one.recipient.tier, one.recipient.role).weight,
            hashOf(one.recipient.userId),
            hashOf(opportunity.id),
          )
        const fitting = [...known.values()].filter(({ recipient }) => expected.get(recipient.chatId) === null)
          .toSorted((a, b) => keyOf(a) - keyOf(b)).map(({ recipient }) => recipient.chatId)
        const found = index.match(offer, nowMs, 1_000)
        assert.deepStrictEqual(found.targets.map((target) => target.chatId), fitting)
        assert.strictEqual(
          found.eligible + [...found.refused.values()].reduce((sum, count) => sum + count, 0),
          known.size,
        )
      }
    }
  })

  it("ranks higher plans first, and equals differently for each opportunity, so that nobody is always last", () => {
    const dice = new Dice(7), index = new AudienceIndex(DEFAULT_RULES)
    const plain = (at: number, tier: "free" | "pro") =>
      index.put(
        {
          ...recipientOf(dice, at),
          role: "user",
          tier,
          isGroup: false,
          country: null,
          sessionExpiresAt: t0 + day,
          preferences: { ...recipientOf(dice, at).preferences, ...quietless },
        },
        { keyVenues: [], hasAiKey: false, restriction: null, freeCapital: null },
      )
    for (let at = 0; at < 200; at++) plain(at, at % 10 === 0 ? "pro" : "free")
    const firsts = (id: string) =>
      index.match(offerOf(someOpportunity({ id, expiresAt: t0 + day })), t0, 40).targets.map(({ userId }) => userId)
    const a = firsts("a"), b = firsts("b")
    assert.deepStrictEqual(firsts("a"), a)
    assert.isTrue(a.slice(0, 20).every((userId) => Number(userId.slice(5)) % 10 === 0), "plans first")
    assert.notDeepEqual(a.slice(20), b.slice(20))
    assert.strictEqual(new Set(a).size, 40)
  })

  it("forgets what an hour, a day and a cooldown have passed over", () => {
    const dice = new Dice(9), index = new AudienceIndex(DEFAULT_RULES)
    index.put(recipientOf(dice, 0), standingOf(dice))
    index.tell("1", "x", { atMs: t0, netProfit: 5 })
    assert.deepStrictEqual(index.spendingOf("1", "x", t0 + 59 * minute), {
      hour: 1,
      day: 1,
      told: { atMs: t0, netProfit: 5 },
    })
    assert.strictEqual(index.spendingOf("1", "x", t0 + 60 * minute).hour, 0)
    assert.strictEqual(index.spendingOf("1", "x", t0 + 2 * day).day, 0)
    assert.isNull(index.spendingOf("1", "x", t0 + 5 * 60 * minute).told)
  })

  it("does not pass what one was told on to whoever takes their place", () => {
    const dice = new Dice(11), index = new AudienceIndex(DEFAULT_RULES)
    index.put(recipientOf(dice, 0), standingOf(dice))
    index.tell("1", "x", { atMs: t0, netProfit: 5 })
    index.remove("1")
    index.put(recipientOf(dice, 1), standingOf(dice))
    assert.deepStrictEqual(index.spendingOf("2", "x", t0), { hour: 0, day: 0, told: null })
    assert.strictEqual(index.size, 1)
  })
})

const quietless = {
  pushEnabled: true,
  opportunityTypes: [],
  activeHoursStart: 0,
  activeHoursEnd: 0,
  activeDays: [],
  doNotDisturb: false,
  doNotDisturbUntil: null,
  doNotDisturbWindow: null,
  highPriorityOnly: false,
  minNetBps: 0,
  venues: [],
  pairs: [],
  mutedPairs: [],
  riskTolerance: "high",
  tradingMode: "paper",
  maxPerHour: 5,
  maxPerDay: 5,
} as const
