/**
 * /profile: who one is here, the plan, and what of its limits is used.
 *
 * In: a member.
 * Out: one message.
 * Promises: figures are those that decide what is sent next; the day is the user's own.
 */
import { Effect, Option } from "effect"
import { horizonOf, HOUR_MS } from "../../../domain/Admission.ts"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import { startOfDay, startOfNextDay } from "../../../domain/Preferences.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { isBetaAt } from "../../../domain/User.ts"
import { Directory } from "../../../layers/Directory.ts"
import { OpportunityQueue } from "../../../layers/OpportunityQueue.ts"
import { PROFILE, through } from "../../../layers/UserCache.ts"
import type { Command } from "../Command.ts"
import { say } from "../Replies.ts"
import { instant } from "../Shown.ts"
import { html, plain } from "../texts/Fluent.ts"

/** What is used of a limit, and what is left. */
const used = (limit: number, spent: number) => ({ limit, spent, left: Math.max(0, limit - spent) })

export const profile: Command = {
  name: "profile",
  run: Effect.fn("Command.profile")(function* ({ preferences, user, version, visit }) {
    const queue = yield* OpportunityQueue
    const directory = yield* Directory
    const { nowMs } = visit
    const { language, timeZone } = preferences
    const { registeredAt } = yield* through(
      PROFILE,
      { telegramId: user.telegramId, version },
      Effect.map(directory.find(user.userId, nowMs), (found) => ({
        registeredAt: Option.getOrNull(Option.map(found, (listed) => listed.registeredAt)),
      })),
    )
    const spent = (yield* queue.spentSince([user.userId], horizonOf(preferences, nowMs))).get(user.userId) ?? []
    const from = startOfDay(preferences, nowMs), to = startOfNextDay(preferences, nowMs)
    const limits = limitsOf(user.tier, user.role)
    const lines = [
      html(language, "profile-who", {
        name: user.firstName ?? plain(language, "profile-nameless"),
        id: user.telegramId,
      }),
      ...user.role === "user" ? [] : [html(language, "profile-role", { role: user.role })],
      ...registeredAt === null ? [] : [
        html(language, "profile-since", { since: instant(registeredAt, timeZone) }),
      ],
      "",
      html(language, "profile-plan", { tier: user.tier }),
      html(language, "profile-types", {
        types: limits.types.map((type) => CARD_TEXTS[language].types[type]).join(", "),
      }),
      html(language, "profile-hour", used(limits.perHour, spent.filter((at) => Math.abs(at - nowMs) < HOUR_MS).length)),
      html(language, "profile-day", used(limits.perDay, spent.filter((at) => at >= from && at < to).length)),
      html(language, "profile-commands", { limit: limits.apiPerMinute }),
      ...isBetaAt(user, nowMs) && user.betaUntil !== null
        ? [html(language, "profile-beta", { until: instant(user.betaUntil, timeZone) })]
        : [],
      "",
      html(language, "profile-upgrade"),
    ]
    yield* say(visit.chatId, lines.join("\n"))
  }),
}
