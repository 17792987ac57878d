/** Cycles: rule 10 of the worked examples, by hand and against a naive search. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import * as Cycle from "../../src/domain/Cycle.ts"
import * as Decimal from "../../src/domain/Decimal.ts"
import { depthOf } from "../../src/domain/Depth.ts"
import type { RejectionReason } from "../../src/domain/Opportunity.ts"
import { integers } from "../support/generators.ts"

/** A leg in texts, as the naive walk reads it too; null: no rule. */
interface Leg {
  readonly instrument: string
  readonly side: "buy" | "sell"
  readonly levels: ReadonlyArray<readonly [price: string, size: string]>
  readonly feeRate: string
  readonly step: string | null
  readonly minAmount: string | null
  readonly minNotional: string | null
  readonly most: string | null
}

interface CycleInput {
  readonly legs: ReadonlyArray<Leg>
  /** Of the start asset at most. */
  readonly most: string | null
}

const optional = (text: string | null) => Option.map(Option.fromNullOr(text), Decimal.fromChecked)

const legsOf = ({ legs }: CycleInput): ReadonlyArray<Cycle.CycleLeg> =>
  legs.map(({ feeRate, levels, minAmount, minNotional, most, side, step }) => ({
    side,
    depth: depthOf(levels),
    fee: Decimal.fromChecked(feeRate),
    step: Option.getOrElse(optional(step), () => Cycle.FINEST_STEP),
    minAmount: optional(minAmount),
    minNotional: optional(minNotional),
    most: optional(most),
  }))

const priced = (input: CycleInput): Cycle.Best | RejectionReason => Cycle.best(legsOf(input), optional(input.most))

const leg = (
  instrument: string,
  side: "buy" | "sell",
  levels: ReadonlyArray<readonly [string, string]>,
  rules: Partial<Leg> = {},
): Leg => ({
  instrument,
  side,
  levels,
  feeRate: "0",
  step: null,
  minAmount: null,
  minNotional: null,
  most: null,
  ...rules,
})

const cycle = (legs: ReadonlyArray<Leg>, most: string | null = null): CycleInput => ({ most, legs })

/** USDT > ETH > BTC > USDT of A10, as deep as is given in ETH. */
const a10 = (rules: Partial<Leg> = {}) =>
  cycle([
    leg("ETH/USDT", "buy", [["2000", "10"]], rules),
    leg("ETH/BTC", "sell", [["0.3", "10"]], rules),
    leg("BTC/USDT", "sell", [["30000", "3"]], rules),
  ])

const bestOf = (input: CycleInput): Cycle.Best => {
  const found = priced(input)
  if (typeof found === "string") throw new Error(found)
  return found
}

const shown = ({ capacity, round: { end, netBps, netProfit, start } }: Cycle.Best) => ({
  start: Decimal.format(start),
  end: Decimal.format(end),
  netProfit: Decimal.format(netProfit),
  netBps: Decimal.format(netBps),
  capacity: Decimal.format(capacity),
})

