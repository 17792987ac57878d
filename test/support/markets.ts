/**
 * Market access with every source at hand: an API that counts its calls, a bus whose parts can fail, live ticks.
 *
 * In: which parts are down. Out: a layer of MarketAccess, and what was asked of the API. Promises: a part that is down
 * either fails at once or never answers, as the test says.
 */
import { Clock, Effect, Layer, Option } from "effect"
import type { VenueQuery } from "../../src/domain/MarketQuery.ts"
import * as Instrument from "../../src/domain/Instrument.ts"
import * as Subject from "../../src/domain/Subject.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import * as TickCodec from "../../src/domain/TickCodec.ts"
import { Bus, BusError, type KeyValue } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { MarketArchive } from "../../src/layers/MarketArchive.ts"
import { VenueApi, VenueApiError } from "../../src/layers/VenueApi.ts"
import { MarketAccess } from "../../src/streams/MarketAccess.ts"
import { book, quote } from "./ticks.ts"

/** `fails` at once, `hangs` for ever. */
export type Part = "works" | "fails" | "hangs"

/** What the fake API and bus do from now on; a test changes it as it goes. */
export interface World {
  api: Part
  cache: Part
  /** How long the API takes. */
  apiMs: number
  /** The price it quotes. */
  price: string
  readonly calls: Array<VenueQuery>
}

export const newWorld = (changes: Partial<World> = {}): World => ({
  api: "works",
  cache: "works",
  apiMs: 50,
  price: "100",
  calls: [],
  ...changes,
})

const through = <A, E>(part: () => Part, works: Effect.Effect<A, E>, error: E): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    switch (part()) {
      case "works":
        return works
      case "fails":
        return Effect.fail(error)
      case "hangs":
        return Effect.never
    }
  })

const tickOf = (query: VenueQuery, price: string, nowMs: number): Tick => {
  const { instrument, venue } = query
  const ask = String(Number(price) + 1)
  switch (query.kind) {
    case "quote":
      return quote(venue, instrument, nowMs, [price, ask])
    case "book":
      return book(venue, instrument, nowMs, { bids: [[price, "1"]], asks: [[ask, "1"]] })
    case "ticker":
      return { v: 1, venue, instrument, venueTime: null, ingestTime: nowMs, kind: "ticker", last: price }
    case "funding":
      return {
        v: 1,
        venue,
        instrument,
        venueTime: null,
        ingestTime: nowMs,
        kind: "funding",
        rate: "0.0001",
        intervalMs: 28_800_000,
        nextFundingTime: null,
        predicted: true,
      }
    case "candle":
      return {
        v: 1,
        venue,
        instrument,
        venueTime: nowMs,
        ingestTime: nowMs,
        kind: "candle",
        intervalMs: query.intervalMs,
        open: price,
        high: price,
        low: price,
        close: price,
        volume: "1",
      }
  }
}

/** An API that does what the world says. */
export const apiOf = (world: World): Layer.Layer<VenueApi> =>
  Layer.succeed(VenueApi, {
    fetch: (query) =>
      Effect.gen(function* () {
        world.calls.push(query)
        const error = new VenueApiError({
          reason: "unreachable",
          venue: query.venue,
          detail: "pulled the plug",
        })
        return yield* through(
          () => world.api,
          Effect.map(Effect.delay(Clock.currentTimeMillis, world.apiMs), (nowMs): readonly [Tick, ...Array<Tick>] => {
            const tick = tickOf(query, world.price, nowMs)
            return query.kind === "candle" ? [tick, ...Array.from({ length: 299 }, () => tick)] : [tick]
          }),
          error,
        )
      }),
  })

/** An embedded bus whose buckets do what the world says. */
export const busOf = (world: World): Layer.Layer<Bus> =>
  Layer.effect(
    Bus,
    Effect.map(Bus, (bus) => {
      const error = new BusError({ reason: "unavailable", operation: "kv", subject: "market_data", detail: "away" })
      const spoilt = (bucket: KeyValue): KeyValue => ({
        ...bucket,
        get: (key) => through(() => world.cache, bucket.get(key), error),
        put: (key, value) => through(() => world.cache, bucket.put(key, value), error),
      })
      return { ...bus, bucket: (spec) => Effect.map(bus.bucket(spec), spoilt) }
    }),
  ).pipe(Layer.provide(EmbeddedBus.layer()))

/** Over the bus given; live data. */
export const accessOf = (world: World): Layer.Layer<MarketAccess, never, Bus> =>
  MarketAccess.layer({ data: "live" }).pipe(Layer.provide([apiOf(world), MarketArchive.absent]))

const encoder = new TextEncoder()

/** Says ticks on `md.v1.>`, and lets those who listen hear them. */
export const say = (...ticks: ReadonlyArray<Tick>): Effect.Effect<void, BusError, Bus> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    for (const tick of ticks) {
      const instrument = Option.getOrThrow(Instrument.parse(tick.instrument))
      const subject = Subject.live(tick.venue, instrument, tick.kind)
      yield* bus.publishLive({ subject, data: encoder.encode(TickCodec.toLine(tick)) })
    }
    yield* settle
  })

/** Lets everything that is ready run. */
export const settle = Effect.repeat(Effect.yieldNow, { times: 30 })
