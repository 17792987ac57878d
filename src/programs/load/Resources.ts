/**
 * What a load run costs: processor time, memory and open handles of this process.
 *
 * In: nothing. Out: figures of now; on request a collection of garbage first. Promises: what the operating system does
 * not tell is null, never 0 (handles are counted in /proc, which Linux has).
 */
import { readdirSync } from "node:fs"
import process from "node:process"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

export interface Resources {
  /** Processor time used so far, seconds. */
  readonly cpuS: number
  readonly heapMiB: number
  readonly rssMiB: number
  /** Open file descriptors: files, sockets, pipes. */
  readonly handles: number | null
}

const MIB = 1_048_576

const handles = (): number | null => {
  try {
    return readdirSync("/proc/self/fd").length
  } catch {
    return null
  }
}

export const look = (): Resources => {
  const { heapUsed, rss } = process.memoryUsage(), { system, user } = process.cpuUsage()
  return { cpuS: (system + user) / 1e6, heapMiB: heapUsed / MIB, rssMiB: rss / MIB, handles: handles() }
}

/**
 * Lets go what nothing holds any more, so that growth is told from what the collector has not come to yet. It stops the
 * process for some tens of milliseconds.
 */
export const collectGarbage = (): void => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  if (typeof collect === "function") collect()
}
