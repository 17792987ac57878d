/**
 * What a load run costs: processor time, memory and open handles of the processes it runs in.
 *
 * In: this process, or the ids of those that were started. Out: figures of now. Promises: what the operating system does
 * not tell is null, never 0 (other processes are read from /proc, which Linux has); several processes are added up.
 */
import { readdirSync, readFileSync } from "node:fs"
import process from "node:process"

export interface Resources {
  /** Processor time used so far, seconds. */
  readonly cpuS: number | null
  /** Only of this process. */
  readonly heapMiB: number | null
  readonly rssMiB: number | null
  /** Open file descriptors: files, sockets, pipes. */
  readonly handles: number | null
}

const MIB = 1_048_576
/** Linux counts processor time in these and resident memory in pages of this size, on every machine we run on. */
const TICKS_PER_S = 100
const PAGE_BYTES = 4_096

const attempt = <A>(read: () => A): A | null => {
  try {
    return read()
  } catch {
    return null
  }
}

const handlesOf = (pid: number | "self") => attempt(() => readdirSync(`/proc/${pid}/fd`).length)

const own = (): Resources => {
  const { heapUsed, rss } = process.memoryUsage(), { system, user } = process.cpuUsage()
  return { cpuS: (system + user) / 1e6, heapMiB: heapUsed / MIB, rssMiB: rss / MIB, handles: handlesOf("self") }
}

const other = (pid: number): Resources => {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  // Behind the name, which may hold anything: state is field 3, utime and stime 14 and 15, resident pages 24.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? []
  const field = (number: number): number | null => fields.length === 0 ? null : Number(fields[number - 3])
  const user = field(14), system = field(15), pages = field(24)
  return {
    cpuS: user === null || system === null ? null : (user + system) / TICKS_PER_S,
    heapMiB: null,
    rssMiB: pages === null ? null : pages * PAGE_BYTES / MIB,
    handles: handlesOf(pid),
  }
}

const sum = (values: ReadonlyArray<number | null>): number | null =>
  values.reduce<number | null>((total, value) => total === null || value === null ? null : total + value, 0)

/** Of the processes with these ids; none: of this one. */
export const look = (pids: ReadonlyArray<number>): Resources => {
  if (pids.length === 0) return own()
  const each = pids.map(other)
  return {
    cpuS: sum(each.map(({ cpuS }) => cpuS)),
    heapMiB: null,
    rssMiB: sum(each.map(({ rssMiB }) => rssMiB)),
    handles: sum(each.map(({ handles }) => handles)),
  }
}