describe("A round", () => {
  it("A10: of BTC/USDT 30000, ETH/BTC 0.3 and ETH/USDT 2000 multiplies by 4.5", () => {
    assert.deepStrictEqual(shown(bestOf(a10())), {
      start: "20000",
      end: "90000",
      netProfit: "70000",
      netBps: "35000",
      capacity: "20000",
    })
  })

  it("A10: the other way round pays nothing, however little is put in", () => {
    const other = cycle([
      leg("BTC/USDT", "buy", [["30000", "3"]]),
      leg("ETH/BTC", "buy", [["0.3", "10"]]),
      leg("ETH/USDT", "sell", [["2000", "10"]]),
    ])
    assert.strictEqual(priced(other), "below_threshold")
  })

  it("B6: of three fees of 10 bps needs more than 30.06 bps gross, and of 35 bps gross nets 4.925", () => {
    const at = (last: string) =>
      cycle([
        leg("ETH/USDT", "buy", [["2000", "10"]], { feeRate: "0.001" }),
        leg("ETH/BTC", "sell", [["0.05", "10"]], { feeRate: "0.001" }),
        leg("BTC/USDT", "sell", [[last, "1"]], { feeRate: "0.001" }),
      ])
    const gross35 = at("40140"), { round } = bestOf(gross35)
    assert.strictEqual(Decimal.format(Cycle.grossBps(legsOf(gross35), round)), "35")
    assert.strictEqual(Decimal.format(Decimal.round(round.netBps, 3)), "4.925")
    // 1 / 0.999^3 is 1.0030060100...
    assert.strictEqual(priced(at("40120.24")), "below_threshold")
    assert.isAbove(Decimal.toNumber(bestOf(at("40120.2405")).round.netBps), -1)
  })

  it("walks all books together until the next slice stops paying", () => {
    const { capacity, round } = bestOf(cycle([
      leg("ETH/USDT", "buy", [["2000", "1"], ["2010", "2"], ["2300", "50"]]),
      leg("ETH/BTC", "sell", [["0.1", "2"], ["0.099", "9"]]),
      leg("BTC/USDT", "sell", [["22000", "0.15"], ["21000", "1"]]),
    ]))
    // 1 ETH at 2000, then at 2010 up to 0.15 BTC at 22000; at 21000 until ETH/BTC pays 0.099; 2300 never.
    assert.deepStrictEqual([Decimal.format(capacity), Decimal.format(round.start)], ["6020", "6020"])
    assert.deepStrictEqual(
      round.trades.map(({ levels }) =>
        levels.map(([price, size]) => `${Decimal.format(size)} at ${Decimal.format(price)}`)
      ),
      [["1 at 2000", "2 at 2010"], ["2 at 0.1", "1 at 0.099"], ["0.15 at 22000", "0.149 at 21000"]],
    )
    assert.strictEqual(Decimal.format(round.end), "6429")
  })

  it("takes each fee from what its leg receives", () => {
    const { round } = bestOf(a10({ feeRate: "0.01" }))
    assert.deepStrictEqual(
      round.trades.map(({ fee, received, spent }) => [spent, fee, received].map(Decimal.format)),
      [["20000", "0.1", "9.9"], ["9.9", "0.0297", "2.9403"], ["2.9403", "882.09", "87326.91"]],
    )
  })

  it("floors each leg, puts in no more than the last leg's lots need, and tells what is left over", () => {
    const { capacity, round } = bestOf(cycle([
      leg("ETH/USDT", "buy", [["2000", "10"]], { step: "0.5" }),
      leg("ETH/BTC", "sell", [["0.3", "9.4"]], { step: "0.1" }),
      leg("BTC/USDT", "sell", [["30000", "3"]], { step: "0.8" }),
    ]))
    // 9.4 ETH are floored to 9, and these to 2.4 of 2.7 BTC: 8 ETH would have done.
    assert.strictEqual(Decimal.format(capacity), "18800")
    assert.deepStrictEqual(round.trades.map(({ size }) => Decimal.format(size)), ["8", "8", "2.4"])
    assert.deepStrictEqual([round.start, round.end].map(Decimal.format), ["16000", "72000"])
    const { round: odd } = bestOf(cycle([
      leg("ETH/USDT", "buy", [["2000", "10"]], { step: "0.5" }),
      leg("ETH/BTC", "sell", [["0.3", "10"]], { step: "0.7" }),
      leg("BTC/USDT", "sell", [["30000", "3"]]),
    ]))
    assert.deepStrictEqual(odd.trades.map(({ leftOver }) => Decimal.format(leftOver)), ["0", "0.2", "0"])
  })

  it("is refused for less than a lot, a least amount or a least notional of any leg", () => {
    const { legs } = a10()
    const withRule = (at: number, rule: Partial<Leg>) =>
      priced(cycle(legs.map((leg, index) => index === at ? { ...leg, ...rule } : leg)))
    for (const at of [0, 1, 2]) {
      assert.strictEqual(withRule(at, { step: "11" }), "below_lot")
      assert.strictEqual(withRule(at, { minAmount: "10.1" }), "below_min_amount")
      assert.strictEqual(withRule(at, { minNotional: "90001" }), "below_min_notional")
    }
    assert.isNotString(withRule(0, { minAmount: "10", minNotional: "20000" }))
  })

  it("says that a book is too shallow rather than price it", () => {
    assert.strictEqual(Cycle.roundAt(legsOf(a10()), Decimal.fromChecked("20001")), "insufficient_depth")
    const shallow = cycle([
      leg("ETH/USDT", "buy", [["2000", "10"]]),
      leg("ETH/BTC", "sell", [["0.3", "9"]]),
      leg("BTC/USDT", "sell", [["30000", "3"]]),
    ])
    assert.strictEqual(Cycle.roundAt(legsOf(shallow), Decimal.fromChecked("20000")), "insufficient_depth")
  })

  it("is capped by a start amount and by what may be taken of each book, while capacity tells what is there", () => {
    const capped = bestOf({ ...a10(), most: "5000" })
    assert.deepStrictEqual(shown(capped), {
      start: "5000",
      end: "22500",
      netProfit: "17500",
      netBps: "35000",
      capacity: "20000",
    })
    const { legs } = a10()
    const shared = bestOf(cycle(legs.map((leg, at) => ({ ...leg, most: at === 2 ? "0.3" : "5" }))))
    assert.deepInclude(shown(shared), { start: "2000", capacity: "20000" })
  })
})

