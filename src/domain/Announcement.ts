/**
 * Announcement: what a transition of an opportunity means for those who are, or will be, told of it.
 *
 * In: a transition, what is known of its opportunity, and the time. Out: notify, edit or none, with a reason from a
 * closed list; and the transition that closes what has expired. Promises: the same transition gets the same answer
 * however often it arrives; an older one never undoes a newer; what is closed stays closed.
 */
import { Schema } from "effect"
import { type CooldownPolicy, DEFAULT_COOLDOWN, isMaterial, profitOf } from "./Cooldown.ts"
import { EXPIRED_REASONS, type Opportunity } from "./Opportunity.ts"

/** `notify`: tell whom it fits and who has not been told, and edit those who have. `edit`: the latter alone. */
export const AnnouncementAction = Schema.Literals(["notify", "edit", "none"])

export const AnnouncementReason = Schema.Literals([
  "opened",
  "unchanged",
  "improved",
  "improved_materially",
  "fading",
  "closed",
  /** An older revision than the one known. */
  "stale",
  /** It has been closed, by the market or by its expiry; whatever still comes is ignored. */
  "already_closed",
  /** It arrived after its lifetime. */
  "expired",
  /** What the books hold is spoken for. */
  "no_capacity",
])

export const Announcement = Schema.Struct({ action: AnnouncementAction, reason: AnnouncementReason })
export type Announcement = typeof Announcement.Type

/** Told anew when the net profit has grown materially since it was last told, and that was long ago. */
export type AnnouncementPolicy = CooldownPolicy

export const DEFAULT_POLICY: AnnouncementPolicy = DEFAULT_COOLDOWN

/** What is known of an opportunity that is not closed. */
export interface Known {
  /** At its newest revision. */
  readonly opportunity: Opportunity
  /** Net profit and time (ms) at which people were last notified. */
  readonly told: { readonly netProfit: number; readonly atMs: number }
  /** The answer given for the newest revision; null after a restart. */
  readonly answer: Announcement | null
}

/** As it is known after a restart: rows hold neither answers nor when people were told. */
export const recalled = (opportunity: Opportunity): Known => ({
  opportunity,
  told: { netProfit: Number(opportunity.netProfit ?? 0), atMs: opportunity.firstAt },
  answer: null,
})

const byState: Readonly<Record<Opportunity["state"], Announcement>> = {
  opened: { action: "notify", reason: "opened" },
  improved: { action: "edit", reason: "improved" },
  fading: { action: "edit", reason: "fading" },
  closed: { action: "edit", reason: "closed" },
}

/** The answer to a transition; `known` is null for an opportunity never seen. */
export const announce = (
  known: Known | null,
  transition: Opportunity,
  nowMs: number,
  policy: AnnouncementPolicy,
): Announcement => {
  const { state } = transition
  if (known !== null) {
    const { answer, opportunity, told } = known
    if (transition.revision < opportunity.revision) return { action: "none", reason: "stale" }
    if (transition.revision === opportunity.revision) {
      return transition.state === opportunity.state ? answer ?? byState[state] : { action: "none", reason: "stale" }
    }
    const grown = isMaterial(told.netProfit, profitOf(transition), policy)
    if (state === "improved" && grown && nowMs - told.atMs >= policy.cooldownMs) {
      return { action: "notify", reason: "improved_materially" }
    }
    // Told again, unchanged: it lives on.
    const isUnchanged = state === "opened" || (state === "fading" && opportunity.state === "fading")
    return isUnchanged ? { action: "none", reason: "unchanged" } : byState[state]
  }
  if (state !== "closed" && nowMs >= transition.expiresAt) return { action: "none", reason: "expired" }
  // Its opening was never seen here, so nobody has been told.
  return state === "improved" ? byState.opened : byState[state]
}

/** What is known once the answer has been given. */
export const after = (known: Known | null, transition: Opportunity, answer: Announcement, nowMs: number): Known => ({
  opportunity: transition,
  told: known === null || answer.action === "notify"
    ? { netProfit: Number(transition.netProfit ?? 0), atMs: nowMs }
    : known.told,
  answer,
})

/** The transition that closes what has outlived its time. */
export const expiryOf = (opportunity: Opportunity): Opportunity => ({
  ...opportunity,
  revision: opportunity.revision + 1,
  state: "closed",
  at: opportunity.expiresAt,
  reasons: [...opportunity.reasons, EXPIRED_REASONS.coordinator],
})
