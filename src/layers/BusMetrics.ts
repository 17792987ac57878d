/**
 * What the Bus counts, under the same names in every implementation.
 *
 * In: what the adapters drop, skip or give up. Out: Effect metrics, with the reason where there are several.
 * Promises: nothing is lost on our side of the bus without being counted here.
 */
import { Metric } from "effect"

/** Live messages dropped on our side, by reason: a subscriber's buffer was full, or the broker was away. */
export const liveDropped = {
  bufferFull: Metric.counter("bus_live_dropped_total", {
    description: "Live messages dropped before they were handed over",
    attributes: { reason: "buffer_full" },
  }),
  disconnected: Metric.counter("bus_live_dropped_total", {
    description: "Live messages dropped before they were handed over",
    attributes: { reason: "disconnected" },
  }),
} as const

/** Times an ordered consumer found that messages it had not read were discarded by the stream's limits. */
export const consumerOvertaken = Metric.counter("bus_consumer_overtaken_total", {
  description: "Times the stream's limits discarded messages before an ordered consumer read them",
})

/** Work messages given up after `maxDeliver` deliveries. */
export const workAbandoned = Metric.counter("bus_work_abandoned_total", {
  description: "Work messages not delivered again because maxDeliver was reached",
})
