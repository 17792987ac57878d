/**
 * Gauges: how queue, sessions, streams and dependencies stand, as gauges for whoever scrapes metrics.
 *
 * In: store and bus, asked when somebody looks; what this process watches. Out: Effect gauges. Promises: asked at most
 * every 5 s and waited for 2 s at most; what does not answer is told as down and leaves its other gauges as they were, so
 * an alert on them needs the one on `dependency_up` beside it.
 */
import { Clock, Effect, Metric } from "effect"
import { Bus } from "../layers/Bus.ts"
import { QueueFigures } from "../layers/QueueFigures.ts"
import { Sessions } from "../layers/Sessions.ts"
import { Store } from "../layers/Store.ts"
import type { Watch } from "../streams/Pipeline.ts"
import { servers, sourcesOf } from "./Health.ts"

const AT_MOST_EVERY = "5 seconds"
const PATIENCE = "2 seconds"

export type GaugeNeeds = Bus | QueueFigures | Sessions | Store

const depth = Metric.gauge("queue_depth_rows", { description: "Messages that wait or are being sent, by channel" })
const oldest = Metric.gauge("queue_oldest_age_seconds", {
  description: "How long the oldest of them could have been sent, by channel; 0: there is none",
})
const dead = Metric.gauge("queue_dead_letters_rows", {
  description: "Messages given up and not yet handled, by channel",
})
const sessionsLive = Metric.gauge("sessions_live", { description: "Sessions that are valid now" })
const streamMessages = Metric.gauge("stream_messages", { description: "Messages that a stream holds, by stream" })
const streamBytes = Metric.gauge("stream_bytes", { description: "Bytes that a stream holds, by stream" })
const lag = Metric.gauge("consumer_lag_messages", {
  description: "Messages that a durable consumer has not settled yet, by stream and consumer",
})
const isUp = Metric.gauge("dependency_up", {
  description: "1: it answers; 0: it does not, by dependency (store, bus, a venue)",
})
const took = Metric.gauge("dependency_latency_seconds", {
  description: "How long it took to answer when it was last asked, by dependency",
})

const set = (gauge: Metric.Gauge<number>, labels: Readonly<Record<string, string>>, value: number) =>
  Metric.update(Metric.withAttributes(gauge, labels), value)

const queue = Effect.gen(function* () {
  const nowMs = yield* Clock.currentTimeMillis
  const figures = yield* QueueFigures.use((figures) => figures.since(nowMs, nowMs))
  const channels = Map.groupBy(figures, ({ channel }) => channel)
  // With nothing in the queue there is still a queue.
  for (const channel of new Set(["telegram" as const, ...channels.keys()])) {
    const some = channels.get(channel) ?? []
    const sum = (of: (figure: (typeof some)[number]) => number) => some.reduce((sum, figure) => sum + of(figure), 0)
    yield* set(depth, { channel }, sum((figure) => figure.depth))
    yield* set(dead, { channel }, sum((figure) => figure.deadLetters))
    yield* set(oldest, { channel }, Math.max(0, ...some.map(({ oldestAgeMs }) => oldestAgeMs ?? 0)) / 1_000)
  }
  yield* Metric.update(sessionsLive, yield* Sessions.use((sessions) => sessions.countActive(nowMs)))
})

const streams = Effect.gen(function* () {
  const found = yield* Bus.use((bus) => bus.survey)
  for (const { kind, name: stream, readers, state } of found) {
    if (kind !== "stream") continue
    yield* set(streamMessages, { stream }, state.messages)
    yield* set(streamBytes, { stream }, state.bytes)
    for (const { name: consumer, pending, unanswered } of readers) {
      yield* set(lag, { stream, consumer }, pending + unanswered)
    }
  }
})

const dependencies = (watch: Watch) =>
  Effect.gen(function* () {
    for (const { latencyMs, name: dependency, state } of [...yield* servers, ...yield* sourcesOf(watch)]) {
      if (state === "unknown") continue
      yield* set(isUp, { dependency }, state === "up" ? 1 : 0)
      if (latencyMs !== null) yield* set(took, { dependency }, latencyMs / 1_000)
    }
  })

const patiently = <E extends { readonly message: string }, R>(what: string, look: Effect.Effect<unknown, E, R>) =>
  look.pipe(
    Effect.timeout(PATIENCE),
    Effect.catch((error) => Effect.logDebug(`${what} could not be gauged`, error.message)),
  )

/** Brings the gauges up to date. */
export const makeLook = (watch: Watch): Effect.Effect<Effect.Effect<void, never, GaugeNeeds>> =>
  Effect.cachedWithTTL(
    Effect.all([
      dependencies(watch),
      patiently("the queue", queue),
      patiently("streams", streams),
    ], { concurrency: "unbounded", discard: true }),
    AT_MOST_EVERY,
  )
