/**
 * The analysis stands still and goes on: a checkpoint restored at any frame changes no transition, nor do the borders
 * of frames and batches, nor how partitions interleave.
 */
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Stream } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import type { DetectConfig } from "../../src/domain/DetectConfig.ts"
import { type Frame, FrameBuilder } from "../../src/domain/Frame.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { Recording } from "../../src/layers/Recording.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { Analysis, AnalysisState } from "../../src/streams/Analysis.ts"
import { Framing } from "../../src/streams/Framing.ts"
import { data, describeWith } from "../support/available.ts"
import { integers } from "../support/generators.ts"
import { book, configOf, framesOf, gap, heartbeat, quote, T0 } from "../support/ticks.ts"

const unbroken = (config: DetectConfig, frames: ReadonlyArray<Frame>): ReadonlyArray<Opportunity> => {
  const analysis = new Analysis(config)
  return [...frames.flatMap((frame, at) => analysis.frames([frame], at + 1)), ...analysis.finish()]
}

const AsJson = Schema.fromJsonString(AnalysisState)

/** Killed after `at` frames; the next process reads its checkpoint, rewinds, and goes on. Sequences count from 1. */
const restartedAfter = (config: DetectConfig, frames: ReadonlyArray<Frame>, at: number): ReadonlyArray<Opportunity> => {
  const first = new Analysis(config)
  const before = frames.slice(0, at).flatMap((frame, n) => first.frames([frame], n + 1))
  const saved = Schema.encodeSync(AsJson)(first.snapshot())
  const state = Schema.decodeSync(AsJson)(saved)
  const second = new Analysis(config)
  second.restore(state)
  for (let sequence = state.rewindTo ?? at + 1; sequence <= at; sequence++) {
    const frame = frames[sequence - 1]
    if (frame !== undefined) second.rewind([frame], sequence)
  }
  second.resume()
  const after = frames.slice(at).flatMap((frame, n) => second.frames([frame], at + n + 1))
  return [...before, ...after, ...second.finish()]
}

/** Random markets: three venues, quotes, numbered and unnumbered books, refreshes, gaps, heartbeats, pauses. */
type Step = readonly [venue: number, kind: number, pause: number, price: number, size: number]
const steps = Arbitrary.array(
  Arbitrary.all([integers(0, 2), integers(0, 19), integers(0, 40), integers(0, 30), integers(0, 3)]),
  { minLength: 5, maxLength: 60 },
)

const marketOf = (script: ReadonlyArray<Step>, deep: boolean): ReadonlyArray<Tick> => {
  let now = T0
  const seqs = new Map<string, number>()
  return script.flatMap(([which, kind, pause, price, size]): ReadonlyArray<Tick> => {
    const venue = "abc"[which] ?? "a", instrument = which === 2 ? "BTC/USD" : "BTC/USDT"
    // Mostly milliseconds; now and then nothing passes at all, or seconds do.
    now += pause < 10 ? 0 : pause < 36 ? pause : pause * 100
    const bid = 10_000 + price, ask = bid + 1 + size
    if (kind === 0) {
      seqs.delete(venue)
      return [gap(venue, instrument, now)]
    }
    if (kind === 1) return [heartbeat(venue, instrument, now)]
    const asQuote = !deep || kind === 2
    if (asQuote) return [quote(venue, instrument, now, [String(bid), String(ask)], { bidSize: String(size), seq: now })]
    const seq = seqs.get(venue)
    const next = (seq ?? 100) + 1
    seqs.set(venue, next)
    const numbers = which === 1 ? {} : { firstSeq: next, seq: next, prevSeq: next - 1 }
    const sides = { bids: [[String(bid), String(size)]], asks: [[String(ask), "1"]] } as const
    // The far side of the old book goes, so that it seldom stays crossed.
    return seq === undefined || kind === 3
      ? [book(venue, instrument, now, sides, { seq: which === 1 ? null : next })]
      : [book(venue, instrument, now, sides, { snapshot: false, ...numbers })]
  })
}

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
