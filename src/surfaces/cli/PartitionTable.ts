/**
 * Who analyses what, as people look at it: the workers side by side, then their partitions.
 *
 * In: the states of all partitions. Out: lines of text. Promises: what nobody knows is "?", what nobody does is "nobody";
 * the worker that was asked is marked.
 */
import type { PartitionState } from "../../programs/Partitions.ts"
import { table } from "./Table.ts"

const BAR_CELLS = 20
const NOBODY = "nobody"

const workerOf = ({ here, owner }: PartitionState): string =>
  owner === null ? NOBODY : here ? `${owner} (asked)` : owner

const known = (value: number | null): string => value === null ? "?" : value.toLocaleString("en-US")

/** Of several partitions: all that is behind, and the worst delay; null where one is unknown. */
const together = (states: ReadonlyArray<PartitionState>) => {
  const behind = states.map(({ lagMessages }) => lagMessages), late = states.map(({ lagMs }) => lagMs)
  return {
    pace: states.reduce((sum, { ticksPerSecond }) => sum + ticksPerSecond, 0),
    behind: behind.reduce((sum, value) => sum === null || value === null ? null : sum + value, 0),
    lateMs: late.reduce((most, value) => most === null || value === null ? null : Math.max(most, value), 0),
  }
}

const bar = (part: number, whole: number): string =>
  "█".repeat(whole === 0 ? 0 : Math.round(BAR_CELLS * part / whole)).padEnd(BAR_CELLS, "·")

export const partitionTable = (states: ReadonlyArray<PartitionState>): string => {
  const all = together(states)
  const workers = Map.groupBy(states, workerOf)
  const summary = [...workers].map(([worker, own]) => {
    const { behind, lateMs, pace } = together(own)
    return {
      worker,
      partitions: String(own.length),
      "ticks/s": known(pace),
      behind: known(behind),
      "ms late": known(lateMs),
      "share of ticks": bar(pace, all.pace),
    }
  })
  const each = states.map((state) => ({
    partition: state.partition,
    worker: workerOf(state),
    position: known(state.position),
    "ticks/s": known(state.ticksPerSecond),
    behind: known(state.lagMessages),
    "ms late": known(state.lagMs),
  }))
  const count = workers.size - (workers.has(NOBODY) ? 1 : 0)
  return [
    `detection: ${count} ${count === 1 ? "worker" : "workers"}, ${states.length} partitions, ` +
    `${known(all.pace)} ticks/s, ${known(all.behind)} messages behind`,
    "",
    table(summary),
    "",
    table(each),
  ].join("\n")
}
