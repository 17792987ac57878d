/** Recordings in files: gzip by content, lines cut anywhere, huge lines, and files that cannot be read or finished. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Tick } from "../../../src/domain/Tick.ts"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import { type BadLine, Recording, type Rotation } from "../../../src/layers/Recording.ts"
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

const writeAll = Effect.fnUntraced(function* (
  path: string,
  batches: Stream.Stream<ReadonlyArray<string>>,
  rotation?: Rotation,
) {
  return yield* Recording.use((files) => files.write(path, batches, rotation))
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

  it.effect("says whether a file is missing or no file", () =>
    Effect.gen(function* () {
      const at = yield* folder
      mkdirSync(join(at, "folder"))
      const reason = (name: string) => Effect.map(Effect.flip(readAll(join(at, name))), (error) => error.reason)
      assert.strictEqual(yield* reason("nowhere"), "not_found")
      assert.strictEqual(yield* reason("folder"), "not_readable")
    }))

  it.effect("that was cut anywhere gives what is whole, and says that it was cut", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r")
      const ticks = some(500), packed = gzipSync(textOf(ticks)), plain = Buffer.from(textOf(ticks))
      for (const cut of [plain.subarray(0, -30), ...[4, 40, 3_000].map((less) => packed.subarray(0, -less))]) {
        writeFileSync(path, cut)
        const read = yield* readAll(path)
        assert.deepStrictEqual(read.ticks, ticks.slice(0, read.ticks.length))
        assert.isAbove(read.ticks.length, 0)
        assert.deepStrictEqual(read.bad.map(({ reason }) => reason), ["not_json"])
        assert.include(read.bad[0]?.detail, `the file was cut: it is read up to line ${read.ticks.length}`)
      }
    }))

  it.effect("of several gzip members, as they come from joined parts, is whole", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r")
      const ticks = some(500)
      writeFileSync(path, Buffer.concat([ticks.slice(0, 200), ticks.slice(200)].map((part) => gzipSync(textOf(part)))))
      const read = yield* readAll(path)
      assert.deepStrictEqual(read.ticks, ticks)
      assert.deepStrictEqual(read.bad, [])
    }))
})

describe("Writing a recording", () => {
  it.effect("puts down whole lines, gzipped where the name ends in .gz, and says how many", () =>
    Effect.gen(function* () {
      const at = yield* folder
      const lines = Stream.make(["a", "b"], [], ["c"])
      const plain = join(at, "r.ndjson")
      assert.deepStrictEqual(yield* writeAll(plain, lines), { lines: 3, files: [{ path: plain, lines: 3 }] })
      assert.strictEqual(readFileSync(join(at, "r.ndjson"), "utf8"), "a\nb\nc\n")
      assert.strictEqual((yield* writeAll(join(at, "r.ndjson.gz"), lines)).lines, 3)
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

  it.effect("begins a new part when one is full or old enough, and none is empty", () =>
    Effect.gen(function* () {
      const at = yield* folder
      const inParts = (name: string, batches: Stream.Stream<ReadonlyArray<string>>, rotation: Rotation) =>
        Effect.map(writeAll(join(at, name), batches, rotation), ({ files }) =>
          files.map(({ path }) => [path.slice(at.length + 1), readFileSync(path, "utf8")]))
      // A stream's bytes are counted once they are in the file.
      const slowly = Stream.make(["aa"], ["bb"], ["cc"]).pipe(
        Stream.mapEffect((lines) =>
          Effect.as(Effect.promise(() => new Promise((done) => setTimeout(done, 20))), lines)
        ),
      )
      assert.deepStrictEqual(yield* inParts("day.ndjson", slowly, { bytes: 3, everyMs: Infinity }), [
        ["day-0001.ndjson", "aa\n"],
        ["day-0002.ndjson", "bb\n"],
        ["day-0003.ndjson", "cc\n"],
      ])
      const hourly = Stream.make(["aa"], ["bb"]).pipe(
        Stream.mapEffect((lines) => Effect.as(TestClock.adjust("40 minutes"), lines)),
        Stream.concat(Stream.make(["cc"])),
      )
      assert.deepStrictEqual(yield* inParts("timed", hourly, { bytes: Infinity, everyMs: 2_400_000 }), [
        ["timed-0001", "aa\n"],
        ["timed-0002", "bb\ncc\n"],
      ])
    }))

  it.effect("that is killed leaves a part that can be read up to what was flushed", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "r.ndjson.gz"), copy = `${path}.killed`
      const ticks = some(300)
      // What a kill would leave is what stands in the file once the first two batches were flushed.
      const asKilled = Effect.gen(function* () {
        while (!existsSync(`${path}.partial`) || readFileSync(`${path}.partial`).byteLength < 200) {
          yield* Effect.promise(() => new Promise((done) => setImmediate(done)))
        }
        writeFileSync(copy, readFileSync(`${path}.partial`))
      })
      const batches = Stream.make(0, 100, 200).pipe(Stream.mapEffect((from) =>
        Effect.as(
          Effect.andThen(TestClock.adjust("2 seconds"), from === 200 ? asKilled : Effect.void),
          ticks.slice(from, from + 100).map(TickCodec.toLine),
        )
      ))
      yield* writeAll(path, batches)
      assert.isTrue(existsSync(path))
      const read = yield* readAll(copy)
      assert.isAtLeast(read.ticks.length, 100)
      assert.deepStrictEqual(read.ticks, ticks.slice(0, read.ticks.length))
      assert.include(read.bad[0]?.detail, "the file was cut")
    }))

  it.effect("fails with the path where it may not write", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "no", "such", "folder")
      const error = yield* Effect.flip(writeAll(path, Stream.make(["a"])))
      assert.deepInclude({ ...error }, { reason: "not_found", path })
    }))
})
