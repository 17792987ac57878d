/**
 * The analysis stands still and goes on: a checkpoint restored at any frame changes no transition, nor do the borders
 * of frames and batches, nor how partitions interleave.
 */
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { type Frame, FrameBuilder } from "../../src/domain/Frame.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { Recording } from "../../src/layers/Recording.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import { Framing } from "../../src/streams/Framing.ts"
import { data, describeWith } from "../support/available.ts"
import { integers } from "../support/generators.ts"
import { marketOf, steps } from "../support/randomMarket.ts"
import { restartedAfter, unbroken } from "../support/restarts.ts"
import { configOf, framesOf } from "../support/ticks.ts"

const configs = [
  configOf({ hysteresis: true, minNetBps: 5, parity: { "USDT/USD": "1" } }),
  configOf({ minNetBps: 5, parity: { "USDT/USD": "1" } }),
  configOf({
    hysteresis: true,
    minNetBps: 5,
    parity: { "USDT/USD": "1" },
    staleness: { maxAgeMs: 2_000, maxSkewMs: 50 },
  }),
]

describe("A checkpoint restored at any frame of a random market", () => {
  for (const [at, config] of configs.entries()) {
    for (const deep of [false, true]) {
      it.prop(
        `changes no transition, with ${deep ? "books" : "quotes"} under configuration ${at + 1}`,
        [steps, integers(0, 60)],
        ([script, where]) => {
          const frames = framesOf(marketOf(script, deep))
          const place = where % (frames.length + 1)
          assert.deepStrictEqual(restartedAfter(config, frames, place), unbroken(config, frames))
        },
        { arbitrary: { runs: 300 } },
      )
    }
  }
})

describe("The borders of frames and batches", () => {
  it.prop("change no transition", [steps, integers(1, 7), integers(1, 5)], ([script, perFrame, perBatch]) => {
    const ticks = marketOf(script, true)
    const config = configOf({ hysteresis: false, minNetBps: 5, parity: { "USDT/USD": "1" } })
    const builder = new FrameBuilder("test.0", 0, "recorded")
    const frames: Array<Frame> = []
    for (const tick of ticks) {
      builder.push(tick)
      if (builder.size >= perFrame) frames.push(builder.take())
    }
    if (builder.size > 0) frames.push(builder.take())
    const analysis = new Analysis(config)
    const out: Array<Opportunity> = []
    for (let at = 0; at < frames.length; at += perBatch) {
      out.push(...analysis.frames(frames.slice(at, at + perBatch), at))
    }
    out.push(...analysis.finish())
    const whole = new FrameBuilder("test.0", 0, "recorded")
    for (const tick of ticks) whole.push(tick)
    assert.deepStrictEqual(out, unbroken(config, [whole.take()]))
  }, { arbitrary: { runs: 200 } })

  it.prop("of partitions that interleave otherwise change no transition within one", [steps, steps], ([one, other]) => {
    const [config = configOf()] = configs
    const eth = marketOf(other, true).map((tick): Tick => ({
      ...tick,
      instrument: tick.instrument.replace("BTC", "ETH"),
    }))
    const [btcFrames, ethFrames] = [framesOf(marketOf(one, true)), framesOf(eth)]
    const alternating = Array.from({ length: Math.max(btcFrames.length, ethFrames.length) }, (_, at) => [
      ...btcFrames.slice(at, at + 1),
      ...ethFrames.slice(at, at + 1),
    ]).flat()
    const of = (transitions: ReadonlyArray<Opportunity>, asset: string) =>
      transitions.filter((transition) => transition.asset === asset)
    const mixed = unbroken(config, alternating)
    assert.deepStrictEqual(of(mixed, "BTC"), unbroken(config, btcFrames))
    assert.deepStrictEqual(of(mixed, "ETH"), unbroken(config, ethFrames))
  })
})

const recorded = (name: string) =>
  Recording.use((files) =>
    files.read(join(data.path, "recordings", `binance-3venues-btc-20240808-${name}.ndjson.gz`)).pipe(
      Stream.runFold(() => new Framing("file.0", "recorded"), (framing, { ticks }) => {
        for (const tick of ticks) framing.push(tick)
        return framing
      }),
    )
  ).pipe(
    Effect.map((framing) => {
      framing.flush()
      return framing.take()
    }),
    Effect.provide(RecordingFiles.layer),
  )

/** Without fees, so that there are openings and closings. */
const busy = (minNetBps: number) =>
  configOf({
    fees: { binance: { taker: "0" }, binanceusdm: { taker: "0" }, binancecoinm: { taker: "0" } },
    parity: { "USDT/USD": "1" },
    minNetBps,
    hysteresis: true,
  })

describeWith(data, "A checkpoint restored in the middle of a recording", () => {
  for (const [name, config] of [["quotes-trades", busy(8)], ["books", busy(5)]] as const) {
    it.effect(`changes no transition of the ${name} recording`, () =>
      Effect.gen(function* () {
        const frames = yield* recorded(name)
        const whole = unbroken(config, frames)
        assert.isAbove(whole.length, 3)
        for (const share of [0.001, 0.5]) {
          const again = restartedAfter(config, frames, Math.floor(frames.length * share))
          assert.deepStrictEqual(again, whole)
        }
      }), 60_000)
  }
})
