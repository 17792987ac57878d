/**
 * Telling admins how the week was.
 *
 * In: figures of the queue and of sessions. Out: a notice of the kind `analytics` to everyone with a role, of
 * the seven days before. Promises: told on Mondays from eight o'clock (UTC) on, once a week, however many processes look
 * and however often; who gets a role on Tuesday is told the next week.
 */
import { Clock, Effect } from "effect"
import { weekOf } from "../domain/Notice.ts"
import { QueueFigures } from "../layers/QueueFigures.ts"
import { SessionAnalytics } from "../layers/SessionAnalytics.ts"
import { oweAdmins } from "./Notices.ts"

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS
const FROM_MS = 8 * HOUR_MS
const SEVENTH_DAY = 7

/** Out: how many are told. */
export const tellWeek = Effect.gen(function* () {
  const untilMs = yield* Clock.currentTimeMillis
  const { passedMs } = weekOf(untilMs)
  if (passedMs < FROM_MS || passedMs >= DAY_MS) return 0
  const sinceMs = untilMs - WEEK_MS
  const analytics = yield* SessionAnalytics
  const queue = yield* QueueFigures.use((figures) => figures.since(sinceMs, untilMs))
  const { opportunities, started } = yield* analytics.figures({ sinceMs, untilMs, nowMs: untilMs })
  const { retention } = yield* analytics.figures({ sinceMs: untilMs - 2 * WEEK_MS, untilMs, nowMs: untilMs })
  const seventh = retention.find(({ day }) => day === SEVENTH_DAY)
  const sum = (of: (figure: (typeof queue)[number]) => number) => queue.reduce((sum, one) => sum + of(one), 0)
  return yield* oweAdmins({
    about: "week",
    sinceMs,
    untilMs,
    sent: sum(({ sent }) => sent),
    failed: sum(({ failed }) => failed),
    expired: sum(({ expired }) => expired),
    sessions: started,
    opportunities,
    newcomers: seventh?.people ?? 0,
    returned: seventh?.returned ?? 0,
  }, untilMs)
}).pipe(Effect.withSpan("WeeklyFigures.tellWeek"))
