/**
 * PartitionLag: how far behind the stream a partition's analysis is.
 *
 * In: a partition and its position. Out: messages that it has not analysed, and how long the oldest of them waits.
 * Promises: exact at the moment the bus was asked; by the bus's own times, so it means the same in every process.
 */
import { Clock, Effect } from "effect"
import type { Partition } from "../domain/Frame.ts"
import * as Subject from "../domain/Subject.ts"
import { Bus, type BusError } from "../layers/Bus.ts"
import { MARKET_DATA } from "./Topology.ts"

export interface Lag {
  readonly lagMessages: number
  /** Age of the oldest message not analysed; 0: there is none. */
  readonly lagMs: number
}

/** What the bus stores is stamped with the wall's time, whatever time the process lives in. */
const wall = Clock.Clock.defaultValue()

export const lagOf = (partition: Partition, position: number): Effect.Effect<Lag, BusError, Bus> =>
  Effect.map(
    Bus.use((bus) => bus.pending(MARKET_DATA.name, Subject.frame(partition), position)),
    ({ messages, oldestStoredAtMs }) => ({
      lagMessages: messages,
      lagMs: oldestStoredAtMs === null ? 0 : Math.max(0, wall.currentTimeMillisUnsafe() - oldestStoredAtMs),
    }),
  )
