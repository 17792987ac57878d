/**
 * Ingest: what feeds tell becomes durable frames, live ticks and quarantine.
 *
 * In: feed events of the venues this process owns, in arrival order. Out: frames on `md.frame.<p>` and
 * `md.venue.<venue>`, live ticks on `md.v1.>`, refused events on `quarantine.<venue>`. Promises: every tick accepted is
 * stored once, in order, while the broker's absence fits 64 MB; what does not fit is dropped oldest first and announced
 * by a `gap` tick of its series.
 */
import { Clock, Context, Effect, Latch, Layer, Metric, Schedule, type Scope } from "effect"
import { described, Header } from "../domain/contract/Headers.ts"
import type { FeedEvent, Refused } from "../domain/Feed.ts"
import * as Frame from "../domain/Frame.ts"
import * as Subject from "../domain/Subject.ts"
import type { Tick } from "../domain/Tick.ts"
import { Bus, type BusError, type OutgoingMessage } from "../layers/Bus.ts"
import { Framing } from "./Framing.ts"
import { Held } from "./Held.ts"
import { keepNewest } from "./KeepNewest.ts"
import { BOOK_LEVELS, type LatestMarket, LatestMarkets } from "./LatestMarkets.ts"
import { LiveTicks, publishLive } from "./LiveTicks.ts"

const FLUSH_EVERY_MS = 10
const MESSAGE_BYTES = 64 * 1024
const BATCH_MESSAGES = 256

const ticksTotal = Metric.counter("ingest_ticks_total", { description: "Ticks accepted" })
const badTotal = Metric.counter("ingest_bad_events_total", {
  description: "Market events refused, by venue and reason",
})
const droppedTotal = Metric.counter("ingest_dropped_ticks_total", {
  description: "Ticks dropped: the broker was away longer than 64 MB of frames, or will never take them",
})
const offsetSeconds = Metric.gauge("venue_clock_offset_seconds", { description: "Estimated venue clock minus ours" })
const lastTickSeconds = Metric.gauge("ingest_last_tick_timestamp_seconds", {
  description: "When a tick of the venue last came in (ingest time, since the epoch), by venue",
})

/** Capped and jittered; for ever: the broker comes back. */
const again = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("2 seconds")]).pipe(Schedule.jittered)

export interface IngestOptions {
  /** Unique for each process start; with the fencing epoch it names the frames' writer. */
  readonly writer: string
  readonly source: Frame.DataSource
  /** Publish `md.v1.>`, and keep the newest of each market in `market_data`. */
  readonly live: boolean
  /** Frame spot markets by venue as well (`md.venue.<venue>`), for what stays on one venue. Default false. */
  readonly venues?: boolean
}

export class Ingest extends Context.Service<Ingest, {
  readonly accept: (events: ReadonlyArray<FeedEvent>) => Effect.Effect<void>
  /** Ticks alone, as a recording holds them. */
  readonly ticks: (ticks: ReadonlyArray<Tick>) => Effect.Effect<void>
  /** Closes the frames begun and waits until everything is stored. */
  readonly drain: Effect.Effect<void>
}>()("arbedge/Ingest") {
  static readonly layer = (options: IngestOptions): Layer.Layer<Ingest, never, Bus> =>
    Layer.effect(Ingest, make(options))
}

const encoder = new TextEncoder()

