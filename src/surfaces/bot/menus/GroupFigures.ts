/**
 * What a group was sent, and what came of it.
 *
 * In: an admin of it. Out: figures of 7 and of 30 days. Promises: they come from what was really sent and tapped; a group
 * that was sent nothing is told so instead of being shown a rate.
 */
import { Effect } from "effect"
import type { GroupAnalytics } from "../../../domain/Group.ts"
import { Groups } from "../../../layers/Groups.ts"
import { html, plain } from "../texts/Fluent.ts"
import { drawing, type GroupView, guard } from "./GroupContext.ts"
import type { Menu } from "./Menu.ts"

const DAY_MS = 86_400_000
const PERIODS = [7, 30] as const

const period = (language: GroupView["language"], days: number, { engaged, sent, topPairs }: GroupAnalytics) => [
  html(language, "group-figures-days", { days }),
  sent === 0
    ? html(language, "group-figures-none")
    : html(language, "group-figures", { sent, engaged, percent: Math.round(engaged / sent * 100) }),
  ...topPairs.length === 0 ? [] : [
    html(language, "group-figures-pairs", { pairs: topPairs.map(({ pair, sent }) => `${pair} ${sent}`).join(", ") }),
  ],
]

export const groupFigures: Menu = {
  id: "group-figures",
  permission: "settings",
  guard,
  draw: drawing((view, { visit: { nowMs } }) =>
    Effect.gen(function* () {
      const { chatId, language, title, to } = view
      const groups = yield* Groups
      const figures = yield* Effect.forEach(PERIODS, (days) => groups.analytics(chatId, nowMs - days * DAY_MS))
      return {
        html: [
          html(language, "group-figures-title", { title }),
          ...PERIODS.flatMap((days, at) => {
            const known = figures[at]
            return known === undefined ? [] : ["", ...period(language, days, known)]
          }),
          "",
          html(language, "group-figures-note"),
        ].join("\n"),
        state: chatId,
        rows: [[to(plain(language, "menu-back"), "group")]],
      }
    })
  ),
}
