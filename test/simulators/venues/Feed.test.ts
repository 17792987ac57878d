/**
 * The paced feed under virtual time: the generator's ticks, none early, none lost.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { FeedEvent, FeedRequest } from "../../../src/domain/Feed.ts"
import type { Tick } from "../../../src/domain/Tick.ts"
import { configure } from "../../../src/simulators/venues/Config.ts"
import { feed, live } from "../../../src/simulators/venues/Feed.ts"
import { simulate } from "../../../src/simulators/venues/Simulation.ts"

const request: FeedRequest = {
  venue: "okx",
  instruments: ["BTC/USDT", "ETH/USDT"],
  kinds: ["quote", "book"],
  depth: 10,
}
const config = configure({ startTimeMs: 1_000, durationMs: 5_000, ticksPerSecond: 500, kinds: ["quote", "book"] })

const ticksOf = (events: ReadonlyArray<FeedEvent>): ReadonlyArray<Tick> =>
  events.flatMap((event) => event._tag === "Ticks" ? event.ticks : [])

describe("the paced feed", () => {
  it.effect("gives the generator's ticks, each no earlier than its ingestTime, as the clock moves", () =>
    Effect.gen(function* () {
      const expected = [...simulate(config, request)]
      const seen = yield* Ref.make<ReadonlyArray<FeedEvent>>([])
      yield* Effect.forkScoped(
        Stream.runForEach(feed(request, config), (events) => Ref.update(seen, (before) => [...before, ...events])),
      )
      for (const stepMs of [0, 900, 150, 1, 2_000, 49, 900, 5_000]) {
        yield* TestClock.adjust(stepMs)
        const nowMs = yield* Clock.currentTimeMillis
        assert.deepStrictEqual(
          ticksOf(yield* Ref.get(seen)),
          expected.filter((tick) => tick.ingestTime <= nowMs),
          `at ${nowMs} ms`,
        )
      }
    }))

  it.effect("says first that it is connected and simulated, tells the clock offset, and ends with its duration", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000)
      const fiber = yield* Effect.forkScoped(Stream.runCollect(feed(request, config)))
      yield* TestClock.adjust(6_000)
      const events = (yield* Fiber.join(fiber)).flat()
      assert.deepStrictEqual(events[0], {
        _tag: "State",
        venue: "okx",
        state: "connected",
        detail: "simulated",
        ingestTime: 1_000,
      })
      // okx: 35 to 47 ms under way and a clock 4 ms behind ours look like a clock 39 to 51 ms behind.
      const offsets = events.flatMap((event) => event._tag === "ClockOffset" ? [event.offsetMs] : [])
      assert.isAtLeast(offsets.length, 1)
      assert.isTrue(offsets.every((offset, i) => offset <= -39 && offset >= -52 && offset > (offsets[i - 1] ?? -60)))
    }))

  it.effect("gives one who joins late every book from a snapshot on, and then the same ticks as everyone", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(3_500)
      const fiber = yield* Effect.forkScoped(Stream.runCollect(feed(request, config)))
      yield* TestClock.adjust(5_000)
      const ticks = ticksOf((yield* Fiber.join(fiber)).flat())
      const whole = [...simulate(config, request)].filter((tick) => tick.ingestTime >= 3_500)
      assert.strictEqual(ticks.length, whole.length)
      const replaced = ticks.filter((tick, i) => JSON.stringify(tick) !== JSON.stringify(whole[i]))
      assert.deepStrictEqual(replaced.map((tick) => tick.kind === "book" && tick.snapshot), [true, true])
      for (const instrument of request.instruments) {
        const first = ticks.find((tick) => tick.kind === "book" && tick.instrument === instrument)
        assert.isTrue(first?.kind === "book" && first.snapshot)
      }
    }))

  it.effect("starts at the clock's now where no start is named, and in one world for feeds opened later", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(50_000)
      const open = configure({ durationMs: 2_000 })
      const common = yield* live(open)
      assert.strictEqual(common.startTimeMs, 50_000)
      assert.strictEqual((yield* live(common)).startTimeMs, 50_000)
      const alone = yield* Effect.forkScoped(Stream.runCollect(feed(request, open)))
      yield* TestClock.adjust(1_000)
      const later = yield* Effect.forkScoped(Stream.runCollect(feed(request, common)))
      yield* TestClock.adjust(2_000)
      const all = ticksOf((yield* Fiber.join(alone)).flat())
      assert.deepStrictEqual(all, [...simulate(common, request)])
      assert.deepStrictEqual(
        ticksOf((yield* Fiber.join(later)).flat()),
        all.filter((tick) => tick.ingestTime >= 51_000),
      )
    }))

  it.effect("gives a reader who was away everything late, in bounded batches", () =>
    Effect.gen(function* () {
      const busy = configure({ startTimeMs: 0, durationMs: 1_000, ticksPerSecond: 100_000 })
      const whole = [...simulate(busy, request)]
      const sizes = yield* Ref.make<ReadonlyArray<number>>([])
      yield* Effect.forkScoped(Stream.runForEach(feed(request, busy), (events) =>
        Effect.andThen(Ref.update(sizes, (before) => [...before, ticksOf(events).length]), Effect.sleep(10_000))))
      yield* TestClock.adjust(100_000)
      const seen = yield* Ref.get(sizes)
      assert.strictEqual(
        seen.reduce((sum, size) =>
          sum + size, 0),
        whole.length,
      )
      assert.strictEqual(Math.max(...seen), 4_096)
    }))

  it.effect("refuses a venue or a market that is not simulated", () =>
    Effect.gen(function* () {
      const refusal = (changed: Partial<FeedRequest>) =>
        Effect.flip(Stream.runDrain(feed({ ...request, ...changed }, config)))
      assert.strictEqual((yield* refusal({ venue: "mtgox" })).reason, "unknown_venue")
      const unknown = yield* refusal({ instruments: ["BTC/USDT", "ABC/USDT"] })
      assert.strictEqual(unknown.reason, "unknown_instrument")
      assert.include(unknown.detail, "ABC/USDT")
    }))
})
