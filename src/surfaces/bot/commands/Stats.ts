/**
 * /stats: how the service is doing.
 *
 * In: an admin. Out: each dependency's real state, what is owed and was done today, the latest errors. Promises: what is
 * not known says so.
 */
import { Effect } from "effect"
import { escape } from "../../../domain/card/Html.ts"
import { startOfDay } from "../../../domain/Preferences.ts"
import { type Dependency, Health } from "../../../layers/Health.ts"
import { Directory } from "../../../layers/Directory.ts"
import { OpportunityQueue } from "../../../layers/OpportunityQueue.ts"
import { Sessions } from "../../../layers/Sessions.ts"
import type { Command } from "../Command.ts"
import { say } from "../Replies.ts"
import { instant } from "../Shown.ts"
import { html } from "../texts/Fluent.ts"

const MARK: Readonly<Record<Dependency["state"], string>> = { up: "🟢", down: "🔴", absent: "⚪️", unknown: "❔" }
const DETAIL_LENGTH = 120

const line = ({ detail, latencyMs, name, state }: Dependency): string =>
  `${MARK[state]} <b>${escape(name, 40)}</b>${latencyMs === null ? "" : ` ${latencyMs} ms`}` +
  (detail === "" ? "" : ` · ${escape(detail, DETAIL_LENGTH)}`)

export const stats: Command = {
  name: "stats",
  run: Effect.fn("Command.stats")(function* ({ preferences, visit: { chatId, nowMs } }) {
    const directory = yield* Directory
    const queue = yield* OpportunityQueue
    const sessions = yield* Sessions
    const { dependencies } = yield* Health
    const { language, timeZone } = preferences
    const found = yield* Effect.all({
      health: dependencies,
      counts: queue.counts,
      active: sessions.countActive(nowMs),
      today: directory.deliveries(startOfDay(preferences, nowMs)),
    }, { concurrency: "unbounded" })
    const { active, counts, health, today } = found
    const waiting = Object.entries(counts).filter(([, count]) => count > 0)
    yield* say(
      chatId,
      [
        html(language, "stats-title", { at: instant(nowMs, timeZone) }),
        ...health.length === 0 ? [html(language, "stats-health-unknown")] : health.map(line),
        "",
        html(language, "stats-sessions", { count: active }),
        html(language, "stats-queue", {
          counts: waiting.length === 0 ? "-" : waiting.map(([status, count]) => `${status} ${count}`).join(", "),
        }),
        html(language, "stats-today", { sent: today.sent, failed: today.failed }),
        ...today.errors.length === 0 ? [html(language, "stats-no-errors")] : [html(language, "stats-errors")],
        ...today.errors.map(({ count, error, lastAt }) =>
          html(language, "stats-error", {
            error: { html: escape(error, DETAIL_LENGTH) },
            count,
            at: instant(lastAt, timeZone),
          })
        ),
      ].join("\n"),
    )
  }),
}
