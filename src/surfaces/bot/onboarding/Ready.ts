/**
 * The end of the setup: what is set, and what one may do now.
 *
 * In: a member who is ready. Out: all they have chosen in a few lines; where keys, settings and opportunities are.
 * Promises: nothing more is asked: how exchanges are connected is one tap away, and counts as a step of its own.
 */
import { Effect } from "effect"
import type { Drawn } from "../menus/Menu.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { end } from "./Course.ts"
import { summary } from "./Summary.ts"

export const ready = (member: Member): Drawn => {
  const { preferences: { language }, visit } = member
  return {
    html: [
      html(language, "onboarding-ready", { name: visit.firstName === null ? "" : `, ${visit.firstName}` }),
      summary(member),
      "",
      html(language, "onboarding-ready-next"),
    ].join("\n"),
    rows: [
      [{
        text: plain(language, "onboarding-ready-keys"),
        press: Effect.as(end(member, "keys", "done"), { to: { menu: "key-guide" } }),
      }],
      [
        { text: plain(language, "onboarding-ready-settings"), to: { menu: "settings" } },
        {
          text: plain(language, "onboarding-ready-done"),
          press: Effect.as(end(member, "keys", "skipped"), { to: null }),
        },
      ],
    ],
  }
}
