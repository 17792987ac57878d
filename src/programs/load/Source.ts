/**
 * The ticks of a load run, at the times the scenario wants them.
 *
 * In: a scenario's source (the simulator, or recordings) and pace, and when the first tick is due. Out: batches of ticks in
 * order, their times those of the run, for as long as the run lasts or the recordings do. Promises: pure but for reading
 * files, so the same scenario gives the same ticks; a tick keeps its distance from its venue's clock whatever the pace.
 */
import { Effect, Option, Schema, Stream } from "effect"
import type { DetectConfig } from "../../domain/DetectConfig.ts"
import type { FeedRequest } from "../../domain/Feed.ts"
import type { Scenario, SimulatorSource } from "../../domain/Scenario.ts"
import { comesAtMs } from "../../domain/ScenarioPace.ts"
import type { Tick } from "../../domain/Tick.ts"
import { Recording, type RecordingError } from "../../layers/Recording.ts"
import { DEFAULT_START_MS, SimulationConfig, type SimulationInput } from "../../simulators/venues/Config.ts"
import * as Simulation from "../../simulators/venues/Simulation.ts"
import * as Markets from "../Markets.ts"

/** Ticks handed on together at most, and how much of the run they may span. */
const BATCH_TICKS = 4_096
const BATCH_MS = 20

/** What a scenario's simulator is configured with. */
const simulationOf = (seed: number, source: typeof SimulatorSource.Type): SimulationInput => ({
  seed,
  venues: source.venues,
  assets: source.assets,
  crossPairs: source.crossPairs,
  kinds: source.kinds,
  depth: source.depth,
  ticksPerSecond: source.ticksPerSecond,
  dislocations: { everyMs: source.dislocationEveryMs, minBps: 20, maxBps: 120, minMs: 200, maxMs: 8_000 },
})

/** The same tick at another time; what it says of the future moves along. */
const movedTo = (tick: Tick, ingestTime: number): Tick => {
  const byMs = ingestTime - tick.ingestTime
  const moved = { ingestTime, venueTime: tick.venueTime === null ? null : tick.venueTime + byMs }
  return tick.kind === "funding" && tick.nextFundingTime !== null
    ? { ...tick, ...moved, nextFundingTime: tick.nextFundingTime + byMs }
    : { ...tick, ...moved }
}

/** Endless. Batches are small in the simulator's own time, so that whoever takes them can wait in between. */
const simulated = (config: SimulationConfig): Stream.Stream<ReadonlyArray<Tick>> =>
  Stream.suspend(() => {
    const simulation = Simulation.begin(config, DEFAULT_START_MS, null)
    const next = Effect.sync(() => {
      const ticks: Array<Tick> = []
      const first = simulation.nextTimeMs() ?? 0
      while (ticks.length < BATCH_TICKS && (simulation.nextTimeMs() ?? Infinity) < first + BATCH_MS) {
        simulation.step(ticks)
      }
      return ticks
    })
    return Stream.fromEffectRepeat(next)
  })

/** Every series anew: what a recording says at its beginning does not follow from its end. */
const breaks = (series: ReadonlyMap<string, Tick>, ingestTime: number): ReadonlyArray<Tick> =>
  [...series.values()].map(({ instrument, venue }) => (
    { v: 1, venue, instrument, venueTime: null, ingestTime, kind: "gap", reason: "disconnect" }
  ))

/** One behind the other, times going on where the one before ended. */
const recorded = (files: ReadonlyArray<string>, repeat: boolean) =>
  Stream.unwrap(Effect.gen(function* () {
    const recording = yield* Recording
    /** What is added to a recording's times, and the time of the tick before. */
    let shiftMs = 0, lastMs: number | null = null
    const series = new Map<string, Tick>()
    const one = (path: string): Stream.Stream<ReadonlyArray<Tick>, RecordingError> =>
      Stream.suspend(() => {
        let isFirst = true
        return recording.read(path).pipe(Stream.map(({ ticks }): ReadonlyArray<Tick> => {
          const [first] = ticks
          if (first === undefined) return []
          const seam = isFirst && lastMs !== null ? breaks(series, lastMs) : []
          if (isFirst && lastMs !== null) shiftMs = lastMs - first.ingestTime
          isFirst = false
          for (const tick of ticks) series.set(`${tick.venue}|${tick.instrument}`, tick)
          const moved = shiftMs === 0 ? ticks : ticks.map((tick) => movedTo(tick, tick.ingestTime + shiftMs))
          lastMs = moved.at(-1)?.ingestTime ?? lastMs
          return [...seam, ...moved]
        }))
      })
    const once = Stream.flatMap(Stream.fromIterable(files), one)
    return repeat ? Stream.forever(once) : once
  }))

