/**
 * What was met lately: a set, and a map, that forget.
 *
 * In: keys. Out: whether they were met before. Promises: at least the newest `capacity` keys are remembered and at most
 * twice as many, so a run of any length costs the same memory; a repeat beyond that is not recognised.
 */
export class Recent<A = true> {
  readonly #capacity: number
  #newer = new Map<string, A>()
  #older = new Map<string, A>()

  constructor(capacity = 100_000) {
    this.#capacity = capacity
  }

  get(key: string): A | undefined {
    return this.#newer.get(key) ?? this.#older.get(key)
  }

  has(key: string): boolean {
    return this.#newer.has(key) || this.#older.has(key)
  }

  set(key: string, value: A): void {
    if (this.#newer.size >= this.#capacity) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(key, value)
  }
}
