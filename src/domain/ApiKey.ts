/**
 * Exchange keys that users entrust to us: what a venue lets them do, and what we let them be used for.
 *
 * In: what a venue says of a key. Out: a state, and why a key is not taken. Promises: pure; a right the venue does not
 * tell of is `unknown`, and counts as a reason against trading, never as one for it; no secret is in any of these.
 *
 *   unchecked --venue tells--> usable | refused (its secret is destroyed)
 *   unchecked | usable --venue does not take it--> failing --venue tells--> usable | refused
 *   any --no answer--> (as it was, with the error)
 */
import { Schema } from "effect"

export const Right = Schema.Literals(["yes", "no", "unknown"])
export type Right = typeof Right.Type

/** What the venue says a key may do. */
export const KeyRights = Schema.Struct({
  read: Right,
  trade: Right,
  withdraw: Right,
  /** Whether it only works from certain addresses. */
  ipBound: Right,
})
export type KeyRights = typeof KeyRights.Type

export const KeyState = Schema.Literals(["unchecked", "usable", "refused", "failing"])
export type KeyState = typeof KeyState.Type

/** A user's key as it may be shown. */
export const ApiKey = Schema.Struct({
  keyId: Schema.String,
  userId: Schema.String,
  venue: Schema.String,
  /** By which its user tells it from others of the venue. */
  label: Schema.String,
  state: KeyState,
  /** Null: the venue has not told yet. */
  rights: Schema.NullOr(KeyRights),
  checkedAt: Schema.NullOr(Schema.Int),
  /** What went wrong at the last check; without secrets. */
  lastError: Schema.NullOr(Schema.String),
  createdAt: Schema.Int,
  updatedAt: Schema.Int,
})
export type ApiKey = typeof ApiKey.Type

/** Closed list: why a key that the venue knows is not taken. */
export type KeyObjection = "may_withdraw" | "may_not_read"

/** Null: it is taken. */
export const objection = ({ read, withdraw }: KeyRights): KeyObjection | null =>
  withdraw === "yes" ? "may_withdraw" : read === "no" ? "may_not_read" : null

/** Only a key that is known not to withdraw is ever used for orders. */
export const mayTrade = ({ rights, state }: Pick<ApiKey, "rights" | "state">): boolean =>
  state === "usable" && rights?.trade === "yes" && rights.withdraw === "no"

/** What a check came to. */
export type KeyFinding =
  | { readonly _tag: "Told"; readonly rights: KeyRights }
  /** The venue does not take it: wrong, expired, or not from here. */
  | { readonly _tag: "Rejected"; readonly detail: string }
  /** Nobody said anything about it. */
  | { readonly _tag: "Unanswered"; readonly detail: string }

export interface Judged {
  readonly state: KeyState
  readonly rights: KeyRights | null
  readonly lastError: string | null
}

/** What becomes of a key by what was found. */
export const judge = ({ rights, state }: Pick<ApiKey, "rights" | "state">, finding: KeyFinding): Judged => {
  switch (finding._tag) {
    case "Told": {
      const against = objection(finding.rights)
      return { state: against === null ? "usable" : "refused", rights: finding.rights, lastError: against }
    }
    case "Rejected":
      return { state: "failing", rights, lastError: finding.detail }
    case "Unanswered":
      return { state, rights, lastError: finding.detail }
  }
}

/** So many a user may have. */
export const MAX_KEYS = 20
export const MAX_LABEL_LENGTH = 40
/** Longer than any venue's (PEM keys of Coinbase included). */
export const MAX_SECRET_LENGTH = 2_048
