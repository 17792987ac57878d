/**
 * Spent: how many notifications each had in the last hour and day, as far as this process knows.
 *
 * In: tellings, the hour and day as they pass. Out: two counts a slot. Promises: a hint on the generous side: a minute of
 * the hour is forgotten as a whole, up to a minute early, so that nobody is passed over whom the queue would admit for
 * it; a slot costs 73 bytes however much is sent.
 */

const MINUTE_MS = 60_000
const MINUTES = 60
const MOST = 255

const grown = <A extends Uint8Array | Uint16Array | Float64Array>(old: A, next: A): A => {
  next.set(old)
  return next
}

export class Spent {
  /** One array a minute of the hour: [minute mod 60][slot]. */
  #minutes = Array.from({ length: MINUTES }, () => new Uint8Array())
  #hour = new Uint16Array()
  /** Whether anything is counted, by slot: most were told nothing, and are passed over by this alone. */
  hasAny = new Uint8Array()
  #day = new Uint16Array()
  #dayStart = new Float64Array()
  /** The newest minute that has a place. */
  #minute = 0

  resize(slots: number): void {
    this.#minutes = this.#minutes.map((old) => grown(old, new Uint8Array(slots)))
    this.hasAny = grown(this.hasAny, new Uint8Array(slots))
    this.#hour = grown(this.#hour, new Uint16Array(slots))
    this.#day = grown(this.#day, new Uint16Array(slots))
    this.#dayStart = grown(this.#dayStart, new Float64Array(slots))
  }

  /** Forgets what is an hour old: once a minute it passes over one column for each minute gone by. */
  advance(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS)
    const from = Math.max(this.#minute + 1, minute - MINUTES + 1)
    for (let each = from; each <= minute; each++) this.#forget(each % MINUTES)
    this.#minute = Math.max(this.#minute, minute)
  }

  spend(slot: number, atMs: number, dayStart: number): void {
    this.advance(atMs)
    const minute = Math.floor(atMs / MINUTE_MS)
    const column = this.#minutes[minute % MINUTES]
    if (column !== undefined && minute > this.#minute - MINUTES && (column[slot] ?? MOST) < MOST) {
      column[slot] = (column[slot] ?? 0) + 1
      this.#hour[slot] = (this.#hour[slot] ?? 0) + 1
      this.hasAny[slot] = 1
    }
    if (atMs >= dayStart) this.setDay(slot, this.day(slot, dayStart) + 1, dayStart)
  }

  setDay(slot: number, count: number, dayStart: number): void {
    if (count > 0) this.hasAny[slot] = 1
    this.#day[slot] = count
    this.#dayStart[slot] = dayStart
  }

  /** Call `advance` first. */
  hour(slot: number): number {
    return this.#hour[slot] ?? 0
  }

  day(slot: number, dayStart: number): number {
    return this.#dayStart[slot] === dayStart ? this.#day[slot] ?? 0 : 0
  }

  clear(slot: number): void {
    for (const column of this.#minutes) column[slot] = 0
    this.hasAny[slot] = 0
    this.#hour[slot] = 0
    this.#day[slot] = 0
  }

  /** Forgets everybody's. */
  reset(): void {
    this.hasAny.fill(0)
    for (const column of this.#minutes) column.fill(0)
    this.#hour.fill(0)
    this.#day.fill(0)
  }

  #forget(place: number): void {
    const column = this.#minutes[place]
    if (column === undefined) return
    for (let slot = 0; slot < column.length; slot++) {
      const count = column[slot] ?? 0
      if (count === 0) continue
      this.#hour[slot] = (this.#hour[slot] ?? 0) - count
      column[slot] = 0
    }
  }
}
