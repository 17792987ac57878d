/**
 * Who holds a data folder. PGlite corrupts its files when two processes open them, so exactly one may.
 *
 * In: a folder. Out: a scoped hold on it, or `folder_taken` naming the holder (pid, host, since when). The lock is a
 * file made whole by `link`, so it is never half written. It is given back when the scope closes; after kill -9 the next
 * opener sees that its process is gone (same host), or that its heartbeat stopped 15 s ago (another host or container),
 * and takes over, one opener at a time. Ages are compared by the file system's own times, not by anybody's clock.
 */
import { Clock, DateTime, Deferred, Effect, Option, Predicate, Schema, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs/promises"
import { hostname } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { StoreError } from "../Store.ts"

const operation = "Pglite.lock"
const heartbeatMs = 3_000
const staleMs = 15_000

/** The lock file's content. `incarnation` tells a process from a later one with the same pid. */
const Holder = Schema.Struct({
  pid: Schema.Int,
  host: Schema.String,
  startedAt: Schema.String,
  incarnation: Schema.String,
  token: Schema.String,
})
type Holder = typeof Holder.Type
const HolderJson = Schema.fromJsonString(Holder)

/** Tokens this process holds now: a lock with our pid and none of them is a former life's. */
const heldHere = new Set<string>()

const hasCode = (cause: unknown, code: string): boolean => Predicate.hasProperty(cause, "code") && cause.code === code

const io = <A>(what: string, run: () => Promise<A>): Effect.Effect<A, StoreError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => new StoreError({ operation, reason: "rejected", detail: `${what}: ${String(cause)}` }),
  })

/** True if it did, false if `code` says that it could not. */
const attempt = (what: string, code: string, run: () => Promise<unknown>): Effect.Effect<boolean, StoreError> =>
  io(what, () => run().then(() => true, (cause) => hasCode(cause, code) ? false : Promise.reject(cause)))

/** When the kernel started the process, in its own ticks since a boot; "unknown" where /proc does not say. */
const incarnationOf = (pid: number): Effect.Effect<string> =>
  Effect.promise(() =>
    Promise.all([fs.readFile(`/proc/${pid}/stat`, "utf8"), fs.readFile("/proc/sys/kernel/random/boot_id", "utf8")])
      .then(([stat, boot]) => `${boot.trim()}:${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`)
      .catch(() => "unknown")
  )

const processExists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return !hasCode(cause, "ESRCH")
  }
}

const readHolder = (path: string): Effect.Effect<Option.Option<Holder>, StoreError> =>
  io(
    `reading ${path}`,
    () => fs.readFile(path, "utf8").catch((cause) => hasCode(cause, "ENOENT") ? "" : Promise.reject(cause)),
  ).pipe(
    Effect.flatMap((text) => Effect.option(Schema.decodeEffect(HolderJson)(text))),
  )

/** Milliseconds since the last heartbeat, both ends measured by the file system; infinite if the file is gone. */
const silenceMs = (path: string, probe: string): Effect.Effect<number, StoreError> =>
  io(`comparing the age of ${path}`, async () => {
    const [lock, now] = await Promise.all([fs.stat(path).catch(() => undefined), fs.stat(probe)])
    return lock === undefined ? Infinity : now.mtimeMs - lock.mtimeMs
  })

const isAlive = Effect.fnUntraced(function* (holder: Holder, path: string, probe: string) {
  if (holder.host !== hostname()) return (yield* silenceMs(path, probe)) < staleMs
  if (holder.pid === process.pid) return heldHere.has(holder.token)
  if (!processExists(holder.pid)) return false
  const incarnation = yield* incarnationOf(holder.pid)
  return incarnation === "unknown" || holder.incarnation === "unknown" || incarnation === holder.incarnation
})

/** For people. */
const nameOf = ({ host, pid, startedAt }: Holder): string => `process ${pid} on ${host} since ${startedAt}`

/** Who holds the folder now; none: nobody who lives. `probe` is a file just written on the same file system. */
export const holderOf = Effect.fnUntraced(
  function* (folder: string, probe: string): Effect.fn.Return<Option.Option<string>, StoreError> {
    const path = join(folder, "lock.json")
    const holder = yield* readHolder(path)
    const lives = Option.isSome(holder) && (yield* isAlive(holder.value, path, probe))
    return lives ? Option.map(holder, nameOf) : Option.none()
  },
)

