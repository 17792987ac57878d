/**
 * triangular: one update after the other of 500 spot markets of one simulated venue, through the whole analysis.
 *
 * A frame holds one book update and is decoded beforehand; timed is what the analysis does with it, from the book to the
 * transitions. The markets: USDT and 14 large assets all against one another, 44 smaller ones against USDT and eight of
 * these. Every pass must find the same opportunities, and each of them only while one of its markets is dislocated.
 * Control: the same books kept up to date, and the best prices multiplied round every cycle of the changed market, in
 * floats; no exact price, no transitions.
 */
import process from "node:process"
import { Effect } from "effect"
import { Book } from "../src/domain/Book.ts"
import * as DetectConfig from "../src/domain/DetectConfig.ts"
import * as Frame from "../src/domain/Frame.ts"
import * as Instrument from "../src/domain/Instrument.ts"
import type { Opportunity } from "../src/domain/Opportunity.ts"
import type { Tick, TickOf } from "../src/domain/Tick.ts"
import { configure, DEFAULT_START_MS, type SimulationConfig } from "../src/simulators/venues/Config.ts"
import { type Dislocation, dislocations } from "../src/simulators/venues/Dislocations.ts"
import { simulate } from "../src/simulators/venues/Simulation.ts"
import * as Venues from "../src/simulators/venues/Venues.ts"
import { Analysis } from "../src/streams/Analysis.ts"
import { CycleGraph } from "../src/streams/detectors/CycleGraph.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const VENUE = "binance"
const LARGE = "BTC ETH SOL XRP DOGE ADA AVAX LINK DOT LTC BCH BNB TRX UNI".split(" ")
const SMALL = Array.from({ length: 44 }, (_, at) => `ALT${at + 1}`)
const MARKETS = 500
const CYCLES = 2_000
const BUSY_CYCLES = 10
const BUSY_SHARE = 0.2
const UPDATES = 50_000
const TICKS_PER_S = 5_000
/** An update arrives at most this long after the dislocation it belongs to: latency and jitter of the venue. */
const SLACK_MS = 50

/** Every pair of large assets; each small one against eight of them, the last against seven. */
const crossPairs: ReadonlyArray<string> = [
  ...LARGE.flatMap((base, at) => LARGE.slice(0, at).map((quote) => `${base}/${quote}`)),
  ...SMALL.flatMap((base, at) =>
    Array.from({ length: at === SMALL.length - 1 ? 7 : 8 }, (_, k) => `${base}/${LARGE[(at + k) % LARGE.length]}`)
  ),
]

/** `everyMs`: how long from one dislocation to the next. */
const simulationOf = (everyMs: number): SimulationConfig =>
  configure({
    seed: 1,
    venues: [VENUE],
    assets: [...LARGE, ...SMALL],
    crossPairs,
    kinds: ["book"],
    ticksPerSecond: TICKS_PER_S,
    dislocations: { everyMs },
  })

interface Market {
  readonly instrument: Instrument.Instrument
  readonly book: Book
}

interface World {
  readonly simulation: SimulationConfig
  readonly config: DetectConfig.DetectConfig
  readonly frames: ReadonlyArray<Frame.Frame>
  readonly ticks: ReadonlyArray<TickOf<"book">>
  readonly dislocations: ReadonlyArray<Dislocation>
}

const isBook = (tick: Tick): tick is TickOf<"book"> => tick.kind === "book"

/** A market's cycles by its name, as the control and the census of the world see them. */
const cyclesOf = (simulation: SimulationConfig) => {
  const graph = new CycleGraph<Market>(3, ["USDT"])
  const markets = new Map<string, Market>()
  const cycles = new Map<string, Array<ReturnType<typeof graph.add>[number]>>()
  for (const { instrument: name } of Venues.describe(simulation).instruments) {
    const instrument = Instrument.parse(name)
    if (instrument._tag === "None") continue
    const market = { instrument: instrument.value, book: new Book() }
    markets.set(name, market)
    cycles.set(name, [])
    for (const loop of graph.add(market)) for (const step of loop) cycles.get(step.market.instrument.name)?.push(loop)
  }
  return { markets, cycles }
}

/** The world is as large and as busy as the target says, or nothing is measured. */
const census = (simulation: SimulationConfig, ticks: ReadonlyArray<Tick>): void => {
  const { cycles } = cyclesOf(simulation)
  // Each cycle stands in both directions at each of its three markets.
  const count = [...cycles.values()].reduce((sum, { length }) => sum + length, 0) / 6
  const isBusy = (name: string) => (cycles.get(name)?.length ?? 0) / 2 >= BUSY_CYCLES
  const share = ticks.filter(({ instrument }) => isBusy(instrument)).length / ticks.length
  if (cycles.size !== MARKETS || count < CYCLES || share < BUSY_SHARE) {
    throw new Error(`${cycles.size} markets, ${count} cycles, ${share} of the updates on busy markets`)
  }
}

