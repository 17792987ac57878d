/** Live ticks: the newest of each series, numbered, how many it took the place of, and which markets fell silent. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { LiveGap, Stale } from "../../src/domain/contract/Events.ts"
import { CONTRACT_VERSION, Header, parseLiveSequence, parseStageTimes } from "../../src/domain/contract/Headers.ts"
import { Bus, BusError, type OutgoingMessage } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { LIVE_EVERY_MS, LiveTicks, publishLive, STALE_AFTER_MS } from "../../src/streams/LiveTicks.ts"
import { gap, heartbeat, quote, T0 } from "../support/ticks.ts"

const text = (data: Uint8Array): string => new TextDecoder().decode(data)
const btc = (ms: number, bid = "1") => quote("okx", "BTC/USDT", T0 + ms, [bid, "2"])
const ROOT = "md.v1.okx.spot.BTC-USDT"

const lastTokens = (out: ReadonlyArray<OutgoingMessage>) => out.map(({ subject }) => subject.split(".").at(-1))
const numbers = (out: ReadonlyArray<OutgoingMessage>) =>
  out.map(({ headers, subject }) => {
    const { n, writer } = Option.getOrThrow(parseLiveSequence(headers?.[Header.liveSequence]))
    return `${subject.split(".").at(-1)} ${writer} ${n}`
  })
const decodeGap = Schema.decodeUnknownSync(Schema.fromJsonString(LiveGap))
const decodeStale = Schema.decodeUnknownSync(Schema.fromJsonString(Stale))

describe("Live ticks", () => {
  it("are the newest of each series, and what they took the place of is counted by a gap", () => {
    const live = new LiveTicks("w.0")
    for (const tick of [btc(0), btc(1), btc(2, "1.5"), quote("okx", "ETH/USDT", T0, ["1", "2"])]) live.push(tick)
    const out = live.take(T0 + 5)
    assert.deepStrictEqual(out.map(({ subject }) => subject), [
      `${ROOT}.quote`,
      `${ROOT}.gap`,
      "md.v1.okx.spot.ETH-USDT.quote",
    ])
    assert.include(text(out[0]?.data ?? new Uint8Array()), '"bid":"1.5"')
    assert.deepStrictEqual(decodeGap(text(out[1]?.data ?? new Uint8Array())), {
      v: 1,
      venue: "okx",
      instrument: "BTC/USDT",
      kind: "gap",
      reason: "conflated",
      of: "quote",
      skipped: 2,
      ingestTime: T0 + 2,
    })
    assert.deepStrictEqual(live.take(T0 + 30), [])
  })

  it("leave at once on a quiet subject and 20 ms apart on a busy one", () => {
    const live = new LiveTicks("w.0")
    live.push(btc(0))
    assert.deepStrictEqual(lastTokens(live.take(T0)), ["quote"])
    live.push(btc(1))
    live.push(btc(2))
    assert.deepStrictEqual(live.take(T0 + LIVE_EVERY_MS - 1), [])
    assert.deepStrictEqual(lastTokens(live.take(T0 + LIVE_EVERY_MS)), ["quote", "gap"])
  })

  it("say a gap of the market itself as it is, however often it came", () => {
    const live = new LiveTicks("w.0")
    live.push(gap("okx", "BTC/USDT", T0))
    live.push(gap("okx", "BTC/USDT", T0 + 1))
    assert.deepStrictEqual(lastTokens(live.take(T0 + 1)), ["gap"])
  })

  it("are numbered by subject from 1, gaps of both origins together, under the writer's name", () => {
    const live = new LiveTicks("w.0")
    const at = (ms: number, ...ticks: ReadonlyArray<Parameters<LiveTicks["push"]>[0]>) => {
      for (const tick of ticks) live.push(tick)
      return numbers(live.take(T0 + ms))
    }
    assert.deepStrictEqual(at(0, btc(0), btc(1)), ["quote w.0 1", "gap w.0 1"])
    assert.deepStrictEqual(at(20, gap("okx", "BTC/USDT", T0)), ["gap w.0 2"])
    assert.deepStrictEqual(at(40, btc(3), btc(4)), ["quote w.0 2", "gap w.0 3"])
  })

  it("say in their headers which contract they keep and when each stage was", () => {
    const live = new LiveTicks("w.0")
    live.push({ ...btc(3), venueTime: T0 + 1 })
    const [message] = live.take(T0 + 9)
    assert.strictEqual(message?.headers?.[Header.schemaVersion], CONTRACT_VERSION)
    const times = parseStageTimes(message?.headers?.[Header.stageTimes])
    assert.deepStrictEqual(times, { venue: T0 + 1, receive: T0 + 3, publish: T0 + 9 })
  })

  it("tell once that a market fell silent, and again after it was heard in between", () => {
    const live = new LiveTicks("w.0")
    const silent = (atMs: number) => live.take(T0 + atMs).map(({ data, subject }) => [subject, decodeStale(text(data))])
    live.push(btc(0))
    live.take(T0)
    assert.deepStrictEqual(silent(STALE_AFTER_MS - 1), [])
    const told = { v: 1, venue: "okx", instrument: "BTC/USDT", kind: "stale" } as const
    const first = { ...told, heardAt: T0, silentMs: STALE_AFTER_MS + 1_000, ingestTime: T0 + STALE_AFTER_MS + 1_000 }
    assert.deepStrictEqual(silent(STALE_AFTER_MS + 1_000), [[`${ROOT}.stale`, first]])
    assert.deepStrictEqual(silent(STALE_AFTER_MS + 5_000), [])
    live.push(heartbeat("okx", "BTC/USDT", T0))
    assert.deepStrictEqual(lastTokens(live.take(T0 + 20_000)), ["heartbeat"])
    live.push(gap("okx", "BTC/USDT", T0))
    assert.deepStrictEqual(lastTokens(live.take(T0 + 25_000)), ["gap"])
    assert.deepStrictEqual(lastTokens(live.take(T0 + 30_000)), ["stale"], "a gap is no sign of life")
  })

  it("say nothing of the silence of a venue whose feed is another's now", () => {
    const live = new LiveTicks("w.0")
    live.push(btc(0))
    live.push(quote("kraken", "BTC/USDT", T0, ["1", "2"]))
    live.take(T0)
    live.forget("okx")
    assert.deepStrictEqual(live.take(T0 + 20_000).map(({ subject }) => subject), [
      "md.v1.kraken.spot.BTC-USDT.stale",
    ])
    live.push(btc(20_001))
    live.take(T0 + 20_001)
    assert.deepStrictEqual(lastTokens(live.take(T0 + 40_000)), ["stale"], "it came back to us")
  })

  it.effect("leave with the time, at most once in 20 ms a subject", () =>
    Effect.gen(function* () {
      const bus = yield* Bus
      const live = new LiveTicks("w.0")
      const seen: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(bus.subscribeLive("md.v1.>", 64), ({ data, subject }) =>
          Effect.sync(() =>
            void seen.push(`${subject.split(".").at(-1)} ${text(data).includes('"bid":"9"')}`)
          )),
        { startImmediately: true },
      )
      yield* TestClock.adjust("1 seconds")
      const publishing = yield* Effect.forkScoped(publishLive(live), { startImmediately: true })
      const settle = Effect.repeat(Effect.yieldNow, { times: 50 })
      const after = (duration: "5 millis" | "15 millis") => Effect.andThen(TestClock.adjust(duration), settle)
      live.push(btc(0))
      live.push(btc(1, "9"))
      yield* settle
      assert.deepStrictEqual(seen, [])
      yield* after("5 millis")
      assert.deepStrictEqual(seen, ["quote true", "gap false"])
      live.push(btc(30))
      yield* after("15 millis")
      assert.strictEqual(seen.length, 2)
      yield* after("5 millis")
      assert.deepStrictEqual(seen, ["quote true", "gap false", "quote false"])
      yield* Fiber.interrupt(publishing)
    }).pipe(Effect.provide(EmbeddedBus.layer())))

  it.effect("go on past a message that the bus will never take", () =>
    Effect.gen(function* () {
      const live = new LiveTicks("w.0")
      const seen: Array<string> = []
      const bus = yield* Bus
      const picky = Bus.of({
        ...bus,
        publishLive: ({ subject }) =>
          subject.endsWith(".quote")
            ? Effect.fail(new BusError({ reason: "too_large", operation: "publishLive", subject, detail: "" }))
            : Effect.sync(() => void seen.push(subject)),
      })
      const publishing = yield* Effect.forkScoped(Effect.provideService(publishLive(live), Bus, picky))
      yield* TestClock.adjust("1 seconds")
      live.push(btc(0))
      live.push(gap("okx", "BTC/USDT", T0))
      yield* TestClock.adjust("20 millis")
      assert.deepStrictEqual(seen, [`${ROOT}.gap`])
      assert.isUndefined(publishing.pollUnsafe())
    }).pipe(Effect.provide(EmbeddedBus.layer())))
})
