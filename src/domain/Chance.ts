/**
 * Chance that can be repeated: numbers that follow from a seed, a stream and a position, and from nothing else.
 *
 * In: three integers. Out: a number from 0 up to 1. Promises: the same on every runtime (integers of 32 bits only), and
 * in whatever order positions are asked for; neighbours have nothing in common (the finaliser of MurmurHash3).
 */

const scramble = (value: number): number => {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const GOLDEN = 0x9e3779b9

export const chance = (seed: number, stream: number, position: number): number => {
  const begun = scramble(seed + Math.imul(stream + 1, GOLDEN))
  return (scramble(begun ^ scramble(position + GOLDEN)) >>> 0) / 2 ** 32
}
