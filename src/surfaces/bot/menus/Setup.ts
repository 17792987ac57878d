/**
 * /setup: what is set up and what is missing, and how that is put right.
 *
 * In: a member. Out: a line an item, done or not, and a button for each that is not. Promises: what cannot be known is not
 * called done; what nobody needs is called optional.
 */
import { Effect } from "effect"
import { nextStep } from "../../../domain/Onboarding.ts"
import { Keys } from "../../../layers/Keys.ts"
import { progressOf } from "../onboarding/Course.ts"
import { countryName, zoneLabel } from "../Places.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { close, inRows } from "./Choosing.ts"
import type { Item, Menu, Target } from "./Menu.ts"

/** `optional`: missing, and it may stay so. */
type State = "done" | "missing" | "optional"

interface Entry {
  readonly name: "country" | "zone" | "wishes" | "push" | "keys"
  readonly state: State
  /** What is set. */
  readonly value: string
  readonly fix: Target
}

const SIGN: Readonly<Record<State, string>> = { done: "✅", missing: "⚠️", optional: "▫️" }

const entriesOf = Effect.fnUntraced(function* ({ preferences, session, user, visit }: Member) {
  const { country, userId } = user
  const { doNotDisturb, language, maxPerDay, maxPerHour, pushEnabled, timeZone } = preferences
  const keys = yield* Effect.flatMap(Keys, (all) => all.list(userId))
  const usable = keys.filter(({ state }) => state === "usable")
  const entries: ReadonlyArray<Entry> = [
    {
      name: "country",
      state: country === null ? "missing" : "done",
      value: country === null ? "" : countryName(language, country),
      fix: { menu: "country" },
    },
    {
      name: "zone",
      // Nobody is told apart from who really keeps UTC: for them it is right without a word.
      state: timeZone === "UTC" && country === null ? "missing" : "done",
      value: zoneLabel(language, timeZone, visit.nowMs),
      fix: { menu: "push-zone" },
    },
    { name: "wishes", state: session.preferencesSet ? "done" : "optional", value: "", fix: { menu: "prefs" } },
    {
      name: "push",
      state: pushEnabled && !doNotDisturb && maxPerHour > 0 && maxPerDay > 0 ? "done" : "missing",
      value: plain(language, "setup-limits", { perHour: maxPerHour, perDay: maxPerDay }),
      fix: { menu: "push" },
    },
    {
      name: "keys",
      state: usable.length > 0 ? "done" : keys.length > 0 ? "missing" : "optional",
      value: [...new Set(usable.map(({ venue }) => venue))].join(", "),
      fix: keys.length > 0 ? { menu: "keys" } : { menu: "key-guide" },
    },
  ]
  return entries
})

export const setup: Menu = {
  id: "setup",
  permission: "setup",
  draw: Effect.fnUntraced(function* (member: Member) {
    const { language } = member.preferences
    const entries = yield* entriesOf(member)
    const isUnfinished = !member.session.onboardingCompleted && nextStep(yield* progressOf(member)) !== null
    const lines = entries.map(({ name, state, value }) =>
      `${SIGN[state]} ${html(language, `setup-${name}.${state}`, { value })}`
    )
    const missing = entries.filter(({ state }) => state === "missing").length
    const fixes = entries.filter(({ state }) => state !== "done").map(({ fix, name }): Item => ({
      text: plain(language, `setup-fix.${name}`),
      to: fix,
    }))
    const resume: ReadonlyArray<Item> = isUnfinished
      ? [{ text: plain(language, "setup-resume"), to: { menu: "onboarding" } }]
      : []
    return {
      html: [
        html(language, "setup-title", { missing }),
        `${SIGN.done} ${html(language, "setup-session")}`,
        ...lines,
        ...isUnfinished ? ["", html(language, "setup-unfinished")] : [],
      ].join("\n"),
      rows: [
        resume,
        ...inRows(fixes, 2),
        [{ text: plain(language, "setup-settings"), to: { menu: "settings" } }, close(language)],
      ],
    }
  }),
}
