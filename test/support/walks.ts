/**
 * Prices that walk at random, and what venues tell of them.
 *
 * In: seeds. Out: changes of one price; the same price as somebody tells it who looks at times of his own, and late.
 * Promises: the same for the same seed.
 */
import { chance } from "../../src/domain/Chance.ts"

export type Walk = ReadonlyArray<readonly [at: number, price: number]>

export const BEGINS = 1_000

/** A price that changes every `everyMs` or so. */
export const walk = (seed: number, count: number, everyMs: number): Walk => {
  let at = BEGINS, price = 100
  return Array.from({ length: count }, (_, step) => {
    at += 1 + Math.floor(chance(seed, 0, step) * 2 * everyMs)
    price *= 1 + (chance(seed, 1, step) - 0.5) * 0.001
    return [at, price] as const
  })
}

/** What is told of it by who looks every `everyMs` or so, and so many ms later. */
export const told = (prices: Walk, seed: number, everyMs: number, lateMs: number): Walk => {
  const out: Array<readonly [number, number]> = []
  let at = BEGINS, newest = 0
  while (newest < prices.length - 1) {
    at += 1 + Math.floor(chance(seed, 2, out.length) * 2 * everyMs)
    while ((prices[newest + 1]?.[0] ?? Infinity) <= at) newest++
    out.push([at + lateMs, prices[newest]?.[1] ?? 0])
  }
  return out
}
