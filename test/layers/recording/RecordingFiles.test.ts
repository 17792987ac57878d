/** Recordings in files: gzip by content, lines cut anywhere, huge lines, and files that cannot be read or finished. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { Tick } from "../../../src/domain/Tick.ts"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import { type BadLine, Recording } from "../../../src/layers/Recording.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import { quote, T0 } from "../../support/ticks.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-recording-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)

const readAll = Effect.fnUntraced(function* (path: string) {
  const ticks: Array<Tick> = [], bad: Array<BadLine> = [], progress: Array<number> = []
  yield* Recording.use((files) =>
    files.read(path).pipe(Stream.runForEach((batch) =>
      Effect.sync(() => {
        ticks.push(...batch.ticks)
        bad.push(...batch.bad)
        progress.push(batch.progress)
      })
    ))
  )
  return { ticks, bad, progress }
}, Effect.provide(RecordingFiles.layer))

const writeAll = Effect.fnUntraced(function* (path: string, batches: Stream.Stream<ReadonlyArray<string>>) {
  return yield* Recording.use((files) => files.write(path, batches))
}, Effect.provide(RecordingFiles.layer))

const some = (count: number): ReadonlyArray<Tick> =>
  Array.from({ length: count }, (_, at) => quote("okx", "BTC/USDT", T0 + at, [`${at + 1}.5`, `${at + 2}`]))
const textOf = (ticks: ReadonlyArray<Tick>): string => ticks.map((tick) => `${TickCodec.toLine(tick)}\n`).join("")

describe("Reading a recording", () => {
  it.effect("gives all ticks in file order, plain or gzipped, whatever the file is called", () =>
    Effect.gen(function* () {
      const at = yield* folder
      const ticks = some(4_000)
      writeFileSync(join(at, "plain.gz"), textOf(ticks))
      writeFileSync(join(at, "packed"), gzipSync(textOf(ticks)))
      for (const name of ["plain.gz", "packed"]) {
        const read = yield* readAll(join(at, name))
        assert.deepStrictEqual(read.bad, [])
        assert.deepStrictEqual(read.ticks, ticks)
        assert.deepStrictEqual(read.progress.at(-1), 1)
        assert.deepStrictEqual(read.progress, read.progress.toSorted((a, b) => a - b))
      }
    }))

  it.effect("takes blank lines, carriage returns and a last line without its break", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r")
      const [one = "", two = ""] = some(2).map(TickCodec.toLine)
      writeFileSync(path, `\r\n${one}\r\n\n${two}`)
      assert.deepStrictEqual((yield* readAll(path)).ticks, some(2))
    }))

  it.effect("keeps a character whole that two chunks share", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r")
      const named = { ...quote("okx", "币安人生/USDT", T0, ["1", "2"]) }
      const line = `${TickCodec.toLine(named)}\n`
      const count = Math.ceil((3 * 256 * 1024) / line.length)
      writeFileSync(path, line.repeat(count))
      const { bad, ticks } = yield* readAll(path)
      assert.deepStrictEqual(bad, [])
      assert.strictEqual(ticks.length, count)
      assert.isTrue(ticks.every((tick) => tick.instrument === "币安人生/USDT"))
    }))

  it.effect("refuses a line of more than 8 MB as one bad line and goes on behind it", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r")
      const [one, two] = some(2).map(TickCodec.toLine)
      writeFileSync(path, `${one}\n{"pad":"${"x".repeat(20_000_000)}"}\nnonsense\n${two}\n`)
      const { bad, ticks } = yield* readAll(path)
      assert.deepStrictEqual(bad.map(({ line, reason }) => [line, reason]), [[2, "too_large"], [3, "not_json"]])
      assert.deepStrictEqual(ticks, some(2))
    }))

  it.effect("refuses a tick whose time goes back, and takes equal times in file order", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r")
      const at = (ms: number) => quote("okx", "BTC/USDT", T0 + ms, ["1", "2"])
      writeFileSync(path, textOf([at(5), at(4), at(5), at(6)]))
      const { bad, ticks } = yield* readAll(path)
      assert.deepStrictEqual(bad.map(({ line, reason }) => [line, reason]), [[2, "time_backwards"]])
      assert.deepStrictEqual(ticks, [at(5), at(5), at(6)])
    }))

  it.effect("of an empty file gives nothing", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r")
      writeFileSync(path, "")
      assert.deepStrictEqual((yield* readAll(path)).ticks, [])
    }))

  it.effect("says whether a file is missing, no file, or cut short", () =>
    Effect.gen(function* () {
      const at = yield* folder
      mkdirSync(join(at, "folder"))
      const packed = gzipSync(textOf(some(500)))
      writeFileSync(join(at, "cut"), packed.subarray(0, packed.length - 40))
      const reason = (name: string) => Effect.map(Effect.flip(readAll(join(at, name))), (error) => error.reason)
      assert.strictEqual(yield* reason("nowhere"), "not_found")
      assert.strictEqual(yield* reason("folder"), "not_readable")
      assert.strictEqual(yield* reason("cut"), "corrupt")
    }))
})

describe("Writing a recording", () => {
  it.effect("puts down whole lines, gzipped where the name ends in .gz, and says how many", () =>
    Effect.gen(function* () {
      const at = yield* folder
      const lines = Stream.make(["a", "b"], [], ["c"])
      assert.strictEqual(yield* writeAll(join(at, "r.ndjson"), lines), 3)
      assert.strictEqual(readFileSync(join(at, "r.ndjson"), "utf8"), "a\nb\nc\n")
      assert.strictEqual(yield* writeAll(join(at, "r.ndjson.gz"), lines), 3)
      assert.strictEqual(gunzipSync(readFileSync(join(at, "r.ndjson.gz"))).toString(), "a\nb\nc\n")
    }))

  it.effect("gives the file its name only when it is complete", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r")
      const dying = Stream.concat(Stream.make(["a"]), Stream.fromEffect(Effect.die(new Error("killed"))))
      const exit = yield* Effect.exit(writeAll(path, dying))
      assert.strictEqual(exit._tag, "Failure")
      assert.isFalse(existsSync(path))
    }))

  it.effect("fails with the path where it may not write", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "no", "such", "folder")
      const error = yield* Effect.flip(writeAll(path, Stream.make(["a"])))
      assert.deepInclude({ ...error }, { reason: "not_found", path })
    }))
})
