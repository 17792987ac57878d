/**
 * A look at an embedded store's folder for `doctor`: can it be written, and does somebody hold it?
 *
 * In: a folder. Out: a report. Promises: the database is not opened and nothing stays behind; a folder that does not exist
 * is not made.
 */
import { Effect, Option } from "effect"
import { randomUUID } from "node:crypto"
import * as fs from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import type { StoreError } from "../Store.ts"
import { holderOf } from "./FolderLock.ts"

export interface InspectedFolder {
  readonly exists: boolean
  /** Why it cannot be written, or cannot be made; none: it can. */
  readonly obstacle: Option.Option<string>
  /** Who has it open: "process 12 on host since ..."; none: nobody. */
  readonly holder: Option.Option<string>
}

const isThere = (path: string): Promise<boolean> => fs.access(path).then(() => true, () => false)

/** The folder, or the nearest one above it that exists. */
const nearest = async (folder: string): Promise<string> => {
  let path = resolve(folder)
  while (!await isThere(path) && dirname(path) !== path) path = dirname(path)
  return path
}

const said = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause)

export const inspect = Effect.fn("Pglite.inspect")(
  function* (folder: string): Effect.fn.Return<InspectedFolder, StoreError> {
    const exists = yield* Effect.promise(() => isThere(folder))
    const probe = join(yield* Effect.promise(() => nearest(folder)), `.arbedge-probe-${randomUUID()}`)
    const written = yield* Effect.promise(() =>
      fs.writeFile(probe, "", { flag: "wx" }).then(() => Option.none<string>(), (cause) => Option.some(said(cause)))
    )
    if (Option.isSome(written)) return { exists, obstacle: written, holder: Option.none() }
    const holder = exists ? holderOf(folder, probe) : Effect.succeedNone
    return yield* holder.pipe(
      Effect.map((found) => ({ exists, obstacle: Option.none(), holder: found })),
      Effect.ensuring(Effect.promise(() => fs.rm(probe, { force: true }))),
    )
  },
)
