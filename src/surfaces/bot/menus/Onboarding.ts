/**
 * The guided setup as a menu: always the step that is next, whichever message it is tapped in.
 *
 * In: a member; which part of a step's page. Out: the step, with what skips it or all that are left; at the end what is
 * set. Promises: progress decides what is shown, so that two taps, an old message or another process never take a step
 * twice or back.
 */
import { Effect } from "effect"
import { ASKED, nextStep, type OnboardingStep } from "../../../domain/Onboarding.ts"
import { advance, end, goBack, preferencesSet, progressOf, skipRest } from "../onboarding/Course.ts"
import type { Page, Way } from "../onboarding/Page.ts"
import { country } from "../onboarding/pages/Country.ts"
import { language } from "../onboarding/pages/Language.ts"
import { limits } from "../onboarding/pages/Limits.ts"
import { risk } from "../onboarding/pages/Risk.ts"
import { types } from "../onboarding/pages/Types.ts"
import { venues } from "../onboarding/pages/Venues.ts"
import { zone } from "../onboarding/pages/Zone.ts"
import { ready } from "../onboarding/Ready.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import type { Drawn, Item, Menu, Target } from "./Menu.ts"

const ID = "onboarding"
const HERE: Target = { menu: ID }

type Asked = Exclude<OnboardingStep, "keys">

const PAGES: Readonly<Record<Asked, Page>> = { language, country, zone, types, risk, venues, limits }

const wayOf = (member: Member, step: Asked, part: string): Way => ({
  part,
  toPart: (other) => ({ menu: ID, param: other }),
  mode: "setup",
  chosen: Effect.fnUntraced(function* (saving) {
    yield* saving
    yield* preferencesSet(member)
    yield* advance(member, step, "done")
    return { to: HERE }
  }),
  chosenWithZone: Effect.fnUntraced(function* (saving) {
    yield* saving
    yield* preferencesSet(member)
    yield* end(member, "zone", "inferred")
    yield* advance(member, step, "done")
    return { to: HERE }
  }),
})

const isAsked = (step: OnboardingStep | null): step is Asked => step !== null && step !== "keys"

const asked = Effect.fnUntraced(function* (member: Member, step: Asked, part: string) {
  const { language: spoken } = member.preferences
  const page = yield* PAGES[step](member, wayOf(member, step, part))
  const skip: Item = {
    text: plain(spoken, "onboarding-skip"),
    press: Effect.as(advance(member, step, "skipped"), { to: HERE, answer: plain(spoken, "onboarding-skipped") }),
  }
  const skipAll: Item = {
    text: plain(spoken, step === ASKED[0] ? "onboarding-skip-rest.all" : "onboarding-skip-rest"),
    press: Effect.as(skipRest(member), { to: HERE }),
  }
  const at = html(spoken, "onboarding-step", { at: ASKED.indexOf(step) + 1, of: ASKED.length })
  const before: ReadonlyArray<Item> = step === ASKED[0] ? [] : [{
    text: plain(spoken, "menu-back"),
    press: Effect.as(goBack(member, step), { to: HERE }),
  }]
  return {
    html: `${at}\n${page.html}`,
    rows: [...page.rows, [...before, skip, skipAll]],
    state: `${step}\n${page.html}`,
  } satisfies Drawn
})

export const onboarding: Menu = {
  id: ID,
  permission: "setup",
  draw: Effect.fnUntraced(function* (member: Member, param: string) {
    const step = nextStep(yield* progressOf(member))
    return isAsked(step) ? yield* asked(member, step, step === "country" ? param : "") : ready(member)
  }),
}
