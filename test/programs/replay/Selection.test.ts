/** Parts of recordings: where they begin and end, what is left out, and several files as one. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Result, Stream } from "effect"
import type { Tick } from "../../../src/domain/Tick.ts"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import * as Playlist from "../../../src/programs/replay/Playlist.ts"
import { type Chosen, EVERYTHING, pointOf, Selection } from "../../../src/programs/replay/Selection.ts"
import { book, gap, quote, T0 } from "../../support/ticks.ts"

const at = (ms: number, venue = "a") => quote(venue, "BTC/USDT", T0 + ms, ["1", "2"])
const taken = (chosen: Partial<Chosen>, ticks: ReadonlyArray<Tick>) =>
  new Selection({ ...EVERYTHING, ...chosen }).take(ticks)
const times = (ticks: ReadonlyArray<Tick>) => ticks.map(({ ingestTime }) => ingestTime - T0)

describe("A part of a recording", () => {
  it("is named by offsets from its first tick, or by times", () => {
    const ticks = [at(0), at(1_000), at(1_500), at(3_000)]
    const point = (text: string) => Result.getOrThrow(pointOf(text))
    assert.deepStrictEqual(times(taken({ from: point("1s"), until: point("3s") }, ticks)), [1_000, 1_500])
    assert.deepStrictEqual(times(taken({ from: point(new Date(T0 + 1_500).toISOString()) }, ticks)), [1_500, 3_000])
    assert.deepStrictEqual(times(taken({ until: point(`${T0 + 1_000}`) }, ticks)), [0])
    assert.deepStrictEqual(point("1.5h"), { _tag: "After", ms: 5_400_000 })
    for (const wrong of ["soon", "5", "-3s", "2024-13-99"]) assert.isTrue(Result.isFailure(pointOf(wrong)), wrong)
  })

  it("holds the chosen venues, instruments and kinds, and the gaps of their instruments", () => {
    const other = { ...at(1), instrument: "ETH/USDT" }, broken = gap("a", "BTC/USDT", T0 + 2)
    const ticks = [at(0), at(1, "b"), other, broken, book("a", "BTC/USDT", T0 + 3, {})]
    assert.deepStrictEqual(taken({ venues: ["b"] }, ticks), [at(1, "b")])
    assert.deepStrictEqual(taken({ venues: ["a"], instruments: ["BTC/USDT"], kinds: ["quote"] }, ticks), [
      at(0),
      broken,
    ])
  })

  it("that begins in the middle has every book whole, as it stood there", () => {
    const snapshot = book("a", "BTC/USDT", T0, { bids: [["1", "5"]], asks: [["3", "5"]] }, { seq: 1 })
    const delta = (ms: number, seq: number, bid: string) =>
      book("a", "BTC/USDT", T0 + ms, { bids: [[bid, "1"]] }, { snapshot: false, firstSeq: seq, seq, prevSeq: seq - 1 })
    const played = taken({ from: { _tag: "After", ms: 20 } }, [snapshot, delta(10, 2, "1.5"), delta(20, 3, "2")])
    assert.deepStrictEqual(played, [
      book("a", "BTC/USDT", T0 + 20, { bids: [["1.5", "1"], ["1", "5"]], asks: [["3", "5"]] }, { seq: 2 }),
      delta(20, 3, "2"),
    ])
  })
})

describe("Several recordings", () => {
  const played = Effect.fnUntraced(
    function* (contents: Readonly<Record<string, ReadonlyArray<Tick>>>, chosen: Chosen = EVERYTHING) {
      const files = yield* FileSystem.FileSystem
      const folder = yield* files.makeTempDirectoryScoped({ prefix: "arbedge-playlist-" })
      yield* files.makeDirectory(`${folder}/deep`)
      for (const [name, ticks] of Object.entries(contents)) {
        yield* files.writeFileString(`${folder}/${name}`, ticks.map((tick) => `${TickCodec.toLine(tick)}\n`).join(""))
      }
      const { batches, paths, startMs } = yield* Playlist.open([folder], chosen)
      const all = yield* Stream.runCollect(batches)
      return {
        names: paths.map((path) => path.slice(folder.length + 1)),
        startMs: startMs - T0,
        times: times(all.flatMap(({ ticks }) => ticks)),
        bad: all.flatMap(({ bad }) =>
          bad.map(({ detail, path, reason }) => [path.slice(folder.length + 1), reason, detail])
        ),
        progress: all.map(({ progress }) => progress),
      }
    },
    Effect.scoped,
    Effect.provide([NodeServices.layer, RecordingFiles.layer]),
  )

  it.live("of a folder are played in the order of their first ticks, other files left alone", () =>
    Effect.gen(function* () {
      const { names, progress, startMs, times } = yield* played({
        "b.ndjson": [at(0), at(5)],
        "deep/a.ndjson": [at(10), at(15)],
        "c.ndjson": [at(7)],
        "notes.txt": [],
      })
      assert.deepStrictEqual(names, ["b.ndjson", "c.ndjson", "deep/a.ndjson"])
      assert.deepStrictEqual(times, [0, 5, 7, 10, 15])
      assert.strictEqual(startMs, 0)
      assert.strictEqual(progress.at(-1), 1)
    }))

  it.live("that overlap lose what lies behind, and say so with the file", () =>
    Effect.gen(function* () {
      const { bad, times } = yield* played({ "a.ndjson": [at(0), at(10)], "b.ndjson": [at(5), at(6), at(12)] })
      assert.deepStrictEqual(times, [0, 10, 12])
      assert.deepStrictEqual(bad, [[
        "b.ndjson",
        "time_backwards",
        "2 ticks lie before the end of the file played before",
      ]])
    }))

  it.live("end early where the part ends", () =>
    Effect.gen(function* () {
      const until = { ...EVERYTHING, until: { _tag: "After" as const, ms: 6 } }
      assert.deepStrictEqual((yield* played({ "a.ndjson": [at(0), at(5)], "b.ndjson": [at(6), at(7)] }, until)).times, [
        0,
        5,
      ])
    }))

  it.live("of a folder without any are refused with its path", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(played({ "notes.txt": [] }))
      assert.strictEqual(error._tag === "RecordingError" ? error.reason : error._tag, "not_readable")
    }))
})
