/**
 * Live ticks: the newest tick of each series on `md.v1.>`, for whoever listens right now.
 *
 * In: ticks as they are framed. Out: core messages, at most one every 20 ms a subject; where newer ticks took the place
 * of older ones, `...gap` says how many. Promises: at most once; costs nothing per tick but a map entry.
 */
import { Effect, Option } from "effect"
import * as Instrument from "../domain/Instrument.ts"
import * as Subject from "../domain/Subject.ts"
import type { Tick } from "../domain/Tick.ts"
import * as TickCodec from "../domain/TickCodec.ts"
import { Bus, type BusError, type OutgoingMessage } from "../layers/Bus.ts"
import type { LatestMarkets } from "./LatestMarkets.ts"

export const LIVE_EVERY_MS = 20

interface Waiting {
  tick: Tick
  skipped: number
}

const encoder = new TextEncoder()

export class LiveTicks {
  #waiting = new Map<string, Waiting>()
  readonly #subjects = new Map<string, string>()
  readonly #newest: LatestMarkets | undefined

  /** `newest` is told of every tick that is due. */
  constructor(newest?: LatestMarkets) {
    this.#newest = newest
  }

  push(tick: Tick): void {
    const key = `${tick.venue}|${tick.instrument}|${tick.kind}`
    const before = this.#waiting.get(key)
    if (before === undefined) this.#waiting.set(key, { tick, skipped: 0 })
    else {
      before.tick = tick
      before.skipped++
    }
  }

  /** Everything due, newest tick a subject; empties the map. */
  take(): ReadonlyArray<OutgoingMessage> {
    const waiting = this.#waiting
    this.#waiting = new Map()
    const out: Array<OutgoingMessage> = []
    for (const [key, { skipped, tick }] of waiting) {
      this.#newest?.push(tick)
      const subject = this.#subject(key, tick)
      if (subject === null) continue
      out.push({ subject, data: encoder.encode(TickCodec.toLine(tick)) })
      if (skipped > 0 && tick.kind !== "gap") {
        const { ingestTime, instrument, kind, venue } = tick
        const gap = { v: 1, venue, instrument, kind: "gap", of: kind, reason: "conflated", skipped, ingestTime }
        out.push({ subject: subject.replace(/[^.]+$/, "gap"), data: encoder.encode(JSON.stringify(gap)) })
      }
    }
    return out
  }

  #subject(key: string, tick: Tick): string | null {
    const known = this.#subjects.get(key)
    if (known !== undefined) return known
    const instrument = Instrument.parse(tick.instrument)
    if (Option.isNone(instrument)) return null
    const subject = Subject.live(tick.venue, instrument.value, tick.kind)
    this.#subjects.set(key, subject)
    return subject
  }
}

/** Publishes what is due every 20 ms until interrupted. */
export const publishLive = (live: LiveTicks): Effect.Effect<never, BusError, Bus> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const due = Effect.suspend(() => Effect.forEach(live.take(), bus.publishLive, { discard: true }))
    return yield* Effect.forever(Effect.andThen(Effect.sleep(LIVE_EVERY_MS), due))
  })
