/**
 * audience: one opportunity against 100,000 users in memory -> how many it fits, the best 900 of them, and why not the
 * others; audience-motley: the same where nobody's wishes are like another's; audience-memory: what the index holds a
 * user, texts included, beside the rows it was made from.
 *
 * Typical users kept most defaults: one in four has hours, venues or pairs of their own, from what the menus offer. Of
 * the motley, everything is by chance, each time of day, window and muted list included. Opportunities are of all types,
 * for half a minute up to two days; the clock moves on 250 ms from one to the next; some are told of each. Every pass
 * must count as many eligible as the control finds, which filters the same users as objects by the same checks, in the
 * same order, without the values of a trace. `perCoreS`: users compared a second of CPU time; `p99CpuMs`: what this process
 * computed for one opportunity, which other work on the machine changes less than the wall clock's.
 */
import process from "node:process"
import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { capsOf } from "../src/domain/Admission.ts"
import { AudienceIndex } from "../src/domain/audience/AudienceIndex.ts"
import { DEFAULT_RULES, isRestrictedAt, type Standing } from "../src/domain/Eligibility.ts"
import { type Offer, offerOf } from "../src/domain/Matching.ts"
import { DEFAULT_PREFERENCES } from "../src/domain/Preferences.ts"
import { localTimeAt, quietAtLocal, quietEndsAt } from "../src/domain/QuietTime.ts"
import { blockingVenues } from "../src/domain/RegionTable.ts"
import { RISK_RANK, toleranceFor } from "../src/domain/Risk.ts"
import { limitsOf } from "../src/domain/Tier.ts"
import type { Recipient } from "../src/domain/User.ts"
import { Dice, opportunityOf, recipientOf, standingOf, VENUES } from "../test/support/crowd.ts"
import { day, t0 } from "../test/suites/StoreWorld.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const USERS = 100_000
const OFFERS = 400
const KEPT = 900
const STEP_MS = 250
const ZONES = ["UTC", "Europe/Berlin", "Europe/Moscow", "America/New_York", "Asia/Tokyo", "Asia/Kolkata"]

interface Person {
  readonly recipient: Recipient
  readonly standing: Standing
}

const idOf = (dice: Dice): string =>
  [8, 4, 4, 4, 12].map((length) => Array.from({ length }, () => dice.below(16).toString(16)).join("")).join("-")

const named = (dice: Dice, recipient: Recipient, at: number): Recipient => ({
  ...recipient,
  userId: idOf(dice),
  chatId: `${5_000_000_000 + at}`,
  sessionExpiresAt: t0 + day,
})

const typical = (dice: Dice, at: number): Person => {
  const { preferences, ...recipient } = recipientOf(dice, at), standing = standingOf(dice)
  const wishes = {
    ...DEFAULT_PREFERENCES,
    timeZone: dice.pick(ZONES),
    pushEnabled: preferences.pushEnabled,
    riskTolerance: dice.one(3) ? preferences.riskTolerance : "medium",
    tradingMode: preferences.tradingMode,
    doNotDisturb: preferences.doNotDisturb,
    highPriorityOnly: preferences.highPriorityOnly,
    minNetBps: dice.pick([0, 0, 5, 10, 20]),
    ...(dice.one(4) ? { activeHoursStart: dice.pick([0, 7, 9, 10]), activeHoursEnd: dice.pick([0, 18, 23, 24]) } : {}),
    ...(dice.one(4) ? { venues: dice.some(VENUES, 2) } : {}),
    ...(dice.one(4) ? { pairs: preferences.pairs, mutedPairs: preferences.mutedPairs } : {}),
  } as const
  return { recipient: named(dice, { ...recipient, preferences: wishes }, at), standing }
}

const motley = (dice: Dice, at: number): Person => ({
  recipient: named(dice, recipientOf(dice, at), at),
  standing: standingOf(dice),
})

