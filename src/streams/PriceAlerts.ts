/**
 * PriceAlerts: alerts fire from the stream.
 *
 *   live ticks --of a market with alerts--> fresh quotes --domain/PriceAlert.ts--> armed | fired, in the Store
 *
 * In: `md.v1.>`, alerts and their changes. Out: alerts armed and fired, by one statement each. Promises: several
 * processes may watch: the Store lets each crossing fire once, also over restarts; a quote whose market was not heard of
 * within 10 s counts for nothing; a Store that fails is asked again at the next quote, at most once a second an alert.
 */
import { Clock, Effect, Metric, Option, Schedule, Stream } from "effect"
import * as Decimal from "../domain/Decimal.ts"
import type { DataSource } from "../domain/Frame.ts"
import * as Instrument from "../domain/Instrument.ts"
import { FRESH_MS, mayMean, meaning, median, middleOf, type PriceAlert } from "../domain/PriceAlert.ts"
import * as Subject from "../domain/Subject.ts"
import * as TickCodec from "../domain/TickCodec.ts"
import { Bus, type LiveMessage } from "../layers/Bus.ts"
import { type AlertChange, PriceAlerts } from "../layers/PriceAlerts.ts"
import { LatestMarkets } from "./LatestMarkets.ts"

const LIVE_CAPACITY = 8_192
const AGAIN_AFTER_MS = 1_000
/** From the first quote of an instrument on, before a price across venues is made of what is known. */
const ALL_SPEAK_MS = 2_000
const STEPS_AT_A_TIME = 16

const stepsTotal = Metric.counter("price_alerts_total", { description: "Price alerts armed and fired" })

interface Watched {
  alert: PriceAlert
  readonly threshold: Decimal.Decimal
  /** Nearly the same, for a first look at very many. */
  readonly about: number
  /** Not asked of the Store before. */
  notBeforeMs: number
}

/** All alerts of one instrument, and who quotes it. */
interface Watch {
  readonly alerts: Map<number, Watched>
  readonly venues: Set<string>
  /** When it was first quoted since; the price across venues is not told before all had time to speak. */
  heardAtMs: number | null
}

/** "spot.BTC-USDT": the part of a live subject that names the instrument. */
const placeOf = (instrument: string): string =>
  Option.match(Instrument.parse(instrument), {
    onNone: () => "",
    onSome: (parsed) => `${Instrument.marketToken(parsed)}.${Instrument.pairToken(parsed)}`,
  })

/** The alerts that are watched, by instrument. Memory alone. */
export class AlertBook {
  readonly #watches = new Map<string, Watch>()
  readonly #places = new Map<number, string>()

  put(alert: PriceAlert): Watch {
    const place = placeOf(alert.instrument)
    const watch = this.#watches.get(place) ?? {
      alerts: new Map<number, Watched>(),
      venues: new Set<string>(),
      heardAtMs: null,
    }
    this.#watches.set(place, watch)
    this.#places.set(alert.alertId, place)
    const threshold = Decimal.fromChecked(alert.price)
    watch.alerts.set(alert.alertId, { alert, threshold, about: Decimal.toNumber(threshold), notBeforeMs: 0 })
    return watch
  }

  remove(alertId: number): void {
    const place = this.#places.get(alertId)
    const watch = place === undefined ? undefined : this.#watches.get(place)
    if (place === undefined || watch === undefined) return
    this.#places.delete(alertId)
    watch.alerts.delete(alertId)
    if (watch.alerts.size === 0) this.#watches.delete(place)
  }

  clear(): void {
    this.#watches.clear()
    this.#places.clear()
  }

  /** Null: nobody asked to be told of what is quoted there. */
  at(place: string): Watch | null {
    return this.#watches.get(place) ?? null
  }
}

interface Price {
  readonly price: Decimal.Decimal
  readonly about: number
  /** How many it is made of. */
  readonly venues: number
}

/** Null: nobody quotes. */
const priceOf = (middles: ReadonlyArray<Decimal.Decimal>): Price | null =>
  Option.match(median(middles), {
    onNone: () => null,
    onSome: (price) => ({ price, about: Decimal.toNumber(price), venues: middles.length }),
  })

const decoder = new TextDecoder()
const again = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("2 seconds")]).pipe(Schedule.jittered)

