/** Pricing against the worked examples (named by their ids), and the best size against every other size. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import * as Decimal from "../../src/domain/Decimal.ts"
import { type Exchange, SAME } from "../../src/domain/Exchanging.ts"
import * as Pricing from "../../src/domain/Pricing.ts"
import { data, describeWith } from "../support/available.ts"
import { integers } from "../support/generators.ts"

const d = Decimal.fromChecked
type Levels = ReadonlyArray<readonly [price: string, size: string]>

const terms = (buyFee = "0", sellFee = "0", buyFeeIn: "quote" | "base" = "quote"): Pricing.Terms => ({
  buyFee: d(buyFee),
  sellFee: d(sellFee),
  buyFeeIn,
  exchange: SAME,
  ...Pricing.PRE_FUNDED,
})

/** Size and net profit of buying from `asks` and selling into `bids`, at the best size or at the one given. */
const priced = (asks: Levels, bids: Levels, of = terms(), size?: string) => {
  const [a, b] = [Pricing.depthOf(asks), Pricing.depthOf(bids)]
  const at = size === undefined ? Pricing.bestSize(a, b, of) : d(size)
  const found = Option.getOrThrow(Pricing.priceAt(a, b, at, of))
  return { size: Decimal.format(found.size), net: Decimal.format(found.netProfit), bps: Decimal.format(found.netBps) }
}

describe("The worked examples", () => {
  it("A1: three asks against two bids trade 9 for a profit of 299.92962969", () => {
    const asks = [["8900.12345677", "3"], ["8999.95", "7"], ["9000", "10"]] as const
    assert.deepInclude(priced(asks, [["9000", "9"], ["8900", "5"]]), { size: "9", net: "299.92962969" })
  })

  it("A2: nine asks against three bids trade 41 for a profit of 6450", () => {
    const later = ["600", "650", "700", "800", "850", "950", "1000"].map((price) => [price, "10"] as const)
    const found = priced([["500", "10"], ["550", "1"], ...later], [["900", "5"], ["750", "100"], ["550", "1"]])
    assert.deepInclude(found, { size: "41", net: "6450" })
  })

  it("A4: a synthetic pair through two books multiplies bid by bid and ask by ask", () => {
    const found = Pricing.synthetic(
      { bid: d("8825"), ask: d("8900.12345677") },
      { bid: d("1.11"), ask: d("1.12") },
    )
    assert.strictEqual(Decimal.format(found.bid), "9795.75")
    assert.strictEqual(Decimal.format(found.ask), "9968.1382715824")
  })

  it("A5: half a coin at most brings 30000, and 29910 after a fee of 0.05% on the selling leg", () => {
    const asks = [["300000", "1"]] as const, bids = [["360000", "4"]] as const
    assert.strictEqual(priced(asks, bids).size, "1")
    assert.strictEqual(priced(asks, bids, terms(), "0.5").net, "30000")
    assert.strictEqual(priced(asks, bids, terms("0", "0.0005"), "0.5").net, "29910")
  })

  it("A6: 0.1% after fees of 0.5% and 0.26% needs an entry spread of 0.86274313%", () => {
    assert.strictEqual(Decimal.format(Pricing.entrySpread(d("0.005"), d("0.0026"), d("0.001"))), "0.0086274313")
  })

  it("A9: at 1% a leg, 100 to 102 loses 0.02 and is not taken, 100 to 104 brings 1.96 and is", () => {
    const of = terms("0.01", "0.01")
    const asks = [["100", "1"]] as const
    assert.strictEqual(priced(asks, [["102", "1"]], of, "1").net, "-0.02")
    assert.isFalse(
      Decimal.isPositive(Pricing.bestSize(Pricing.depthOf(asks), Pricing.depthOf([["102", "1"]]), of)),
    )
    assert.deepInclude(priced(asks, [["104", "1"]], of), { size: "1", net: "1.96" })
  })

  it("A13: the first levels trade 2 for 0.80, all crossing levels 5 for 1.60", () => {
    const asks = [["32.8", "4"], ["32.9", "8"], ["33.0", "2"], ["33.6", "3"]] as const
    const bids = [["33.2", "2"], ["33.1", "3"], ["32.6", "5"]] as const
    assert.deepInclude(priced(asks.slice(0, 1), bids.slice(0, 1)), { size: "2", net: "0.8" })
    assert.deepInclude(priced(asks, bids), { size: "5", net: "1.6" })
  })
})

