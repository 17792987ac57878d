/**
 * The opportunities of the simulator: they are where the schedule says, and some pay after fees.
 */
import { assert, describe, it } from "@effect/vitest"
import type { TickOf } from "../../../src/domain/Tick.ts"
import { configure, DEFAULT_START_MS, type SimulationInput } from "../../../src/simulators/venues/Config.ts"
import { type Dislocation, dislocations } from "../../../src/simulators/venues/Dislocations.ts"
import { simulate } from "../../../src/simulators/venues/Simulation.ts"
import { fees } from "../../../src/simulators/venues/Venues.ts"

interface Edge {
  readonly base: string
  readonly venues: readonly [buy: string, sell: string]
  readonly timeMs: number
  readonly grossBps: number
  readonly netBps: number
}

/** The best edge of each quote against the other venues' last quotes. */
const edgesOf = (input: SimulationInput): ReadonlyArray<Edge> => {
  const config = configure(input)
  const table = fees(config)
  const last = new Map<string, Map<string, TickOf<"quote">>>()
  const edges: Array<Edge> = []
  const edge = (buy: TickOf<"quote">, sell: TickOf<"quote">, timeMs: number): Edge => {
    const ratio = Number(sell.bid) / Number(buy.ask)
    const kept = (1 - Number(table[sell.venue]?.taker)) / (1 + Number(table[buy.venue]?.taker))
    return {
      base: buy.instrument.slice(0, buy.instrument.indexOf("/")),
      venues: [buy.venue, sell.venue],
      timeMs,
      grossBps: (ratio - 1) * 10_000,
      netBps: (ratio * kept - 1) * 10_000,
    }
  }
  for (const tick of simulate(config)) {
    if (tick.kind !== "quote") continue
    const venues = last.get(tick.instrument) ?? new Map<string, TickOf<"quote">>()
    last.set(tick.instrument, venues.set(tick.venue, tick))
    const timeMs = tick.ingestTime - DEFAULT_START_MS
    for (const other of venues.values()) {
      if (other.venue !== tick.venue) edges.push(edge(tick, other, timeMs), edge(other, tick, timeMs))
    }
  }
  return edges
}

const minute: SimulationInput = { seed: 3, durationMs: 60_000, ticksPerSecond: 1_000 }
/** Arrivals lag the schedule by latency, jitter, the venue's lag and the 100 ms in which the market moves. */
const SLACK_MS = 400

const covers = (event: Dislocation, edge: Edge): boolean =>
  event.base === edge.base && edge.timeMs >= event.startMs && edge.timeMs <= event.endMs + SLACK_MS

describe("a simulated dislocation", () => {
  const edges = edgesOf(minute)
  const schedule = dislocations(configure(minute), 60_000)

  it("comes now and then, one at a time on an asset, within the configured bounds", () => {
    assert.isAtLeast(schedule.length, 8)
    for (const [i, event] of schedule.entries()) {
      assert.isAtLeast(Math.abs(event.bps), 20)
      assert.isAtMost(Math.abs(event.bps), 120)
      assert.isAtLeast(event.endMs - event.startMs, 200)
      assert.isAtMost(event.endMs - event.startMs, 8_000)
      const next = schedule.slice(i + 1).find((later) => later.base === event.base)
      assert.isAbove(next?.startMs ?? Number.POSITIVE_INFINITY, event.endMs)
    }
    assert.deepStrictEqual([...new Set(schedule.map((event) => event.kind))].sort(), ["jump", "lag"])
  })

  it("is seen as a gross edge of about its size at its venue", () => {
    for (const event of schedule.filter(({ endMs, startMs }) => endMs < 60_000 && endMs - startMs > 1_000)) {
      const seen = edges.filter((edge) => covers(event, edge) && edge.venues.includes(event.venue))
      const most = Math.max(...seen.map((edge) => edge.grossBps))
      assert.approximately(most, Math.abs(event.bps), 12, JSON.stringify(event))
    }
  })

  it("is the only source of edges that pay after fees, and some do pay", () => {
    const paying = edges.filter((edge) => edge.netBps > 0)
    assert.isAbove(paying.length, 100)
    assert.deepStrictEqual(paying.filter((edge) => !schedule.some((event) => covers(event, edge))), [])
    const paid = schedule.filter((event) => paying.some((edge) => covers(event, edge)))
    assert.isAtLeast(paid.length, 4)
  })

  it("never comes where the configuration wants none, nor with a single venue", () => {
    const none = { ...minute, dislocations: { everyMs: 0 } }
    assert.deepStrictEqual(dislocations(configure(none), 60_000), [])
    assert.isFalse(edgesOf(none).some((edge) => edge.netBps > 0))
    assert.deepStrictEqual(dislocations(configure({ venues: ["okx"] }), 60_000), [])
  })
})
