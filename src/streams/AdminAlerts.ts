/**
 * AdminAlerts: figures that this process has are watched, and admins are told when one turns bad and when it is over.
 *
 *   role ingest   silence of the venues whose feeds it owns      role deliver   the queue's age, deliveries that fail
 *
 * In: gauges, leases, figures of the queue, every 15 s. Out: notices to everyone with a role, in the transaction that
 * remembers what they were told. Promises: domain/AdminAlert.ts's, over restarts and however many processes look; what
 * cannot be read changes nothing. What stops the queue or the database stops these messages too: that is Alertmanager's.
 */
import { Clock, Duration, Effect, Metric, Option } from "effect"
import { type AlertReading, type AlertState, type AlertTelling, nameOf, step } from "../domain/AdminAlert.ts"
import type { Notice } from "../domain/Notice.ts"
import { AdminAlerts } from "../layers/AdminAlerts.ts"
import { Leases } from "../layers/Leases.ts"
import { QueueFigures } from "../layers/QueueFigures.ts"
import { Store } from "../layers/Store.ts"
import { oweAdmins } from "./Notices.ts"

export const LOOK_EVERY = Duration.seconds(15)
const WINDOW_MS = 600_000
/** A share of fewer ends says nothing. */
const FEWEST_ENDS = 20
/** Ingest's, by venue. */
const LAST_TICK = "ingest_last_tick_timestamp_seconds"

const noticeOf = ({ kind: alert, subject, value }: AlertReading, telling: AlertTelling): Notice => {
  switch (telling._tag) {
    case "Began":
      return { about: "alert_began", alert, subject, value, sinceMs: telling.sinceMs }
    case "Ended":
      return { about: "alert_ended", alert, subject, beganMs: telling.beganMs, endedMs: telling.endedMs }
  }
}

/** Takes the readings down, and tells admins what follows from them. */
export const observe = Effect.fn("AdminAlerts.observe")(function* (readings: ReadonlyArray<AlertReading>) {
  if (readings.length === 0) return
  const alerts = yield* AdminAlerts, store = yield* Store
  const nowMs = yield* Clock.currentTimeMillis
  yield* store.transaction(Effect.gen(function* () {
    const before = yield* alerts.lock(readings.map(nameOf))
    const after = new Map<string, AlertState>(), news: Array<Notice> = []
    for (const reading of readings) {
      const name = nameOf(reading), known = before.get(name)
      if (known === undefined) continue
      const { state, telling } = step(known, reading, nowMs)
      after.set(name, state)
      if (telling !== null) news.push(noticeOf(reading, telling))
    }
    yield* alerts.save(after)
    if (news.length === 0) return
    yield* Effect.forEach(news, (notice) => oweAdmins(notice, nowMs), { discard: true })
  }))
})

/** How the queue is doing, whichever process asks. */
export const queueReadings = Effect.gen(function* () {
  const nowMs = yield* Clock.currentTimeMillis
  const figures = yield* QueueFigures.use((figures) => figures.since(nowMs - WINDOW_MS, nowMs))
  const sum = (of: (figure: (typeof figures)[number]) => number) => figures.reduce((sum, one) => sum + of(one), 0)
  const failed = sum((figure) => figure.failed), ends = failed + sum((figure) => figure.sent)
  const oldestMs = Math.max(0, ...figures.map(({ oldestAgeMs }) => oldestAgeMs ?? 0))
  return [
    { kind: "queue_age", subject: "", value: oldestMs / 1_000 },
    { kind: "delivery_failures", subject: "", value: ends < FEWEST_ENDS ? 0 : failed / ends },
  ] satisfies ReadonlyArray<AlertReading>
})

/** When a tick of each venue last came into this process, ms. */
const lastTicks = Effect.map(
  Metric.snapshot,
  (metrics) =>
    new Map(
      metrics.flatMap((metric) =>
        metric.id === LAST_TICK && metric.type === "Gauge" && metric.attributes?.venue !== undefined
          ? [[metric.attributes.venue, Number(metric.state.value) * 1_000] as const]
          : []
      ),
    ),
)

/** Out: what reads the silence of those venues whose feeds are this process's now. */
export const makeVenueReadings = (owner: string, venues: ReadonlyArray<string>) =>
  Effect.sync(() => {
    /** Since when each has been ours: before that, others heard it. */
    const ours = new Map<string, number>()
    return Effect.gen(function* () {
      const leases = yield* Leases
      const nowMs = yield* Clock.currentTimeMillis
      const heardAt = yield* lastTicks
      const readings: Array<AlertReading> = []
      for (const venue of venues) {
        const lease = yield* leases.current(`venue:${venue}`)
        if (Option.isNone(lease) || lease.value.owner !== owner || lease.value.expiresAt <= nowMs) {
          ours.delete(venue)
          continue
        }
        const since = ours.get(venue) ?? nowMs
        ours.set(venue, since)
        const silentMs = nowMs - Math.max(since, heardAt.get(venue) ?? 0)
        readings.push({ kind: "stale_venue", subject: venue, value: Math.max(0, silentMs) / 1_000 })
      }
      return readings
    })
  })

/** One look at the queue. */
export const watchQueue = Effect.flatMap(queueReadings, observe)