/** Where a scenario's ticks come from, ready to be read. */
export interface Market {
  /** For people. */
  readonly what: string
  /** Of the simulator; null: recordings. */
  readonly simulation: SimulationConfig | null
  /** The recordings, as they can be opened from here. */
  readonly files: ReadonlyArray<string>
  /** When the first tick is due, in the run's own time. */
  readonly startMs: number
  /** Of simulated venues: what they charge. */
  readonly config: Option.Option<DetectConfig>
  /** What people may ask prices of; of recordings what their beginning names. */
  readonly requests: ReadonlyArray<FeedRequest>
}

/** The markets that these ticks are of. */
const namedIn = (ticks: ReadonlyArray<Tick>): ReadonlyArray<FeedRequest> =>
  [...new Set(ticks.map(({ venue }) => venue))].map((venue) => ({
    venue,
    instruments: [...new Set(ticks.flatMap((tick) => tick.venue === venue ? [tick.instrument] : []))],
    kinds: [],
    depth: 1,
  }))

const decodeSimulation = Schema.decodeUnknownEffect(SimulationConfig)

/** `resolve` makes a scenario's path one that can be opened. Fails for markets that cannot be simulated. */
export const marketOf = Effect.fnUntraced(function* (
  { seed, source }: Scenario,
  resolve: (path: string) => string,
) {
  if (source.kind === "simulator") {
    const simulation = yield* decodeSimulation(simulationOf(seed, source), { errors: "all" })
    const { config, requests, what } = Markets.simulated(simulationOf(seed, source))
    const market: Market = {
      what,
      simulation,
      files: [],
      startMs: DEFAULT_START_MS,
      config: Option.some(config),
      requests,
    }
    return market
  }
  const files = source.files.map(resolve), recording = yield* Recording
  const first = yield* recording.read(files[0] ?? "").pipe(
    Stream.filter(({ ticks }) => ticks.length > 0),
    Stream.runHead,
  )
  const startMs = Option.match(first, {
    onNone: () => DEFAULT_START_MS,
    onSome: ({ ticks }) => ticks[0]?.ingestTime ?? 0,
  })
  const market: Market = {
    what: `Recorded markets of ${files.join(", ")}`,
    simulation: null,
    files,
    startMs,
    config: Option.none(),
    requests: Option.match(first, { onNone: () => [], onSome: ({ ticks }) => namedIn(ticks) }),
  }
  return market
})

/** Batches in order of `ingestTime`, none at or after the run's end. */
export const ticksOf = (
  { durationMs, pace, source }: Scenario,
  { files, simulation, startMs }: Market,
): Stream.Stream<ReadonlyArray<Tick>, RecordingError, Recording> => {
  let firstMs: number | null = null
  const paced = (ticks: ReadonlyArray<Tick>): ReadonlyArray<Tick> =>
    ticks.map((tick) => {
      firstMs ??= tick.ingestTime
      return movedTo(tick, startMs + comesAtMs(pace, durationMs, tick.ingestTime - firstMs))
    })
  const endMs = startMs + durationMs
  const raw: Stream.Stream<ReadonlyArray<Tick>, RecordingError, Recording> = simulation !== null
    ? simulated(simulation)
    : recorded(files, source.kind === "recordings" && source.repeat)
  return raw.pipe(
    Stream.map(paced),
    Stream.takeWhile((ticks) => (ticks[0]?.ingestTime ?? startMs) < endMs),
    Stream.map((ticks) => ticks.filter(({ ingestTime }) => ingestTime < endMs)),
  )
}
