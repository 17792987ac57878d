/**
 * What is known of what was met lately: a map that forgets. For keys alone: Seen.ts.
 *
 * In: keys and values. Out: the values again. Promises: at least the newest `capacity` keys that were not taken out are
 * remembered and at most twice as many, so a run of any length costs the same memory.
 */
export class Recent<A> {
  readonly #capacity: number
  #newer = new Map<string, A>()
  #older = new Map<string, A>()

  constructor(capacity = 100_000) {
    this.#capacity = capacity
  }

  get(key: string): A | undefined {
    return this.#newer.get(key) ?? this.#older.get(key)
  }

  /** Answers it and forgets it. */
  take(key: string): A | undefined {
    const value = this.get(key)
    this.#newer.delete(key)
    this.#older.delete(key)
    return value
  }

  set(key: string, value: A): void {
    if (this.#newer.size >= this.#capacity) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(key, value)
  }
}