/** Watches for ever. `source`: what the market data are; alerts of simulated ones say so. */
export const watchAlerts = Effect.fn("PriceAlerts.watch")(function* (source: DataSource) {
  const bus = yield* Bus, alerts = yield* PriceAlerts
  const book = new AlertBook(), table = new LatestMarkets()

  const middle = (venue: string, instrument: string, nowMs: number): Option.Option<Decimal.Decimal> => {
    const latest = table.get("quote", venue, instrument)
    if (latest === undefined || latest.tick.kind !== "quote" || nowMs - latest.asOf > FRESH_MS) return Option.none()
    return Option.some(middleOf(Decimal.fromChecked(latest.tick.bid), Decimal.fromChecked(latest.tick.ask)))
  }

  const step = (watched: Watched, { price, venues }: Price, nowMs: number) => {
    const { alert, threshold } = watched
    const what = meaning(alert, threshold, price)
    if (what === null) return Effect.void
    watched.notBeforeMs = nowMs + AGAIN_AFTER_MS
    const { alertId } = alert
    const done = what === "arm"
      ? alerts.arm(alertId, nowMs)
      : alerts.fire({ alertId, price: Decimal.format(price), venues, simulated: source === "simulated", nowMs })
    return done.pipe(
      Effect.tap((changed) => {
        if (!changed) return Effect.void
        // The change is told as well; until it is heard the next quote must not see the old state.
        watched.alert = { ...alert, state: what === "arm" ? "armed" : alert.repeats ? "fired" : "done" }
        watched.notBeforeMs = 0
        return Metric.update(Metric.withAttributes(stepsTotal, { step: what }), 1)
      }),
      Effect.catch((error) => Effect.logWarning("a price alert waits for the store", error.message)),
      Effect.asVoid,
    )
  }

  /** What the newest quotes of an instrument mean to its alerts. */
  const look = (watch: Watch, venue: string, instrument: string, nowMs: number) => {
    const here = priceOf(Option.toArray(middle(venue, instrument, nowMs)))
    const allSpoke = nowMs - (watch.heardAtMs ??= nowMs) >= ALL_SPEAK_MS
    const across = allSpoke
      ? priceOf([...watch.venues].flatMap((each) => Option.toArray(middle(each, instrument, nowMs))))
      : null
    const concerned: Array<readonly [Watched, Price]> = []
    for (const watched of watch.alerts.values()) {
      const price = watched.alert.venue === null ? across : watched.alert.venue === venue ? here : null
      if (price === null || nowMs < watched.notBeforeMs || !mayMean(watched.alert, watched.about, price.about)) continue
      concerned.push([watched, price])
    }
    return Effect.forEach(concerned, ([watched, price]) => step(watched, price, nowMs), {
      concurrency: STEPS_AT_A_TIME,
      discard: true,
    })
  }

  const hear = Effect.fnUntraced(function* ({ data, subject }: LiveMessage) {
    const [, , , market = "", pair = ""] = subject.split(".")
    const watch = book.at(`${market}.${pair}`)
    if (watch === null) return
    const tick = TickCodec.fromLine(decoder.decode(data))
    if (TickCodec.isBad(tick)) return
    table.push(tick)
    watch.venues.add(tick.venue)
    yield* look(watch, tick.venue, tick.instrument, yield* Clock.currentTimeMillis)
  })

  const readAll = Effect.gen(function* () {
    const all = yield* alerts.watched
    book.clear()
    for (const alert of all) book.put(alert)
  })
  const follow = Effect.fnUntraced(function* (change: AlertChange) {
    if (change._tag === "Unknown") return yield* readAll
    const alert = yield* alerts.watchedOne(change.alertId)
    if (Option.isNone(alert)) return book.remove(change.alertId)
    // What was quoted while this was read may have been held against what it was before.
    const watch = book.put(alert.value), nowMs = yield* Clock.currentTimeMillis
    for (const venue of watch.venues) yield* look(watch, venue, alert.value.instrument, nowMs)
  })

  const following = alerts.changes.pipe(
    Stream.runForEach(follow),
    Effect.tapError((error) => Effect.logWarning("price alerts are not followed", error.message)),
    Effect.retry(again),
  )
  const listening = bus.subscribeLive(Subject.ALL_LIVE, LIVE_CAPACITY).pipe(
    Stream.runForEach(hear),
    Effect.tapError((error) => Effect.logDebug("live ticks are not heard", error.reason)),
    Effect.retry(again),
  )
  return yield* Effect.all([following, listening], { concurrency: 2, discard: true })
})