/** The same checks over objects; what is the same for a zone is read once, as anyone would. */
class Plain {
  readonly #people: ReadonlyArray<Person>
  readonly #told = new Map<string, number>()

  constructor(people: ReadonlyArray<Person>) {
    this.#people = people
  }

  tell(chatId: string): void {
    this.#told.set(chatId, (this.#told.get(chatId) ?? 0) + 1)
  }

  eligible(offer: Offer, nowMs: number): number {
    const locals = new Map<string, ReturnType<typeof localTimeAt>>(), needed = RISK_RANK[toleranceFor(offer.risks)]
    return this.#people.filter((person) => this.#fits(person, offer, needed, locals, nowMs)).length
  }

  #fits(
    { recipient, standing }: Person,
    { isAiEnhanced, netBps, opportunity, pairs, venues }: Offer,
    needed: number,
    locals: Map<string, ReturnType<typeof localTimeAt>>,
    nowMs: number,
  ): boolean {
    const { preferences } = recipient, { priority, type } = opportunity
    if (recipient.sessionExpiresAt <= nowMs || !preferences.pushEnabled) return false
    if (!limitsOf(recipient.tier, recipient.role).types.includes(type)) return false
    if (preferences.opportunityTypes.length > 0 && !preferences.opportunityTypes.includes(type)) return false
    const local = locals.get(preferences.timeZone) ?? localTimeAt(preferences.timeZone, nowMs)
    locals.set(preferences.timeZone, local)
    if (quietAtLocal(preferences, local, nowMs) !== null) {
      const endsAt = quietEndsAt(preferences, nowMs)
      if (endsAt === null || endsAt >= opportunity.expiresAt) return false
    }
    if (preferences.highPriorityOnly && priority !== "critical" && priority !== "high") return false
    if (netBps !== null && netBps < preferences.minNetBps) return false
    if (preferences.venues.length > 0 && !venues.every((venue) => preferences.venues.includes(venue))) return false
    if (preferences.pairs.length > 0 && !preferences.pairs.some((pair) => pairs.has(pair))) return false
    if (preferences.mutedPairs.some((pair) => pairs.has(pair))) return false
    const caps = capsOf(recipient), told = this.#told.get(recipient.chatId) ?? 0
    if (told >= caps.perHour || told >= caps.perDay) return false
    if (!recipient.isGroup) {
      if (preferences.tradingMode === "live" && !venues.every((venue) => standing.keyVenues.includes(venue))) {
        return false
      }
      if (isAiEnhanced && !standing.hasAiKey) return false
      if (RISK_RANK[preferences.riskTolerance] < needed) return false
      const { freeCapital } = standing
      if (freeCapital !== null && (freeCapital[opportunity.currency] ?? 0) < Number(opportunity.notional)) return false
    }
    const { country } = recipient
    if (country !== null && blockingVenues(DEFAULT_RULES.regions, venues, country).length > 0) return false
    return !isRestrictedAt(standing.restriction, nowMs)
  }
}

const quantile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN

/** `one` answers how many are eligible. */
const timed = (
  offers: ReadonlyArray<Offer>,
  one: (offer: Offer, nowMs: number) => number,
): Sample & { readonly eligible: number } => {
  const waits: Array<number> = [], cpu: Array<number> = []
  let eligible = 0
  for (const [at, offer] of offers.entries()) {
    const cpuBefore = process.cpuUsage(), before = performance.now()
    eligible += one(offer, t0 + at * STEP_MS)
    waits.push(performance.now() - before)
    const { system, user } = process.cpuUsage(cpuBefore)
    cpu.push((system + user) / 1_000)
  }
  return {
    p50Ms: quantile(waits, 0.5),
    p99Ms: quantile(waits, 0.99),
    p50CpuMs: quantile(cpu, 0.5),
    p99CpuMs: quantile(cpu, 0.99),
    perCoreS: USERS * offers.length / cpu.reduce((sum, each) => sum + each, 0) * 1e3,
    eligible: eligible / offers.length,
  }
}

