/** Funding spreads: equal to figures computed elsewhere, and only ever between rates of one kind and interval. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import type { TickOf } from "../../src/domain/Tick.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { Recording } from "../../src/layers/Recording.ts"
import { FundingSpreads } from "../../src/programs/FundingSpreads.ts"
import { data, describeWith } from "../support/available.ts"
import { T0 } from "../support/ticks.ts"

const RATES = "funding-7venues-btc-eth-2020-2022.ndjson.gz"

const Golden = Schema.fromJsonString(Schema.Struct({
  [RATES]: Schema.Struct({
    cumulative_rate: Schema.Record(Schema.String, Schema.Tuple([Schema.Finite, Schema.Int])),
    instants_compared: Schema.Int,
    "spread_above_0.0005": Schema.Int,
    "spread_above_0.001": Schema.Int,
    top5: Schema.Array(Schema.Tuple([Schema.Finite, Schema.String, Schema.String, Schema.String, Schema.String])),
  }),
}))

describeWith(data, "The spreads of the funding recording", () => {
  it.effect("equal the golden figures: sums, counts and the five greatest", () =>
    Effect.gen(function* () {
      const recordings = join(data.path, "recordings")
      const golden = Schema.decodeUnknownSync(Golden)(readFileSync(join(recordings, "GOLDEN.json"), "utf8"))[RATES]
      const spreads = new FundingSpreads()
      const recording = yield* Recording
      yield* recording.read(join(recordings, RATES)).pipe(
        Stream.runForEach((batch) => Effect.sync(() => spreads.push(batch.ticks))),
      )
      const { above, instants, paid, top } = spreads.report(["0.0005", "0.001"], 5)
      const sums = paid.map(({ instrument, rate, settlements, venue }) => [
        `${venue} ${instrument}`,
        [Number(rate), settlements],
      ])
      assert.strictEqual(spreads.settled, 48_004)
      assert.deepStrictEqual(Object.fromEntries(sums), golden.cumulative_rate)
      assert.strictEqual(instants, golden.instants_compared)
      assert.deepStrictEqual(above, { "0.0005": golden["spread_above_0.0005"], "0.001": golden["spread_above_0.001"] })
      assert.deepStrictEqual(
        top.map(({ at, instrument, long, short, spread }) => [
          Number(spread),
          at,
          instrument,
          `short ${short}`,
          `long ${long}`,
        ]),
        golden.top5.map((row) => [...row]),
      )
    }).pipe(Effect.provide(RecordingFiles.layer)))
})

const settled = (venue: string, rate: string, changes: Partial<TickOf<"funding">> = {}): TickOf<"funding"> => ({
  v: 1,
  venue,
  instrument: "BTC/USDT:USDT",
  venueTime: T0,
  ingestTime: T0 + 7,
  kind: "funding",
  rate,
  intervalMs: 28_800_000,
  nextFundingTime: null,
  predicted: false,
  ...changes,
})

describe("A spread", () => {
  const of = (...ticks: ReadonlyArray<TickOf<"funding">>) => {
    const spreads = new FundingSpreads()
    spreads.push(ticks)
    return spreads.report(["0.0002"], 9)
  }

  it("is the highest rate less the lowest of one instant, strictly above a threshold or not", () => {
    const { above, top } = of(settled("a", "0.0001"), settled("b", "-0.0001"), settled("c", "0.00005"))
    assert.deepStrictEqual(top, [{
      spread: "0.0002",
      at: "2024-08-08T23:54:14.000+00:00",
      instrument: "BTC/USDT:USDT",
      short: "a",
      long: "b",
    }])
    assert.deepStrictEqual(above, { "0.0002": 0 })
  })

  it("is never one between rates of two intervals, nor of a predicted one", () => {
    assert.strictEqual(of(settled("a", "0.1"), settled("b", "0", { intervalMs: 3_600_000 })).instants, 0)
    assert.strictEqual(of(settled("a", "0.1"), settled("b", "0", { predicted: true })).instants, 0)
    assert.strictEqual(of(settled("a", "0.1"), settled("b", "0", { venueTime: T0 + 1 })).instants, 0)
  })

  it("is found by ingest time where the venue gives none", () => {
    const unstamped = { venueTime: null } as const
    assert.strictEqual(of(settled("a", "0.1", unstamped), settled("b", "0", unstamped)).instants, 1)
  })
})
