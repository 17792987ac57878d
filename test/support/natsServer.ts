/**
 * A nats-server of a test's own, on a free port with its own store, that can be killed, started again and frozen.
 *
 * In: extra arguments. Out: its URL, `kill` (SIGKILL, returns when the process is gone) and `start` (returns when it
 * accepts connections). The scope's end kills it and removes the store.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import type { Dependency } from "./probes.ts"

const spawnable = spawnSync("nats-server", ["--version"]).status === 0

/** Whether a nats-server can be spawned at all. */
export const natsServer: Dependency = {
  name: "nats-server",
  available: spawnable,
  why: spawnable ? "" : "no nats-server on PATH (this suite starts and kills its own)",
}

/** Below the range the kernel gives to clients: a port there could be taken while the server is down. */
const FIRST_PORT = 20_000
const LAST_PORT = 30_000

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    if (await canListen(port)) return port
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port })
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once("error", () => finish(false))
    socket.once("data", () => finish(true))
  })

const exited = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once("exit", () => resolve())
  })

/** A signal is on its way for a while: whether each thread stands still. Where there is no /proc nobody can say. */
const isFrozen = (pid: number): boolean => {
  const tasks = `/proc/${pid}/task`
  if (!existsSync(tasks)) return true
  return readdirSync(tasks).every((task) => /^State:\s+[Tt]/m.test(readFileSync(`${tasks}/${task}/status`, "utf8")))
}

export const ownNatsServer = (args: ReadonlyArray<string> = []) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const port = await freePort()
      const store = mkdtempSync(join(tmpdir(), "arbedge-nats-"))
      let child: ChildProcess | undefined
      // A configuration names its own store, and the server refuses to be told twice.
      const storing = args.includes("-c") ? [] : ["-js", "-sd", store]
      const start = async () => {
        child = spawn("nats-server", ["-a", "127.0.0.1", "-p", String(port), ...storing, ...args], {
          stdio: "ignore",
        })
        while (!(await accepts(port))) {
          if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
      // Not `child.kill`: Deno's sends one signal only.
      const signal = (name: NodeJS.Signals) => {
        if (child?.pid !== undefined) process.kill(child.pid, name)
      }
      const kill = async () => {
        if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
        signal("SIGKILL")
        await exited(child)
      }
      await start()
      return {
        port,
        store,
        url: `nats://127.0.0.1:${port}`,
        /** Of the process that runs now. */
        pid: () => child?.pid,
        kill: Effect.promise(kill),
        /** Freezes the process, and waits until it is: connections stay, nobody answers. */
        freeze: Effect.promise(async () => {
          signal("SIGSTOP")
          while (child?.pid !== undefined && !isFrozen(child.pid)) {
            await new Promise((resolve) => setTimeout(resolve, 5))
          }
        }),
        thaw: Effect.sync(() => signal("SIGCONT")),
        start: Effect.promise(start),
      }
    }),
    (server) => Effect.andThen(server.kill, Effect.sync(() => rmSync(server.store, { recursive: true, force: true }))),
  )
