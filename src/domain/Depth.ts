/**
 * Depth: one side of a book as pricing reads it, and what a quantity takes from it. EXAMPLES rule 1.
 *
 * In: levels in base units, best first. Out: totals and the levels taken, exact. Promises: the last level is filled in
 * part; too little depth is said, never priced.
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"

type Exact = Decimal.Decimal

/** Levels best first; asked for one by one, so that only what is walked is parsed. */
export interface Depth {
  readonly length: number
  readonly price: (at: number) => Exact
  /** Base units. */
  readonly size: (at: number) => Exact
}

export const depthOf = (levels: ReadonlyArray<readonly [price: string, size: string]>): Depth => {
  const parsed = levels.map(([price, size]) => [Decimal.fromChecked(price), Decimal.fromChecked(size)] as const)
  const at = (index: number, part: 0 | 1): Exact => parsed[index]?.[part] ?? Decimal.ZERO
  return { length: parsed.length, price: (index) => at(index, 0), size: (index) => at(index, 1) }
}

export interface Fill {
  /** Quote currency, before fees. */
  readonly total: Exact
  readonly levels: ReadonlyArray<readonly [price: Exact, size: Exact]>
}

/** Takes `quantity` from the depth; none where the depth does not hold it ("insufficient depth"). */
export const fill = (depth: Depth, quantity: Exact): Option.Option<Fill> => {
  const levels: Array<readonly [Exact, Exact]> = []
  let left = quantity, total = Decimal.ZERO
  for (let at = 0; at < depth.length && Decimal.isPositive(left); at++) {
    const price = depth.price(at), take = Decimal.min(left, depth.size(at))
    total = Decimal.add(total, Decimal.multiply(price, take))
    left = Decimal.subtract(left, take)
    levels.push([price, take])
  }
  return Decimal.isPositive(left) ? Option.none() : Option.some({ total, levels })
}

/** Sum of all visible sizes, base units. */
export const visible = (depth: Depth): Exact => {
  let sum = Decimal.ZERO
  for (let at = 0; at < depth.length; at++) sum = Decimal.add(sum, depth.size(at))
  return sum
}
