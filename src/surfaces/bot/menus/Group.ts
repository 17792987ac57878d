/**
 * /group: what a group or broadcast channel is sent, for its admins.
 *
 * In: an admin of it. Out: its state and settings, and buttons that change them. Promises: each tap is an admin's at that
 * moment; whoever resumes becomes the one whose session and plan count.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import { OPPORTUNITY_TYPES } from "../../../domain/Opportunity.ts"
import { Groups } from "../../../layers/Groups.ts"
import { inBounds } from "../dialogues/MinimumNet.ts"
import { register } from "../groups/Registration.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { clock, close } from "./Choosing.ts"
import { drawing, type GroupView, guard } from "./GroupContext.ts"
import type { Item, Menu } from "./Menu.ts"

const STEPS = [-10, -1, 1, 10] as const
const MINUTES = 60

export const hoursOf = ({ activeHoursEnd: end, activeHoursStart: start }: GroupView["settings"]): string =>
  start === end ? "" : `${clock(start * MINUTES)}–${clock(end * MINUTES)}`

const text = ({ ceiling, group, language, settings, title, types }: GroupView): string => {
  const wanted = OPPORTUNITY_TYPES.filter((type) =>
    types.includes(type) && (settings.opportunityTypes.length === 0 || settings.opportunityTypes.includes(type))
  )
  const hours = hoursOf(settings)
  return [
    html(language, `group-title.${group.kind}`, { title }),
    html(language, `group-state.${group.state === "active" ? "active" : group.reason}`),
    "",
    html(language, "group-types", { types: wanted.map((type) => CARD_TEXTS[language].types[type]).join(", ") }),
    html(language, "group-limits", {
      perHour: Math.min(settings.maxPerHour, ceiling.perHour),
      perDay: Math.min(settings.maxPerDay, ceiling.perDay),
    }),
    html(language, settings.minNetBps === 0 ? "group-net.any" : "group-net", { bps: `${settings.minNetBps}` }),
    html(language, hours === "" ? "group-hours.always" : "group-hours", { hours, zone: settings.timeZone }),
    ...group.threadId === null ? [] : [html(language, "group-topic")],
  ].join("\n")
}

const step = ({ language, save, settings }: GroupView, by: number): Item => ({
  text: by < 0 ? `−${-by}` : `+${by}`,
  press: Effect.gen(function* () {
    const after = inBounds(settings.minNetBps + by)
    if (after === settings.minNetBps) return { answer: plain(language, "preferences-net-bound", { bps: `${after}` }) }
    yield* save((stored) => ({ ...stored, minNetBps: after }))
    return {}
  }),
})

const running = ({ chatId, group, language }: GroupView, member: Member): Item =>
  group.state === "active"
    ? {
      text: plain(language, "group-pause"),
      press: Effect.as(
        Effect.flatMap(Groups, (groups) => groups.pause(chatId, "by_admin", member.visit.nowMs)),
        { answer: plain(language, "group-paused") },
      ),
    }
    : {
      text: plain(language, "group-resume"),
      press: Effect.as(
        register(member, { chatId, kind: group.kind, title: group.title, threadId: null }),
        { answer: plain(language, "group-resumed") },
      ),
    }

export const groupMenu: Menu = {
  id: "group",
  permission: "settings",
  guard,
  draw: drawing((view, member) => {
    const { language, save, settings, to } = view
    const other = settings.language === "en" ? "ru" : "en"
    const steps = STEPS.map((by) => step(view, by))
    const net: Item = {
      text: plain(language, "group-net-button", { bps: `${settings.minNetBps}` }),
      press: Effect.succeed({ answer: plain(language, "group-net-hint") }),
    }
    return Effect.succeed({
      html: text(view),
      rows: [
        [
          to(plain(language, "group-types-button"), "group-types"),
          to(plain(language, "group-limits-button"), "group-limits"),
        ],
        [to(plain(language, "group-hours-button"), "group-hours"), {
          text: plain(language, `group-language.${settings.language}`),
          press: Effect.as(save((stored) => ({ ...stored, language: other })), {}),
        }],
        [...steps.slice(0, 2), net, ...steps.slice(2)],
        [to(plain(language, "group-figures-button"), "group-figures"), running(view, member)],
        [close(language)],
      ],
    })
  }),
}