const make = (
  options: IngestOptions,
): Effect.Effect<Ingest["Service"], never, Bus | Scope.Scope> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const framing = new Framing(options.writer, options.source, { venues: options.venues ?? false })
    const held = new Held()
    const newest = new LatestMarkets(), live = new LiveTicks(options.writer, newest)
    /** Open while frames wait to be published; and while none do. */
    const waiting = yield* Latch.make(false), empty = yield* Latch.make(true)

    /** Frames closed so far go to `held`; whatever that pushes out is announced in the next frame. */
    const hand = Effect.gen(function* () {
      const frames = framing.take()
      if (frames.length === 0) return
      const before = held.droppedTicks
      const lost = held.push(Frame.pack(frames, MESSAGE_BYTES))
      if (lost.size > 0) {
        const ingestTime = yield* Clock.currentTimeMillis
        for (const series of lost) framing.push(overflowGap(series, ingestTime))
        yield* Metric.update(droppedTotal, held.droppedTicks - before)
      }
      empty.closeUnsafe()
      waiting.openUnsafe()
    })

    /** Tries until the broker has these, unless it never will. */
    const publish = (messages: ReadonlyArray<Frame.Packed>): Effect.Effect<void, BusError> =>
      Effect.flatMap(
        Clock.currentTimeMillis,
        (nowMs) => bus.publishAll(messages.map((message) => outgoing(message, nowMs))),
      ).pipe(
        Effect.tapError((error) => Effect.logWarning("frames wait for the broker", error.reason, error.detail)),
        Effect.retry({ schedule: again, while: mayPass }),
        Effect.asVoid,
        // A trace begins here: with the frames of 10 ms, never with a tick.
        Effect.withSpan("Ingest.publish", {
          root: true,
          kind: "producer",
          attributes: { messages: messages.length, ticks: messages.reduce((sum, { ticks }) => sum + ticks, 0) },
        }, { captureStackTrace: false }),
      )

    /** A message that the broker refuses for good would hold up all others: it is dropped, and its loss announced. */
    const lose = (message: Frame.Packed, error: BusError) =>
      Effect.gen(function* () {
        const ingestTime = yield* Clock.currentTimeMillis
        for (const series of seriesOf(message)) framing.push(overflowGap(series, ingestTime))
        yield* Metric.update(droppedTotal, message.ticks)
        yield* Effect.logError("a frame was refused by the broker and dropped", message.id, error.reason, error.detail)
      })

    const publishSome = Effect.gen(function* () {
      yield* waiting.await
      const batch = held.take(BATCH_MESSAGES)
      const singly = Effect.forEach(
        batch,
        (message) => Effect.catch(publish([message]), (error) => lose(message, error)),
        { discard: true },
      )
      yield* Effect.catch(publish(batch), () => singly)
      // In one step: whoever hands in frames between a look and a latch would wait for ever.
      held.confirm()
      if (held.size > 0) return
      waiting.closeUnsafe()
      empty.openUnsafe()
    })

    const flushing = Effect.andThen(
      Effect.sleep(FLUSH_EVERY_MS),
      Effect.suspend(() => {
        framing.flush()
        return hand
      }),
    )

    yield* Effect.forkScoped(Effect.forever(publishSome))
    yield* Effect.forkScoped(Effect.forever(flushing))
    if (options.live) {
      yield* publishLive(live).pipe(
        Effect.tapError((error) => Effect.logDebug("live ticks wait for the broker", error.reason)),
        Effect.retry(again),
        Effect.provideService(Bus, bus),
        Effect.forkScoped,
      )
      const bookOf = ({ instrument, venue }: LatestMarket) => framing.book(venue, instrument, BOOK_LEVELS)
      yield* Effect.forkScoped(keepNewest(newest, options.source, bookOf))
    }

    let quarantined = 0
    /** A refused event is kept for people; losing one while the broker is away loses no market data. */
    const quarantine = ({ _tag: _, ...event }: Extract<FeedEvent, { readonly _tag: "Bad" }>) =>
      Effect.gen(function* () {
        const refused: Refused = { v: 1, ...event }
        const times = { receive: event.ingestTime, publish: yield* Clock.currentTimeMillis }
        yield* bus.publish({
          subject: Subject.quarantine(event.venue),
          data: encoder.encode(JSON.stringify(refused)),
          messageId: `${options.writer}-refused-${quarantined++}`,
          headers: described(times),
        })
      }).pipe(
        Effect.catch((error) => Effect.logWarning("a quarantined event could not be stored", error.reason)),
      )

    const push = (ticks: ReadonlyArray<Tick>): void => {
      for (const tick of ticks) {
        framing.push(tick)
        if (options.live) live.push(tick)
      }
    }

    const other = (event: Exclude<FeedEvent, { readonly _tag: "Ticks" }>): Effect.Effect<void> => {
      switch (event._tag) {
        case "Bad":
          return Effect.andThen(
            Metric.update(Metric.withAttributes(badTotal, { venue: event.venue, reason: event.reason }), 1),
            quarantine(event),
          )
        case "ClockOffset":
          return Metric.update(Metric.withAttributes(offsetSeconds, { venue: event.venue }), event.offsetMs / 1_000)
        case "State":
          if (event.state === "released") live.forget(event.venue)
          return event.state === "disconnected"
            ? Effect.logWarning(`venue ${event.venue} is disconnected: ${event.detail}`)
            : Effect.logInfo(`venue ${event.venue} is ${event.state}: ${event.detail}`)
      }
    }

    /** By venue, made once: batches come often. */
    const lastTicks = new Map<string, typeof lastTickSeconds>()
    const lastTickOf = (venue: string) => {
      const known = lastTicks.get(venue) ?? Metric.withAttributes(lastTickSeconds, { venue })
      lastTicks.set(venue, known)
      return known
    }

    /** A batch of a feed is of one venue; of a recording's, the last tick's venue is noted. */
    const ticks = Effect.fnUntraced(function* (batch: ReadonlyArray<Tick>) {
      const last = batch.at(-1)
      if (last === undefined) return
      push(batch)
      yield* Metric.update(ticksTotal, batch.length)
      yield* Metric.update(lastTickOf(last.venue), last.ingestTime / 1_000)
      yield* hand
    })

    return {
      ticks,
      accept: (events) =>
        Effect.forEach(events, (event) => event._tag === "Ticks" ? ticks(event.ticks) : other(event), {
          discard: true,
        }),
      drain: Effect.suspend(() => {
        framing.flush()
        return Effect.andThen(hand, empty.await)
      }),
    }
  })

/** What a restarted or reconfigured broker will take after all. */
const mayPass = (error: BusError): boolean => error.retryable || error.reason === "stream_missing"

/** "venue|instrument" of every series in a message, each once. */
const seriesOf = (message: Frame.Packed): ReadonlySet<string> =>
  new Set(message.series.map((series) => series.split("|").slice(0, 2).join("|")))

const overflowGap = (series: string, ingestTime: number): Tick => {
  const [venue = "", instrument = ""] = series.split("|")
  return { v: 1, venue, instrument, venueTime: null, ingestTime, kind: "gap", reason: "overflow" }
}

/** `receive` and `venue` are those of the first tick in it. */
const outgoing = ({ data, id, partition, receivedAt, venueTime }: Frame.Packed, publish: number): OutgoingMessage => ({
  subject: Subject.frame(partition),
  data,
  messageId: id,
  headers: {
    [Header.contentType]: Frame.MEDIA_TYPE,
    ...described({ venue: venueTime, receive: receivedAt, publish }),
  },
})
