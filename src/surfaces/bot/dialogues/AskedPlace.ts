/**
 * The dialogue about where a person is: by a button of their keyboard, which they may refuse.
 *
 * In: a location, or anything else for no. Out: the time zone, and the country where the zone has but one or it is the
 * one they said; then the menu it was asked from. Promises: the place itself is neither kept nor logged here; what is
 * not known is said, and the list is shown again.
 */
import { Effect, Option } from "effect"
import { SessionClient } from "../../../actors/Session.ts"
import { Users } from "../../../layers/Users.ts"
import { save } from "../menus/Choosing.ts"
import type { Pressed } from "../menus/Menu.ts"
import { end, preferencesSet, progressOf, shown } from "../onboarding/Course.ts"
import { countriesOf, likely, zoneAt, zoneLabel } from "../Places.ts"
import { sayWithKeyboard } from "../Replies.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { nextStep } from "../../../domain/Onboarding.ts"
import type { Topic } from "./Topic.ts"

const TOPIC = "place"

export type Mode = "setup" | "settings"

const question = ({ preferences: { language }, visit }: Member) => {
  const keyboard = {
    location: plain(language, "onboarding-place-send"),
    refusal: plain(language, "onboarding-place-refuse"),
  }
  const text = html(language, "onboarding-place-ask", { button: keyboard.location })
  return sayWithKeyboard(visit.chatId, text, keyboard)
}

/** What a button does that asks for it. */
export const askPlace = Effect.fn("AskedPlace.ask")(function* (member: Member, mode: Mode) {
  const { preferences: { language }, visit } = member
  const sessions = yield* SessionClient
  const dialogue = { topic: TOPIC, step: mode, data: {}, askedAt: visit.nowMs }
  const isKept = yield* sessions.setDialogue(visit.telegramId, Option.some(dialogue)).pipe(
    // Where nothing can be sealed, the list is still there.
    Effect.catchIf(({ reason }) => reason === "rejected", () => Effect.succeed(false)),
  )
  if (!isKept) return { answer: { text: plain(language, "onboarding-place-cannot"), alert: true } } satisfies Pressed
  return { then: question(member) } satisfies Pressed
})

/** The one country that a zone tells of this person; none: it may be several. */
const countryAt = ({ preferences, user, visit }: Member, zone: string): string | undefined => {
  const there = countriesOf(zone)
  if (user.country !== null && there.includes(user.country)) return user.country
  const [guess] = likely(preferences.language, visit.languageCode, zone, 1)
  const speaks = visit.languageCode?.slice(0, 2).toLowerCase() !== "en"
  return there.length === 1 ? there[0] : speaks && guess !== undefined && there.includes(guess) ? guess : undefined
}

const settle = Effect.fnUntraced(function* (member: Member, zone: string, mode: string) {
  const { user, visit: { nowMs } } = member
  const users = yield* Users
  const country = countryAt(member, zone)
  yield* save(member, (stored) => ({ ...stored, timeZone: zone }))
  if (country !== undefined) yield* users.setCountry({ userId: user.userId, country, nowMs })
  yield* preferencesSet(member)
  if (mode !== "setup") return
  const step = nextStep(yield* progressOf(member))
  yield* end(member, "zone", step === "zone" ? "done" : "inferred")
  if (country !== undefined) yield* end(member, "country", step === "country" ? "done" : "inferred")
  yield* shown(member)
})

/** `open`: how the menu is shown again, which this file is part of. */
export const askedPlace = (open: (member: Member, mode: Mode) => ReturnType<Topic["heard"]>): Topic => ({
  topic: TOPIC,
  heard: Effect.fn("AskedPlace.heard")(function* (member, { step }, said) {
    const { preferences: { language }, visit } = member
    const sessions = yield* SessionClient
    yield* sessions.setDialogue(visit.telegramId, Option.none())
    const zone = said._tag === "Location" ? zoneAt(said.latitude, said.longitude) : Option.none()
    const reply = (id: string, args = {}) => sayWithKeyboard(visit.chatId, html(language, id, args), null)
    if (Option.isSome(zone)) {
      yield* settle(member, zone.value, step)
      yield* reply("onboarding-place-set", { zone: zoneLabel(language, zone.value, visit.nowMs) })
    } else {
      yield* reply(said._tag === "Location" ? "onboarding-place-unknown" : "onboarding-place-refused")
    }
    yield* open(member, step === "setup" ? "setup" : "settings")
  }),
})
