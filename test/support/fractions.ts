/**
 * A second opinion on cross-exchange evidence: fractions of integers, written from EXAMPLES rules 2 to 4 alone.
 *
 * In: pre-funded evidence with fees in quote and no caps. Out: the figures as text. Promises: uses nothing of the project but the
 * type of the evidence; slow and plain.
 */
import type { InputsOf, MarketEvidence } from "../../src/domain/Evidence.ts"

/** Numerator and a positive denominator. */
type Fraction = readonly [bigint, bigint]

const of = (text: string): Fraction => {
  const [whole = "0", part = ""] = text.split(".")
  return [BigInt(whole + part), 10n ** BigInt(part.length)]
}
const add = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d]
const negative = ([a, b]: Fraction): Fraction => [-a, b]
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d]
const over = (one: Fraction, [c, d]: Fraction): Fraction => times(one, [d, c])
const isAbove = (one: Fraction, other: Fraction): boolean => one[0] * other[1] > other[0] * one[1]
const least = (one: Fraction, other: Fraction): Fraction => isAbove(one, other) ? other : one

/** Half-even to so many digits, without zeros at the end. */
const shown = ([a, b]: Fraction, digits: number): string => {
  const scaled = (a < 0n ? -a : a) * 10n ** BigInt(digits), down = scaled / b, twice = scaled % b * 2n
  const units = String(twice > b || (twice === b && down % 2n === 1n) ? down + 1n : down).padStart(digits + 1, "0")
  const text = `${units.slice(0, -digits)}.${units.slice(-digits)}`.replace(/\.?0+$/, "")
  return a < 0n && text !== "0" ? `-${text}` : text
}

type Levels = ReadonlyArray<readonly [string, string]>

/** What `size` costs or brings before fees. */
const total = (levels: Levels, size: Fraction): Fraction => {
  let left = size, sum: Fraction = [0n, 1n]
  for (const [price, there] of levels) {
    const taken = least(left, of(there))
    sum = add(sum, times(taken, of(price)))
    left = add(left, negative(taken))
  }
  return sum
}

/** A lot's step in base units: contracts of a coin-margined market are worth a fixed amount of quote currency. */
const stepOf = ({ contractSize, instrument, lot }: MarketEvidence, price: string): Fraction => {
  const step = of(lot.step ?? "0"), [, settle] = instrument.split(":"), [base] = instrument.split("/")
  if (settle === undefined) return step
  const units = times(step, of(contractSize))
  return settle === base ? of(shown(over(units, of(price)), 12)) : units
}

export const priceByFractions = (inputs: InputsOf<"cross_exchange">) => {
  const asks: Levels = inputs.buy.asks?.levels ?? [], bids: Levels = inputs.sell.bids?.levels ?? []
  const paying = add([1n, 1n], of(inputs.buy.feeRate)), keeping = add([1n, 1n], negative(of(inputs.sell.feeRate)))
  const { conversion } = inputs
  const parity: Fraction = conversion.kind === "parity"
    ? over(of(conversion.numerator), of(conversion.denominator))
    : [1n, 1n]
  const proceeds = (size: Fraction) => times(total(bids, size), parity)
  const net = (size: Fraction) => add(times(proceeds(size), keeping), negative(times(total(asks, size), paying)))
  // Net profit runs straight between the sizes at which a book comes to a new level: the best of these is the best of all.
  const ends = [asks, bids].flatMap((levels) =>
    levels.map((_, at) => levels.slice(0, at + 1).reduce<Fraction>((sum, [, size]) => add(sum, of(size)), [0n, 1n]))
  )
  const depth = least(ends[asks.length - 1] ?? [0n, 1n], ends[asks.length + bids.length - 1] ?? [0n, 1n])
  const capacity = ends.filter((size) => !isAbove(size, depth)).reduce((best, size) =>
    isAbove(net(size), net(best)) || (!isAbove(net(best), net(size)) && isAbove(best, size)) ? size : best
  )
  const steps = [stepOf(inputs.buy, asks[0]?.[0] ?? "1"), stepOf(inputs.sell, bids[0]?.[0] ?? "1")]
  const step = isAbove(steps[0] ?? [0n, 1n], steps[1] ?? [0n, 1n]) ? steps[0] : steps[1]
  const lots = step === undefined || step[0] === 0n ? null : over(capacity, step)
  const size = lots === null || step === undefined ? capacity : times([lots[0] / lots[1], 1n], step)
  const cost = total(asks, size)
  return {
    capacity: shown(capacity, 40),
    size: shown(size, 40),
    notional: shown(cost, 60),
    grossBps: shown(times(add(over(proceeds(size), cost), [-1n, 1n]), [10_000n, 1n]), 4),
    netBps: shown(times(over(net(size), times(cost, paying)), [10_000n, 1n]), 4),
    netProfit: shown(net(size), 8),
  }
}