describe("B1: three asks, three bids and 10 bps on each side", () => {
  const asks = [["30000", "0.4"], ["30010", "0.6"], ["30050", "2"]] as const
  const bids = [["30120", "0.5"], ["30100", "0.3"], ["30060", "1"]] as const
  const tenBps = terms("0.001", "0.001"), twoBps = terms("0.0002", "0.0002")

  it("nets 23.952 at 0.4, 28.939 at 0.5, 37.906 at 0.8, 35.892 at 1 and -4.196 at 1.8", () => {
    const nets = ["0.4", "0.5", "0.8", "1", "1.8"].map((size) => priced(asks, bids, tenBps, size).net)
    assert.deepStrictEqual(nets, ["23.952", "28.939", "37.906", "35.892", "-4.196"])
  })

  it("is best at 0.8, because the next slice stops paying", () => {
    assert.strictEqual(priced(asks, bids, tenBps).size, "0.8")
  })

  it("nets 37.87796797 at 0.8 when the buying fee is taken in base", () => {
    assert.strictEqual(priced(asks, bids, terms("0.001", "0.001", "base"), "0.8").net, "37.87796797")
  })

  it("nets 83.9784 at 1 and 82.3608 at 1.8 with 2 bps", () => {
    assert.strictEqual(priced(asks, bids, twoBps, "1").net, "83.9784")
    assert.strictEqual(priced(asks, bids, twoBps, "1.8").net, "82.3608")
  })

  it("answers insufficient depth beyond what either book holds, never the last price", () => {
    const [a, b] = [Pricing.depthOf(asks), Pricing.depthOf(bids)]
    assert.isTrue(Option.isNone(Pricing.priceAt(a, b, d("1.800000000001"), tenBps)))
    assert.isTrue(Option.isNone(Pricing.fill(a, d("3.1"))))
    assert.deepStrictEqual(
      Option.getOrThrow(Pricing.fill(a, d("0.5"))).levels.map((level) => level.map(Decimal.format)),
      [
        ["30000", "0.4"],
        ["30010", "0.1"],
      ],
    )
  })
})

const Side = Schema.Array(Schema.Struct({ price: Schema.Finite, amount: Schema.Finite }))
const TwoBooks = Schema.fromJsonString(
  Schema.Record(Schema.String, Schema.Struct({ asks: Side, bids: Side })),
)

describeWith(data, "A14: two deep books of 2013", () => {
  const books = () => Schema.decodeUnknownSync(TwoBooks)(readFileSync(join(data.path, "two-books-2013.json"), "utf8"))
  const levels = (side: typeof Side.Type): Levels => side.map(({ amount, price }) => [String(price), String(amount)])
  const sides = () => {
    const found = books()
    const one = (name: RegExp) => {
      const key = Object.keys(found).find((venue) => name.test(venue)) ?? ""
      const { asks, bids } = found[key] ?? { asks: [], bids: [] }
      return { asks: levels(asks), bids: levels(bids) }
    }
    return { bitstamp: one(/^Bitstamp/), kraken: one(/^Kraken/) }
  }

  it("bought on Bitstamp and sold on Kraken until they stop crossing: 3585.97175077 for 14962.605060", () => {
    const { bitstamp, kraken } = sides()
    const found = priced(bitstamp.asks, kraken.bids)
    assert.strictEqual(found.size, "3585.97175077")
    assert.strictEqual(Decimal.format(Decimal.round(d(found.net), 6)), "14962.60506")
  })

  it("the other way nothing", () => {
    const { bitstamp, kraken } = sides()
    const size = Pricing.bestSize(Pricing.depthOf(kraken.asks), Pricing.depthOf(bitstamp.bids), terms())
    assert.isTrue(Decimal.isZero(size))
  })
})

