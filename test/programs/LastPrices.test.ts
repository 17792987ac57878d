/** Last prices: equal to figures computed elsewhere for a day of two venues, and exact at their thresholds. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import type { TickOf } from "../../src/domain/Tick.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { Recording } from "../../src/layers/Recording.ts"
import { LastPrices } from "../../src/programs/LastPrices.ts"
import { data, describeWith } from "../support/available.ts"
import { T0 } from "../support/ticks.ts"

const YEN = "bitflyer-btcbox-btcjpy-20180812-last.ndjson.gz"

const Golden = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Unknown)))

describeWith(data, "The last prices of the yen recording", () => {
  it.effect("equal the golden figures: updates, extremes and how often they were apart", () =>
    Effect.gen(function* () {
      const recordings = join(data.path, "recordings")
      const golden = Schema.decodeUnknownSync(Golden)(readFileSync(join(recordings, "GOLDEN.json"), "utf8"))[YEN]
      const prices = new LastPrices(["10", "20", "30", "50"])
      const recording = yield* Recording
      yield* recording.read(join(recordings, YEN)).pipe(
        Stream.runForEach((batch) => Effect.sync(() => prices.push(batch.ticks))),
      )
      const [row, ...more] = prices.rows()
      assert.deepStrictEqual(more, [])
      if (row === undefined) throw new Error("no pair")
      const { apart, max, min, updates } = row
      const extreme = (of: typeof max) => [Number(of.bps), of.at, Number(of.overPrice), Number(of.price)]
      assert.deepStrictEqual([row.venue, row.over], ["btcbox", "bitflyer"])
      assert.deepStrictEqual(
        {
          updates,
          max_bps_btcbox_over_bitflyer: extreme(max),
          min_bps: extreme(min),
          abs_above_10bps: apart["10"],
          abs_above_20bps: apart["20"],
          abs_above_30bps: apart["30"],
          abs_above_50bps: apart["50"],
        },
        golden,
      )
    }).pipe(Effect.provide(RecordingFiles.layer)))
})

const ticker = (venue: string, last: string, changes: Partial<TickOf<"ticker">> = {}): TickOf<"ticker"> => (
  { v: 1, venue, instrument: "BTC/JPY", venueTime: null, ingestTime: T0, kind: "ticker", last, ...changes }
)

describe("Two last prices", () => {
  it("are apart by more than a threshold strictly, in either direction", () => {
    const prices = new LastPrices(["100"])
    prices.push([
      ticker("a", "1000"),
      ticker("b", "1010"),
      ticker("b", "990"),
      ticker("b", "1010.001"),
      ticker("b", "989.9"),
    ])
    assert.deepInclude(prices.rows()[0], { updates: 4, apart: { "100": 2 } })
  })

  it("keep the first update at an extreme", () => {
    const prices = new LastPrices([])
    prices.push([ticker("a", "100"), ticker("b", "101"), ticker("b", "101", { ingestTime: T0 + 9 })])
    assert.strictEqual(prices.rows()[0]?.max.at, "2024-08-08T23:54:14.000+00:00")
  })

  it("are compared between venues and within an asset alone", () => {
    const prices = new LastPrices([])
    prices.push([
      ticker("a", "1"),
      ticker("a", "2", { instrument: "BTC/USD" }),
      ticker("b", "3", { instrument: "ETH/JPY" }),
    ])
    assert.deepStrictEqual(prices.rows(), [])
  })
})
