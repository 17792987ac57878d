/**
 * Faults: what a venue's ticks are by the time they reach us, if things go wrong as a plan says.
 *
 * In: a recording's ticks, one by one, as they truly were. Out: what arrives: ticks, some of them struck; what was lost;
 * connections that went down and came up. Promises: a pure function of ticks, plan and seed, whatever batches they come
 * in: the dice are thrown by a tick's number (Chance.ts). Beside that it keeps the books as they truly stand, for a feed
 * that asks for a whole one again. Faults of Telegram and of actors are no matter of ticks: they are passed over here.
 */
import { Book } from "./Book.ts"
import { chance } from "./Chance.ts"
import type { Fault, FaultOf, FaultPlan } from "./FaultPlan.ts"
import type { Tick, TickOf } from "./Tick.ts"

/** `fault`: the place in the plan of what struck it; null: nothing did. */
export type Arrival =
  | { readonly _tag: "Arrived"; readonly tick: Tick; readonly fault: number | null }
  | { readonly _tag: "Lost"; readonly tick: Tick; readonly fault: number }
  | { readonly _tag: "Down"; readonly venue: string; readonly fault: number }
  | { readonly _tag: "Up"; readonly venue: string; readonly fault: number }

type Arrived = Extract<Arrival, { readonly _tag: "Arrived" }>

/** How one fault changes what arrives; `n` numbers the ticks of the recording. */
type Strike = (arrived: Arrived, n: number) => ReadonlyArray<Arrival>

interface Held {
  readonly arrived: Arrived
  left: number
}

/** A venue as it truly is: which instruments were spoken of, and their books. */
type Venue = Map<string, { readonly book: Book; newest: Tick }>

export const seriesOf = ({ instrument, venue }: Tick): string => `${venue}|${instrument}`

/** Start of the n-th period's event: somewhere inside it, where it fits. */
const startsAt = (fault: { from: number; everyMs: number }, lengthMs: number, seed: number, index: number, n: number) =>
  fault.from + n * fault.everyMs + Math.floor(chance(seed, index, n) * Math.max(0, fault.everyMs - lengthMs))

/** Offset from the first tick (ms) of the n-th time that a fault of the plan happens that happens now and then. */
export const happensAt = (
  plan: FaultPlan,
  fault: FaultOf<"telegram_429"> | FaultOf<"actor_kill">,
  n: number,
): number | null => {
  const at = startsAt(fault, 0, plan.seed, plan.faults.indexOf(fault), n)
  return fault.to !== undefined && at >= fault.to ? null : at
}

export class Faults {
  readonly #plan: FaultPlan
  readonly #strikes: ReadonlyArray<Strike>
  readonly #held = new Map<string, Held>()
  readonly #venues = new Map<string, Venue>()
  /** Which fault keeps a venue's connection down. */
  readonly #down = new Map<string, number>()
  #startMs: number | null = null
  #n = 0
  /** Ticks struck, or outages, by the fault's place in the plan. */
  readonly struck: Array<number>

  constructor(plan: FaultPlan) {
    this.#plan = plan
    this.struck = plan.faults.map(() => 0)
    this.#strikes = plan.faults.map((fault, index) => this.#strikeOf(fault, index))
  }

  /** What arrives when this tick would have. */
  push(tick: Tick): ReadonlyArray<Arrival> {
    this.#startMs ??= tick.ingestTime
    const n = this.#n++
    const out: Array<Arrival> = this.#outages(tick.ingestTime - this.#startMs)
    this.#know(tick)
    const down = this.#down.get(tick.venue)
    if (down !== undefined) return [...out, { _tag: "Lost", tick, fault: down }]
    let arriving: ReadonlyArray<Arrival> = [{ _tag: "Arrived", tick, fault: null }]
    for (const strike of this.#strikes) {
      arriving = arriving.flatMap((one) => one._tag === "Arrived" ? strike(one, n) : [one])
    }
    return [...out, ...arriving]
  }

  /** What was held back still, at the recording's end. */
  flush(): ReadonlyArray<Arrival> {
    const rest = [...this.#held.values()].map(({ arrived }) => arrived)
    this.#held.clear()
    return rest
  }

  isDown(venue: string): boolean {
    return this.#down.has(venue)
  }

  /** The instruments of a venue that were spoken of. */
  instruments(venue: string): ReadonlyArray<string> {
    return [...this.#venues.get(venue)?.keys() ?? []]
  }

  /** The book as it truly stands, and the newest tick of its instrument; null where there is none. */
  book(venue: string, instrument: string): { readonly book: Book; readonly newest: Tick } | null {
    const known = this.#venues.get(venue)?.get(instrument)
    return known === undefined || known.book.state !== "synced" || known.book.fromQuotes ? null : known
  }

  #know(tick: Tick): void {
    const venue: Venue = this.#venues.get(tick.venue) ?? new Map()
    this.#venues.set(tick.venue, venue)
    const known = venue.get(tick.instrument) ?? { book: new Book(), newest: tick }
    venue.set(tick.instrument, known)
    known.newest = tick
    if (tick.kind === "book") known.book.apply(tick)
    else if (tick.kind === "gap") known.book.break()
  }

  /** Connections that go down or come up by now. */
  #outages(offsetMs: number): Array<Arrival> {
    const out: Array<Arrival> = []
    for (const [index, fault] of this.#plan.faults.entries()) {
      if (fault.kind !== "disconnect") continue
      const isOut = this.#inOutage(fault, index, offsetMs)
      for (const venue of fault.venues ?? this.#venues.keys()) {
        const by = this.#down.get(venue)
        if (isOut && by === undefined && this.#venues.has(venue)) {
          this.#down.set(venue, index)
          this.#count(index)
          out.push({ _tag: "Down", venue, fault: index })
        } else if (!isOut && by === index) {
          this.#down.delete(venue)
          out.push({ _tag: "Up", venue, fault: index })
        }
      }
    }
    return out
  }