const side = (direction: 1 | -1) =>
  Arbitrary.map(
    Arbitrary.array(Arbitrary.all([integers(0, 40), integers(1, 30)]), { minLength: 1, maxLength: 6 }),
    (steps): Levels => {
      let price = 10_000
      return steps.map(([step, size]) => {
        price += direction * step
        return [`${price}e-2`, `${size}e-1`] as const
      })
    },
  )

describe("The best size", () => {
  it.prop(
    "earns no less than any other size of a grid, whatever the books and the fees",
    [side(1), side(-1), integers(-10, 30), integers(0, 30), integers(0, 1)],
    ([asks, under, buyFee, sellFee, inBase]) => {
      // Bids begin half a percent above the asks, so that some levels cross and others do not.
      const bids = under.map(([price, size]) => [Decimal.format(Decimal.multiply(d(price), d("1.005"))), size] as const)
      const of = terms(`${buyFee}e-4`, `${sellFee}e-4`, inBase === 1 ? "base" : "quote")
      const [a, b] = [Pricing.depthOf(asks), Pricing.depthOf(bids)]
      const best = Pricing.bestSize(a, b, of)
      const netAt = (size: Decimal.Decimal) => Option.map(Pricing.priceAt(a, b, size, of), (found) => found.netProfit)
      const most = Decimal.isPositive(best) ? Option.getOrThrow(netAt(best)) : Decimal.ZERO
      // One unit of the last shown digit, for the size that a fee in base rounds.
      const tolerance = d("0.00000001")
      for (let tenths = 1; tenths <= 180; tenths += 3) {
        const net = netAt(d(`${tenths}e-1`))
        if (Option.isSome(net)) assert.isFalse(Decimal.isGreater(net.value, Decimal.add(most, tolerance)), `${tenths}`)
      }
    },
    { arbitrary: { runs: 60 } },
  )

  it("of books that do not cross, or are empty, is zero", () => {
    const none = Pricing.depthOf([])
    assert.isTrue(Decimal.isZero(Pricing.bestSize(none, none, terms())))
    assert.isTrue(
      Decimal.isZero(Pricing.bestSize(Pricing.depthOf([["2", "1"]]), Pricing.depthOf([["2", "1"]]), terms())),
    )
  })
})

/** Levels of books that mostly cross: bids begin half a percent above the asks' first. */
const crossing = (under: Levels): Levels =>
  under.map(([price, size]) => [Decimal.format(Decimal.multiply(d(price), d("1.005"))), size] as const)

/** The most that the plan can earn: at its best size, or nothing. */
const mostOf = (asks: Levels, bids: Levels, of: Pricing.Terms): Decimal.Decimal => {
  const [a, b] = [Pricing.depthOf(asks), Pricing.depthOf(bids)]
  const size = Pricing.bestSize(a, b, of)
  return Decimal.isPositive(size) ? Option.getOrThrow(Pricing.priceAt(a, b, size, of)).netProfit : Decimal.ZERO
}

const fees = Arbitrary.all([integers(-10, 30), integers(0, 30), integers(0, 1)])
const termsWith = ([buyFee, sellFee, inBase]: readonly [number, number, number]): Pricing.Terms =>
  terms(`${buyFee}e-4`, `${sellFee}e-4`, inBase === 1 ? "base" : "quote")

/** One unit of the last shown digit, for sizes that a fee in base or a conversion rounds. */
const TOLERANCE = d("0.00000001")
const isAtMost = (a: Decimal.Decimal, b: Decimal.Decimal) => !Decimal.isGreater(a, Decimal.add(b, TOLERANCE))

