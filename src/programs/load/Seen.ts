/**
 * What was met lately: a set of keys that forgets, in memory that is all taken at its beginning.
 *
 * In: keys. Out: whether they were met before. Promises: at least the newest `capacity` keys are remembered and at most
 * twice as many; not a byte more after any number of them, so that a soak sees only the product's memory grow. Keys are
 * kept as 53 bits of a hash: that two of 100,000 are taken for one is less likely than one in 10^5 runs.
 */

/** Of 53 bits, never 0 (cyrb53, by bryc, in the public domain). */
const hashOf = (text: string): number => {
  let high = 0xdeadbeef, low = 0x41c6ce57
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, 2_654_435_761)
    low = Math.imul(low ^ unit, 1_597_334_677)
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909)
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909)
  return 4_294_967_296 * (2_097_151 & low) + (high >>> 0) || 1
}

/** Where the hash stands, or the free place for it: tables are never more than half full. */
const placeOf = (table: Float64Array, hash: number): number => {
  let at = hash % table.length
  while (table[at] !== 0 && table[at] !== hash) at = (at + 1) % table.length
  return at
}

export class Seen {
  readonly #capacity: number
  #newer: Float64Array
  #older: Float64Array
  #size = 0

  constructor(capacity = 100_000) {
    this.#capacity = capacity
    this.#newer = new Float64Array(2 * capacity)
    this.#older = new Float64Array(2 * capacity)
  }

  has(key: string): boolean {
    const hash = hashOf(key)
    return this.#newer[placeOf(this.#newer, hash)] === hash || this.#older[placeOf(this.#older, hash)] === hash
  }

  add(key: string): void {
    if (this.#size >= this.#capacity) {
      const emptied = this.#older.fill(0)
      this.#older = this.#newer
      this.#newer = emptied
      this.#size = 0
    }
    const hash = hashOf(key), at = placeOf(this.#newer, hash)
    if (this.#newer[at] === hash) return
    this.#newer[at] = hash
    this.#size++
  }
}
