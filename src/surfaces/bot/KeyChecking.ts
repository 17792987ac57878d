/**
 * Checking a stored key with its venue, and saying what came of it.
 *
 * In: a member and their key. Out: the key as it is then, told in a message. Promises: whatever goes wrong on the way is
 * a finding, and nothing that was thrown is shown or logged, since it may hold the key.
 */
import { Cause, Effect, Option } from "effect"
import { type ApiKey, type KeyFinding, mayTrade } from "../../domain/ApiKey.ts"
import type { Language } from "../../domain/Preferences.ts"
import { KeyCheck } from "../../layers/KeyCheck.ts"
import { Keys, type KeySecret } from "../../layers/Keys.ts"
import { say } from "./Replies.ts"
import { instant } from "./Shown.ts"
import { html } from "./texts/Fluent.ts"
import type { Member } from "./Visit.ts"

/** Asks the venue; never fails. */
const found = Effect.fnUntraced(function* (venue: string, secret: KeySecret) {
  const checks = yield* KeyCheck
  return yield* checks.check(venue, secret).pipe(
    Effect.catch((error) => Effect.succeed<KeyFinding>({ _tag: "Unanswered", detail: error.detail })),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.as(
        Effect.logError(`the check of a key of ${venue} broke off; what it said is not told, it may hold the key`),
        { _tag: "Unanswered", detail: "the check broke off" } satisfies KeyFinding,
      )
    ),
  )
})

/** One line: what it may do as far as the venue says. */
const rightsLine = (language: Language, { rights }: Pick<ApiKey, "rights">): ReadonlyArray<string> =>
  rights === null ? [] : [
    html(language, "keys-rights", {
      read: html(language, `keys-right.${rights.read}`),
      trade: html(language, `keys-right.${rights.trade}`),
      withdraw: html(language, `keys-right.${rights.withdraw}`),
      ip: html(language, `keys-right.${rights.ipBound}`),
    }),
  ]

/** Why it is not taken, or did not get an answer. */
const errorLine = (language: Language, { lastError, state }: Pick<ApiKey, "lastError" | "state">) => {
  if (lastError === null) return []
  return [
    state === "refused"
      ? html(language, `keys-refused.${lastError === "may_not_read" ? lastError : "may_withdraw"}`)
      : html(language, `keys-error.${state === "failing" ? "failing" : "unanswered"}`, { detail: lastError }),
  ]
}

/** A key in full, for its owner: never a part of the secret. */
export const described = (language: Language, timeZone: string, key: ApiKey): string =>
  [
    html(language, "keys-name", { venue: key.venue, label: key.label }),
    html(language, `keys-state.${key.state}`),
    ...rightsLine(language, key),
    ...key.state === "usable" ? [html(language, mayTrade(key) ? "keys-use.trade" : "keys-use.read")] : [],
    ...key.rights?.ipBound === "no" ? [html(language, "keys-bind-ip")] : [],
    ...errorLine(language, key),
    ...key.checkedAt === null ? [] : [html(language, "keys-checked", { at: instant(key.checkedAt, timeZone) })],
  ].join("\n")

/** Of a key that is there; says the result. */
export const checkAndTell = Effect.fn("KeyChecking.checkAndTell")(function* (member: Member, key: ApiKey) {
  const keys = yield* Keys
  const { preferences: { language, timeZone }, user: { userId }, visit } = member
  const secret = yield* keys.secretOf(userId, key.keyId).pipe(
    Effect.map(Option.some),
    Effect.catchTag("KeysError", () => Effect.succeedNone),
    Effect.catchTag(
      "VaultError",
      (error) =>
        Effect.as(Effect.logError(`key ${key.keyId} cannot be opened: ${error.message}`), Option.none<KeySecret>()),
    ),
  )
  if (Option.isNone(secret)) return yield* say(visit.chatId, html(language, "keys-closed"))
  const finding = yield* found(key.venue, secret.value)
  const settled = yield* keys.settle({ userId, keyId: key.keyId, finding, nowMs: visit.nowMs })
  yield* say(
    visit.chatId,
    Option.match(settled, {
      onNone: () => html(language, "keys-gone"),
      onSome: (now) => described(language, timeZone, now),
    }),
  )
})
