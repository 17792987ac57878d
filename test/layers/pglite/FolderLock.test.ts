/**
 * A data folder has one opener: the second is told who holds it, and the dead hold nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Option, Scope } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { holdFolder } from "../../../src/layers/pglite/FolderLock.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { RateLimits } from "../../../src/layers/RateLimits.ts"
import { day, t0, worldOf } from "../../suites/StoreWorld.ts"

const someFolder = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(join(tmpdir(), "arbedge-lock-"))),
  (folder) => Effect.promise(() => fs.rm(folder, { recursive: true, force: true })),
)

const hold = (folder: string) => Effect.flatMap(Deferred.make<void>(), (lost) => holdFolder(folder, lost))

/** Holds the folder in a scope of its own; the result gives it back. */
const holdOnce = Effect.fnUntraced(function* (folder: string) {
  const scope = yield* Scope.make()
  yield* Scope.provide(hold(folder), scope)
  return Scope.close(scope, Exit.void)
})

const writeLock = (folder: string, changes: Record<string, unknown>, ageMs: number) =>
  Effect.promise(async () => {
    const path = join(folder, "lock.json")
    const holder = {
      pid: process.pid,
      host: hostname(),
      startedAt: "2025-06-15T15:06:40.000Z",
      incarnation: "unknown",
      token: "another",
    }
    await fs.writeFile(path, JSON.stringify({ ...holder, ...changes }))
    const probe = await fs.stat(path)
    await fs.utimes(path, probe.atime, new Date(probe.mtimeMs - ageMs))
  })

const namesIn = (folder: string) => Effect.promise(() => fs.readdir(folder))

/** Starts holder.ts on the folder and waits for its first line. */
const holderProcess = (folder: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly line: string; readonly kill: Effect.Effect<void> }>((resume) => {
      const script = fileURLToPath(new URL("./holder.ts", import.meta.url))
      const child = spawn(process.execPath, [..."Deno" in globalThis ? ["run", "-A"] : [], script, folder], {
        stdio: ["ignore", "pipe", "inherit"],
      })
      const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
      const kill = Effect.promise(() => {
        child.kill("SIGKILL")
        return exited
      })
      let text = ""
      child.stdout.on("data", (chunk) => {
        text += String(chunk)
        const line = text.split("\n").find((candidate) => /^(ready|refused)/.test(candidate))
        if (line !== undefined) resume(Effect.succeed({ line, kill }))
      })
    }),
    ({ kill }) => kill,
  )

describe("the lock of a data folder", () => {
  it.effect("makes the folder, and gives it back when the scope closes", () =>
    Effect.gen(function* () {
      const folder = join(yield* someFolder, "deep", "down")
      const giveBack = yield* holdOnce(folder)
      assert.deepStrictEqual(yield* namesIn(folder), ["lock.json"])
      yield* giveBack
      assert.deepStrictEqual(yield* namesIn(folder), [])
      yield* hold(folder)
    }))

  it.effect("tells a second opener who holds the folder and since when", () =>
    Effect.gen(function* () {
      const folder = yield* someFolder
      yield* hold(folder)
      const error = yield* Effect.flip(hold(folder))
      assert.strictEqual(error.reason, "folder_taken")
      assert.isTrue(error.retryable)
      assert.match(error.detail, new RegExp(`held by process ${process.pid} on ${hostname()} since \\d{4}-`))
    }))

  it.effect("lets one of many simultaneous openers in", () =>
    Effect.gen(function* () {
      const folder = yield* someFolder
      const exits = yield* Effect.all(Array.from({ length: 12 }, () => Effect.exit(hold(folder))), {
        concurrency: "unbounded",
      })
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
    }))

  it.effect("lets one of many take over from a dead process", () =>
    Effect.gen(function* () {
      const folder = yield* someFolder
      yield* writeLock(folder, { pid: 2 ** 22 + 1 }, 0)
      const exits = yield* Effect.all(Array.from({ length: 12 }, () => Effect.exit(hold(folder))), {
        concurrency: "unbounded",
      })
      assert.strictEqual(exits.filter(Exit.isSuccess).length, 1)
      assert.deepStrictEqual(yield* namesIn(folder), ["lock.json"])
    }))

  it.effect("recognises a lock of a former life with the same pid", () =>
    Effect.gen(function* () {
      const folder = yield* someFolder
      yield* writeLock(folder, { pid: process.pid }, 0)
      yield* hold(folder)
    }))

  it.effect("believes a holder on another host while its heartbeat is fresh, and no longer", () =>
    Effect.gen(function* () {
      const folder = yield* someFolder
      yield* writeLock(folder, { host: "elsewhere" }, 5_000)
      const error = yield* Effect.flip(hold(folder))
      assert.include(error.detail, "on elsewhere")
      yield* writeLock(folder, { host: "elsewhere" }, 20_000)
      yield* hold(folder)
    }))

  it.effect("takes a lock file that says nothing readable for nobody's", () =>
    Effect.gen(function* () {
      const folder = yield* someFolder
      yield* Effect.promise(() => fs.writeFile(join(folder, "lock.json"), "{"))
      yield* hold(folder)
    }))

  it.effect("passes over what an opener that died in a take-over left, once it is old", () =>
    Effect.gen(function* () {
      const folder = yield* someFolder
      yield* writeLock(folder, { pid: 2 ** 22 + 1 }, 0)
      const gate = join(folder, "lock.json.takeover")
      yield* Effect.promise(() => fs.writeFile(gate, "{}"))
      assert.include((yield* Effect.flip(hold(folder))).detail, "being opened by another process")
      const old = (yield* Effect.promise(() => fs.stat(gate))).mtimeMs - 20_000
      yield* Effect.promise(() => fs.utimes(gate, new Date(old), new Date(old)))
      yield* Effect.ignore(hold(folder))
      yield* hold(folder)
    }))

  it.effect("refuses a folder it cannot make, and says so", () =>
    Effect.gen(function* () {
      const folder = yield* someFolder
      const file = join(folder, "file")
      yield* Effect.promise(() => fs.writeFile(file, ""))
      const error = yield* Effect.flip(hold(join(file, "below")))
      assert.strictEqual(error.reason, "rejected")
    }))

  it.live(
    "notices that another took the folder from a holder that stood still, and leaves its lock alone",
    () =>
      Effect.gen(function* () {
        const folder = yield* someFolder
        const lost = yield* Deferred.make<void>()
        yield* Effect.scoped(Effect.gen(function* () {
          yield* holdFolder(folder, lost)
          yield* writeLock(folder, { host: "elsewhere" }, 0)
          yield* Effect.timeout(Deferred.await(lost), "10 seconds")
        }))
        assert.deepStrictEqual(yield* namesIn(folder), ["lock.json"])
      }),
    20_000,
  )

  it.live(
    "is refused to another process, survives its holder's kill -9 and keeps what was committed",
    () =>
      Effect.gen(function* () {
        const folder = yield* someFolder
        const first = yield* holderProcess(folder)
        assert.strictEqual(first.line, "ready")
        const second = yield* holderProcess(folder)
        assert.match(second.line, /^refused: .*folder_taken .*held by process/)
        yield* first.kill
        const kept = yield* Effect.flatMap(RateLimits, (limits) => limits.prune(0, t0 + 2 * day)).pipe(
          Effect.provide(worldOf(Pglite.layer({ dataDir: Option.some(folder) })), { local: true }),
        )
        assert.strictEqual(kept, 1)
        assert.notInclude(yield* namesIn(folder), "lock.json")
      }),
    60_000,
  )
})
