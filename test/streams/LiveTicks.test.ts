/** Live ticks: the newest of each series every 20 ms, and how many it took the place of. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Bus } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { LiveTicks, publishLive } from "../../src/streams/LiveTicks.ts"
import { gap, quote, T0 } from "../support/ticks.ts"

const text = (data: Uint8Array): string => new TextDecoder().decode(data)
const btc = (ms: number, bid = "1") => quote("okx", "BTC/USDT", T0 + ms, [bid, "2"])

describe("Live ticks", () => {
  it("are the newest of each series, and what they took the place of is counted by a gap", () => {
    const live = new LiveTicks()
    for (const tick of [btc(0), btc(1), btc(2, "1.5"), quote("okx", "ETH/USDT", T0, ["1", "2"])]) live.push(tick)
    const out = live.take().map(({ data, subject }) => [subject, text(data)])
    assert.deepStrictEqual(out.map(([subject]) => subject), [
      "md.v1.okx.spot.BTC-USDT.quote",
      "md.v1.okx.spot.BTC-USDT.gap",
      "md.v1.okx.spot.ETH-USDT.quote",
    ])
    assert.include(out[0]?.[1], '"bid":"1.5"')
    assert.include(out[1]?.[1], '"of":"quote","reason":"conflated","skipped":2')
    assert.deepStrictEqual(live.take(), [])
  })

  it("say a gap of the market itself as it is, however often it came", () => {
    const live = new LiveTicks()
    live.push(gap("okx", "BTC/USDT", T0))
    live.push(gap("okx", "BTC/USDT", T0 + 1))
    const out = live.take()
    assert.deepStrictEqual(out.map(({ subject }) => subject), ["md.v1.okx.spot.BTC-USDT.gap"])
  })

  it.effect("leave every 20 ms, at most once a subject", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const live = new LiveTicks()
      const seen: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(bus.subscribeLive("md.v1.>", 64), ({ data, subject }) =>
          Effect.sync(() =>
            void seen.push(`${subject.split(".").at(-1)} ${text(data).includes('"bid":"9"')}`)
          )),
        { startImmediately: true },
      )
      const publishing = yield* Effect.forkScoped(publishLive(live), { startImmediately: true })
      const settle = Effect.repeat(Effect.yieldNow, { times: 50 })
      live.push(btc(0))
      live.push(btc(1, "9"))
      yield* settle
      yield* TestClock.adjust("19 millis")
      yield* settle
      assert.deepStrictEqual(seen, [])
      yield* TestClock.adjust("1 millis")
      yield* settle
      assert.deepStrictEqual(seen, ["quote true", "gap false"])
      live.push(btc(30))
      yield* TestClock.adjust("20 millis")
      yield* settle
      assert.deepStrictEqual(seen, ["quote true", "gap false", "quote false"])
      yield* Fiber.interrupt(publishing)
    }).pipe(Effect.provide(EmbeddedBus.layer())))
})