const taken = (folder: string, holder: Option.Option<Holder>): StoreError =>
  new StoreError({
    operation,
    reason: "folder_taken",
    detail: Option.match(holder, {
      onNone: () => `${folder} is being opened by another process`,
      onSome: (one) => `${folder} is held by ${nameOf(one)}; stop it, or talk to it instead`,
    }),
  })

/** Removes a dead holder's lock. Openers that see it at once go through `gate` one by one and look again inside. */
const removeStale = Effect.fnUntraced(function* (path: string, mine: string, folder: string) {
  const gate = `${path}.takeover`
  if (!(yield* attempt(`linking ${gate}`, "EEXIST", () => fs.link(mine, gate)))) {
    if ((yield* silenceMs(gate, mine)) > staleMs) yield* io(`removing ${gate}`, () => fs.rm(gate, { force: true }))
    return yield* taken(folder, Option.none())
  }
  yield* Effect.gen(function* () {
    const holder = yield* readHolder(path)
    if (Option.isSome(holder) && (yield* isAlive(holder.value, path, mine))) return yield* taken(folder, holder)
    yield* io(`removing ${path}`, () => fs.rm(path, { force: true }))
  }).pipe(Effect.ensuring(Effect.promise(() => fs.rm(gate, { force: true }))))
})

const acquire = Effect.fnUntraced(function* (folder: string, path: string, holder: Holder) {
  const mine = `${path}.${holder.token}`
  yield* io(`writing ${mine}`, () => fs.writeFile(mine, Schema.encodeSync(HolderJson)(holder), { flag: "wx" }))
  const link = attempt(`linking ${path}`, "EEXIST", () => fs.link(mine, path))
  // Before the lock can be seen: another opener here would take it for a former life's.
  heldHere.add(holder.token)
  yield* Effect.gen(function* () {
    if (yield* link) return
    const current = yield* readHolder(path)
    if (Option.isSome(current) && (yield* isAlive(current.value, path, mine))) return yield* taken(folder, current)
    yield* removeStale(path, mine, folder)
    if (!(yield* link)) return yield* taken(folder, yield* readHolder(path))
    yield* Effect.logWarning(`Took over ${folder}: its former holder is gone`)
  }).pipe(
    Effect.onError(() => Effect.sync(() => heldHere.delete(holder.token))),
    Effect.ensuring(Effect.promise(() => fs.rm(mine, { force: true }))),
  )
})

/** Shows that we live. If another host took the lock while we were stalled, `lost` says so and beating ends. */
const beat = (path: string, token: string, lost: Deferred.Deferred<void>): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* Effect.sleep(heartbeatMs)
    const holder = yield* readHolder(path)
    if (Option.isNone(holder) || holder.value.token !== token) {
      heldHere.delete(token)
      yield* Effect.logError(`Another process took ${path}; closing the store`)
      yield* Deferred.succeed(lost, undefined)
      return yield* Effect.interrupt
    }
    const { currentTimeMillis } = yield* Clock.Clock
    const at = new Date(yield* currentTimeMillis)
    yield* io(`touching ${path}`, () => fs.utimes(path, at, at))
  }).pipe(Effect.catchTag("StoreError", (error) => Effect.logWarning(error.message)), Effect.forever)

/**
 * Holds `folder` until the scope closes, making it if need be. `lost` succeeds if the hold is lost, which can only happen to
 * a process that stood still for 15 s while another host wanted the folder.
 */
export const holdFolder = Effect.fn("Pglite.lock")(
  function* (folder: string, lost: Deferred.Deferred<void>): Effect.fn.Return<void, StoreError, Scope.Scope> {
    const path = join(folder, "lock.json")
    yield* io(`making ${folder}`, () => fs.mkdir(folder, { recursive: true }))
    const holder: Holder = {
      pid: process.pid,
      host: hostname(),
      startedAt: DateTime.formatIso(yield* DateTime.now),
      incarnation: yield* incarnationOf(process.pid),
      token: randomUUID(),
    }
    yield* Effect.acquireRelease(acquire(folder, path, holder), () =>
      Effect.promise(async () => {
        if (heldHere.delete(holder.token)) await fs.rm(path, { force: true })
      }))
    yield* Effect.forkScoped(beat(path, holder.token, lost))
  },
  // Whose process lives is a fact of the outside world: never a virtual clock's.
  Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
)