describe("What a plan earns", () => {
  it.prop(
    "never falls when a book gets deeper",
    [side(1), side(-1), fees, integers(1, 30)],
    ([asks, under, of, more]) => {
      const bids = crossing(under), at = termsWith(of)
      const before = mostOf(asks, bids, at)
      const worst = (levels: Levels) => d(levels.at(-1)?.[0] ?? "0")
      const deeperAsks = [...asks, [Decimal.format(Decimal.add(worst(asks), d("0.01"))), `${more}e-1`] as const]
      const deeperBids = [...bids, [Decimal.format(Decimal.subtract(worst(bids), d("0.01"))), `${more}e-1`] as const]
      const thicker = asks.map(([price, size], n) => [price, n === 0 ? `${Number(size) + more}` : size] as const)
      for (const [a, b] of [[deeperAsks, bids], [asks, deeperBids], [thicker, bids]] as const) {
        assert.isTrue(isAtMost(before, mostOf(a, b, at)))
      }
    },
    { arbitrary: { runs: 60 } },
  )

  it.prop(
    "falls, or stays nothing, when a fee rises",
    [side(1), side(-1), fees, integers(1, 20)],
    ([asks, under, of, up]) => {
      const bids = crossing(under), [buy, sell, inBase] = of
      const before = mostOf(asks, bids, termsWith(of))
      for (const dearer of [[buy + up, sell, inBase], [buy, sell + up, inBase]] as const) {
        assert.isTrue(isAtMost(mostOf(asks, bids, termsWith(dearer)), before))
      }
    },
    { arbitrary: { runs: 60 } },
  )

  it.prop("scales with prices", [side(1), side(-1), fees, integers(2, 9)], ([asks, under, of, factor]) => {
    const bids = crossing(under), at = termsWith(of)
    const exactly = (levels: Levels) =>
      levels.map(([price, size]) => [Decimal.format(Decimal.multiply(d(price), d(`${factor}`))), size] as const)
    const once = mostOf(asks, bids, at), many = mostOf(exactly(asks), exactly(bids), at)
    const expected = Decimal.multiply(once, d(`${factor}`))
    const off = Decimal.subtract(many, expected)
    // Each was rounded once, at the eighth digit.
    assert.isTrue(Math.abs(Decimal.toNumber(off)) <= factor * 1e-8)
  }, { arbitrary: { runs: 60 } })

  it.prop(
    "follows straight lines between the breakpoints of the books",
    [side(1), side(-1), fees],
    ([asks, under, of]) => {
      const bids = crossing(under), at = { ...termsWith(of), buyFeeIn: "quote" as const }
      const [a, b] = [Pricing.depthOf(asks), Pricing.depthOf(bids)]
      const sizes = [Decimal.ZERO, ...Pricing.breakpoints(a, b, at, 100)]
      const net = (size: Decimal.Decimal) =>
        Decimal.isZero(size) ? Decimal.ZERO : Option.getOrThrow(Pricing.priceAt(a, b, size, at)).netScaled
      for (const [n, from] of sizes.slice(0, -1).entries()) {
        const to = sizes[n + 1] ?? from, middle = Decimal.multiply(Decimal.add(from, to), d("0.5"))
        const twice = Decimal.multiply(net(middle), d("2"))
        assert.strictEqual(Decimal.format(twice), Decimal.format(Decimal.add(net(from), net(to))))
      }
    },
    { arbitrary: { runs: 60 } },
  )
})

