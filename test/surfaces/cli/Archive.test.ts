/** `arbedge archive` as a person types it, on an archive in a folder: what it prints, and how it ends. */
import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import { archived } from "../../support/archiving.ts"
import { quote, T0 } from "../../support/ticks.ts"
import { arbedge } from "./inProcess.ts"

const ticks = Array.from(
  { length: 50 },
  (_, at) => quote(at % 2 === 0 ? "okx" : "kraken", "BTC/USDT", T0 + at, ["1", "2"]),
)
const lines = ticks.map(TickCodec.toLine)

/** Out: the archive's folder, and a place for other files. */
const folders = Effect.gen(function* () {
  const root = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-cli-archive-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
  )
  const archive = join(root, "archive")
  const { files } = yield* archived(ticks)
  for (const [key, bytes] of files) {
    mkdirSync(join(archive, dirname(key)), { recursive: true })
    writeFileSync(join(archive, key), bytes)
  }
  return { root, archive, keys: [...files.keys()].sort() }
})

const inArchive = (archive: string) => (...args: ReadonlyArray<string>) =>
  arbedge(["archive", ...args], { ARBEDGE_ARCHIVE: archive })

describe("arbedge archive", () => {
  it.live("lists files, by market and span, as a table and as JSON", () =>
    Effect.gen(function* () {
      const { archive, keys } = yield* folders, run = inArchive(archive)
      const all = yield* run("ls")
      assert.strictEqual(all.code, 0)
      for (const key of keys) assert.include(all.stdout, key)
      assert.include(all.stdout, "2 files")
      const okx = JSON.parse((yield* run("ls", "--venues", "okx", "--json")).stdout)
      assert.deepStrictEqual(okx.files.map(({ key }: { readonly key: string }) => key), keys.slice(1))
      assert.include((yield* run("ls", "--since", "2030-01-01")).stdout, "nothing is archived there")
    }))

  it.live("verifies: 0 where it is whole, 3 with the place where it is not", () =>
    Effect.gen(function* () {
      const { archive, keys: [key = ""] } = yield* folders, run = inArchive(archive)
      const whole = yield* run("verify")
      assert.deepStrictEqual([whole.code, whole.stdout], [0, whole.stdout])
      assert.include(whole.stdout, "50 records")
      assert.include(whole.stdout, "whole")
      const path = join(archive, key), bytes = new Uint8Array(readFileSync(path))
      writeFileSync(path, bytes.with(bytes.length - 12, 99))
      const harmed = yield* run("verify")
      assert.strictEqual(harmed.code, 3)
      assert.include(harmed.stdout, key)
      const told = yield* run("verify", "--json")
      assert.strictEqual(told.code, 3)
      assert.deepStrictEqual(JSON.parse(told.stdout).faults.map(({ kind }: { readonly kind: string }) => kind), [
        "changed",
      ])
    }))

  it.live("replays to the output, and into a recording that is not replaced unasked", () =>
    Effect.gen(function* () {
      const { archive, root } = yield* folders, run = inArchive(archive)
      const printed = yield* run("replay")
      assert.deepStrictEqual([printed.code, printed.stdout.split("\n")], [0, lines])
      const out = join(root, "again.ndjson")
      const written = yield* run("replay", "--venues", "okx", "--out", out)
      assert.deepStrictEqual([written.code, written.stdout], [0, `${out}: 25 ticks`])
      assert.deepStrictEqual(
        readFileSync(out, "utf8").trimEnd().split("\n"),
        lines.filter((line) => line.includes('"okx"')),
      )
      const again = yield* run("replay", "--out", out)
      assert.deepStrictEqual([again.code, again.stderr.includes("--overwrite")], [2, true])
    }))

  it.live("tells how to correct what cannot be meant", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [ReadonlyArray<string>, Readonly<Record<string, string>>, string]> = [
        [["ls"], {}, "set ARBEDGE_ARCHIVE"],
        [["ls"], { ARBEDGE_ARCHIVE: "s3://bucket" }, "ARBEDGE_ARCHIVE_KEY_ID"],
        [["ls"], { ARBEDGE_ARCHIVE: "ftp://host" }, "s3://bucket"],
        [["ls", "--since", "yesterday"], { ARBEDGE_ARCHIVE: "x" }, "no time"],
        [["ls", "--since", "2026-01-02", "--until", "2026-01-01"], { ARBEDGE_ARCHIVE: "x" }, "--until is not after"],
        [["ls", "--instruments", "BTC"], { ARBEDGE_ARCHIVE: "x" }, "no instrument"],
        [["verify", "--kinds", "cats"], { ARBEDGE_ARCHIVE: "x" }, "is not archived"],
        [["replay", "--to", "bus"], { ARBEDGE_ARCHIVE: "x" }, "ARBEDGE_NATS_URL"],
      ]
      for (const [args, environment, told] of cases) {
        const { code, stderr } = yield* arbedge(["archive", ...args], environment)
        assert.deepStrictEqual([code, stderr.includes(told)], [2, true], `${args.join(" ")}: ${stderr}`)
      }
    }))
})
