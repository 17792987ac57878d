/**
 * Administration: what admins change of users, each change audited, and its user owed a notice, in the same transaction.
 *
 * In: who does it, to whom, and what. Out: the user as they are afterwards, or why nothing was changed. Promises: what
 * the table of permissions denies is not done, whichever surface asks, and the attempt is audited; nobody changes their
 * own role; two who change the same user take turns, so that neither undoes the other's.
 */
import { Clock, Effect, Option, Schema } from "effect"
import type { AuditAction, AuditDetails } from "../domain/AuditEntry.ts"
import type { ListedUser } from "../domain/Directory.ts"
import type { Notice } from "../domain/Notice.ts"
import { isOffered } from "../domain/Permission.ts"
import { Role, Tier } from "../domain/Tier.ts"
import { Audit } from "../layers/Audit.ts"
import { Directory } from "../layers/Directory.ts"
import type { OpportunityQueue } from "../layers/OpportunityQueue.ts"
import { Channel, Store } from "../layers/Store.ts"
import { Users } from "../layers/Users.ts"
import { UserSchedule } from "../layers/UserSchedule.ts"
import { owe } from "../streams/Notices.ts"

export const Change = Schema.Union([
  Schema.Struct({ what: Schema.Literal("tier"), to: Tier }),
  Schema.Struct({ what: Schema.Literal("role"), to: Role }),
  /** Until when beta access holds (ms); null: no longer. */
  Schema.Struct({ what: Schema.Literal("beta"), to: Schema.NullOr(Schema.Int) }),
])
export type Change = typeof Change.Type

/** Who does it; `userId` null: whoever holds the command line, who may do everything. */
export interface Admin {
  readonly userId: string | null
  readonly role: Role
  readonly sessionId: string | null
  readonly command: string
}

/** `unknown_user`: nobody has this name or id. None is worth a retry. */
export class Unchanged extends Schema.TaggedError<Unchanged>()("Unchanged", {
  reason: Schema.Literals(["unknown_user", "not_permitted", "own_role"]),
}) {
  readonly retryable: boolean = false

  override get message(): string {
    return `nothing was changed: ${this.reason}`
  }
}

const ACTION: Readonly<Record<Change["what"], AuditAction>> = {
  tier: "tier_changed",
  role: "role_changed",
  beta: "beta_changed",
}

const currently = (user: ListedUser, { what }: Change): string | number | null =>
  what === "tier" ? user.tier : what === "role" ? user.role : user.betaUntil

/** Why this admin may not do it; null: they may. */
const objection = (by: Admin, user: ListedUser, { what }: Change): "not_permitted" | "own_role" | null => {
  const asker = { role: by.role, tier: "free", place: "private", isBeta: false } as const
  if (!isOffered(what === "role" ? "roles" : "users", asker)) return "not_permitted"
  return what === "role" && by.userId === user.userId ? "own_role" : null
}

/** What the user is told of it. */
const noticeOf = (user: ListedUser, change: Change): Notice => {
  switch (change.what) {
    case "tier":
      return { about: "tier_changed", from: user.tier, to: change.to }
    case "role":
      return { about: "role_changed", from: user.role, to: change.to }
    case "beta":
      return { about: "beta_changed", until: change.to }
  }
}

const apply = Effect.fnUntraced(function* (user: ListedUser, change: Change, nowMs: number) {
  const users = yield* Users
  const { role, tier, userId } = user
  switch (change.what) {
    case "tier":
      return yield* users.setPlan({ userId, role, tier: change.to, nowMs })
    case "beta":
      return yield* users.setBetaUntil({ userId, betaUntil: change.to, nowMs })
    case "role": {
      const store = yield* Store
      yield* store.notify(Channel.staff, user.telegramId)
      return yield* users.setPlan({ userId, tier, role: change.to, nowMs })
    }
  }
})

export type AdministrationServices = Audit | Directory | OpportunityQueue | Store | Users | UserSchedule

/** `who`: a name or id, as `Directory.find` takes them. What is as wanted already is left alone, and not audited. */
export const change = Effect.fn("Administration.change")(function* (by: Admin, who: string, wanted: Change) {
  const directory = yield* Directory
  const audit = yield* Audit
  const schedule = yield* UserSchedule
  const { transaction } = yield* Store
  const nowMs = yield* Clock.currentTimeMillis
  const found = yield* directory.find(who, nowMs)
  if (Option.isNone(found)) return yield* new Unchanged({ reason: "unknown_user" })
  const { userId } = found.value

  const record = (success: boolean, error: string | null, details: AuditDetails) =>
    audit.record({
      userId: by.userId,
      subjectId: userId,
      action: ACTION[wanted.what],
      at: nowMs,
      ipAddress: null,
      userAgent: null,
      sessionId: by.sessionId,
      command: by.command,
      success,
      error,
      details,
    })

  const changed = yield* transaction(Effect.gen(function* () {
    yield* schedule.lock([userId])
    const user = Option.getOrElse(yield* directory.find(userId, nowMs), () => found.value)
    const from = currently(user, wanted)
    const details = { from, to: wanted.to }
    const why = objection(by, user, wanted)
    if (why !== null) {
      yield* record(false, why, details)
      return why
    }
    if (from === wanted.to) return user
    yield* apply(user, wanted, nowMs)
    yield* record(true, null, details)
    yield* owe([{ userId, chatId: user.telegramId }], noticeOf(user, wanted), nowMs)
    return Option.getOrElse(yield* directory.find(userId, nowMs), () => user)
  }))
  return typeof changed === "string" ? yield* new Unchanged({ reason: changed }) : changed
})
