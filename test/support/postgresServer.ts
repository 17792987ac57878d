/**
 * A Postgres of a test's own, on a free port with its own data, that can be crashed and started again.
 *
 * In: nothing. Out: its URL, `crash` (immediate shutdown: every session is cut, nothing is flushed) and `start` (returns
 * when it answers). The scope's end stops it and removes its data. Postgres refuses to run as root: root hands it to the
 * user `postgres`.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import type { Dependency } from "./probes.ts"

const versions = "/usr/lib/postgresql"

/** The newest installation's programs; on other systems those of the PATH. */
const bin = existsSync(versions)
  ? join(versions, readdirSync(versions).toSorted((a, b) => Number(b) - Number(a))[0] ?? "", "bin")
  : ""

const isRoot = process.getuid?.() === 0

const command = (program: string, args: ReadonlyArray<string>): readonly [string, ReadonlyArray<string>] => {
  const path = bin === "" ? program : join(bin, program)
  return isRoot ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, ...args]] : [path, args]
}

const runs = (program: string): boolean => {
  const [path, args] = command(program, ["--version"])
  return spawnSync(path, args).status === 0
}

/** Whether such a server can be spawned here at all. */
export const postgresPrograms: Dependency = runs("initdb") && runs("postgres")
  ? { name: "Postgres programs", available: true, why: "" }
  : { name: "Postgres programs", available: false, why: "no initdb and postgres to spawn; install Postgres" }

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    // Below the range the kernel gives to clients: a port there could be taken while the server is down.
    const port = randomInt(20_000, 30_000)
    const server = createServer()
    server.once("error", () => resolve(freePort()))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(port)))
  })

/** A server that is still recovering accepts connections, but no sessions: ask it properly. */
const answers = (port: number): boolean => {
  const [path, args] = command("pg_isready", ["-q", "-h", "127.0.0.1", "-p", String(port)])
  return spawnSync(path, args).status === 0
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export interface OwnPostgres {
  readonly url: string
  readonly crash: Effect.Effect<void>
  readonly start: Effect.Effect<void>
}

const make = async () => {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), "arbedge-postgres-"))
  if (isRoot) {
    const uid = Number(spawnSync("id", ["-u", "postgres"]).stdout.toString())
    const gid = Number(spawnSync("id", ["-g", "postgres"]).stdout.toString())
    chownSync(folder, uid, gid)
  }
  const data = join(folder, "data")
  const [initdb, initdbArgs] = command("initdb", ["-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"])
  const made = spawnSync(initdb, initdbArgs, { cwd: folder })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`)

  let child: ChildProcess | undefined
  const start = async () => {
    const [postgres, args] = command("postgres", ["-D", data, "-p", String(port), "-k", folder, "-h", "127.0.0.1"])
    child = spawn(postgres, args, { cwd: folder, stdio: "ignore" })
    while (!answers(port)) await pause(50)
  }
  const crash = async () => {
    const dying = child
    if (dying === undefined || dying.exitCode !== null) return
    const gone = new Promise<void>((resolve) => dying.once("exit", () => resolve()))
    dying.kill("SIGQUIT")
    await gone
  }
  await start()
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, start, crash, folder }
}

export const ownPostgres = Effect.acquireRelease(
  Effect.promise(make),
  ({ crash, folder }) => Effect.promise(() => crash().then(() => rmSync(folder, { recursive: true, force: true }))),
).pipe(
  Effect.map(({ url, start, crash }): OwnPostgres => ({
    url,
    start: Effect.promise(start),
    crash: Effect.promise(crash),
  })),
)
