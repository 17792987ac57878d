/**
 * Interning: texts, and sets of texts, as small numbers, for columns.
 *
 * In: names and lists. Out: numbers, the same for the same. Promises: a set is stored once however many share it, and is
 * gone with the last who did; 0 is the empty set; names are never forgotten (there are as many as venues, pairs, zones).
 */

/** Names to numbers from 1 on; 0: none. */
export class Names {
  readonly #numbers = new Map<string, number>()
  readonly #names: Array<string> = []

  of(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.#names.push(name))
    return this.#names.length
  }

  /** Null: of none. */
  name(number: number): string | null {
    return this.#names[number - 1] ?? null
  }

  /** 0: nobody has ever used it. */
  known(name: string): number {
    return this.#numbers.get(name) ?? 0
  }

  entries(): IterableIterator<[string, number]> {
    return this.#numbers.entries()
  }

  get size(): number {
    return this.#numbers.size
  }
}

/** What is shared by those who have the same: each different value once, counted. */
export class Shared<A> {
  readonly #numbers = new Map<string, number>()
  readonly #keys: Array<string> = [""]
  readonly #holders: Array<number> = [1]
  readonly #free: Array<number> = []
  /** By number; 0 is the value of nobody in particular. */
  readonly values: Array<A>

  constructor(empty: A) {
    this.values = [empty]
  }

  /** One more holder of it. */
  hold(key: string, make: () => A): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) {
      this.#holders[known] = (this.#holders[known] ?? 0) + 1
      return known
    }
    const number = this.#free.pop() ?? this.values.length
    this.#numbers.set(key, number)
    this.#keys[number] = key
    this.#holders[number] = 1
    this.values[number] = make()
    return number
  }

  /** One holder less. */
  release(number: number): void {
    if (number === 0) return
    const left = (this.#holders[number] ?? 0) - 1
    this.#holders[number] = left
    if (left > 0) return
    this.#numbers.delete(this.#keys[number] ?? "")
    this.#free.push(number)
  }

  holders(number: number): number {
    return this.#holders[number] ?? 0
  }

  /** Numbers are below this. */
  get bound(): number {
    return this.values.length
  }
}

/** Sets of names, and which of them hold for what is asked now. */
export class NameSets {
  readonly #names: Names
  readonly #sets = new Shared<Uint32Array>(new Uint32Array())
  /** By set: in which question it was last looked at, and what the answer was. */
  #asked = new Uint32Array(64)
  #answers = new Uint8Array(64)
  /** A bit for each member's number mod 32: most sets are told apart from what is asked by it alone. */
  #signatures = new Int32Array(64)
  #mask = 0
  #question = 0
  #wanted: ReadonlyArray<number> = []

  constructor(names: Names) {
    this.#names = names
  }

  hold(members: ReadonlyArray<string>): number {
    if (members.length === 0) return 0
    const numbers = Uint32Array.from(new Set(members.map((name) => this.#names.of(name)))).sort()
    const set = this.#sets.hold(numbers.join(), () => numbers)
    if (set >= this.#signatures.length) this.#grow(set * 2)
    this.#signatures[set] = numbers.reduce((bits, name) => bits | 1 << name, 0)
    return set
  }

  release(set: number): void {
    this.#sets.release(set)
  }

  /** Begins a question about these names. */
  ask(names: Iterable<string>): void {
    this.#wanted = Array.from(names, (name) => this.#names.known(name))
    this.#mask = this.#wanted.reduce((bits, name) => bits | 1 << name, 0)
    this.#question++
  }

  /** Whether the set holds all of the names asked about. */
  hasAll(set: number): boolean {
    return ((this.#signatures[set] ?? 0) & this.#mask) === this.#mask && (this.#answer(set) & 1) !== 0
  }

  /** Whether it holds any of them. */
  hasAny(set: number): boolean {
    return ((this.#signatures[set] ?? 0) & this.#mask) !== 0 && (this.#answer(set) & 2) !== 0
  }

  #grow(length: number): void {
    const signatures = new Int32Array(length)
    signatures.set(this.#signatures)
    this.#signatures = signatures
    this.#asked = new Uint32Array(length)
    this.#answers = new Uint8Array(length)
  }

  #answer(set: number): number {
    if (this.#asked[set] === this.#question) return this.#answers[set] ?? 0
    const members = this.#sets.values[set] ?? new Uint32Array()
    let found = 0
    for (const name of this.#wanted) {
      for (let at = 0; at < members.length; at++) {
        if (members[at] !== name) continue
        found++
        break
      }
    }
    const answer = (found === this.#wanted.length ? 1 : 0) | (found > 0 ? 2 : 0)
    this.#asked[set] = this.#question
    this.#answers[set] = answer
    return answer
  }
}
