/**
 * The archive in a folder.
 *
 * In: the folder's path. Out: the ArchiveStore port over node:fs. Promises: what is written goes to `.incoming` of the
 * same folder, is synced, and takes its name by a rename, which is synced too; what a kill leaves in `.incoming` is
 * swept after an hour. The folder is made by the first write, not by looking; a folder in it goes with its last file.
 */
import { randomUUID } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises"
import { dirname, join, resolve, sep } from "node:path"
import { pipeline } from "node:stream/promises"
import { Clock, Effect, Layer, Stream } from "effect"
import { type ArchiveReason, ArchiveStore, ArchiveStoreError, type StoredFile } from "../ArchiveStore.ts"

const INCOMING = ".incoming"
const STALE_MS = 3_600_000

const REASONS: Readonly<Record<string, ArchiveReason>> = {
  ENOENT: "not_found",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  ENOSPC: "no_room",
  EDQUOT: "no_room",
  ENOTDIR: "rejected",
  EISDIR: "rejected",
  ENAMETOOLONG: "rejected",
}

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""

const attempt = <A>(operation: ArchiveStoreError["operation"], key: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new ArchiveStoreError({
        reason: REASONS[codeOf(cause)] ?? "io",
        operation,
        key,
        detail: cause instanceof Error ? cause.message : String(cause),
      }),
  })

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Names of a folder in the order of the keys that they lead to; a folder that is not there holds nothing. */
const entriesOf = async (path: string) => {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    const named = entries.filter(({ name }) => !name.startsWith(".")).map((entry) => ({
      name: entry.isDirectory() ? `${entry.name}/` : entry.name,
      isFolder: entry.isDirectory(),
    }))
    return named.sort((a, b) => a.name < b.name ? -1 : 1)
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return []
    throw cause
  }
}

/** Everything under a folder whose key begins with `prefix`, folder by folder. */
async function* walk(root: string, folder: string, prefix: string): AsyncGenerator<ReadonlyArray<StoredFile>> {
  let files: Array<StoredFile> = []
  for (const { isFolder, name } of await entriesOf(join(root, folder))) {
    const key = `${folder}${name}`
    if (isFolder) {
      if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue
      if (files.length > 0) yield files
      files = []
      yield* walk(root, key, prefix)
    } else if (key.startsWith(prefix)) {
      const bytes = await sizeOf(join(root, key))
      if (bytes !== null) files.push({ key, bytes })
    }
  }
  if (files.length > 0) yield files
}

/** Null: it went while we looked. */
const sizeOf = async (path: string): Promise<number | null> => {
  try {
    return (await stat(path)).size
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return null
    throw cause
  }
}

/** Why a folder stays: something is in it, or comes at this moment. */
const STAYS: ReadonlySet<string> = new Set(["ENOTEMPTY", "EEXIST", "ENOENT"])

/** Removes the folder and those above it, up to `root`, as far as nothing is in them. */
const removeEmpty = async (root: string, path: string): Promise<void> => {
  for (let folder = path; folder.startsWith(`${root}${sep}`); folder = dirname(folder)) {
    try {
      await rmdir(folder)
    } catch (cause) {
      if (STAYS.has(codeOf(cause))) return
      throw cause
    }
  }
}

const sweep = async (incoming: string, nowMs: number): Promise<void> => {
  for (const { name } of await entriesOf(incoming)) {
    const path = join(incoming, name)
    if (nowMs - (await stat(path)).mtimeMs > STALE_MS) await rm(path, { force: true })
  }
}

const make = Effect.fnUntraced(function* (path: string) {
  const root = resolve(path), incoming = join(root, INCOMING)
  // Another process may sweep too; what is left is swept next time.
  const nowMs = yield* Clock.currentTimeMillis
  yield* Effect.ignore(Effect.tryPromise(() => sweep(incoming, nowMs)))

  /** What `write` leaves at the path it is given takes its name at once. */
  const place = async (key: string, write: (partial: string) => Promise<void>): Promise<void> => {
    const partial = join(incoming, randomUUID()), target = join(root, key)
    await mkdir(incoming, { recursive: true })
    try {
      await write(partial)
      // As late as can be: the last file of that folder may be removed meanwhile, and the folder with it.
      await mkdir(dirname(target), { recursive: true })
      await rename(partial, target)
    } catch (cause) {
      await rm(partial, { force: true })
      throw cause
    }
    await syncFolder(dirname(target))
  }

  const store: ArchiveStore["Service"] = {
    where: root,
    list: (prefix) =>
      Stream.fromAsyncIterable(walk(root, "", prefix), (cause) =>
        new ArchiveStoreError({
          reason: REASONS[codeOf(cause)] ?? "io",
          operation: "list",
          key: prefix,
          detail: cause instanceof Error ? cause.message : String(cause),
        })),
    read: (key, range) =>
      attempt("read", key, async () => {
        if (range === undefined) return await readFile(join(root, key))
        const file = await open(join(root, key), "r")
        try {
          const into = new Uint8Array(range.length)
          let filled = 0
          while (filled < range.length) {
            const { bytesRead } = await file.read(into, filled, range.length - filled, range.offset + filled)
            if (bytesRead === 0) break
            filled += bytesRead
          }
          return into.subarray(0, filled)
        } finally {
          await file.close()
        }
      }),
    put: (key, data) =>
      attempt("put", key, () =>
        place(key, async (partial) => {
          const file = await open(partial, "wx")
          try {
            await file.writeFile(data)
            await file.sync()
          } finally {
            await file.close()
          }
        })),
    join: (key, sources) =>
      attempt("join", key, () =>
        place(key, async (partial) => {
          for (const source of sources) {
            await pipeline(
              createReadStream(join(root, source.key)),
              createWriteStream(partial, { flags: "a", flush: true }),
            )
          }
        })),
    remove: (key) =>
      attempt("remove", key, async () => {
        const path = join(root, key)
        await rm(path, { force: true })
        await removeEmpty(root, dirname(path))
      }),
  }
  return store
})

export const layer = (path: string): Layer.Layer<ArchiveStore> => Layer.effect(ArchiveStore, make(path))