  #inOutage(fault: FaultOf<"disconnect">, index: number, offsetMs: number): boolean {
    if (offsetMs < fault.from || (fault.to !== undefined && offsetMs >= fault.to)) return false
    const n = Math.floor((offsetMs - fault.from) / fault.everyMs)
    const start = startsAt(fault, fault.lengthMs, this.#plan.seed, index, n)
    return offsetMs >= start && offsetMs < start + fault.lengthMs
  }

  #count(index: number): void {
    this.struck[index] = (this.struck[index] ?? 0) + 1
  }

  #isAimedAt(fault: Exclude<Fault, { readonly kind: "telegram_429" | "actor_kill" }>, tick: Tick): boolean {
    const offsetMs = tick.ingestTime - (this.#startMs ?? 0)
    return offsetMs >= fault.from && (fault.to === undefined || offsetMs < fault.to) &&
      (fault.venues === undefined || fault.venues.includes(tick.venue)) &&
      (fault.instruments === undefined || fault.instruments.includes(tick.instrument))
  }

  /** Ours, not the venue's: nothing happens to them. */
  #isOurs({ kind }: Tick): boolean {
    return kind === "gap" || kind === "heartbeat"
  }

  #strikeOf(fault: Fault, index: number): Strike {
    const pass: Strike = (arrived) => [arrived]
    if (fault.kind === "disconnect" || fault.kind === "telegram_429" || fault.kind === "actor_kill") return pass
    const strike = this.#strikeOfTick(fault, index)
    const isDue = (n: number) => !("rate" in fault) || chance(this.#plan.seed, index, n) < fault.rate
    return (arrived, n) =>
      this.#isOurs(arrived.tick) ? [arrived] : strike(arrived, this.#isAimedAt(fault, arrived.tick) && isDue(n))
  }

  #strikeOfTick(
    fault: Exclude<Fault, { readonly kind: "disconnect" | "telegram_429" | "actor_kill" }>,
    index: number,
  ): (arrived: Arrived, due: boolean) => ReadonlyArray<Arrival> {
    switch (fault.kind) {
      case "gap": {
        const losing = new Map<string, number>()
        return (arrived, due) => {
          const key = seriesOf(arrived.tick), left = losing.get(key) ?? (due ? fault.ticks : 0)
          if (left === 0) return [arrived]
          if (left === 1) losing.delete(key)
          else losing.set(key, left - 1)
          this.#count(index)
          return [{ _tag: "Lost", tick: arrived.tick, fault: index }]
        }
      }
      case "duplicate":
        return (arrived, due) => {
          if (!due) return [arrived]
          this.#count(index)
          return [arrived, { ...arrived, fault: index }]
        }
      case "reorder":
        return (arrived, due) => this.#reorder(arrived, due, fault.by, index)
      case "cross":
        return (arrived, due) => {
          const crossed = due ? this.#crossed(arrived.tick) : null
          if (crossed === null) return [arrived]
          this.#count(index)
          return [{ _tag: "Arrived", tick: crossed, fault: index }]
        }
      case "clock_skew":
        return (arrived, due) => {
          if (!due) return [arrived]
          this.#count(index)
          return [{ ...arrived, tick: skewed(arrived.tick, fault), fault: arrived.fault ?? index }]
        }
    }
  }

  /** One tick of a series is held at a time. */
  #reorder(arrived: Arrived, due: boolean, by: number, index: number): ReadonlyArray<Arrival> {
    const key = `${seriesOf(arrived.tick)}|${arrived.tick.kind}`, held = this.#held.get(key)
    if (held !== undefined) {
      held.left--
      if (held.left > 0) return [arrived]
      this.#held.delete(key)
      const { ingestTime } = arrived.tick
      return [arrived, { ...held.arrived, tick: { ...held.arrived.tick, ingestTime } }]
    }
    if (!due) return [arrived]
    this.#count(index)
    this.#held.set(key, { arrived: { ...arrived, fault: index }, left: by })
    return []
  }

  /** The same with its best bid at its best ask; null where it has not both. */
  #crossed(tick: Tick): TickOf<"quote"> | TickOf<"book"> | null {
    if (tick.kind === "quote") return { ...tick, bid: tick.ask }
    if (tick.kind !== "book") return null
    const ask = this.book(tick.venue, tick.instrument)?.book.asks.at(0)
    return ask === undefined ? null : { ...tick, bids: [[ask[0], "1"], ...tick.bids] }
  }
}

const skewed = (tick: Tick, { clock, offsetMs }: FaultOf<"clock_skew">): Tick => {
  if (clock === "ingest") return { ...tick, ingestTime: Math.max(0, tick.ingestTime + offsetMs) }
  return tick.venueTime === null ? tick : { ...tick, venueTime: Math.max(0, tick.venueTime + offsetMs) }
}
