/**
 * Tellings: who was told of which fingerprint, and what it was to earn then.
 *
 * In: tellings by slot. Out: for one fingerprint, each slot's last. Promises: a fingerprint nobody was told of within the
 * cooldown is forgotten; a telling costs 24 bytes; a slot that changed hands begins anew.
 */

interface Told {
  slots: Uint32Array
  generations: Uint32Array
  atMs: Float64Array
  /** NaN: unknown. */
  netProfit: Float64Array
  length: number
  newestMs: number
}

const roomFor = (told: Told | undefined, length: number): Told => {
  const room = Math.max(16, Math.ceil(length * 1.5))
  const next: Told = {
    slots: new Uint32Array(room),
    generations: new Uint32Array(room),
    atMs: new Float64Array(room),
    netProfit: new Float64Array(room),
    length: told?.length ?? 0,
    newestMs: told?.newestMs ?? 0,
  }
  if (told === undefined) return next
  next.slots.set(told.slots)
  next.generations.set(told.generations)
  next.atMs.set(told.atMs)
  next.netProfit.set(told.netProfit)
  return next
}

export class Tellings {
  readonly #byFingerprint = new Map<string, Told>()
  readonly #cooldownMs: number
  /** By slot: in which question it was marked, and where its telling stands. */
  #asked = new Uint32Array()
  #entry = new Uint32Array()
  #question = 0
  #current: Told | undefined

  constructor(cooldownMs: number) {
    this.#cooldownMs = cooldownMs
  }

  resize(slots: number): void {
    this.#asked = new Uint32Array(slots)
    this.#entry = new Uint32Array(slots)
    this.#question = 0
  }

  add(fingerprint: string, slot: number, generation: number, atMs: number, netProfit: number | null): void {
    const known = this.#byFingerprint.get(fingerprint)
    const told = known === undefined || known.length === known.slots.length
      ? roomFor(known, (known?.length ?? 0) + 1)
      : known
    if (told !== known) this.#byFingerprint.set(fingerprint, told)
    told.slots[told.length] = slot
    told.generations[told.length] = generation
    told.atMs[told.length] = atMs
    told.netProfit[told.length] = netProfit ?? NaN
    told.length++
    told.newestMs = Math.max(told.newestMs, atMs)
  }

  /** Begins a question about this fingerprint; `generations` are the slots' own. */
  ask(fingerprint: string, generations: Uint32Array, nowMs: number): void {
    this.#forget(nowMs)
    this.#question++
    const told = this.#byFingerprint.get(fingerprint)
    this.#current = told
    if (told === undefined) return
    for (let at = 0; at < told.length; at++) {
      const slot = told.slots[at] ?? 0
      if (generations[slot] !== told.generations[at]) continue
      const marked = this.#asked[slot] === this.#question
      if (marked && (told.atMs[this.#entry[slot] ?? 0] ?? 0) > (told.atMs[at] ?? 0)) continue
      this.#asked[slot] = this.#question
      this.#entry[slot] = at
    }
  }

  /** Null: not told of it. */
  of(slot: number): { readonly atMs: number; readonly netProfit: number | null } | null {
    if (this.#asked[slot] !== this.#question || this.#current === undefined) return null
    const at = this.#entry[slot] ?? 0
    const netProfit = this.#current.netProfit[at] ?? NaN
    return { atMs: this.#current.atMs[at] ?? 0, netProfit: Number.isNaN(netProfit) ? null : netProfit }
  }

  /** Whether anybody was told of it. */
  get hasAny(): boolean {
    return this.#current !== undefined
  }

  reset(): void {
    this.#byFingerprint.clear()
    this.#current = undefined
  }

  #forget(nowMs: number): void {
    for (const [fingerprint, { newestMs }] of this.#byFingerprint) {
      if (newestMs + this.#cooldownMs <= nowMs) this.#byFingerprint.delete(fingerprint)
    }
  }
}
