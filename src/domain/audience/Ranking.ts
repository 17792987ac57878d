/**
 * Ranking: who of those an opportunity fits goes first, where not all can be told in time.
 *
 * In: keys of 32 bits, the smallest first. Out: slots in that order. Promises: higher tiers first; among equals an order
 * that is stable for one opportunity, different for the next, and that no user can choose, so that nobody is always last;
 * linear in how many there are.
 */

const RADIX_BITS = 11
const BUCKETS = 1 << RADIX_BITS
const PASSES = 3

/** FNV-1a, 32 bits. */
export const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** `weight` 0 to 7: the greater goes first. Hashes of the user and of the opportunity. */
export const rankKey = (weight: number, user: number, opportunity: number): number => {
  let mixed = user ^ opportunity
  mixed = Math.imul(mixed ^ mixed >>> 16, 0x85ebca6b)
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35)
  mixed ^= mixed >>> 16
  return ((7 - weight) << 29 | mixed >>> 3) >>> 0
}

/** Sorts the first `length` slots by their keys, in place; `keys` are by place, not by slot. */
export class Ranker {
  #counts = new Uint32Array(BUCKETS)
  #slots = new Uint32Array()
  #keys = new Uint32Array()

  /** The same, of the `limit` smallest alone: how many there are then, `limit` or all. The rest of the places is lost. */
  best(slots: Uint32Array, keys: Uint32Array, length: number, limit: number): number {
    const kept = limit < length ? this.#below(slots, keys, length, limit) : length
    this.sort(slots, keys, kept)
    return Math.min(limit, kept)
  }

  sort(slots: Uint32Array, keys: Uint32Array, length: number): void {
    if (this.#slots.length < length) {
      this.#slots = new Uint32Array(slots.length)
      this.#keys = new Uint32Array(slots.length)
    }
    let fromSlots = slots, fromKeys = keys
    let toSlots: Uint32Array = this.#slots, toKeys: Uint32Array = this.#keys
    for (let pass = 0; pass < PASSES; pass++) {
      this.#scatter(fromSlots, fromKeys, toSlots, toKeys, length, pass * RADIX_BITS)
      const spareSlots = fromSlots, spareKeys = fromKeys
      fromSlots = toSlots
      fromKeys = toKeys
      toSlots = spareSlots
      toKeys = spareKeys
    }
    slots.set(fromSlots.subarray(0, length))
    keys.set(fromKeys.subarray(0, length))
  }

  /** Keeps those in the lowest buckets that together hold `limit`. */
  #below(slots: Uint32Array, keys: Uint32Array, length: number, limit: number): number {
    const counts = this.#counts.fill(0), shift = 32 - RADIX_BITS
    for (let at = 0; at < length; at++) {
      const bucket = (keys[at] ?? 0) >>> shift
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
    let last = 0
    for (let held = counts[0] ?? 0; held < limit; held += counts[last] ?? 0) last++
    let kept = 0
    for (let at = 0; at < length; at++) {
      const key = keys[at] ?? 0
      if (key >>> shift > last) continue
      slots[kept] = slots[at] ?? 0
      keys[kept] = key
      kept++
    }
    return kept
  }

  #scatter(
    slots: Uint32Array,
    keys: Uint32Array,
    toSlots: Uint32Array,
    toKeys: Uint32Array,
    length: number,
    shift: number,
  ): void {
    const counts = this.#counts.fill(0)
    for (let at = 0; at < length; at++) {
      const bucket = (keys[at] ?? 0) >>> shift & BUCKETS - 1
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
    let start = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = counts[bucket] ?? 0
      counts[bucket] = start
      start += count
    }
    for (let at = 0; at < length; at++) {
      const bucket = (keys[at] ?? 0) >>> shift & BUCKETS - 1
      const place = counts[bucket] ?? 0
      counts[bucket] = place + 1
      toSlots[place] = slots[at] ?? 0
      toKeys[place] = keys[at] ?? 0
    }
  }
}
