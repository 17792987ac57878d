/**
 * /notifications: when and how often the user is told.
 *
 * In: a member. Out: what is set, whether it is quiet now and until when, and buttons that change it. Promises: caps are
 * stepped between one and what the plan allows, which is shown; a change counts at the next notification.
 */
import { Effect } from "effect"
import type { Preferences } from "../../../domain/Preferences.ts"
import { quietAt, quietEndsAt } from "../../../domain/QuietTime.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { instant } from "../Shown.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { clock, close, save, saying, setting, ticked, weekdays } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const DAY_STEP = 5

/** "08:00–22:00", or around the clock. */
export const activeHours = ({ activeHoursEnd, activeHoursStart, language }: Preferences): string =>
  activeHoursStart === activeHoursEnd
    ? plain(language, "notifications-always")
    : `${clock(activeHoursStart * 60)}–${clock(activeHoursEnd * 60)}`

/** What of "do not disturb" holds at this instant, or every week; empty: nothing. */
export const disturbance = (preferences: Preferences, nowMs: number): ReadonlyArray<string> => {
  const { doNotDisturb, doNotDisturbUntil: until, doNotDisturbWindow: window, language, timeZone } = preferences
  return [
    ...doNotDisturb ? [html(language, "notifications-dnd.forever")] : [],
    ...!doNotDisturb && until !== null && until > nowMs
      ? [html(language, "notifications-dnd.until", { until: instant(until, timeZone) })]
      : [],
    ...window === null ? [] : [html(language, "notifications-dnd.weekly", {
      days: weekdays(language, window.days),
      from: clock(window.from),
      to: clock(window.to),
    })],
  ]
}

const quietNow = (preferences: Preferences, nowMs: number): ReadonlyArray<string> => {
  const { language, timeZone } = preferences
  if (!preferences.pushEnabled || quietAt(preferences, nowMs) === null) return []
  const ends = quietEndsAt(preferences, nowMs)
  return [
    ends === null
      ? html(language, "notifications-quiet.endless")
      : html(language, "notifications-quiet", { until: instant(ends, timeZone) }),
  ]
}

const text = ({ preferences, user, visit }: Member): string => {
  const { activeDays, batchNotifications, language, maxPerDay, maxPerHour, pushEnabled, quietDigest, timeZone } =
    preferences
  const limits = limitsOf(user.tier, user.role)
  const dnd = disturbance(preferences, visit.nowMs)
  return [
    html(language, pushEnabled ? "notifications-title.on" : "notifications-title.off"),
    html(language, "notifications-caps", {
      perHour: Math.min(maxPerHour, limits.perHour),
      perDay: Math.min(maxPerDay, limits.perDay),
      planHour: limits.perHour,
      planDay: limits.perDay,
      tier: user.tier,
    }),
    html(language, "notifications-hours", {
      hours: activeHours(preferences),
      days: weekdays(language, activeDays),
      zone: timeZone,
    }),
    ...dnd.length === 0 ? [html(language, "notifications-dnd.off")] : dnd,
    html(language, batchNotifications ? "notifications-batch.on" : "notifications-batch.off"),
    html(language, quietDigest ? "notifications-digest.on" : "notifications-digest.off"),
    ...quietNow(preferences, visit.nowMs),
  ].join("\n")
}

const capStep = (member: Member, key: "maxPerHour" | "maxPerDay", by: number, ceiling: number): Item => {
  const { language } = member.preferences
  const before = Math.min(member.preferences[key], ceiling)
  const after = Math.min(ceiling, Math.max(1, before === 1 && by > 1 ? by : before + by))
  const label = by < 0 ? `−${-by}` : `+${by}`
  if (after === before) {
    const why = by > 0
      ? plain(language, "notifications-cap-top", { most: ceiling })
      : plain(language, "notifications-cap-least")
    return saying(label, why)
  }
  return { text: label, press: Effect.as(save(member, (stored) => ({ ...stored, [key]: after })), {}) }
}

export const notifications: Menu = {
  id: "push",
  permission: "notifications",
  draw: (member) => {
    const { preferences, user } = member
    const { batchNotifications, language, maxPerDay, maxPerHour, pushEnabled, quietDigest } = preferences
    const limits = limitsOf(user.tier, user.role)
    const to = (id: string, menu: string): Item => ({ text: plain(language, id), to: { menu } })
    const caps = (key: "maxPerHour" | "maxPerDay", by: number, ceiling: number, shown: string): ReadonlyArray<Item> => [
      capStep(member, key, -by, ceiling),
      saying(shown, plain(language, "notifications-cap-about", { most: ceiling, tier: user.tier })),
      capStep(member, key, by, ceiling),
    ]
    const hourly = plain(language, "notifications-per-hour", { count: Math.min(maxPerHour, limits.perHour) })
    const daily = plain(language, "notifications-per-day", { count: Math.min(maxPerDay, limits.perDay) })
    const push = plain(language, pushEnabled ? "notifications-turn-off" : "notifications-turn-on")
    return Effect.succeed({
      html: text(member),
      state: `${user.tier} ${user.role} ${JSON.stringify(preferences)}`,
      rows: [
        [setting(member, push, { pushEnabled: !pushEnabled })],
        caps("maxPerHour", 1, limits.perHour, hourly),
        caps("maxPerDay", DAY_STEP, limits.perDay, daily),
        [to("notifications-to-hours", "push-hours"), to("notifications-to-dnd", "push-dnd")],
        [to("notifications-to-zone", "push-zone"), to("channels-button", "channels")],
        [
          setting(member, ticked(batchNotifications, plain(language, "notifications-batch-button")), {
            batchNotifications: !batchNotifications,
          }),
          setting(member, ticked(quietDigest, plain(language, "notifications-digest-button")), {
            quietDigest: !quietDigest,
          }),
        ],
        [to("notifications-to-preferences", "prefs"), close(language)],
      ],
    })
  },
}
