/** Memory of detection: ten passes of each recording through one analysis leave no more behind than the first did. */
import { join } from "node:path"
import process from "node:process"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { Tick } from "../../src/domain/Tick.ts"
import { Recording } from "../../src/layers/Recording.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import { Framing } from "../../src/streams/Framing.ts"
import { data, describeWith } from "../support/available.ts"
import { configOf } from "../support/ticks.ts"

const PASSES = 10
/** Bytes over eight passes; 1 MB was seen. Who kept every hundredth tick would leave more. */
const MOST_GROWTH = 2_000_000
/** Longer than a recording; and more sequences than it has. */
const LATER_MS = 3_600_000
const LATER_SEQ = 10_000_000_000_000

const later = (pass: number) => (seq: number | null): number | null => seq === null ? null : seq + pass * LATER_SEQ

/** The same market, an hour later. */
const shifted = (tick: Tick, pass: number): Tick => {
  const ingestTime = tick.ingestTime + pass * LATER_MS, seq = later(pass)
  if (tick.kind === "quote") return { ...tick, ingestTime, seq: seq(tick.seq) }
  if (tick.kind !== "book") return { ...tick, ingestTime }
  return { ...tick, ingestTime, seq: seq(tick.seq), firstSeq: seq(tick.firstSeq), prevSeq: seq(tick.prevSeq) }
}

const heapAfterCollection = (): number => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  if (typeof collect === "function") collect()
  return process.memoryUsage().heapUsed
}

const heapsOf = (name: string, taker: string) =>
  Effect.gen(function* () {
    const fees = Object.fromEntries(["binance", "binanceusdm", "binancecoinm"].map((venue) => [venue, { taker }]))
    const analysis = new Analysis(configOf({ fees, staleness: {}, hysteresis: true, parity: { "USDT/USD": "1" } }))
    const framing = new Framing("memory.0", "recorded", { venues: false })
    const recording = yield* Recording, path = join(data.path, "recordings", name)
    const heaps: Array<number> = [], told: Array<number> = []
    for (let pass = 0; pass < PASSES; pass++) {
      let transitions = 0
      yield* Stream.runForEach(recording.read(path), ({ ticks }) =>
        Effect.sync(() => {
          for (const tick of ticks) framing.push(shifted(tick, pass))
          transitions += analysis.frames(framing.take(), 0).length
          analysis.findings()
          analysis.takeSuspicions()
        }))
      told.push(transitions)
      heaps.push(heapAfterCollection())
    }
    return { heaps, told }
  }).pipe(Effect.provide(RecordingFiles.layer))

describeWith(data, "Ten passes through one analysis", () => {
  for (const [name, taker] of [["quotes-trades", "0.0003"], ["books", "0.0003"]] as const) {
    it.live(`of the ${name} recording keep the heap where the second pass left it`, () =>
      Effect.gen(function* () {
        const { heaps, told } = yield* heapsOf(`binance-3venues-btc-20240808-${name}.ndjson.gz`, taker)
        const [, second = 0] = heaps, last = heaps.at(-1) ?? Infinity
        assert.isAtMost(
          last - second,
          MOST_GROWTH,
          `heap after each pass: ${heaps.join(", ")}; told: ${told.join(", ")}`,
        )
        // Each pass was analysed like the first one, and not ignored.
        assert.isAbove(told[PASSES - 1] ?? 0, 0.9 * (told[0] ?? 0) - 1)
      }), 200_000)
  }
})
