/**
 * `arbedge` as a process of its own, on the runtime that runs the tests, for tests that talk to it, or kill it, from outside.
 *
 * In: arguments and environment. Out: what it said, how it ended, `kill` (SIGKILL, returns when it is gone). Promises:
 * it ends with the scope; of the environment it inherits nothing that begins with ARBEDGE_.
 */
import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
const runtimeArguments = "deno" in process.versions ? ["run", "-A"] : []

const ownEnvironment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ARBEDGE_")))

export interface Ended {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly stdout: () => string
  readonly stderr: () => string
  readonly isRunning: () => boolean
  readonly ended: Effect.Effect<Ended>
  readonly kill: Effect.Effect<void>
}

const watch = (child: ChildProcess): Running => {
  let stdout = "", stderr = "", isRunning = true
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text
  })
  const end = new Promise<Ended>((resolve) =>
    child.once("close", (code) => {
      isRunning = false
      resolve({ code, stdout, stderr })
    })
  )
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    isRunning: () => isRunning,
    ended: Effect.promise(() => end),
    kill: Effect.promise(async () => {
      // Not `child.kill`: Deno's sends one signal only.
      if (isRunning && child.pid !== undefined) process.kill(child.pid, "SIGKILL")
      await end
    }),
  }
}

/** Starts it; the scope's end kills it. */
export const arbedge = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      watch(spawn(process.execPath, [...runtimeArguments, main, ...args], {
        env: { ...ownEnvironment, ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      }))
    ),
    (running) => running.kill,
  )

/** Runs it to its end. */
export const arbedgeDone = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) =>
  Effect.scoped(Effect.flatMap(arbedge(args, environment), (running) => running.ended))
