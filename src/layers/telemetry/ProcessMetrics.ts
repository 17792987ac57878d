/**
 * ProcessMetrics: what the process itself uses, as metrics.
 *
 * In: the runtime's own figures. Out: memory, processor time, how late its event loop is. Promises: looked at every
 * second of the wall's time, for as long as the scope lives; names are those of Prometheus' own clients.
 */
import process from "node:process"
import { Clock, Effect, Layer, Metric } from "effect"

const EVERY_MS = 1_000
/** How late a timer is that was due this soon: what else ran meanwhile. */
const TIMER_MS = 100

const resident = Metric.gauge("process_resident_memory_bytes", { description: "Memory of the process" })
const heap = Metric.gauge("process_heap_used_bytes", { description: "Of it, JavaScript's heap in use" })
const cpu = Metric.counter("process_cpu_seconds_total", { description: "Processor time used" })
const started = Metric.gauge("process_start_time_seconds", { description: "When the process began, since the epoch" })
const loopLag = Metric.histogram("event_loop_lag_seconds", {
  description: "How late a timer of 100 ms fired: how long work was held up by other work",
  boundaries: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
})

const cpuSeconds = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1_000_000
}

const watching = Effect.gen(function* () {
  let counted = 0
  yield* Metric.update(started, (yield* Clock.currentTimeMillis) / 1_000 - process.uptime())
  const look = Effect.gen(function* () {
    const { heapUsed, rss } = process.memoryUsage()
    const used = cpuSeconds()
    yield* Metric.update(resident, rss)
    yield* Metric.update(heap, heapUsed)
    yield* Metric.update(cpu, Math.max(0, used - counted))
    counted = used
    const before = yield* Clock.monotonicTimeNanos
    yield* Effect.sleep(TIMER_MS)
    const lateMs = Number((yield* Clock.monotonicTimeNanos) - before) / 1e6 - TIMER_MS
    yield* Metric.update(loopLag, Math.max(0, lateMs) / 1_000)
    yield* Effect.sleep(EVERY_MS - TIMER_MS)
  })
  return yield* Effect.forever(look)
})

export const layer: Layer.Layer<never> = Layer.effectDiscard(
  Effect.forkScoped(Effect.provideService(watching, Clock.Clock, Clock.Clock.defaultValue())),
)
