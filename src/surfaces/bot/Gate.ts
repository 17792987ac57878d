/**
 * Who may pass: sessions first.
 *
 * In: a visitor and what they do. Out: a `Member`, or the verdict that keeps them out. Promises: an interaction that
 * passes extends the session; one that does not changes nothing.
 */
import { Effect, Option } from "effect"
import type { Language } from "../../domain/Preferences.ts"
import type { SessionVerdict } from "../../domain/Session.ts"
import { START } from "../../domain/card/CallbackData.ts"
import { Users } from "../../layers/Users.ts"
import type { Buttons } from "../../layers/Telegram.ts"
import { say } from "./Replies.ts"
import { SessionClient } from "../../actors/Session.ts"
import { html, plain } from "./texts/Fluent.ts"
import { languageOfApp, type Member, type Reaction, type Visit } from "./Visit.ts"

export type Admission =
  | { readonly _tag: "Member"; readonly member: Member }
  | { readonly _tag: "Refused"; readonly verdict: Exclude<SessionVerdict, "valid"> }

/** `activity` is what analytics call it, such as "command:session". No span: each update comes through here. */
export const admit = Effect.fnUntraced(function* (visit: Visit, activity: string) {
  const sessions = yield* SessionClient
  const users = yield* Users
  const { session, verdict } = yield* sessions.touch(visit.telegramId, activity)
  if (verdict !== "valid") return { _tag: "Refused", verdict } satisfies Admission
  const user = yield* users.byTelegramId(visit.telegramId)
  if (session === null || Option.isNone(user)) return { _tag: "Refused", verdict: "none" } satisfies Admission
  const preferences = yield* users.preferences(user.value.userId)
  return { _tag: "Member", member: { visit, session, user: user.value, preferences } } satisfies Admission
})

/** What a visitor reads, with or without a session: as they chose, else as their app speaks. */
export const languageOf = Effect.fn("Gate.languageOf")(function* (visit: Visit) {
  const users = yield* Users
  const user = yield* users.byTelegramId(visit.telegramId)
  if (Option.isNone(user)) return languageOfApp(visit)
  const { language }: { readonly language: Language } = yield* users.preferences(user.value.userId)
  return language
})

export const startButton = (language: Language): Buttons => [[{
  text: plain(language, "start-button"),
  callback_data: START,
}]]

/** One clear message and a button to start again. */
export const turnAway = (visit: Visit, verdict: Exclude<SessionVerdict, "valid">): Reaction =>
  Effect.flatMap(
    languageOf(visit),
    (language) => say(visit.chatId, html(language, `gate-session.${verdict}`), startButton(language)),
  )
