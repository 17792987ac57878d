/** The archive in a folder: the suite, and what a kill in the midst of a write leaves. */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Result, Stream } from "effect"
import * as FolderArchive from "../../../src/layers/archive/FolderArchive.ts"
import { ArchiveStore } from "../../../src/layers/ArchiveStore.ts"
import { archiveStoreSuite } from "../../suites/ArchiveStoreSuite.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-archive-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

archiveStoreSuite(
  "The archive in a folder",
  () => Layer.unwrap(Effect.map(folder, (path) => FolderArchive.layer(path))),
  100_000,
)

describe("The archive in a folder", () => {
  it.live("does not show what a killed write left, and sweeps it after an hour", () =>
    Effect.gen(function* () {
      const path = yield* folder, incoming = join(path, ".incoming")
      mkdirSync(incoming)
      for (const name of ["old", "new"]) writeFileSync(join(incoming, name), "half")
      utimesSync(join(incoming, "old"), 1, 1)
      yield* Effect.gen(function* () {
        const { list } = yield* ArchiveStore
        assert.deepStrictEqual(yield* Stream.runCollect(list("")), [])
      }).pipe(Effect.provide(FolderArchive.layer(path)))
      assert.deepStrictEqual(readdirSync(incoming), ["new"])
    }))

  it.live("is not made by looking", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "none")
      const found = yield* Effect.flatMap(ArchiveStore, ({ list }) => Stream.runCollect(list(""))).pipe(
        Effect.provide(FolderArchive.layer(path)),
      )
      assert.deepStrictEqual([found, existsSync(path)], [[], false])
    }))

  it.live("says what is in the way where the folder is a file, and what to do", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "file")
      writeFileSync(path, "")
      const result = yield* Effect.flatMap(ArchiveStore, ({ put }) => Effect.result(put("k", new Uint8Array(1)))).pipe(
        Effect.provide(FolderArchive.layer(path)),
      )
      assert.isTrue(Result.isFailure(result) && result.failure.reason === "rejected" && result.failure.advice !== "")
    }))
})
