/**
 * frame-detect: bytes of frames in memory -> Frame.decode -> Analysis, in one loop without bus, timers or Effect.
 *
 * Two ways the frames were cut: as ingest cuts them at full rate (64 KB), and from the recording's own times (10 ms,
 * about seven ticks each). Every pass must find the one opportunity of each loop. Control: JSON.parse of the same
 * bytes, line by line, and nothing else.
 */
import { Effect } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import type { Tick } from "../src/domain/Tick.ts"
import { Analysis } from "../src/streams/Analysis.ts"
import { Framing } from "../src/streams/Framing.ts"
import { type Done, metered } from "./Meter.ts"
import type { Benchmark } from "./Paired.ts"
import { counted, Findings, load, shifted, type Workload } from "./Workload.ts"

const LOOPS = 6
const MESSAGE_BYTES = 64 * 1024
/** Full rate: ticks that arrive within one millisecond. */
const TICKS_PER_MS = 500

/** Times as if everything had arrived as fast as ingest takes it. */
const dense = (ticks: ReadonlyArray<Tick>): ReadonlyArray<Tick> => {
  const first = ticks[0]?.ingestTime ?? 0
  return ticks.map((tick, k): Tick => ({ ...tick, ingestTime: first + Math.floor(k / TICKS_PER_MS) }))
}

const messagesOf = (ticks: ReadonlyArray<Tick>): ReadonlyArray<Uint8Array> => {
  const framing = new Framing("bench.0", "recorded")
  for (const tick of ticks) framing.push(tick)
  framing.flush()
  return Frame.pack(framing.take(), MESSAGE_BYTES).map(({ data }) => data)
}

const analysed = (messages: ReadonlyArray<Uint8Array>, workload: Workload) => {
  const analysis = new Analysis(workload.config)
  const findings = new Findings()
  for (const [sequence, message] of messages.entries()) {
    const frames = Frame.decode(message)
    if ("_tag" in frames) throw new Error(frames.detail)
    findings.take(analysis.frames(frames, sequence))
  }
  findings.take(analysis.finish())
  findings.expect(LOOPS)
}

const parsed = (messages: ReadonlyArray<Uint8Array>) => {
  const decoder = new TextDecoder()
  for (const message of messages) for (const line of decoder.decode(message).split("\n")) JSON.parse(line)
}

const benchmark = (
  name: string,
  cut: (ticks: ReadonlyArray<Tick>) => ReadonlyArray<Tick>,
  about: string,
  targets: Benchmark["targets"],
): Benchmark => ({
  name,
  about,
  control: "JSON.parse of the same bytes",
  compared: "ticksPerCoreS",
  targets,
  prepare: Effect.gen(function* () {
    const workload = yield* load
    const ticks = cut(Array.from({ length: LOOPS }, (_, loop) => shifted(workload.ticks, loop)).flat())
    const messages = messagesOf(ticks)
    const done: Done = {
      ticks: counted(ticks),
      wireBytes: messages.reduce((sum, { byteLength }) => sum + byteLength, 0),
    }
    const timed = (work: () => void) => metered(Effect.sync(() => (work(), done)), workload)
    return { ours: timed(() => analysed(messages, workload)), control: timed(() => parsed(messages)) }
  }),
})

export const frameDetect: ReadonlyArray<Benchmark> = [
  benchmark("frame-detect", dense, "frames as cut at full rate -> opportunities", [
    { figure: "ticksPerCoreS", atLeast: 1_000_000 },
  ]),
  benchmark("frame-detect-sparse", (ticks) => ticks, "frames as cut from the recording's times -> opportunities", []),
]
