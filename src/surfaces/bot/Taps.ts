/**
 * What happens when a button is tapped.
 *
 * In: a tap's data. Out: an answer within `BUDGET_MS`, and the effect of the button. Promises: data that was not made
 * by us, an opportunity nobody remembers, a missing session and a missing permission each get their answer; one tap is answered once, and the
 * work goes on when the answer could not wait for it.
 */
import { Effect, Fiber, Option } from "effect"
import type { Permission } from "../../domain/Permission.ts"
import type { Language } from "../../domain/Preferences.ts"
import * as CallbackData from "../../domain/card/CallbackData.ts"
import { Opportunities } from "../../layers/Opportunities.ts"
import { greet, open } from "./commands/Start.ts"
import { CommandRate } from "./CommandRate.ts"
import { admit, type Denial, languageOf, startButton, tapDenied } from "./Gate.ts"
import { isMenuData } from "./menus/Keyboard.ts"
import * as Menus from "./menus/Menus.ts"
import { answer, rebutton } from "./Replies.ts"
import { TAPS } from "./taps/All.ts"
import { PERMISSION_OF } from "./taps/Permissions.ts"
import type { Tapped } from "./taps/Tapped.ts"
import { plain } from "./texts/Fluent.ts"
import { type BotError, type BotServices, languageOfApp, type Reaction, type Tap, type Visit } from "./Visit.ts"

/** Of the second that an answer may take, what the decision gets. */
const BUDGET_MS = 700

const started = (visit: Visit): Reaction<Tapped> =>
  Effect.map(open(visit), (opened) => {
    const { language } = opened.preferences
    return opened.outcome === "already_active"
      ? { answer: { text: plain(language, "tap-already-active"), alert: false } }
      : { answer: { text: plain(language, "tap-started"), alert: false }, then: greet(visit, opened) }
  })

/** The tapped message gets the button to start again: doing so twice changes nothing. In a group it is everybody's. */
const turnedAway = Effect.fn("Taps.turnedAway")(
  function* (visit: Visit, tap: Tap, denied: Denial): Effect.fn.Return<Tapped, BotError, BotServices> {
    if (denied.reason !== "session") return { answer: { text: tapDenied(visit, denied), alert: true } }
    const language = yield* languageOf(visit)
    const why = visit.isPrivate ? denied.verdict : "group"
    const refusal: Tapped = { answer: { text: plain(language, `gate-session-tap.${why}`), alert: true } }
    return tap.messageId === null || !visit.isPrivate
      ? refusal
      : { ...refusal, then: rebutton(visit.chatId, tap.messageId, startButton(language)) }
  },
)

/** What the button takes; null: data that was not made by us, which is told so to those who have a session. */
const permissionOf = (data: string): Permission | null =>
  isMenuData(data)
    ? Menus.permissionOf(data)
    : Option.match(CallbackData.decode(data), { onNone: () => null, onSome: ({ action }) => PERMISSION_OF[action] })

const unknown = (language: Language): Tapped => ({ answer: { text: plain(language, "tap-unknown"), alert: false } })

const decide = Effect.fn("Taps.decide")(function* (visit: Visit, tap: Tap, data: string) {
  if (data === CallbackData.START && visit.isPrivate) return yield* started(visit)
  const permission = permissionOf(data)
  const admission = yield* admit(visit, permission, `tap:${permission ?? "unknown"}`)
  if (admission._tag === "Denied") return yield* turnedAway(visit, tap, admission.denial)
  const { member } = admission
  const { language } = member.preferences
  if (permission === null) return unknown(language)
  if (isMenuData(data)) return yield* Menus.tapped(member, tap, data)
  const wanted = CallbackData.decode(data)
  if (Option.isNone(wanted)) return unknown(language)
  const opportunity = yield* Effect.flatMap(Opportunities, (store) => store.byId(wanted.value.opportunityId))
  return Option.isNone(opportunity)
    ? { answer: { text: plain(language, "tap-gone"), alert: true } } satisfies Tapped
    : yield* TAPS[wanted.value.action](member, opportunity.value, tap)
})

export const tapped = Effect.fn("Taps.tapped")(function* (visit: Visit, tap: Tap, data: string) {
  const turn = (yield* CommandRate).turn(visit.telegramId, "tap", visit.nowMs)
  if (turn._tag === "TooFast") {
    const seconds = Math.ceil(turn.waitMs / 1_000)
    const text = plain(languageOfApp(visit), "gate-tap-too-fast", { seconds })
    return yield* answer(tap.queryId, { text, alert: false })
  }
  const language = languageOfApp(visit)
  const decision = yield* Effect.forkChild(Effect.exit(decide(visit, tap, data)))
  const inTime = yield* Effect.timeoutOption(Fiber.join(decision), BUDGET_MS)
  if (Option.isNone(inTime)) yield* answer(tap.queryId, { text: plain(language, "tap-working"), alert: false })
  const { then = Effect.void, ...outcome } = yield* Effect.tapCause(
    Effect.flatten(Fiber.join(decision)),
    () =>
      Option.isSome(inTime) ? answer(tap.queryId, { text: plain(language, "tap-trouble"), alert: true }) : Effect.void,
  )
  if (Option.isSome(inTime)) yield* answer(tap.queryId, outcome.answer)
  yield* then
})