const indexOf = (people: ReadonlyArray<Person>): AudienceIndex => {
  const index = new AudienceIndex(DEFAULT_RULES)
  for (const { recipient, standing } of people) index.put(recipient, standing)
  return index
}

/** The control is slow: it gets few of the offers. */
const SAMPLED = 50

const pairOf = (person: (dice: Dice, at: number) => Person) =>
  Effect.sync(() => {
    const dice = new Dice(1)
    const people = Array.from({ length: USERS }, (_, at) => person(dice, at))
    const offers = Array.from({ length: OFFERS }, () => offerOf({ ...opportunityOf(dice), id: idOf(dice) }))
    const index = indexOf(people), plain = new Plain(people)
    for (const { recipient: { chatId } } of people.filter((_, at) => at % 7 === 0)) {
      index.tell(chatId, "told before", { atMs: t0 - 1_000, netProfit: 1 })
      plain.tell(chatId)
    }
    const sampled = offers.filter((_, at) => at % SAMPLED === 0)
    for (const offer of sampled) {
      const mine = index.match(offer, t0, KEPT).eligible, theirs = plain.eligible(offer, t0)
      if (mine !== theirs || mine === 0 && offer === sampled[0]) {
        throw new Error(`${mine} eligible, ${theirs} by objects`)
      }
    }
    return {
      ours: Effect.sync(() => timed(offers, (offer, nowMs) => index.match(offer, nowMs, KEPT).eligible)),
      control: Effect.sync(() => timed(sampled, (offer, nowMs) => plain.eligible(offer, nowMs))),
    }
  })

const collected = (): number => {
  setFlagsFromString("--expose_gc")
  const collect = runInNewContext("gc")
  collect()
  collect()
  // `external` holds the typed arrays on both runtimes; `arrayBuffers` is 0 on Deno.
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

/** One at a time, as rows come from the store: what they were made from is gone when it is measured. */
const indexed = (): AudienceIndex => {
  const dice = new Dice(1), index = new AudienceIndex(DEFAULT_RULES)
  for (let at = 0; at < USERS; at++) {
    const { recipient, standing } = typical(dice, at)
    index.put(recipient, standing)
  }
  return index
}

const kept = (): ReadonlyArray<Person> => {
  const dice = new Dice(1)
  return Array.from({ length: USERS }, (_, at) => typical(dice, at))
}

const memory = (build: () => unknown) =>
  Effect.sync(() => {
    const before = collected()
    const held = build()
    const bytes = collected() - before
    if (held === undefined) throw new Error("nothing was held")
    return { bytesAUser: bytes / USERS }
  })

const targets: Benchmark["targets"] = [
  { figure: "p99Ms", atMost: 5 },
  { figure: "p99CpuMs", atMost: 5 },
  { figure: "perCoreS", atLeast: 5_000_000 },
]
const control = "a plain filter over objects by the same checks; every fiftieth opportunity"

export const audience: ReadonlyArray<Benchmark> = [
  {
    name: "audience",
    about: "one opportunity against 100,000 users in memory -> the best 900 it fits, and why not the others",
    control,
    compared: "perCoreS",
    targets,
    prepare: pairOf(typical),
  },
  {
    name: "audience-motley",
    about: "the same, where nobody's wishes are like another's",
    control,
    compared: "perCoreS",
    targets: [{ figure: "perCoreS", atLeast: 5_000_000 }],
    prepare: pairOf(motley),
  },
  {
    name: "audience-memory",
    about: "what the index of 100,000 users holds each, texts included",
    control: "the same users kept as objects",
    compared: "bytesAUser",
    targets: [{ figure: "bytesAUser", atMost: 600 }],
    prepare: Effect.succeed({ ours: memory(indexed), control: memory(kept) }),
  },
]
