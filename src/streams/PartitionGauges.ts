/**
 * PartitionGauges: what a process says of each partition it analyses, for whoever scrapes metrics.
 *
 * In: the partitions it has, as they stand. Out: Effect gauges with the attribute `partition`. Promises: looked at every
 * 5 s of the wall's time; a partition given up is told as no longer owned, with nothing behind; a bus that does not
 * answer leaves a lag as it was.
 */
import { Effect, Metric } from "effect"
import type { Partition } from "../domain/Frame.ts"
import type { Bus } from "../layers/Bus.ts"
import { partitionName } from "./Lane.ts"
import { inWallTime } from "./Ownership.ts"
import { lagOf } from "./PartitionLag.ts"

const EVERY = "5 seconds"

const owned = Metric.gauge("detect_partition_owned", {
  description: "1: this process analyses the partition; 0: it did",
})
const lagMessages = Metric.gauge("detect_partition_lag_messages", {
  description: "Messages of frames of the partition not analysed yet",
})
const lagSeconds = Metric.gauge("detect_partition_lag_seconds", {
  description: "Age of the oldest message of frames not analysed yet",
})
const pace = Metric.gauge("detect_partition_ticks_per_second", {
  description: "Ticks analysed a second, over the second before the last checkpoint",
})

/** A partition at work. */
export interface Gauged {
  readonly partition: Partition
  /** The last stream sequence read. */
  readonly read: number
  readonly ticksPerSecond: number
}

export const gauging = (working: () => Iterable<Gauged>): Effect.Effect<never, never, Bus> => {
  const known = new Set<Partition>()
  const of = (gauge: Metric.Metric<number, unknown>, partition: Partition, value: number) =>
    Metric.update(Metric.withAttributes(gauge, { partition: partitionName(partition) }), value)
  const tell = (partition: Partition, value: Record<"owned" | "messages" | "ms" | "pace", number>) =>
    Effect.all([
      of(owned, partition, value.owned),
      of(lagMessages, partition, value.messages),
      of(lagSeconds, partition, value.ms / 1_000),
      of(pace, partition, value.pace),
    ], { discard: true })
  const look = Effect.gen(function* () {
    const now = [...working()]
    const gone = new Set(known)
    for (const { partition, read, ticksPerSecond } of now) {
      known.add(partition)
      gone.delete(partition)
      const lag = yield* lagOf(partition, read)
      yield* tell(partition, { owned: 1, messages: lag.lagMessages, ms: lag.lagMs, pace: ticksPerSecond })
    }
    for (const partition of gone) yield* tell(partition, { owned: 0, messages: 0, ms: 0, pace: 0 })
  })
  return Effect.forever(Effect.andThen(inWallTime(Effect.sleep(EVERY)), Effect.ignore(look)))
}
