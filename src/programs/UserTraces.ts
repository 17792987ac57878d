/**
 * User traces: why one user was, or was not, told of an opportunity, and whether they would be now.
 *
 * In: a user, an opportunity. Out: every check of eligibility with the values compared as of now, and what became of the
 * notification then. Promises: all is as the store has it, never
 * the index: what is cached counts only under the version the store names; the telling of the opportunity itself
 * counts neither against the limits nor as a cooldown, so that what was sent does not look as if it could not have been.
 */
import { Clock, Effect, Option, Schema } from "effect"
import { horizonOf, HOUR_MS } from "../domain/Admission.ts"
import {
  type Candidate,
  Checked,
  EligibilityReason,
  firstFailure,
  NO_STANDING,
  type Spending,
  trace,
} from "../domain/Eligibility.ts"
import { offerOf } from "../domain/Matching.ts"
import { Opportunity } from "../domain/Opportunity.ts"
import { type Preferences, startOfDay } from "../domain/Preferences.ts"
import { type Recipient, User } from "../domain/User.ts"
import { Directory } from "../layers/Directory.ts"
import { EligibilityPolicy } from "../layers/EligibilityPolicy.ts"
import { Opportunities } from "../layers/Opportunities.ts"
import { OpportunityQueue } from "../layers/OpportunityQueue.ts"
import { OpportunityViews } from "../layers/OpportunityViews.ts"
import { Standings } from "../layers/Standings.ts"
import type { StoreError } from "../layers/Store.ts"
import { Fate, ToldHistory } from "../layers/ToldHistory.ts"
import { ELIGIBILITY, through } from "../layers/UserCache.ts"
import { Users } from "../layers/Users.ts"

export const UserTrace = Schema.Struct({
  at: Schema.Int,
  user: User,
  opportunity: Opportunity,
  /** As of now. */
  checks: Schema.Array(Checked),
  /** The first that fails; null: they would be told. */
  reason: Schema.NullOr(EligibilityReason),
  /** What became of the notification; null: none was ever queued. */
  fate: Schema.NullOr(Fate),
})
export type UserTrace = typeof UserTrace.Type

export type TraceServices = Users | Standings | ToldHistory | OpportunityQueue | OpportunityViews

type Compared = Pick<Candidate, "recipient" | "standing">

/** Who has no session, or is blocked, is traced as well: as one whose session is over. */
const recipientWith = (
  { betaUntil, country, isGroup, role, telegramId, tier, userId }: User,
  preferences: Preferences,
  sessionExpiresAt: number,
): Recipient => (
  { userId, chatId: telegramId, role, tier, isGroup, country, betaUntil, sessionExpiresAt, preferences }
)

const fromStore = Effect.fnUntraced(function* ({ userId }: User, nowMs: number) {
  const users = yield* Users, standings = yield* Standings
  return {
    preferences: yield* users.preferences(userId),
    standing: (yield* standings.of([userId], nowMs)).get(userId) ?? NO_STANDING,
  }
})

/** What is cached of a person holds for their version; until when their session lasts is read with that. */
const compared = Effect.fnUntraced(function* (asked: User, nowMs: number): Effect.fn.Return<
  Compared,
  StoreError,
  TraceServices
> {
  const users = yield* Users
  if (asked.isGroup) {
    const { preferences, standing } = yield* fromStore(asked, nowMs)
    const known = yield* users.recipientOf(asked.telegramId, nowMs)
    return { recipient: Option.getOrElse(known, () => recipientWith(asked, preferences, 0)), standing }
  }
  const current = yield* users.current(asked.telegramId)
  if (Option.isNone(current)) {
    const { preferences, standing } = yield* fromStore(asked, nowMs)
    return { recipient: recipientWith(asked, preferences, 0), standing }
  }
  const { sessionExpiresAt, user, version } = current.value
  const { telegramId } = user
  const { preferences, standing } = yield* through(ELIGIBILITY, { telegramId, version }, fromStore(user, nowMs))
  const lastsUntil = user.isActive && sessionExpiresAt !== null && nowMs < sessionExpiresAt ? sessionExpiresAt : 0
  return { recipient: recipientWith(user, preferences, lastsUntil), standing }
})

const spendingOf = Effect.fnUntraced(function* (
  { preferences, userId }: Recipient,
  opportunity: Opportunity,
  fate: Fate | null,
  nowMs: number,
): Effect.fn.Return<Spending, StoreError, TraceServices> {
  const queue = yield* OpportunityQueue, history = yield* ToldHistory, views = yield* OpportunityViews
  const { cooldown } = yield* EligibilityPolicy
  const sinceMs = horizonOf(preferences, nowMs), dayStart = startOfDay(preferences, nowMs)
  const spent = [...(yield* queue.spentSince([userId], sinceMs)).get(userId) ?? []]
  const own = spent.indexOf(fate?.deliveredAt ?? fate?.queuedAt ?? NaN)
  if (own >= 0) spent.splice(own, 1)
  const viewed = ((yield* views.since([userId], sinceMs)).get(userId) ?? []).map(({ atMs }) => atMs)
  const inHour = (times: ReadonlyArray<number>) => times.filter((atMs) => atMs > nowMs - HOUR_MS).length
  const inDay = (times: ReadonlyArray<number>) => times.filter((atMs) => atMs >= dayStart).length
  return {
    hour: inHour(spent),
    day: inDay(spent),
    viewed: { hour: inHour(viewed), day: inDay(viewed) },
    told: Option.getOrNull(yield* history.lastOf(userId, opportunity, nowMs - cooldown.cooldownMs)),
  }
})

export const traceUser = Effect.fn("UserTraces.traceUser")(function* (
  user: User,
  opportunity: Opportunity,
): Effect.fn.Return<UserTrace, StoreError, TraceServices> {
  const nowMs = yield* Clock.currentTimeMillis
  const history = yield* ToldHistory
  const { recipient, standing } = yield* compared(user, nowMs)
  const fate = Option.getOrNull(yield* history.fateOf(user.userId, opportunity.id))
  const spending = yield* spendingOf(recipient, opportunity, fate, nowMs)
  const checks = trace(offerOf(opportunity), { recipient, standing, spending }, yield* EligibilityPolicy, nowMs)
  return { at: nowMs, user, opportunity, checks, reason: firstFailure(checks), fate }
})

/** What was asked about and is not known here. */
export const UnknownSubject = Schema.Literals(["user", "opportunity"])

/** `who`: "@name", Telegram id or user id. */
export const explainTo = Effect.fn("UserTraces.explainTo")(function* (
  who: string,
  opportunityId: string,
): Effect.fn.Return<UserTrace | typeof UnknownSubject.Type, StoreError, TraceServices | Directory | Opportunities> {
  const directory = yield* Directory, opportunities = yield* Opportunities
  const user = yield* directory.find(who, yield* Clock.currentTimeMillis)
  if (Option.isNone(user)) return "user"
  const opportunity = yield* opportunities.byId(opportunityId)
  if (Option.isNone(opportunity)) return "opportunity"
  const { country, betaUntil, firstName, isActive, isGroup, role, telegramId, tier, userId, username } = user.value
  return yield* traceUser(
    { country, betaUntil, firstName, isActive, isGroup, role, telegramId, tier, userId, username },
    opportunity.value,
  )
})