describe("B2: a transfer of what 10000 buys", () => {
  const asks = Pricing.depthOf([["100", "100"]]), bids = Pricing.depthOf([["101", "200"]])
  const of: Pricing.Terms = {
    ...terms("0.001", "0.001", "base"),
    withdrawal: d("0.5"),
    otherCosts: d("1"),
  }

  it("buys 100, leaves 99.9 after the fee and 99.4 after the network, and nets 28.3606", () => {
    const found = Option.getOrThrow(Pricing.priceAt(asks, bids, d("99.4"), of))
    assert.strictEqual(Decimal.format(found.buy.total), "10000")
    assert.strictEqual(Decimal.format(found.netProfit), "28.3606")
    assert.strictEqual(Decimal.format(found.otherCosts), "1")
  })

  it("is best at the size that all that can be bought leaves to sell", () => {
    assert.strictEqual(Decimal.format(Pricing.bestSize(asks, bids, of)), "99.4")
  })

  it("sells nothing where the network keeps all that can be bought", () => {
    const dear = { ...of, withdrawal: d("99.9") }
    assert.isTrue(Decimal.isZero(Pricing.bestSize(asks, bids, dear)))
    assert.isTrue(Option.isNone(Pricing.priceAt(asks, bids, d("0.1"), dear)))
  })

  it("is not above a threshold that it only passes without its other costs", () => {
    const bps = (otherCosts: string) =>
      Option.getOrThrow(Pricing.priceAt(asks, bids, d("99.4"), { ...of, otherCosts: d(otherCosts) }))
    assert.isTrue(Pricing.isAbove(bps("0"), d("29")))
    assert.isFalse(Pricing.isAbove(bps("1"), d("29")))
    assert.strictEqual(Decimal.format(bps("1").netBps), "28.3606")
  })
})

describe("Amortised rebalancing", () => {
  it("costs its part of the purchase and moves the size at which the next slice stops paying", () => {
    const asks = [["30000", "0.4"], ["30010", "0.6"], ["30050", "2"]] as const
    const bids = [["30120", "0.5"], ["30100", "0.3"], ["30060", "1"]] as const
    const of = { ...terms("0.001", "0.001"), rebalancing: d("0.0005") }
    // A(0.8) = 24004: 37.906 less 12.002; at 0.5, A = 15001: 28.939 less 7.5005.
    assert.strictEqual(priced(asks, bids, of, "0.8").net, "25.904")
    assert.strictEqual(priced(asks, bids, of, "0.5").net, "21.4385")
    const dear = { ...of, rebalancing: d("0.0015") }
    assert.strictEqual(Decimal.format(Pricing.bestSize(Pricing.depthOf(asks), Pricing.depthOf(bids), dear)), "0.5")
  })
})

const throughBook = (
  levels: Levels,
  bookSide: "buy" | "sell",
  fee = "0",
  feeIn: "quote" | "base" = "quote",
): Exchange => ({
  kind: "book",
  side: bookSide,
  depth: Pricing.depthOf(levels),
  fee: d(fee),
  feeIn,
})

