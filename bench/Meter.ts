/**
 * What a pass costs: wall time, our own CPU and a server's.
 *
 * In: the work of one pass. Out: its figures. A core is one CPU second, user and system, a second: a figure "per core"
 * divides by CPU seconds, so that a busy machine does not change it much.
 */
import { readFileSync } from "node:fs"
import process from "node:process"
import { Effect } from "effect"
import type { Sample } from "./Paired.ts"

/** Ticks of the kernel's clock a second, as /proc counts CPU time; 100 on every Linux in use. */
const CLOCK_TICKS_PER_S = 100
const MICROS_PER_S = 1_000_000

/** User and system CPU of a process so far, seconds; NaN where the system does not tell (no /proc). */
export const cpuSecondsOf = (pid: number): number => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The command's name, in brackets, may hold spaces.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_S
  } catch {
    return NaN
  }
}

export interface Done {
  readonly ticks: number
  readonly wireBytes: number
}

/** Figures of a pass that moved ticks. `ndjsonBytes` is what a tick weighs as a line of a recording. */
export const metered = <E, R>(
  work: Effect.Effect<Done, E, R>,
  options: { readonly ndjsonBytes: number; readonly server?: number },
): Effect.Effect<Sample, E, R> =>
  Effect.gen(function* () {
    const serverBefore = options.server === undefined ? NaN : cpuSecondsOf(options.server)
    const cpuBefore = process.cpuUsage(), before = performance.now()
    const { ticks, wireBytes } = yield* work
    const seconds = (performance.now() - before) / 1000
    const used = process.cpuUsage(cpuBefore)
    const cpu = (used.user + used.system) / MICROS_PER_S
    return {
      ticksPerS: ticks / seconds,
      ndjsonMBps: ticks * options.ndjsonBytes / seconds / 1e6,
      ...(wireBytes === 0 ? {} : { wireMBps: wireBytes / seconds / 1e6, wireBytesPerTick: wireBytes / ticks }),
      ticksPerCoreS: ticks / cpu,
      ourCores: cpu / seconds,
      ...(options.server === undefined ? {} : { natsCores: (cpuSecondsOf(options.server) - serverBefore) / seconds }),
      seconds,
    }
  })
