/** Detection over files: the one real opportunity of the recordings, the controls that hold none, and bad lines. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Book } from "../../src/domain/Book.ts"
import type { DetectConfig } from "../../src/domain/DetectConfig.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import * as TickCodec from "../../src/domain/TickCodec.ts"
import { Recording } from "../../src/layers/Recording.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { detectFile } from "../../src/programs/DetectFile.ts"
import { data, describeWith } from "../support/available.ts"
import { configOf, quote, T0 } from "../support/ticks.ts"

const recording = (name: string) => join(data.path, "recordings", `binance-3venues-btc-20240808-${name}.ndjson.gz`)

const detected = (path: string, config: DetectConfig) =>
  Effect.gen(function* () {
    const found: Array<Opportunity> = []
    const result = yield* detectFile({
      path,
      config,
      onFound: (opportunity) => Effect.sync(() => void found.push(opportunity)),
      onProgress: () => Effect.void,
    })
    return { ...result, opportunities: found }
  }).pipe(Effect.provide(RecordingFiles.layer))

const fees = { binance: { taker: "0.001" }, binanceusdm: { taker: "0.0005" }, binancecoinm: { taker: "0.0005" } }
const withParity = configOf({ fees, parity: { "USDT/USD": "1" } })

describeWith(data, "The quotes recording", () => {
  it.effect("holds exactly one opportunity when a USDT is declared to be a USD", () =>
    Effect.gen(function* () {
      const { bad, opportunities } = yield* detected(recording("quotes-trades"), withParity)
      assert.deepStrictEqual(bad, [])
      const [only, ...more] = opportunities
      assert.isDefined(only)
      assert.deepStrictEqual(more, [])
      assert.deepInclude(only, { state: "closed", checks: 20, asset: "BTC", currency: "USDT", type: "cross_exchange" })
      assert.deepStrictEqual(only.legs.map(({ instrument, side, venue }) => [side, venue, instrument]), [
        ["buy", "binanceusdm", "BTC/USDT:USDT"],
        ["sell", "binancecoinm", "BTC/USD:BTC"],
      ])
      assert.strictEqual(only.firstAt, Date.parse("2024-08-08T23:58:21.069Z"))
      assert.strictEqual(only.lastAt - only.firstAt, 12)
      assert.match(only.size, /^3\.507298/)
      assert.match(only.netProfit ?? "", /^34\.2463/)
      assert.deepInclude(only.legs[1], { contracts: "2163", contractSize: "100" })
      assert.include(only.reasons, "parity USDT/USD = 1 (declared)")
    }))

  it.effect("holds none without the parity: a dollar is not a dollar by its name", () =>
    Effect.gen(function* () {
      const { figures, opportunities } = yield* detected(recording("quotes-trades"), configOf({ fees }))
      assert.deepStrictEqual(opportunities, [])
      assert.isAbove(figures.checks, 0)
    }))
})

describeWith(data, "The books recording", () => {
  it.effect("holds no opportunity, and no book of it is ever crossed or out of sequence", () =>
    Effect.gen(function* () {
      const { figures, opportunities } = yield* detected(recording("books"), withParity)
      assert.deepStrictEqual(opportunities, [])
      assert.deepStrictEqual(figures.refused, {})
    }))

  it.effect("rebuilds the books of spot, USD-M and COIN-M from 3449, 6547 and 26824 deltas", () =>
    Effect.gen(function* () {
      const books = new Map<string, Book>()
      const odd: Array<string> = []
      yield* Recording.use((files) =>
        files.read(recording("books")).pipe(Stream.runForEach(({ ticks }) =>
          Effect.sync(() => {
            for (const tick of ticks) {
              if (tick.kind !== "book") continue
              const book = books.get(tick.venue) ?? new Book()
              books.set(tick.venue, book)
              if (book.apply(tick) === "gap" || book.crossed) odd.push(`${tick.venue} ${tick.ingestTime}`)
            }
          })
        ))
      ).pipe(Effect.provide(RecordingFiles.layer))
      assert.deepStrictEqual(odd, [])
      const applied = [...books].map(([venue, { deltas, state }]) => [venue, deltas, state]).sort()
      assert.deepStrictEqual(applied, [
        ["binance", 3449, "synced"],
        ["binancecoinm", 26824, "synced"],
        ["binanceusdm", 6547, "synced"],
      ])
    }))
})

describe("Detection over a file", () => {
  const crossing = [
    quote("a", "BTC/USDT", T0, ["99", "100"]),
    quote("b", "BTC/USDT", T0 + 1, ["101", "102"]),
    quote("b", "BTC/USDT", T0 + 2, ["103", "104"]),
  ].map(TickCodec.toLine)

  const overLines = (lines: ReadonlyArray<string>, config = configOf()) =>
    Effect.acquireUseRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-detect-"))),
      (folder) => {
        const path = join(folder, "recording")
        writeFileSync(path, lines.join("\n"))
        return detected(path, config)
      },
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
    )

  it.effect("emits what is open at the end of the file, at its best revision", () =>
    Effect.gen(function* () {
      const { opportunities } = yield* overLines(crossing)
      assert.strictEqual(opportunities.length, 1)
      assert.deepInclude(opportunities[0], { checks: 2, netProfit: "3", firstAt: T0 + 1, lastAt: T0 + 2 })
      assert.include(opportunities[0]?.reasons ?? [], "closed: end of data")
    }))

  it.effect("loses nothing but the bad lines themselves, and numbers each", () =>
    Effect.gen(function* () {
      const [first = "", second = "", third = ""] = crossing
      const { bad, figures, opportunities } = yield* overLines([
        "{",
        first,
        '{"v":1}',
        second,
        "",
        `{"__proto__":{},${third.slice(1)}`,
        third.replace('"103"', '"1e400"'),
        third.replace('"103"', '"-103"'),
        third.replace(String(T0 + 2), String(T0 - 1)),
        third.replace('"v":1', '"v":2'),
        third.replace('"quote"', '"tock"'),
        third,
      ])
      assert.deepStrictEqual(bad.map(({ line, reason }) => [line, reason]), [
        [1, "not_json"],
        [3, "missing_field"],
        [6, "forbidden_key"],
        [7, "bad_decimal"],
        [8, "not_positive"],
        [9, "time_backwards"],
        [10, "unknown_version"],
        [11, "unknown_kind"],
      ])
      assert.strictEqual(figures.ticks, 3)
      assert.deepInclude(opportunities[0], { checks: 2, netProfit: "3" })
    }))

  it.effect("leaves out a venue without a fee, and says so", () =>
    Effect.gen(function* () {
      const config = configOf({ fees: { a: { taker: "0" } } })
      const { figures, opportunities } = yield* overLines(crossing, config)
      assert.deepStrictEqual(opportunities, [])
      assert.deepStrictEqual(figures.notes.get("b|BTC/USDT"), ["no_fee"])
      assert.deepStrictEqual(figures.notes.get("a|BTC/USDT"), ["no_lot_limits"])
    }))

  it.effect("counts a crossed quote and never trades on it", () =>
    Effect.gen(function* () {
      const crossed = TickCodec.toLine(quote("b", "BTC/USDT", T0 + 3, ["200", "150"]))
      const { figures, opportunities } = yield* overLines([...crossing, crossed])
      assert.deepStrictEqual(figures.refused, { crossed_book: 1 })
      assert.deepInclude(opportunities[0], { checks: 2, netProfit: "3" })
      assert.include(opportunities[0]?.reasons ?? [], "closed: crossed_book")
    }))
})