/** The same by floats and brute force: what `amount` becomes, lots included; 0 where a book ends. */
const naive = (input: CycleInput, amount: number): { readonly spent: number; readonly end: number } => {
  let have = amount, spent = amount
  for (const [at, { feeRate, levels, side, step }] of input.legs.entries()) {
    const lot = Number(step ?? "0")
    let size = 0
    if (side === "sell") size = have
    else {
      let money = have
      for (const [price, there] of levels) {
        const take = Math.min(Number(there), money / Number(price))
        size += take
        money -= take * Number(price)
      }
    }
    if (lot > 0) size = Math.floor(size / lot + 1e-9) * lot
    let left = size, total = 0
    for (const [price, there] of levels) {
      const take = Math.min(Number(there), left)
      total += take * Number(price)
      left -= take
    }
    if (left > 1e-9 * size) return { spent, end: 0 }
    if (at === 0) spent = side === "buy" ? total : size
    have = (side === "buy" ? size : total) * (1 - Number(feeRate))
  }
  return { spent, end: have }
}

const GRID = 40

/** The most that any start amount of a grid earns. */
const bestOnGrid = (input: CycleInput): number => {
  const [first] = input.legs
  const all = (first?.levels ?? []).reduce(
    (sum, [price, size]) => sum + Number(size) * (first?.side === "buy" ? Number(price) : 1),
    0,
  )
  const earned = Array.from({ length: GRID }, (_, at) => naive(input, all * (at + 1) / GRID))
  return Math.max(0, ...earned.map(({ end, spent }) => end - spent))
}

/** What one lot of each leg is worth in the start asset, by the worst prices: what flooring may cost. */
const lotsWorth = ({ legs }: CycleInput): number => {
  let unit = 1, worth = 0
  for (const { feeRate, levels, side, step } of legs) {
    const worst = Number(levels.at(-1)?.[0]), lot = Number(step ?? "0")
    worth += lot * (side === "buy" ? worst : 1) / unit
    unit *= (side === "buy" ? 1 / worst : worst) * (1 - Number(feeRate))
  }
  return worth * 1.05
}

const side = (towards: 1 | -1, middle: number) =>
  Arbitrary.map(
    Arbitrary.array(Arbitrary.all([integers(1, 40), integers(1, 9)]), { minLength: 1, maxLength: 4 }),
    (steps): ReadonlyArray<readonly [string, string]> => {
      let away = 0
      return steps.map(([gap, size]) => {
        away += gap
        return [(middle * (1 + towards * away / 10_000)).toFixed(6), String(size)] as const
      })
    },
  )

const STEPS = [null, "0.001", "0.01", "0.1", "0.3"] as const

