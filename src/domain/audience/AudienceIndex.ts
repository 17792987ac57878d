/**
 * AudienceIndex: whom an opportunity fits, of everyone at once, without asking anybody.
 *
 * In: candidates as they come, change and go; tellings; an offer. Out: those eligible, best first, and how many are not by
 * reason. Promises: the same first reason as `Eligibility.trace` for the same facts; nothing is allocated a user while
 * matching; what was told is a hint (the queue's transaction decides), kept for an hour, a day and the cooldown.
 */
import { restsUntil, type Told } from "../Cooldown.ts"
import { CHECKS, type EligibilityReason, type EligibilityRules, isRestrictedAt } from "../Eligibility.ts"
import type { Requirement, Restriction, Spending, Standing } from "../Eligibility.ts"
import type { Offer } from "../Matching.ts"
import type { Preferences } from "../Preferences.ts"
import { RISK_RANK, toleranceFor } from "../Risk.ts"
import { Tier } from "../Tier.ts"
import type { Recipient, TelegramId } from "../User.ts"
import * as C from "./Columns.ts"
import { hashOf, Ranker, rankKey } from "./Ranking.ts"
import * as Quiet from "./Schedules.ts"
import { Spent } from "./Spent.ts"
import { Tellings } from "./Tellings.ts"

/** What a message to one of them needs. */
export interface Target {
  readonly userId: string
  readonly chatId: TelegramId
  readonly language: Preferences["language"]
  /** Admins': enterprise. */
  readonly tier: Tier
  /** Null: unknown. */
  readonly country: string | null
}

export interface Matched {
  /** Best first; as many as were asked for. */
  readonly targets: ReadonlyArray<Target>
  readonly eligible: number
  /** All who were looked at. */
  readonly audience: number
  readonly refused: ReadonlyMap<EligibilityReason, number>
}

const ELIGIBLE = 0
/** Of a reason: 1 for the first check. */
const CODE = new Map<EligibilityReason, number>(CHECKS.map(({ reason }, at) => [reason, at + 1]))
const codeOf = (reason: EligibilityReason): number => CODE.get(reason) ?? ELIGIBLE

const NO_SESSION = codeOf("no_session"), TIER_TYPE = codeOf("tier_type"), NO_PERMISSION = codeOf("no_permission")
const BETA_ENDED = codeOf("beta_ended"), PUSH_OFF = codeOf("push_off"), UNWANTED_TYPE = codeOf("unwanted_type")
const DO_NOT_DISTURB = codeOf("do_not_disturb"), OUTSIDE_HOURS = codeOf("outside_hours")
const LOW_PRIORITY = codeOf("low_priority"), BELOW_MIN = codeOf("below_min_net_bps")
const UNWANTED_VENUE = codeOf("unwanted_venue"), UNWANTED_PAIR = codeOf("unwanted_pair"), MUTED = codeOf("muted_pair")
const HOUR_LIMIT = codeOf("hour_limit"), DAY_LIMIT = codeOf("day_limit"), COOLDOWN = codeOf("cooldown")
const NO_KEY = codeOf("no_key"), NO_AI_KEY = codeOf("no_ai_key"), RISK = codeOf("risk")
const PORTFOLIO = codeOf("portfolio"), WRONG_PLACE = codeOf("wrong_place")
const BLOCKED_REGION = codeOf("blocked_region"), RESTRICTED = codeOf("restricted")

const TIERS: ReadonlyArray<Tier> = Tier.literals
const LANGUAGES: ReadonlyArray<Preferences["language"]> = ["en", "ru"]
const FIRST_ROOM = 1_024

/** What an offer asks of everyone, worked out once. */
interface Question {
  readonly offer: Offer
  readonly nowMs: number
  readonly expiresAt: number
  readonly type: number
  readonly isBetaType: boolean
  readonly isUrgent: boolean
  readonly netBps: number
  readonly risk: number
  /** By number of country. */
  readonly blocked: Uint8Array
  /** Bits of tiers: for whom a requirement is a label, and whose AI is paid. */
  readonly labels: Readonly<Record<Requirement, number>>
  readonly paid: number
}

export class AudienceIndex {
  readonly #rules: EligibilityRules
  readonly #columns = new C.Columns()
  readonly #spent = new Spent()
  readonly #tellings: Tellings
  readonly #ranker = new Ranker()
  readonly #slots = new Map<TelegramId, number>()
  readonly #free: Array<number> = []
  readonly #chats: Array<TelegramId> = []
  readonly #users: Array<string> = []
  readonly #languages: Array<number> = []
  readonly #restrictions = new Map<number, Restriction>()
  readonly #capital = new Map<number, Readonly<Record<string, number>>>()
  #generations = new Uint32Array()
  #matched = new Uint32Array()
  #keys = new Uint32Array()
  readonly #counts = new Uint32Array(CHECKS.length + 1)
  /** Slots are below this. */
  #bound = 0
  /** No session ends before this. */
  #soonestEnd = Infinity