const worldOf = Effect.fnUntraced(function* (simulation: SimulationConfig) {
  const ticks: Array<TickOf<"book">> = []
  for (const tick of simulate(simulation)) {
    if (isBook(tick)) ticks.push(tick)
    if (ticks.length === UPDATES) break
  }
  census(simulation, ticks)
  const config = yield* DetectConfig.fromUnknown({
    fees: Venues.fees(simulation),
    lots: Venues.lots(simulation),
    detectors: ["triangular"],
  })
  const builder = new Frame.FrameBuilder("bench.0", VENUE, "simulated")
  const frames = ticks.map((tick) => {
    builder.push(tick)
    return builder.take()
  })
  const endMs = (ticks.at(-1)?.ingestTime ?? 0) - DEFAULT_START_MS
  return { simulation, config, frames, ticks, dislocations: dislocations(simulation, endMs) } satisfies World
})

const quantile = (values: Float64Array, share: number): number =>
  values.toSorted()[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN

/** Each update by the wall clock, and by what this process computed: what else the machine does changes that little. */
const timed = (updates: number, work: (at: number) => void): Sample => {
  const wall = new Float64Array(updates), cpu = new Float64Array(updates)
  for (let at = 0; at < updates; at++) {
    const cpuBefore = process.cpuUsage(), before = performance.now()
    work(at)
    wall[at] = (performance.now() - before) * 1_000
    const used = process.cpuUsage(cpuBefore)
    cpu[at] = used.user + used.system
  }
  return {
    p50Micros: quantile(wall, 0.5),
    p99Micros: quantile(wall, 0.99),
    p50CpuMicros: quantile(cpu, 0.5),
    p99CpuMicros: quantile(cpu, 0.99),
    p999CpuMicros: quantile(cpu, 0.999),
    updatesPerCoreS: updates / cpu.reduce((sum, one) => sum + one, 0) * 1e6,
  }
}

/** Whether one of its markets is, or has just been, off what its assets are worth. */
const isExplained = ({ detectedAt, legs }: Opportunity, all: ReadonlyArray<Dislocation>): boolean => {
  const atMs = detectedAt - DEFAULT_START_MS
  return all.some(({ base, endMs, pricedIn, startMs }) =>
    legs.some(({ instrument }) => instrument === `${base}/${pricedIn}`) && atMs >= startMs && atMs <= endMs + SLACK_MS
  )
}

const ours = ({ config, dislocations, frames }: World): Sample => {
  const analysis = new Analysis(config), found: Array<Opportunity> = []
  const sample = timed(frames.length, (at) => {
    const frame = frames[at]
    if (frame !== undefined) found.push(...analysis.frames([frame], at + 1))
  })
  const opened = found.filter(({ revision }) => revision === 1)
  const wrong = opened.find((opportunity) => !isExplained(opportunity, dislocations))
  if (opened.length === 0 || wrong !== undefined) throw new Error(`${opened.length} found; ${wrong?.fingerprint}`)
  return { ...sample, opened: opened.length, checksPerUpdate: analysis.figures.checks / frames.length }
}

const control = ({ simulation, ticks }: World): Sample => {
  const { cycles, markets } = cyclesOf(simulation)
  let above = 0
  const sample = timed(ticks.length, (at) => {
    const tick = ticks[at]
    if (tick === undefined) return
    markets.get(tick.instrument)?.book.apply(tick)
    for (const loop of cycles.get(tick.instrument) ?? []) {
      let gain = 1
      for (const { market: { book }, side } of loop) {
        gain *= (side === "sell" ? book.bids.best ?? 0 : 1 / (book.asks.best ?? Infinity)) * 0.999
      }
      if (gain > 1) above++
    }
  })
  if (above === 0) throw new Error("no cycle ever pays")
  return sample
}

const benchmark = (name: string, about: string, everyMs: number, targets: Benchmark["targets"]): Benchmark => ({
  name,
  about,
  control: "the books, and best prices multiplied in floats round the cycles of the changed market",
  compared: "p99CpuMicros",
  targets,
  prepare: Effect.map(worldOf(simulationOf(everyMs)), (world) => ({
    ours: Effect.sync(() => ours(world)),
    control: Effect.sync(() => control(world)),
  })),
})

export const triangular: ReadonlyArray<Benchmark> = [
  benchmark("triangular", "one book update of 500 markets in 2,000 cycles -> transitions", 4_000, [
    { figure: "p99Micros", atMost: 200 },
    { figure: "p99CpuMicros", atMost: 200 },
  ]),
  benchmark("triangular-torn", "the same, with eight times as many dislocations: about eight at any time", 500, []),
]