/** Cycles of which about half pay: ETH/USDT 2000, ETH/BTC 0.05, BTC/USDT 40000 and a little, in either direction. */
const cycles = Arbitrary.map(
  Arbitrary.all({
    forward: integers(0, 1),
    edge: integers(-50, 300),
    fee: integers(-5, 20),
    steps: Arbitrary.all([integers(0, 4), integers(0, 4), integers(0, 4)]),
    lots: integers(0, 1),
    a: side(1, 2_000),
    b: side(-1, 0.05),
    c: side(-1, 1),
    d: side(1, 1),
    e: side(1, 0.05),
    f: side(-1, 2_000),
  }),
  ({ a, b, c, d, e, edge, f, fee, forward, lots, steps }): CycleInput => {
    const feeRate = String(fee / 10_000)
    const rules = (at: 0 | 1 | 2): Partial<Leg> => ({ feeRate, step: lots === 0 ? null : STEPS[steps[at]] ?? null })
    const times = (levels: ReadonlyArray<readonly [string, string]>, factor: number) =>
      levels.map(([price, size]) => [(Number(price) * factor).toFixed(4), size] as const)
    const high = 40_000 * (1 + edge / 10_000), low = 40_000 * (1 - edge / 10_000)
    return cycle(
      forward === 1
        ? [
          leg("ETH/USDT", "buy", a, rules(0)),
          leg("ETH/BTC", "sell", b, rules(1)),
          leg("BTC/USDT", "sell", times(c, high), rules(2)),
        ]
        : [
          leg("BTC/USDT", "buy", times(d, low), rules(0)),
          leg("ETH/BTC", "buy", e, rules(1)),
          leg("ETH/USDT", "sell", f, rules(2)),
        ],
    )
  },
)

/** 0 where there is none. */
const profitOf = (input: CycleInput): number => {
  const found = priced(input)
  return typeof found === "string" ? 0 : Decimal.toNumber(found.round.end) - Decimal.toNumber(found.round.start)
}

const withFees = (input: CycleInput, add: number): CycleInput => ({
  ...input,
  legs: input.legs.map((leg) => ({ ...leg, feeRate: (Number(leg.feeRate) + add).toFixed(6) })),
})

describe("The best round of a random cycle", () => {
  it.prop("is beaten by no start amount of a grid by more than one lot of each leg", [cycles], ([input]) => {
    const found = profitOf(input), rival = bestOnGrid(input)
    assert.isAtLeast(found + lotsWorth(input) + 1e-6, rival)
  }, { arbitrary: { runs: 500 } })

  it.prop("is what the naive walk makes of its start amount", [cycles], ([input]) => {
    const found = priced(input)
    if (typeof found === "string") return
    const { end, spent } = naive(input, Decimal.toNumber(found.round.start) * (1 + 1e-12))
    assert.approximately(spent, Decimal.toNumber(found.round.start), 1e-6)
    assert.approximately(end, Decimal.toNumber(found.round.end), 1e-5)
  }, { arbitrary: { runs: 300 } })

  it.prop(
    "earns less when fees rise, and no less when every book is deeper",
    [cycles, integers(1, 20)],
    ([input, bps]) => {
      const whole = { ...input, legs: input.legs.map((leg) => ({ ...leg, step: null })) }
      const profit = profitOf(whole), dearer = profitOf(withFees(whole, bps / 10_000))
      if (profit > 1e-6) assert.isBelow(dearer, profit)
      else assert.isAtMost(dearer, 1e-6)
      const deeper = {
        ...whole,
        legs: whole.legs.map((leg) => ({
          ...leg,
          levels: leg.levels.map(([price, size]) => [price, `${size}.5`] as const),
        })),
      }
      assert.isAtLeast(profitOf(deeper) + 1e-6, profit)
    },
    { arbitrary: { runs: 300 } },
  )

  it.prop("scales with the price of the start asset", [cycles], ([input]) => {
    const [first, second, third] = input.legs
    if (first === undefined || second === undefined || third === undefined) return
    const tenfold = (leg: Leg): Leg => ({
      ...leg,
      step: null,
      levels: leg.levels.map((
        [price, size],
      ) => [Decimal.format(Decimal.multiply(Decimal.fromChecked(price), Decimal.fromChecked("10"))), size]),
    })
    const middle = { ...second, step: null }
    const one = profitOf(cycle([{ ...first, step: null }, middle, { ...third, step: null }]))
    const ten = profitOf(cycle([tenfold(first), middle, tenfold(third)]))
    assert.approximately(ten, 10 * one, 1e-5)
  }, { arbitrary: { runs: 200 } })
})
