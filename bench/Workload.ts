/**
 * The workload of every market-data benchmark: real quotes and trades, looped, with times that go on.
 *
 * In: the recordings of ARBEDGE_DATA. Out: its ticks as often as wanted, as objects or as a recording file.
 * A tick is a line. Between two loops every series tells a `gap`, as a feed does that starts anew: else the last
 * quotes of one loop would be compared with the first of the next. These gaps are not counted.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { Effect } from "effect"
import * as DetectConfig from "../src/domain/DetectConfig.ts"
import type { Opportunity } from "../src/domain/Opportunity.ts"
import type { Tick } from "../src/domain/Tick.ts"
import * as TickCodec from "../src/domain/TickCodec.ts"
import { probeData } from "../test/support/probes.ts"

const FILES = {
  quotes: "recordings/binance-3venues-btc-20240808-quotes-trades.ndjson.gz",
  books: "recordings/binance-3venues-btc-20240808-books.ndjson.gz",
} as const
const BETWEEN_LOOPS_MS = 1_000

export interface Workload {
  /** One loop. */
  readonly ticks: ReadonlyArray<Tick>
  /** Bytes of a line, line break included, on average. */
  readonly ndjsonBytes: number
  /** Exactly one opportunity stands in each loop under it. */
  readonly config: DetectConfig.DetectConfig
}

/** The fees under which exactly one opportunity stands in the recording. */
const CONFIG = {
  fees: { binance: { taker: "0.001" }, binanceusdm: { taker: "0.0005" }, binancecoinm: { taker: "0.0005" } },
  lots: {},
  staleness: null,
  minNetBps: 0,
  hysteresis: false,
  parity: { "USDT/USD": "1" },
}

export const loadOf = Effect.fnUntraced(function* (recording: keyof typeof FILES): Effect.fn.Return<Workload, unknown> {
  const data = probeData()
  if (!data.available) return yield* Effect.fail(new Error(data.why))
  const text = gunzipSync(readFileSync(join(data.path, FILES[recording])))
  const decoded = text.toString().trimEnd().split("\n").map(TickCodec.fromLine)
  const ticks = decoded.filter((tick): tick is Tick => !TickCodec.isBad(tick))
  const config = yield* DetectConfig.fromUnknown(CONFIG)
  return { ticks, ndjsonBytes: text.length / ticks.length, config }
})

export const load = loadOf("quotes")

/** The ticks of loop `loop`, later by as many recordings; from the second on, after a gap of each series. */
export const shifted = (ticks: ReadonlyArray<Tick>, loop: number): ReadonlyArray<Tick> => {
  const first = ticks[0]?.ingestTime ?? 0
  const shiftMs = loop * ((ticks.at(-1)?.ingestTime ?? 0) - first + BETWEEN_LOOPS_MS)
  const moved = ticks.map((tick): Tick => ({
    ...tick,
    ingestTime: tick.ingestTime + shiftMs,
    venueTime: tick.venueTime === null ? null : tick.venueTime + shiftMs,
  }))
  return loop === 0 ? moved : [...gaps(ticks, first + shiftMs), ...moved]
}

/** One `gap` for each instrument of each venue. */
export const gaps = (ticks: ReadonlyArray<Tick>, ingestTime: number): ReadonlyArray<Tick> => {
  const series = new Map(ticks.map(({ instrument, venue }) => [`${venue}|${instrument}`, { instrument, venue }]))
  return [...series.values()].map(({ instrument, venue }): Tick => (
    { v: 1, venue, instrument, venueTime: null, ingestTime, kind: "gap", reason: "disconnect" }
  ))
}

/** Ticks without the gaps between the loops. */
export const counted = (ticks: ReadonlyArray<Tick>): number => ticks.filter(({ kind }) => kind !== "gap").length

/** Counts what a run found and refuses any but the opportunity that is known to stand in each loop. */
export class Findings {
  found = 0

  take(transitions: ReadonlyArray<Opportunity>): void {
    for (const { checks, legs: [buy, sell], state } of transitions) {
      if (state !== "closed") continue
      if (checks !== 20 || buy?.venue !== "binanceusdm" || sell?.venue !== "binancecoinm") {
        throw new Error(`an opportunity that is not in the recording: ${buy?.venue} ${sell?.venue} ${checks}`)
      }
      this.found++
    }
  }

  expect(loops: number): void {
    if (this.found !== loops) throw new Error(`${this.found} opportunities in ${loops} loops`)
  }
}

/** A recording of `loops` loops in a temporary file, gone with the scope. */
export const recordingOf = (workload: Workload, loops: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "arbedge-bench-"))
      const path = join(folder, "looped.ndjson.gz")
      const lines = Array.from({ length: loops }, (_, loop) => shifted(workload.ticks, loop)).flat()
      writeFileSync(path, gzipSync(lines.map((tick) => `${TickCodec.toLine(tick)}\n`).join("")))
      return { folder, path }
    }),
    ({ folder }) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
  ).pipe(Effect.map(({ path }) => path))
