/** Scarce opportunities: how many they serve, and that a day's shares are fair whoever comes when. */
import { assert, describe, it } from "@effect/vitest"
import { jain, seatsOf, share } from "../../src/domain/Sharing.ts"
import { SHIPPED_TIERS, Tier } from "../../src/domain/Tier.ts"

const someSize = { size: "0.4", capacity: "0.8", notional: "12000", currency: "USDT" }
const tickets = new Map([["USDT", 500]])

describe("The seats of an opportunity", () => {
  it("are its depth in tickets of the least worth while, and one at least", () => {
    assert.strictEqual(seatsOf(someSize, tickets), 48)
    assert.strictEqual(seatsOf({ ...someSize, notional: "100" }, tickets), 1)
  })

  it("are unlimited where the depth or the currency's ticket is unknown", () => {
    assert.isNull(seatsOf({ ...someSize, size: "0", notional: "0", capacity: "0" }, tickets))
    assert.isNull(seatsOf({ ...someSize, currency: "BTC" }, tickets))
  })
})

/** Repeatable chance. */
const chanceOf = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const HOUR_MS = 3_600_000
const COUNTS: Readonly<Record<Tier, number>> = { free: 100, basic: 50, premium: 30, pro: 15, enterprise: 5 }

interface Person {
  readonly userId: string
  readonly tier: Tier
  readonly weight: number
  readonly fit: number
  /** How often what is found is what they want. */
  readonly wants: number
  /** They are awake this many hours from this hour of the day on. */
  readonly from: number
  readonly awake: number
}

/** Among 200 people of all tiers, with tastes and hours of their own. */
const peopleOf = (chance: () => number): ReadonlyArray<Person> =>
  Tier.literals.flatMap((tier) =>
    Array.from({ length: COUNTS[tier] }, (_, n): Person => ({
      userId: `${tier}-${n}`,
      tier,
      weight: SHIPPED_TIERS.tiers[tier].weight,
      fit: Math.floor(chance() * 4),
      wants: 0.3 + 0.7 * chance(),
      from: Math.floor(chance() * 24),
      awake: 10 + Math.floor(chance() * 15),
    }))
  )

/** A day of virtual time: 1,500 opportunities, four of five of them in four hours, each for one to twelve. */
const dayOf = (chance: () => number): ReadonlyArray<{ readonly atMs: number; readonly seats: number }> =>
  Array.from({ length: 1_500 }, () => ({
    atMs: chance() < 0.8 ? (13 + 4 * chance()) * HOUR_MS : 24 * chance() * HOUR_MS,
    seats: 1 + Math.floor(chance() ** 2 * 12),
  })).toSorted((a, b) => a.atMs - b.atMs)

describe("A day of scarce opportunities", () => {
  it("is shared with a Jain index of 0.9 and more inside each tier, and by weight between tiers", () => {
    const chance = chanceOf(7)
    const people = peopleOf(chance)
    const served = new Map<string, number>()
    for (const { atMs, seats } of dayOf(chance)) {
      const hour = Math.floor(atMs / HOUR_MS)
      const present = people.filter(({ awake, from, wants }) => (hour - from + 24) % 24 < awake && chance() < wants)
      for (const { userId } of share(present, served, seats)) served.set(userId, (served.get(userId) ?? 0) + 1)
    }
    // Those who sleep through the four hours of most of the day cannot have what nobody found.
    const reachable = people.filter(({ awake, from }) =>
      [13, 14, 15, 16].some((hour) => (hour - from + 24) % 24 < awake)
    )
    const means = Tier.literals.map((tier) => {
      const amounts = reachable.filter((person) => person.tier === tier).map(({ userId }) => served.get(userId) ?? 0)
      assert.isAtLeast(jain(amounts), 0.9, tier)
      return amounts.reduce((a, b) => a + b, 0) / amounts.length / SHIPPED_TIERS.tiers[tier].weight
    })
    // A weight's worth is the same in every tier, within a fifth.
    assert.isAtMost(Math.max(...means) / Math.min(...means), 1.2)
  })

  it("would not be fair by priority alone: the measure tells the difference", () => {
    const chance = chanceOf(7)
    const people = peopleOf(chance).filter(({ tier }) => tier === "free")
    const served = new Map<string, number>()
    for (const { seats } of dayOf(chance)) {
      const first = people.filter(({ wants }) => chance() < wants).toSorted((a, b) => b.fit - a.fit).slice(0, seats)
      for (const { userId } of first) served.set(userId, (served.get(userId) ?? 0) + 1)
    }
    assert.isBelow(jain(people.map(({ userId }) => served.get(userId) ?? 0)), 0.5)
  })
})
