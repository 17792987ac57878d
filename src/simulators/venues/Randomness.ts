/**
 * The chance of the simulator: xoshiro128** on 32-bit integers, seeded by splitmix32.
 *
 * In: a seed and names. Out: sources that are independent of one another, one for each thing that moves. Promises: only
 * integer operations, so every runtime draws the same numbers; a source's state is its own, so that what one market
 * draws never shifts what another one draws. Not for secrets.
 */

export interface Randomness {
  /** 0 .. 2^32 - 1. */
  readonly next: () => number
  /** 0 .. bound - 1. */
  readonly below: (bound: number) => number
  /** -bound .. bound. */
  readonly around: (bound: number) => number
}

/** A well-spread 32-bit number from any other (the finaliser of MurmurHash3). */
export const mix = (value: number): number => {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** FNV-1a-32 over the UTF-16 units of `seed|name|name`. */
export const seedOf = (seed: number, ...names: ReadonlyArray<string>): number => {
  const text = [String(seed), ...names].join("|")
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash)
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** xoshiro128** from its four words of state, which must not all be zero. */
export const fromState = (state: readonly [number, number, number, number]): Randomness => {
  let [a, b, c, d] = state
  const next = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9)
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotate(d, 11)
    return result >>> 0
  }
  // The product is a double: exact up to a bound of 2^21, and rounded alike on every runtime above it.
  const below = (bound: number): number => Math.floor(next() * bound / 0x1_0000_0000)
  return { next, below, around: (bound) => below(2 * bound + 1) - bound }
}

/** One source for one thing: `make(seed, "market", venue, instrument)`. */
export const make = (seed: number, ...names: ReadonlyArray<string>): Randomness => {
  let state = seedOf(seed, ...names)
  const splitmix = (): number => {
    state = (state + 0x9e3779b9) | 0
    return mix(state) | 0
  }
  return fromState([splitmix(), splitmix(), splitmix(), splitmix()])
}
