/**
 * The generator: deterministic to the byte, ordered, well-formed, and timed as configured.
 * The golden hashes are the same on Deno and Node because both run this file; a change of them is a change of what
 * every demo, benchmark and load test of a seed has shown so far.
 */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { createHash } from "node:crypto"
import type { FeedRequest } from "../../../src/domain/Feed.ts"
import { isCrossed, Tick } from "../../../src/domain/Tick.ts"
import { configure, DEFAULT_START_MS, type SimulationInput } from "../../../src/simulators/venues/Config.ts"
import { simulate } from "../../../src/simulators/venues/Simulation.ts"

const everything: SimulationInput = {
  seed: 7,
  venues: ["binance", "okx", "kraken", "binanceusdm"],
  kinds: ["quote", "book", "trade", "funding"],
}

const take = (input: SimulationInput, count: number, request: FeedRequest | null = null): ReadonlyArray<Tick> => {
  const ticks: Array<Tick> = []
  for (const tick of simulate(configure(input), request)) {
    ticks.push(tick)
    if (ticks.length === count) break
  }
  return ticks
}

const hash = (ticks: ReadonlyArray<Tick>): string => {
  const sha = createHash("sha256")
  for (const tick of ticks) sha.update(JSON.stringify(tick) + "\n")
  return sha.digest("hex").slice(0, 32)
}

describe("the market simulator's sequence", () => {
  it("is the same to the byte for the same seed, and another one for another seed", () => {
    const first = hash(take(everything, 5_000))
    assert.strictEqual(hash(take(everything, 5_000)), first)
    assert.notStrictEqual(hash(take({ ...everything, seed: 8 }, 5_000)), first)
  })

  it("has the golden bytes on every runtime", () => {
    assert.strictEqual(hash(take({}, 20_000)), "ccfc916b8e22de8e0df99d859acc84d3")
    assert.strictEqual(hash(take(everything, 20_000)), "85ec875d114952cf5b5fa16b05fa2e95")
  })

  it("comes in order of ingestTime, at about the configured rate, and ends with the configured duration", () => {
    const ticks = take({ durationMs: 10_000, ticksPerSecond: 2_000 }, Number.POSITIVE_INFINITY)
    for (const [i, tick] of ticks.entries()) {
      assert.isAtLeast(tick.ingestTime, ticks[i - 1]?.ingestTime ?? DEFAULT_START_MS)
    }
    assert.approximately(ticks.length, 20_000, 1_000)
    assert.isBelow(ticks.at(-1)?.ingestTime ?? 0, DEFAULT_START_MS + 10_000)
  })

  it("holds only ticks that the Schema of ticks admits, of every configured kind", () => {
    const ticks = take(everything, 4_000)
    const isTick = Schema.is(Tick)
    assert.deepStrictEqual(ticks.filter((tick) => !isTick(tick)), [])
    assert.deepStrictEqual([...new Set(ticks.map((tick) => tick.kind))].sort(), ["book", "funding", "quote", "trade"])
    assert.isTrue(ticks.every((tick) => tick.kind !== "funding" || tick.venue === "binanceusdm"))
  })

  it("has no quote whose bid is at or above its ask", () => {
    for (const tick of take({ ...everything, volatilityBps: 50, ticksPerSecond: 50 }, 20_000)) {
      if (tick.kind === "quote") assert.isFalse(isCrossed(tick.bid, tick.ask), JSON.stringify(tick))
    }
  })

  it("shows a reader of one venue and some kinds just that part of the whole", () => {
    const whole = take(everything, 20_000)
    const request: FeedRequest = {
      venue: "okx",
      instruments: ["BTC/USDT", "SOL/USDT"],
      kinds: ["quote", "trade"],
      depth: 10,
    }
    const part = whole.filter((tick) =>
      tick.venue === "okx" && request.instruments.includes(tick.instrument) &&
      (tick.kind === "quote" || tick.kind === "trade")
    )
    assert.isAbove(part.length, 500)
    assert.deepStrictEqual(take(everything, part.length, request), part)
  })

  it("keeps each venue's latency and clock offset as configured", () => {
    const ticks = take({
      venues: ["binance", "okx"],
      venueSettings: {
        binance: { latencyMs: 20, jitterMs: 0, clockOffsetMs: -300 },
        okx: { latencyMs: 100, jitterMs: 50, clockOffsetMs: 1_000 },
      },
    }, 10_000)
    const delays = (venue: string): ReadonlyArray<number> =>
      ticks.flatMap((tick) => tick.venue === venue && tick.venueTime !== null ? [tick.ingestTime - tick.venueTime] : [])
    assert.deepStrictEqual([...new Set(delays("binance"))], [320])
    const okx = delays("okx")
    assert.isAtLeast(Math.min(...okx), -900)
    assert.isAtMost(Math.max(...okx), -850)
    assert.isAbove(Math.max(...okx) - Math.min(...okx), 30)
  })

  it("delivers what one venue sends in the order in which it was sent", () => {
    const last = new Map<string, number>()
    for (const tick of take({ venueSettings: { kraken: { jitterMs: 100 } }, ticksPerSecond: 20_000 }, 20_000)) {
      assert.isAtLeast(tick.venueTime ?? 0, last.get(tick.venue) ?? 0)
      last.set(tick.venue, tick.venueTime ?? 0)
    }
  })

  it("settles funding at the eighth hour and forecasts it in between", () => {
    const beforeSettlement = DEFAULT_START_MS + 28_800_000 - 30_000
    const notices = take({
      venues: ["binanceusdm"],
      assets: ["BTC"],
      kinds: ["quote", "funding"],
      startTimeMs: beforeSettlement,
      durationMs: 60_000,
      ticksPerSecond: 10,
    }, 1_000).filter((tick) => tick.kind === "funding")
    const settled = notices.filter((tick) => !tick.predicted)
    assert.strictEqual(settled.length, 1)
    assert.strictEqual(settled[0]?.nextFundingTime, DEFAULT_START_MS + 2 * 28_800_000)
    assert.isAtLeast(notices.length, 5)
  })
})
