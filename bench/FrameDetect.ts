/**
 * frame-detect: bytes of frames in memory -> Frame.decode -> Analysis, in one loop without bus, timers or Effect.
 *
 * Two ways the frames were cut: as ingest cuts them at full rate (64 KB), and from the recording's own times (10 ms,
 * about seven ticks each). Every pass must find the one opportunity of each loop. Control: JSON.parse of the same
 * bytes, line by line, and nothing else. The books recording the same way: an update is a line of it; nothing pays there,
 * and every delta behind the snapshots must have been applied.
 */
import { Effect } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import type { Tick } from "../src/domain/Tick.ts"
import { Analysis } from "../src/streams/Analysis.ts"
import { Framing } from "../src/streams/Framing.ts"
import { type Done, metered } from "./Meter.ts"
import type { Benchmark } from "./Paired.ts"
import { counted, Findings, load, loadOf, shifted, type Workload } from "./Workload.ts"

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

/** Refuses any run that did not find what is known to stand there, or whose books were not kept. */
const analysed = (
  messages: ReadonlyArray<Uint8Array>,
  workload: Workload,
  known: { readonly opportunities: number; readonly checksAtLeast: number },
) => {
  const analysis = new Analysis(workload.config)
  const findings = new Findings()
  for (const [sequence, message] of messages.entries()) {
    const frames = Frame.decode(message)
    if ("_tag" in frames) throw new Error(frames.detail)
    findings.take(analysis.frames(frames, sequence))
  }
  findings.take(analysis.finish())
  findings.expect(known.opportunities)
  const { checks } = analysis.figures
  if (checks < known.checksAtLeast) throw new Error(`${checks} checks: books were not kept`)
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
    return {
      ours: timed(() => analysed(messages, workload, { opportunities: LOOPS, checksAtLeast: 0 })),
      control: timed(() => parsed(messages)),
    }
  }),
})

/** Of one loop of the books recording: its deltas and snapshots, each compared with two other books. */
const BOOK_CHECKS = 36_000

const booksDetect: Benchmark = {
  name: "books-detect",
  about: "frames of order books, as cut at full rate -> opportunities; a tick is a book update",
  control: "JSON.parse of the same bytes",
  compared: "ticksPerCoreS",
  targets: [{ figure: "ticksPerCoreS", atLeast: 200_000 }],
  prepare: Effect.gen(function* () {
    const workload = yield* loadOf("books")
    const ticks = dense(Array.from({ length: LOOPS }, (_, loop) => shifted(workload.ticks, loop)).flat())
    const messages = messagesOf(ticks)
    const wireBytes = messages.reduce((sum, { byteLength }) => sum + byteLength, 0)
    const done: Done = { ticks: counted(ticks), wireBytes }
    const timed = (work: () => void) => metered(Effect.sync(() => (work(), done)), workload)
    return {
      ours: timed(() => analysed(messages, workload, { opportunities: 0, checksAtLeast: LOOPS * BOOK_CHECKS })),
      control: timed(() => parsed(messages)),
    }
  }),
}

export const frameDetect: ReadonlyArray<Benchmark> = [
  booksDetect,
  benchmark("frame-detect", dense, "frames as cut at full rate -> opportunities", [
    { figure: "ticksPerCoreS", atLeast: 1_000_000 },
  ]),
  benchmark("frame-detect-sparse", (ticks) => ticks, "frames as cut from the recording's times -> opportunities", []),
]
