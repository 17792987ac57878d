/** Instruments: canonical names, tokens that can be read back, base units of contracts, and the golden partitions. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Decimal from "../../src/domain/Decimal.ts"
import * as Instrument from "../../src/domain/Instrument.ts"
import * as Subject from "../../src/domain/Subject.ts"
import { assets, instruments } from "../support/generators.ts"

const parsed = (name: string) => Option.getOrThrow(Instrument.parse(name))

describe("A canonical name", () => {
  it("says market, settlement and expiry", () => {
    assert.deepStrictEqual(parsed("BTC/USDT"), {
      name: "BTC/USDT",
      base: "BTC",
      quote: "USDT",
      market: "spot",
      settle: null,
      expiry: null,
    })
    assert.strictEqual(parsed("BTC/USDT:USDT").market, "linear")
    assert.strictEqual(parsed("BTC/USD:BTC").market, "inverse")
    assert.deepInclude(parsed("BTC/USDT:USDT-240927"), { market: "dated", settle: "USDT", expiry: "240927" })
    assert.deepInclude(parsed("BTC/USD:BTC-240927"), { market: "dated", settle: "BTC" })
  })

  it("is refused when it has blanks, too many parts, or what parts the columns of a frame", () => {
    for (const name of ["", "BTC", "BTC/", "/USDT", "A/B/C", "A B/USDT", "BTC/USDT:", "A/B:C:D", "A|B/USDT"]) {
      assert.isTrue(Option.isNone(Instrument.parse(name)), name)
    }
  })

  it("is refused when it holds half a character, for which no bytes exist", () => {
    assert.isTrue(Option.isNone(Instrument.parse("\ud800/USDT")))
  })
})

describe("Subject tokens", () => {
  it("keep letters and digits and write every other byte in hexadecimal", () => {
    assert.strictEqual(Instrument.token("1000$a-b_c"), "1000_24a_2db_5fc")
    assert.strictEqual(Instrument.token("ä"), "_c3_a4")
  })

  it("are not read from what no token is", () => {
    for (const text of ["", "_", "_2", "_2D", "_zz", "a.b", "a-b", "_ff"]) {
      assert.isTrue(Option.isNone(Instrument.fromToken(text)), text)
    }
  })

  it.prop("of any asset can be read back", [assets], ([asset]) => {
    const token = Instrument.token(asset)
    assert.match(token, /^[a-zA-Z0-9_]+$/)
    assert.deepStrictEqual(Instrument.fromToken(token), Option.some(asset))
  })

  it.prop("of any instrument can be read back from its market and pair", [instruments], ([name]) => {
    const instrument = parsed(name)
    const market = Instrument.marketToken(instrument), pair = Instrument.pairToken(instrument)
    assert.deepStrictEqual(Instrument.fromTokens(market, pair), Option.some(instrument))
    const subject = Subject.live("x_1", instrument, "quote")
    assert.strictEqual(subject.split(".").length, 6)
    assert.deepStrictEqual(Subject.parseLive(subject), Option.some({ venue: "x_1", instrument, kind: "quote" }))
  })
})

describe("Sizes as the venue states them", () => {
  const base = (name: string, contractSize: string, size: string, price: string) =>
    Decimal.format(
      Instrument.toBase(
        parsed(name),
        Decimal.fromChecked(contractSize),
        Decimal.fromChecked(size),
        Decimal.fromChecked(price),
      ),
    )

  it("are base units on spot", () => assert.strictEqual(base("BTC/USDT", "100", "0.4", "30000"), "0.4"))

  it("are contracts of base units on linear markets", () =>
    assert.strictEqual(base("BTC/USDT:USDT", "0.01", "40", "30000"), "0.4"))

  it("are contracts of quote units, divided by the price, on coin-margined ones", () => {
    assert.strictEqual(base("BTC/USD:BTC", "100", "2163", "61671.4"), "3.507298358721")
    assert.strictEqual(base("BTC/USD:BTC-240927", "100", "3", "30000"), "0.01")
  })
})

describe("The partition of an asset", () => {
  it("is FNV-1a-32 of its bytes modulo 16, for ever", () => {
    const golden = [["BTC", 0], ["ETH", 12], ["SOL", 1], ["XRP", 13], ["DOGE", 4], ["", 5], ["币安人生", 7]] as const
    for (const [asset] of golden) {
      let hash = 2_166_136_261n
      for (const byte of new TextEncoder().encode(asset)) hash = ((hash ^ BigInt(byte)) * 16_777_619n) & 0xffff_ffffn
      assert.strictEqual(Instrument.partitionOf(asset), Number(hash % 16n))
    }
    assert.deepStrictEqual(golden.map(([asset]) => Instrument.partitionOf(asset)), golden.map(([, number]) => number))
  })
})
