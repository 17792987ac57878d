/**
 * Live ticks: the newest tick of each series on `md.v1.>`, for whoever listens right now.
 *
 * In: ticks as they are framed. Out: core messages, at most one every 20 ms a subject; where newer ticks took the place
 * of older ones, `...gap` says how many; where a market fell silent for 10 s, `...stale` says so, once. Promises: at most
 * once; every message has its number on its subject, so that who missed one knows; costs nothing per tick but a map entry.
 */
import { Clock, Effect, Option } from "effect"
import type { Conflated, Stale } from "../domain/contract/Events.ts"
import { described, formatLiveSequence, Header, type StageTimes } from "../domain/contract/Headers.ts"
import * as Instrument from "../domain/Instrument.ts"
import * as Subject from "../domain/Subject.ts"
import type { Tick } from "../domain/Tick.ts"
import * as TickCodec from "../domain/TickCodec.ts"
import { Bus, type BusError, type OutgoingMessage } from "../layers/Bus.ts"
import type { LatestMarkets } from "./LatestMarkets.ts"

/** Of one subject; how often all are looked at. */
export const LIVE_EVERY_MS = 20
export const LOOK_EVERY_MS = 2
/** A subscription that is alive sends a heartbeat every second. */
export const STALE_AFTER_MS = 10_000
const LOOKED_FOR_STALE_EVERY_MS = 1_000

/** A subject, and how many messages it has had from here. */
interface Topic {
  readonly subject: string
  published: number
}

interface Market {
  readonly venue: string
  readonly instrument: string
  readonly gaps: Topic
  readonly stales: Topic
  /** 0: never. */
  heardAtMs: number
  /** Its silence was told, or is not ours to tell. */
  stale: boolean
}

interface Series {
  readonly market: Market
  readonly topic: Topic
  /** The tick that is due; null: none. */
  tick: Tick | null
  /** How many it took the place of. */
  skipped: number
  publishedAtMs: number
}

const encoder = new TextEncoder()

export class LiveTicks {
  readonly #writer: string
  readonly #newest: LatestMarkets | undefined
  readonly #markets = new Map<string, Market>()
  /** By "venue|instrument|kind"; null: its instrument has no subject. */
  readonly #series = new Map<string, Series | null>()
  #due: Array<Series> = []
  #lookedAtMs = 0

  /** `writer`: unique for each start of a process. `newest` is told of every tick that is due. */
  constructor(writer: string, newest?: LatestMarkets) {
    this.#writer = writer
    this.#newest = newest
  }

  push(tick: Tick): void {
    const key = `${tick.venue}|${tick.instrument}|${tick.kind}`
    let series = this.#series.get(key)
    if (series === undefined) {
      series = this.#begin(tick)
      this.#series.set(key, series)
    }
    if (series === null) return
    if (series.tick === null) this.#due.push(series)
    else series.skipped++
    series.tick = tick
  }

  /** Everything due, newest tick a subject, and what has fallen silent; at `nowMs`. */
  take(nowMs: number): ReadonlyArray<OutgoingMessage> {
    const due = this.#due, out: Array<OutgoingMessage> = []
    this.#due = []
    for (const series of due) {
      if (nowMs - series.publishedAtMs < LIVE_EVERY_MS) this.#due.push(series)
      else this.#publish(series, nowMs, out)
    }
    if (nowMs - this.#lookedAtMs >= LOOKED_FOR_STALE_EVERY_MS) this.#findStale(nowMs, out)
    return out
  }

  /** Another process may own the venue's feed now: its silence here means nothing. */
  forget(venue: string): void {
    for (const market of this.#markets.values()) if (market.venue === venue) market.stale = true
  }

  #publish(series: Series, nowMs: number, out: Array<OutgoingMessage>): void {
    const { market, skipped, tick, topic } = series
    series.tick = null
    series.skipped = 0
    series.publishedAtMs = nowMs
    if (tick === null) return
    this.#newest?.push(tick)
    const { ingestTime, instrument, kind, venue, venueTime } = tick
    const times = { venue: venueTime, receive: ingestTime, publish: nowMs }
    out.push(this.#message(topic, times, TickCodec.toLine(tick)))
    if (kind === "gap") {
      if (market.heardAtMs === 0) market.heardAtMs = nowMs
      return
    }
    market.heardAtMs = nowMs
    market.stale = false
    if (skipped === 0) return
    const gap: Conflated = { v: 1, venue, instrument, kind: "gap", reason: "conflated", of: kind, skipped, ingestTime }
    out.push(this.#message(market.gaps, times, JSON.stringify(gap)))
  }

  #findStale(nowMs: number, out: Array<OutgoingMessage>): void {
    this.#lookedAtMs = nowMs
    for (const market of this.#markets.values()) {
      const { heardAtMs, instrument, stales, venue } = market, silentMs = nowMs - heardAtMs
      if (market.stale || silentMs < STALE_AFTER_MS) continue
      market.stale = true
      const stale: Stale = {
        v: 1,
        venue,
        instrument,
        kind: "stale",
        heardAt: heardAtMs,
        silentMs,
        ingestTime: nowMs,
      }
      out.push(this.#message(stales, { receive: nowMs, publish: nowMs }, JSON.stringify(stale)))
    }
  }

  #message(topic: Topic, times: StageTimes, json: string): OutgoingMessage {
    topic.published++
    const sequence = formatLiveSequence({ writer: this.#writer, n: topic.published })
    return {
      subject: topic.subject,
      data: encoder.encode(json),
      headers: { [Header.liveSequence]: sequence, ...described(times) },
    }
  }

  #begin({ instrument, kind, venue }: Tick): Series | null {
    const parsed = Instrument.parse(instrument)
    if (Option.isNone(parsed)) return null
    const topic = (of: string): Topic => ({ subject: Subject.live(venue, parsed.value, of), published: 0 })
    const key = `${venue}|${instrument}`
    const market = this.#markets.get(key) ??
      { venue, instrument, gaps: topic("gap"), stales: topic("stale"), heardAtMs: 0, stale: false }
    this.#markets.set(key, market)
    return { market, topic: kind === "gap" ? market.gaps : topic(kind), tick: null, skipped: 0, publishedAtMs: 0 }
  }
}

/** Publishes what is due until interrupted; what the bus will never take is passed over. */
export const publishLive = (live: LiveTicks): Effect.Effect<never, BusError, Bus> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const publish = (message: OutgoingMessage) =>
      Effect.catchIf(
        bus.publishLive(message),
        (error) => !error.retryable,
        (error) => Effect.logDebug("a live message is passed over", message.subject, error.reason, error.detail),
      )
    const due = Effect.flatMap(
      Clock.currentTimeMillis,
      (nowMs) => Effect.forEach(live.take(nowMs), publish, { discard: true }),
    )
    return yield* Effect.forever(Effect.andThen(Effect.sleep(LOOK_EVERY_MS), due))
  })