  constructor(rules: EligibilityRules) {
    this.#rules = rules
    this.#tellings = new Tellings(rules.cooldown.cooldownMs)
  }

  get size(): number {
    return this.#slots.size
  }

  chats(): IterableIterator<TelegramId> {
    return this.#slots.keys()
  }

  /** They come, or change. What they were told stays. */
  put(recipient: Recipient, standing: Standing): void {
    const { chatId, preferences, userId } = recipient
    const known = this.#slots.get(chatId)
    const slot = known ?? this.#free.pop() ?? this.#bound++
    if (slot >= this.#columns.room) this.#resize(Math.max(FIRST_ROOM, Math.ceil(slot * 1.5)))
    if (known === undefined || this.#users[slot] !== userId) {
      this.#generations[slot] = (this.#generations[slot] ?? 0) + 1
      this.#spent.clear(slot)
    }
    this.#slots.set(chatId, slot)
    this.#soonestEnd = Math.min(this.#soonestEnd, recipient.sessionExpiresAt)
    this.#chats[slot] = chatId
    this.#users[slot] = userId
    this.#languages[slot] = LANGUAGES.indexOf(preferences.language)
    this.#columns.set(slot, recipient, standing, this.#rules)
    if (standing.restriction === null) this.#restrictions.delete(slot)
    else this.#restrictions.set(slot, standing.restriction)
    if (standing.freeCapital === null) this.#capital.delete(slot)
    else this.#capital.set(slot, standing.freeCapital)
  }

  remove(chatId: TelegramId): void {
    const slot = this.#slots.get(chatId)
    if (slot === undefined) return
    this.#slots.delete(chatId)
    this.#columns.clear(slot)
    this.#restrictions.delete(slot)
    this.#capital.delete(slot)
    this.#users[slot] = ""
    this.#chats[slot] = ""
    this.#free.push(slot)
  }

  /** Chats whose session, as it is known here, has run out. */
  expired(nowMs: number): ReadonlyArray<TelegramId> {
    if (nowMs < this.#soonestEnd) return []
    const { flags, sessionUntil } = this.#columns, chats: Array<TelegramId> = []
    this.#soonestEnd = Infinity
    for (let slot = 0; slot < this.#bound; slot++) {
      if (((flags[slot] ?? 0) & C.USED) === 0) continue
      const until = sessionUntil[slot] ?? 0
      this.#soonestEnd = Math.min(this.#soonestEnd, until)
      if (until <= nowMs) chats.push(this.#chats[slot] ?? "")
    }
    return chats
  }

  /** They are told of it. */
  tell(chatId: TelegramId, fingerprint: string, told: Told): void {
    const slot = this.#slots.get(chatId)
    if (slot === undefined) return
    this.#tellings.add(fingerprint, slot, this.#generations[slot] ?? 0, told.atMs, told.netProfit)
    this.#spent.spend(slot, told.atMs, this.#dayStart(slot, told.atMs))
  }

  /** Forgets what everybody was told: it is told anew by `tell`, then by `setDay`. */
  forgetTold(): void {
    this.#spent.reset()
    this.#tellings.reset()
  }

  /** What they have had in their calendar day so far. */
  setDay(chatId: TelegramId, count: number, nowMs: number): void {
    const slot = this.#slots.get(chatId)
    if (slot !== undefined) this.#spent.setDay(slot, count, this.#dayStart(slot, nowMs))
  }

  /** What is known here of what they were told. */
  spendingOf(chatId: TelegramId, fingerprint: string, nowMs: number): Spending {
    const slot = this.#slots.get(chatId) ?? -1
    this.#spent.advance(nowMs)
    this.#tellings.ask(fingerprint, this.#generations, nowMs)
    return { hour: this.#spent.hour(slot), day: this.#day(slot, nowMs), told: this.#tellings.of(slot) }
  }

  /** The `limit` best of those eligible, and why the others are not. */
  match(offer: Offer, nowMs: number, limit: number): Matched {
    const matched = this.#matched, keys = this.#keys
    const eligible = this.#scan(this.#ask(offer, nowMs), 0, this.#bound)
    const { hash, weight } = this.#columns, seed = hashOf(offer.opportunity.id)
    for (let at = 0; at < eligible; at++) {
      const slot = matched[at] ?? 0
      keys[at] = rankKey(weight[slot] ?? 0, hash[slot] ?? 0, seed)
    }
    const kept = this.#ranker.best(matched, keys, eligible, limit)
    return {
      targets: Array.from({ length: kept }, (_, at) => this.#target(matched[at] ?? 0)),
      eligible,
      audience: this.#slots.size,
      refused: new Map(CHECKS.flatMap(({ reason }, at) => {
        const count = this.#counts[at + 1] ?? 0
        return count === 0 ? [] : [[reason, count]]
      })),
    }
  }

  /** Null: eligible, or not here. */
  reasonOf(chatId: TelegramId, offer: Offer, nowMs: number): EligibilityReason | null {
    const slot = this.#slots.get(chatId)
    if (slot === undefined || this.#scan(this.#ask(offer, nowMs), slot, slot + 1) > 0) return null
    return CHECKS.find((_, at) => (this.#counts[at + 1] ?? 0) > 0)?.reason ?? null
  }

  #ask(offer: Offer, nowMs: number): Question {
    const { aiBudgetTiers, betaTypes, labels, regions } = this.#rules
    const { countries, pairSets, venueSets } = this.#columns
    const { expiresAt, fingerprint, priority, type } = offer.opportunity
    venueSets.ask(offer.venues)
    pairSets.ask(offer.pairs)
    this.#columns.schedules.at(nowMs)
    this.#spent.advance(nowMs)
    this.#tellings.ask(fingerprint, this.#generations, nowMs)
    const blocked = new Uint8Array(countries.size + 1)
    for (const [country, number] of countries.entries()) {
      if (offer.venues.some((venue) => regions.get(venue)?.has(country) === true)) blocked[number] = 1
    }
    const tiersWith = (holds: (tier: Tier) => boolean): number =>
      TIERS.reduce((bits, tier, at) => holds(tier) ? bits | 1 << at : bits, 0)
    const labelled = (requirement: Requirement) => tiersWith((tier) => labels[tier]?.includes(requirement) === true)
    return {
      offer,
      nowMs,
      expiresAt,
      type: C.typeBit(type),
      isBetaType: betaTypes.includes(type),
      isUrgent: priority === "critical" || priority === "high",
      netBps: offer.netBps ?? Infinity,
      risk: RISK_RANK[toleranceFor(offer.risks)],
      blocked,
      labels: {
        no_key: labelled("no_key"),
        no_ai_key: labelled("no_ai_key"),
        risk: labelled("risk"),
        portfolio: labelled("portfolio"),
      },
      paid: tiersWith((tier) => aiBudgetTiers.includes(tier)),
    }
  }

  /** Of slots [from, to): those eligible go to `#matched`, how many; the others are counted by their first failure. */
  #scan(question: Question, from: number, to: number): number {
    const { betaUntil, country, flags, minNetBps, schedule, schedules, sessionUntil, types } = this.#columns
    const { blocked, isBetaType, isUrgent, netBps, nowMs, type } = question
    const counts = this.#counts.fill(0), matched = this.#matched, spentAny = this.#spent.hasAny
    const hasTold = this.#tellings.hasAny, quietNow = schedules.quiet, mayExpire = nowMs >= this.#soonestEnd
    let eligible = 0
    for (let slot = from; slot < to; slot++) {
      const flag = flags[slot] ?? 0
      if ((flag & C.USED) === 0) continue
      const bits = types[slot] ?? 0
      let code = ELIGIBLE
      if (mayExpire && (sessionUntil[slot] ?? 0) <= nowMs) code = NO_SESSION
      else if ((bits & type) === 0) code = TIER_TYPE
      else if ((flag & C.DENIED) !== 0) code = NO_PERMISSION
      else if ((isBetaType || (flag & C.DENIED_WITHOUT_BETA) !== 0) && (betaUntil[slot] ?? 0) <= nowMs) {
        code = BETA_ENDED
      } else if ((flag & C.PUSH) === 0) code = PUSH_OFF
      else if ((bits >>> 4 & type) === 0) code = UNWANTED_TYPE
      else if ((flag & C.DO_NOT_DISTURB) !== 0) code = DO_NOT_DISTURB
      else if (
        ((flag & C.QUIET_UNTIL) !== 0 || quietNow[schedule[slot] ?? 0] !== Quiet.AWAKE) &&
        (code = this.#quiet(slot, question)) !== ELIGIBLE
      ) { /* The reason was found. */ } else if ((flag & C.HIGH_ONLY) !== 0 && !isUrgent) code = LOW_PRIORITY
      else if ((flag & C.HAS_MINIMUM) !== 0 && netBps < (minNetBps[slot] ?? 0)) code = BELOW_MIN
      else if ((flag & C.HAS_CHOSEN) !== 0 && (code = this.#unwanted(slot)) !== ELIGIBLE) { /* Likewise. */ }
      else if ((spentAny[slot] !== 0 || (flag & C.NO_CAP) !== 0) && (code = this.#overLimit(slot)) !== ELIGIBLE) {
        // Likewise.
      } else if (hasTold && this.#cools(slot, question)) code = COOLDOWN
      else if ((flag & C.GROUP) === 0 && (code = this.#lacks(slot, flag, question)) !== ELIGIBLE) { /* Likewise. */ }
      else if ((flag & C.DENIED_HERE) !== 0) code = WRONG_PLACE
      else if (blocked[country[slot] ?? 0] === 1) code = BLOCKED_REGION
      else if ((flag & C.RESTRICTED) !== 0 && isRestrictedAt(this.#restrictions.get(slot) ?? null, nowMs)) {
        code = RESTRICTED
      }
      if (code === ELIGIBLE) matched[eligible++] = slot
      else counts[code] = (counts[code] ?? 0) + 1
    }
    return eligible
  }

  #unwanted(slot: number): number {
    const { muted, pairs, pairSets, venues, venueSets } = this.#columns
    const chosen = venues[slot] ?? 0, wanted = pairs[slot] ?? 0, unwanted = muted[slot] ?? 0
    if (chosen !== 0 && !venueSets.hasAll(chosen)) return UNWANTED_VENUE
    if (wanted !== 0 && !pairSets.hasAny(wanted)) return UNWANTED_PAIR
    return unwanted !== 0 && pairSets.hasAny(unwanted) ? MUTED : ELIGIBLE
  }

  #overLimit(slot: number): number {
    const { perDay, perHour, schedule, schedules } = this.#columns
    if (this.#spent.hour(slot) >= (perHour[slot] ?? 0)) return HOUR_LIMIT
    const today = this.#spent.day(slot, schedules.dayStart[schedule[slot] ?? 0] ?? 0)
    return today >= (perDay[slot] ?? 0) ? DAY_LIMIT : ELIGIBLE
  }

  /** Quiet that ends before the opportunity does is none. */
  #quiet(slot: number, { expiresAt, nowMs }: Question): number {
    const { dndUntil, schedule, schedules } = this.#columns
    const until = dndUntil[slot] ?? 0, number = schedule[slot] ?? 0
    if (until > nowMs) {
      return until < expiresAt && schedules.endsAfter(number, nowMs, until) < expiresAt ? ELIGIBLE : DO_NOT_DISTURB
    }
    const quiet = schedules.quiet[number]
    if (quiet === Quiet.AWAKE || schedules.endsAt(number, nowMs) < expiresAt) return ELIGIBLE
    return quiet === Quiet.DO_NOT_DISTURB ? DO_NOT_DISTURB : OUTSIDE_HOURS
  }

  #cools(slot: number, { nowMs, offer }: Question): boolean {
    const told = this.#tellings.of(slot)
    return told !== null && restsUntil(told, offer.netProfit, nowMs, this.#rules.cooldown) !== null
  }

  /** Layer 5. */
  #lacks(slot: number, flag: number, { labels, offer, paid, risk }: Question): number {
    const columns = this.#columns
    const tier = 1 << (columns.tier[slot] ?? 0)
    if ((flag & C.LIVE) !== 0 && (labels.no_key & tier) === 0 && !columns.venueSets.hasAll(columns.keys[slot] ?? 0)) {
      return NO_KEY
    }
    if (offer.isAiEnhanced && (flag & C.AI_KEY) === 0 && ((paid | labels.no_ai_key) & tier) === 0) return NO_AI_KEY
    if ((columns.risk[slot] ?? 0) < risk && (labels.risk & tier) === 0) return RISK
    if ((flag & C.PORTFOLIO) !== 0 && (labels.portfolio & tier) === 0) {
      const { currency, notional } = offer.opportunity
      if ((this.#capital.get(slot)?.[currency] ?? 0) < Number(notional)) return PORTFOLIO
    }
    return ELIGIBLE
  }

  #day(slot: number, nowMs: number): number {
    return this.#spent.day(slot, this.#dayStart(slot, nowMs))
  }

  #dayStart(slot: number, atMs: number): number {
    return this.#columns.schedules.dayStartAt(this.#columns.schedule[slot] ?? 0, atMs)
  }

  #target(slot: number): Target {
    return {
      userId: this.#users[slot] ?? "",
      chatId: this.#chats[slot] ?? "",
      language: LANGUAGES[this.#languages[slot] ?? 0] ?? "en",
      tier: TIERS[this.#columns.tier[slot] ?? 0] ?? "free",
      country: this.#columns.countries.name(this.#columns.country[slot] ?? 0),
    }
  }

  #resize(slots: number): void {
    this.#columns.resize(slots)
    this.#spent.resize(slots)
    this.#tellings.resize(slots)
    const generations = new Uint32Array(slots)
    generations.set(this.#generations)
    this.#generations = generations
    this.#matched = new Uint32Array(slots)
    this.#keys = new Uint32Array(slots)
  }
}
