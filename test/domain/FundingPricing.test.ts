/** Funding pricing: one position worked out by hand, and what must hold for every book. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import * as Decimal from "../../src/domain/Decimal.ts"
import * as FundingPricing from "../../src/domain/FundingPricing.ts"
import { type Depth, depthOf } from "../../src/domain/Pricing.ts"
import type { Level } from "../../src/domain/Tick.ts"
import { integers } from "../support/generators.ts"

const exact = Decimal.fromChecked

interface Written {
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
  readonly fee?: string
  readonly buyFeeIn?: "quote" | "base"
  readonly paid: string
}
const side = ({ asks, bids, buyFeeIn = "quote", fee = "0", paid }: Written): FundingPricing.Side => (
  { asks: depthOf(asks), bids: depthOf(bids), fee: exact(fee), buyFeeIn, paid: exact(paid) }
)
const position = (long: Written, short: Written, conversion = "1"): FundingPricing.Position => (
  { long: side(long), short: side(short), conversion: exact(conversion) }
)
const at = (of: FundingPricing.Position, size: string) =>
  Option.map(FundingPricing.priceAt(of, exact(size)), ({ cost, income, net, netBps, netProfit }) => ({
    cost: Decimal.format(cost),
    income: Decimal.format(income),
    net: Decimal.format(net),
    netBps: Decimal.format(netBps),
    netProfit: Decimal.format(netProfit),
  }))

// Bought at 100 and 101, sold again at 99; sold at 102, bought back at 103.
const long = { bids: [["99", "5"]], asks: [["100", "1"], ["101", "4"]], fee: "0.001", paid: "-0.001" } as const
const short = { bids: [["102", "5"]], asks: [["103", "5"]], fee: "0.0005", paid: "0.05" } as const

describe("A position", () => {
  it("costs four fees and four slippages, and is paid on the middle of each book", () => {
    // Two units: 201 x 1.001 - 198 x 0.999 = 3.399; 206 x 1.0005 - 204 x 0.9995 = 2.205.
    // Income 2 x (102.5 x 0.05 - 99.5 x 0.001) = 10.051. The long leg is the cheaper one: no basis against it.
    assert.deepStrictEqual(
      at(position(long, short), "2"),
      Option.some({ cost: "5.604", income: "10.051", net: "4.447", netBps: "221.0228", netProfit: "4.447" }),
    )
  })

  it("bears a basis that is against it, whole", () => {
    const dear = { ...long, bids: [["109", "5"]], asks: [["110", "5"]] } as const
    // 110.11 - 108.891 + (103.0515 - 101.949), and 109.5 - 102.5 of basis.
    assert.deepInclude(Option.getOrThrow(at(position(dear, short), "1")), { cost: "9.3215" })
  })

  it("buys more where the fee is taken in base, so that it holds what it sells again", () => {
    const inBase = position({ ...long, asks: [["100", "5"]], buyFeeIn: "base" }, { ...short, fee: "0" })
    // 5.125 - 0.0995 of income; 100 / 0.999 - 99 x 0.999, and 1 on the short leg.
    assert.deepInclude(Option.getOrThrow(at(inBase, "1")), { netProfit: "2.8263999" })
  })

  it("is priced in the long leg's currency by the declared parity", () => {
    const atPar = Option.getOrThrow(at(position(long, short), "1"))
    const doubled = Option.getOrThrow(at(position(long, { ...short, ...halved(short) }, "2"), "1"))
    assert.deepStrictEqual(doubled, atPar)
  })

  it("is not to be had where one of the four sides does not hold it", () => {
    assert.isTrue(Option.isNone(at(position(long, short), "5.1")))
    assert.isTrue(Option.isNone(at(position({ ...long, bids: [] }, short), "1")))
  })
})

const halved = ({ asks, bids }: Pick<Written, "asks" | "bids">) => {
  const half = (levels: ReadonlyArray<Level>) => levels.map(([price, size]): Level => [String(Number(price) / 2), size])
  return { asks: half(asks), bids: half(bids) }
}

describe("The best size", () => {
  const random = Arbitrary.all([integers(0, 5), integers(0, 5), integers(1, 9), integers(1, 9), integers(0, 8)])
  const made = (
    [spread, step, first, second, paid]: readonly [number, number, number, number, number],
    fee = "0.0001",
  ) =>
    position(
      {
        bids: [[String(1000 - spread), String(first)], [String(1000 - spread - step - 1), "9"]],
        asks: [[String(1001 + spread), String(second)], [String(1002 + spread + step), "9"]],
        fee,
        paid: "-0.001",
      },
      {
        bids: [[String(1000 - step), String(second)], [String(999 - step - spread), "9"]],
        asks: [[String(1001), String(first)], [String(1002 + step), "9"]],
        fee,
        paid: `0.0${paid}`,
      },
    )
  const netOf = (of: FundingPricing.Position, size: Decimal.Decimal) =>
    Option.match(FundingPricing.priceAt(of, size), { onNone: () => Decimal.ZERO, onSome: ({ net }) => net })

  it.prop("nets no less than any size on a grid", [random], ([numbers]) => {
    const of = made(numbers), best = FundingPricing.bestSize(of)
    const most = Decimal.isPositive(best) ? netOf(of, best) : Decimal.ZERO
    for (let quarters = 1; quarters <= 60; quarters++) {
      const net = netOf(of, exact(String(quarters / 4)))
      assert.isFalse(Decimal.isGreater(net, most), `${quarters / 4} nets ${Decimal.format(net)}`)
    }
  })

  it.prop("earns less when fees rise, and never a loss", [random], ([numbers]) => {
    const cheap = made(numbers), dear = made(numbers, "0.0002")
    const best = FundingPricing.bestSize(dear)
    if (!Decimal.isPositive(best)) return
    assert.isTrue(Decimal.isPositive(netOf(dear, best)))
    assert.isTrue(Decimal.isGreater(netOf(cheap, best), netOf(dear, best)))
  })

  it.prop(
    "does not change, and its profit scales, when every price does",
    [random, integers(2, 9)],
    ([numbers, factor]) => {
      const of = made(numbers), times = exact(String(factor))
      const scaled = (side: FundingPricing.Side): FundingPricing.Side => {
        const dearer = (depth: Depth): Depth => ({ ...depth, price: (at) => Decimal.multiply(depth.price(at), times) })
        return { ...side, asks: dearer(side.asks), bids: dearer(side.bids) }
      }
      const other = { ...of, long: scaled(of.long), short: scaled(of.short) }
      const best = FundingPricing.bestSize(of)
      assert.strictEqual(Decimal.format(FundingPricing.bestSize(other)), Decimal.format(best))
      const size = exact("1")
      assert.strictEqual(
        Decimal.format(netOf(other, size)),
        Decimal.format(Decimal.multiply(netOf(of, size), times)),
      )
    },
  )

  it.prop("earns no less where any level of any side holds more", [random, integers(0, 3)], ([numbers, which]) => {
    const of = made(numbers)
    const deeper = (depth: Depth): Depth => (
      { ...depth, size: (at) => at === 0 ? Decimal.add(depth.size(at), Decimal.ONE) : depth.size(at) }
    )
    const grown = (side: FundingPricing.Side, asks: boolean, bids: boolean): FundingPricing.Side => (
      { ...side, asks: asks ? deeper(side.asks) : side.asks, bids: bids ? deeper(side.bids) : side.bids }
    )
    const other = {
      ...of,
      long: grown(of.long, which === 0, which === 1),
      short: grown(of.short, which === 2, which === 3),
    }
    const net = (position: FundingPricing.Position) => {
      const best = FundingPricing.bestSize(position)
      return Decimal.isPositive(best) ? netOf(position, best) : Decimal.ZERO
    }
    assert.isFalse(Decimal.isLess(net(other), net(of)))
  })
})