describe("A conversion's depth", () => {
  it("is walked level by level, with its own fee, on either side of its book", () => {
    const asks = [["100", "10"]] as const, bids = [["110", "10"]] as const
    const selling = { ...terms(), exchange: throughBook([["0.9", "330"], ["0.8", "1000"]], "sell", "0.01") }
    // 550 arrive for 5: 330 become 297 and 220 become 176, less a hundredth.
    assert.strictEqual(priced(asks, bids, selling, "5").net, "-31.73")
    const buying = { ...terms(), exchange: throughBook([["1.1", "200"], ["1.2", "1000"]], "buy") }
    // 550: 220 buy 200, and 330 buy 275.
    assert.strictEqual(priced(asks, bids, buying, "5").net, "-25")
  })

  it("gives gross basis points at what a unit became on average, on either side and however deep", () => {
    const asks = Pricing.depthOf([["100", "10"]]), bids = Pricing.depthOf([["110", "10"]])
    const gross = (exchange: Exchange) =>
      Decimal.format(Pricing.grossBps(Option.getOrThrow(Pricing.priceAt(asks, bids, d("5"), { ...terms(), exchange }))))
    // 550 become 330 x 0.9 + 220 x 0.8 = 473 for what cost 500; and 200 + 330 / 1.2 = 475.
    assert.strictEqual(gross(throughBook([["0.9", "330"], ["0.8", "1000"]], "sell", "0.01")), "-540")
    assert.strictEqual(gross(throughBook([["1.1", "200"], ["1.2", "1000"]], "buy")), "-500")
    // A fee changes how far the book is walked, not what a unit is worth in it.
    assert.strictEqual(gross(throughBook([["1.25", "1000"]], "buy", "0.01")), "-1200")
    assert.strictEqual(gross(throughBook([["1.25", "1000"]], "buy", "0.01", "base")), "-1200")
  })

  it("limits the size: beyond what it holds there is no price, and the best size stops where the next level stops paying", () => {
    const asks = [["100", "10"]] as const, bids = [["110", "10"]] as const
    const of = { ...terms(), exchange: throughBook([["1", "330"], ["0.95", "330"], ["0.8", "1000"]], "sell") }
    assert.strictEqual(priced(asks, bids, of).size, "6")
    assert.isTrue(
      Option.isNone(Pricing.priceAt(Pricing.depthOf(asks), Pricing.depthOf(bids), d("10"), {
        ...of,
        exchange: throughBook([["1", "330"]], "sell"),
      })),
    )
  })

  it.prop(
    "leaves the best size best on a grid, whatever the three books and the fees",
    [side(1), side(-1), side(-1), fees, integers(0, 3)],
    ([asks, under, between, of, kind]) => {
      const bids = crossing(under)
      // Prices about 1, sizes of the order of what a level of the plan pays out.
      const steps = between.map(([price, size]) =>
        [`${Math.round(Number(price) * 100)}e-4`, `${Number(size) * 80}`] as const
      )
      const down = steps, up = [...steps].reverse()
      const exchange = kind === 0
        ? throughBook(down, "sell", "0.0005")
        : throughBook(up, "buy", "0.0005", kind === 1 ? "base" : "quote")
      const at = { ...termsWith(of), exchange }
      const [a, b] = [Pricing.depthOf(asks), Pricing.depthOf(bids)]
      const most = mostOf(asks, bids, at)
      assert.isFalse(Decimal.isLess(most, Decimal.ZERO))
      for (let tenths = 1; tenths <= 120; tenths += 3) {
        const found = Pricing.priceAt(a, b, d(`${tenths}e-1`), at)
        if (Option.isSome(found)) assert.isTrue(isAtMost(found.value.netProfit, most), `${tenths}`)
      }
    },
    { arbitrary: { runs: 60 } },
  )
})

describe("Net basis points", () => {
  const exact = (bid: string) =>
    Option.getOrThrow(
      Pricing.priceAt(Pricing.depthOf([["10000", "1"]]), Pricing.depthOf([[bid, "1"]]), Decimal.ONE, terms()),
    )

  it("are above a threshold only strictly, before any rounding", () => {
    assert.isFalse(Pricing.isAbove(exact("10005"), d("5")))
    assert.isTrue(Pricing.isAbove(exact("10005.0000001"), d("5")))
    assert.strictEqual(Decimal.format(exact("10005.0000001").netBps), "5")
  })

  it("follow a conversion's rate, and gross ones the rate without its fee", () => {
    const of: Pricing.Terms = { ...terms(), exchange: throughBook([["1", "1000"]], "sell", "0.001") }
    const found = Option.getOrThrow(
      Pricing.priceAt(Pricing.depthOf([["100", "1"]]), Pricing.depthOf([["101", "1"]]), Decimal.ONE, of),
    )
    assert.strictEqual(Decimal.format(found.netProfit), "0.899")
    assert.strictEqual(Decimal.format(found.netBps), "89.9")
    assert.strictEqual(Decimal.format(Pricing.grossBps(found)), "100")
  })
})
