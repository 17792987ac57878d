/** The fee table and what an account pays by it: sources, tiers, what goes before what. */
import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Fees from "../../src/domain/Fees.ts"
import * as FeeTable from "../../src/domain/FeeTable.ts"
import * as Instrument from "../../src/domain/Instrument.ts"

const named = (name: string) => Option.getOrThrow(Instrument.parse(name))
const spot = named("BTC/USDT"), linear = named("BTC/USDT:USDT"), inverse = named("BTC/USD:BTC")
const paid = (fees: Fees.Fees, venue: string, instrument = spot) =>
  Option.getOrNull(Fees.feesOf(fees, venue, instrument))

describe("The fee table", () => {
  it("is named by its version: other rates under the same version would deceive whoever recomputes", () => {
    const rates = FeeTable.FEE_TABLE.map(({ market, rates, venues }) => [venues, market, rates])
    const digest = createHash("sha256").update(JSON.stringify(rates)).digest("hex").slice(0, 16)
    assert.deepStrictEqual([FeeTable.VERSION, digest], ["2026-11-21", "98f6ca4f4fef9ccf"])
  })

  it("says for each entry where it is from and when it was read", () => {
    for (const { published, read, source } of FeeTable.FEE_TABLE) {
      assert.match(source, /^https:\/\//)
      for (const day of [read, published ?? read]) assert.isFalse(Number.isNaN(Date.parse(day)), day)
    }
  })

  it("has a regular tier everywhere, within the bounds of a fee, and nobody pays more in a higher tier", () => {
    for (const { rates, venues } of FeeTable.FEE_TABLE) {
      const takers = Object.values(rates).map(([, taker]) => Number(taker))
      assert.isDefined(rates[FeeTable.REGULAR], venues.join())
      for (const [maker, taker] of Object.values(rates)) {
        assert.isTrue(Number(taker) <= 2 && Number(maker) >= -0.1 && Number(maker) <= Number(taker))
      }
      assert.deepStrictEqual(takers, [...takers].sort((a, b) => b - a), venues.join())
    }
  })

  it("knows every venue that ships with an adapter", () => {
    for (const venue of ["binance", "binanceusdm", "binancecoinm", "okx", "bybit", "kraken", "coinbaseexchange"]) {
      assert.include(FeeTable.venues, venue)
    }
  })
})

describe("What an account pays", () => {
  it("is the table's rate of its tier and market, in the currency the venue takes", () => {
    const fees = Fees.fromTable({ okx: "vip1" })
    const table = FeeTable.VERSION
    assert.deepStrictEqual(paid(fees, "okx"), { taker: "0.0008", maker: "0.0006", takerIn: "base", table })
    assert.deepStrictEqual(paid(fees, "kraken"), { taker: "0.004", maker: "0.0025", takerIn: "quote", table })
    assert.deepStrictEqual(paid(fees, "binanceusdm", linear)?.taker, "0.0005")
    assert.deepStrictEqual(paid(fees, "binancecoinm", inverse)?.maker, "0.0001")
  })

  it("is the regular rate where a venue publishes the tier for another market only", () => {
    assert.strictEqual(paid(Fees.fromTable({ okx: "vip1" }), "okx", linear)?.taker, "0.0005")
  })

  it("is what the operator wrote before what the table says, and a market's own before the venue's", () => {
    const fees = {
      okx: { taker: "0.001", tier: "vip8", linear: { taker: "0.0004", maker: "0.0001" }, takerIn: "quote" as const },
    }
    assert.deepStrictEqual(paid(fees, "okx"), { taker: "0.001", maker: "-0.00005", takerIn: "quote", table: null })
    assert.deepStrictEqual(paid(fees, "okx", linear), {
      taker: "0.0004",
      maker: "0.0001",
      takerIn: "quote",
      table: null,
    })
    assert.deepStrictEqual(paid({ x: { taker: "0.001" } }, "x"), {
      taker: "0.001",
      maker: null,
      takerIn: "quote",
      table: null,
    })
  })

  it("names the table's version where any of it is used", () => {
    assert.strictEqual(Fees.tableVersion(Fees.fromTable()), FeeTable.VERSION)
    assert.isNull(Fees.tableVersion({ okx: { taker: "0.001" } }))
  })

  it("is unknown for a venue that is not named, and for a market that has no rate", () => {
    assert.isNull(paid(Fees.fromTable(), "nowhere"))
    assert.isNull(paid({ x: { linear: { taker: "0.001" } } }, "x"))
    assert.isNull(paid({ kraken: { tier: "regular" } }, "kraken", linear))
  })
})
