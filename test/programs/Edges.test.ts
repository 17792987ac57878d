/** The raw look at a recording: equal to figures computed elsewhere, and exact at its thresholds. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { Recording } from "../../src/layers/Recording.ts"
import { type EdgeRow, Edges } from "../../src/programs/Edges.ts"
import { data, describeWith } from "../support/available.ts"
import { quote, T0 } from "../support/ticks.ts"

const QUOTES = "binance-3venues-btc-20240808-quotes-trades.ndjson.gz"
const THRESHOLDS = ["0", "2", "4", "5", "6", "8", "10"]

const Golden = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Unknown)))

describeWith(data, "The edges of the quotes recording", () => {
  it.effect("equal the golden figures in all six directions", () =>
    Effect.gen(function* () {
      const recordings = join(data.path, "recordings")
      const golden = Schema.decodeUnknownSync(Golden)(readFileSync(join(recordings, "GOLDEN.json"), "utf8"))
      const edges = new Edges(THRESHOLDS)
      const recording = yield* Recording
      yield* recording.read(join(recordings, QUOTES)).pipe(
        Stream.runForEach((batch) => Effect.sync(() => edges.push(batch.ticks))),
      )
      const rows = edges.rows().map(({ asset, buy, sell, ...figures }) => [
        `${asset} buy ${buy} sell ${sell}`,
        figures,
      ])
      assert.strictEqual(rows.length, 6)
      assert.deepStrictEqual(Object.fromEntries(rows), golden[QUOTES])
    }).pipe(Effect.provide(RecordingFiles.layer)))
})

const rowsOf = (thresholds: ReadonlyArray<string>, ticks: Parameters<Edges["push"]>[0]): ReadonlyArray<EdgeRow> => {
  const edges = new Edges(thresholds)
  edges.push(ticks)
  return edges.rows()
}

describe("An edge", () => {
  it("is checked after each quote against the last of every other venue, both ways", () => {
    const rows = rowsOf(["0"], [
      quote("a", "BTC/USDT", T0, ["100", "101"]),
      quote("b", "BTC/USD", T0 + 1, ["102", "103"]),
      quote("a", "BTC/USDT", T0 + 2, ["100", "101"]),
      quote("a", "ETH/USDT", T0 + 3, ["1", "2"]),
    ])
    assert.deepStrictEqual(
      rows.map((row) => [row["buy"], row["sell"], row["checks"], row["max_bps"], row["above_0bps"]]),
      [
        ["a", "b", 2, 99.0099, 2],
        ["b", "a", 2, -291.2621, 0],
      ],
    )
  })

  it("is above a threshold strictly and exactly, where floats cannot tell", () => {
    const at = (bid: string) =>
      rowsOf(["5", "2.5"], [
        quote("a", "BTC/USDT", T0, ["1", "61595"]),
        quote("b", "BTC/USDT", T0, [bid, "99999"]),
      ])[0]
    assert.deepInclude(at("61625.7975"), { above_5bps: 0, "above_2.5bps": 1, max_bps: 5 })
    assert.deepInclude(at("61625.79750000000001"), { above_5bps: 1, episodes_5bps: 1, max_bps: 5 })
  })

  it("counts as one episode while it stays above, and is dated at the first of equal maxima", () => {
    const bids = ["100", "102", "103", "101", "103", "103"]
    const [row] = rowsOf(["150"], [
      quote("a", "BTC/USDT", T0, ["1", "100"]),
      ...bids.map((bid, at) => quote("b", "BTC/USDT", T0 + at, [bid, "999"])),
    ])
    assert.deepInclude(row, { checks: 6, above_150bps: 4, episodes_150bps: 2, max_bps: 300 })
    assert.strictEqual(row?.["at"], new Date(T0 + 2).toISOString().replace("Z", "+00:00"))
  })

  it("never compares two instruments of one venue, and names instruments where a venue has several", () => {
    const rows = rowsOf(["0"], [
      quote("a", "BTC/USDT", T0, ["100", "101"]),
      quote("a", "BTC/USDC", T0, ["100", "101"]),
      quote("b", "BTC/USDT", T0, ["100", "101"]),
    ])
    assert.deepStrictEqual(rows.map((row) => [row["buyInstrument"], row["sellInstrument"]]), [
      ["BTC/USDC", "BTC/USDT"],
      ["BTC/USDT", "BTC/USDT"],
      ["BTC/USDT", "BTC/USDC"],
      ["BTC/USDT", "BTC/USDT"],
    ])
  })
})
