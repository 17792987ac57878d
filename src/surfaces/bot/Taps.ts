/**
 * What happens when a button is tapped.
 *
 * In: a tap's data. Out: an answer within `BUDGET_MS`, and the effect of the button. Promises: data that was not made
 * by us, an opportunity nobody remembers and a missing session each get their answer; one tap is answered once, and the
 * work goes on when the answer could not wait for it.
 */
import { Effect, Fiber, Option } from "effect"
import * as CallbackData from "../../domain/card/CallbackData.ts"
import { Opportunities } from "../../layers/Opportunities.ts"
import { greet, open } from "./commands/Start.ts"
import { admit, languageOf, startButton } from "./Gate.ts"
import { isMenuData } from "./menus/Keyboard.ts"
import * as Menus from "./menus/Menus.ts"
import { answer, rebutton } from "./Replies.ts"
import { TAPS } from "./taps/All.ts"
import type { Tapped } from "./taps/Tapped.ts"
import { plain } from "./texts/Fluent.ts"
import { languageOfApp, type Reaction, type Tap, type Visit } from "./Visit.ts"

/** Of the second that an answer may take, what the decision gets. */
const BUDGET_MS = 700

const started = (visit: Visit): Reaction<Tapped> =>
  Effect.map(open(visit), (opened) => {
    const { language } = opened.preferences
    return opened.outcome === "already_active"
      ? { answer: { text: plain(language, "tap-already-active"), alert: false } }
      : { answer: { text: plain(language, "tap-started"), alert: false }, then: greet(visit, opened) }
  })

/** The tapped message gets the button to start again: doing so twice changes nothing. */
const turnedAway = Effect.fn("Taps.turnedAway")(
  function* (visit: Visit, tap: Tap, verdict: "none" | "expired" | "terminated") {
    const language = yield* languageOf(visit)
    const refusal: Tapped = { answer: { text: plain(language, `gate-session-tap.${verdict}`), alert: true } }
    return tap.messageId === null
      ? refusal
      : { ...refusal, then: rebutton(visit.chatId, tap.messageId, startButton(language)) }
  },
)

const decide = Effect.fn("Taps.decide")(function* (visit: Visit, tap: Tap, data: string) {
  if (data === CallbackData.START) return yield* started(visit)
  if (isMenuData(data)) {
    const admission = yield* admit(visit, "tap:menu")
    return admission._tag === "Refused"
      ? yield* turnedAway(visit, tap, admission.verdict)
      : yield* Menus.tapped(admission.member, tap, data)
  }
  const wanted = CallbackData.decode(data)
  const activity = Option.match(wanted, { onNone: () => "unknown", onSome: ({ action }) => action })
  const admission = yield* admit(visit, `tap:${activity}`)
  if (admission._tag === "Refused") return yield* turnedAway(visit, tap, admission.verdict)
  const { language } = admission.member.preferences
  if (Option.isNone(wanted)) return { answer: { text: plain(language, "tap-unknown"), alert: false } } satisfies Tapped
  const opportunity = yield* Effect.flatMap(Opportunities, (store) => store.byId(wanted.value.opportunityId))
  return Option.isNone(opportunity)
    ? { answer: { text: plain(language, "tap-gone"), alert: true } } satisfies Tapped
    : yield* TAPS[wanted.value.action](admission.member, opportunity.value, tap)
})

export const tapped = Effect.fn("Taps.tapped")(function* (visit: Visit, tap: Tap, data: string) {
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
