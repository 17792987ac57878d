/** Price alerts: what is typed, what a price means, and that a flapping price fires once. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import * as Decimal from "../../src/domain/Decimal.ts"
import {
  type AlertState,
  type Direction,
  isBeyond,
  mayMean,
  meaning,
  median,
  read,
  type WantedAlert,
} from "../../src/domain/PriceAlert.ts"
import { integers } from "../support/generators.ts"

const exact = Decimal.fromChecked

describe("What is typed of a price alert", () => {
  it("is read with or without a venue, of any market, with thousands as people write them", () => {
    const alert = (
      venue: string | null,
      instrument: string,
      direction: Direction,
      price: string,
      repeats = false,
    ): WantedAlert => ({
      venue,
      instrument,
      direction,
      price,
      repeats,
    })
    assert.deepStrictEqual(read("BTC/USDT > 70000"), alert(null, "BTC/USDT", "above", "70000"))
    assert.deepStrictEqual(read("btc/usdt<70,000.50"), alert(null, "BTC/USDT", "below", "70000.5"))
    assert.deepStrictEqual(read(" kraken:BTC/USDT > 70 000 "), alert("kraken", "BTC/USDT", "above", "70000"))
    assert.deepStrictEqual(read("BTC/USDT:USDT >= 0,5 repeat"), alert(null, "BTC/USDT:USDT", "above", "0.5", true))
    assert.deepStrictEqual(
      read("okx:btc/usdt:usdt ≤ 1'234 повтор"),
      alert("okx", "BTC/USDT:USDT", "below", "1234", true),
    )
  })

  it("is refused by what is wrong with it", () => {
    for (const text of ["", "70000", "BTC/USDT = 70000", "BTC/USDT >", "BTC/USDT > soon"]) {
      assert.strictEqual(read(text), "form", text)
    }
    for (const text of ["BTC > 70000", "kraken:BTC > 1", "/USDT > 1"]) {
      assert.strictEqual(read(text), "instrument", text)
    }
    for (const text of ["BTC/USDT > 0", "BTC/USDT > 1.2.3", "BTC/USDT > 1,2,3", "BTC/USDT > 1234567890123456"]) {
      assert.strictEqual(read(text), "price", text)
    }
  })
})

/** Plays prices to an alert; out: at which of them it fires. */
const played = (direction: "above" | "below", repeats: boolean, threshold: string, prices: ReadonlyArray<string>) => {
  let state: AlertState = "new"
  return prices.flatMap((price, at) => {
    const what = meaning({ direction, state }, exact(threshold), exact(price))
    if (what === "arm") state = "armed"
    if (what === "fire") state = repeats ? "fired" : "done"
    return what === "fire" ? [at] : []
  })
}

describe("A price alert", () => {
  it("fires when the price crosses, not because it was beyond from the start", () => {
    assert.deepStrictEqual(played("above", false, "100", ["101", "102"]), [])
    assert.deepStrictEqual(played("above", false, "100", ["101", "99", "101", "99", "101"]), [2])
    assert.deepStrictEqual(played("below", false, "100", ["101", "99", "101", "99"]), [1])
    assert.deepStrictEqual(played("above", false, "100", ["99", "100", "100.000000001"]), [2])
  })

  it("that repeats fires again only after the price went back by a fifth of a percent", () => {
    assert.deepStrictEqual(played("above", true, "100", ["99", "101", "99.81", "101", "99.8", "100", "101"]), [1, 6])
    assert.deepStrictEqual(played("below", true, "100", ["101", "99", "100.19", "99", "100.2", "99"]), [1, 5])
  })

  it.prop(
    "fires at most once while the price flaps within the hysteresis",
    [Arbitrary.array(integers(-19, 19), { minLength: 1, maxLength: 60 }), integers(0, 1)],
    ([steps, side]) => {
      const prices = ["99", ...steps.map((step) => `${100 + step / 100}`)]
      const fired = side === 0
        ? played("above", true, "100", prices)
        : played("below", true, "100", ["101", ...prices.slice(1)])
      assert.isAtMost(fired.length, 1)
      const beyond = steps.some((step) => side === 0 ? step > 0 : step < 0)
      assert.strictEqual(fired.length, beyond ? 1 : 0)
    },
    { arbitrary: { runs: 100 } },
  )

  it.prop(
    "is never passed over by the first look",
    [integers(1, 3), integers(0, 1), integers(1, 100_000), integers(-300, 300)],
    ([which, side, threshold, thousandths]) => {
      const state = (["new", "armed", "fired"] as const)[which - 1] ?? "new"
      const direction = side === 0 ? "above" : "below"
      const limit = exact(`${threshold}`), price = Decimal.multiply(limit, exact(`${1 + thousandths / 100_000}`))
      const what = meaning({ direction, state }, limit, price)
      if (what !== null) assert.isTrue(mayMean({ direction, state }, threshold, Decimal.toNumber(price)))
      assert.strictEqual(isBeyond(direction, limit, price), side === 0 ? thousandths > 0 : thousandths < 0)
    },
    { arbitrary: { runs: 300 } },
  )
})

describe("The price across venues", () => {
  it("is the middle one, or the middle of the two, and nothing of none", () => {
    const of = (...prices: ReadonlyArray<string>) => Option.map(median(prices.map(exact)), Decimal.format)
    assert.deepStrictEqual(of("3", "1", "1000000"), Option.some("3"))
    assert.deepStrictEqual(of("3", "1"), Option.some("2"))
    assert.deepStrictEqual(of("7.5"), Option.some("7.5"))
    assert.deepStrictEqual(of(), Option.none())
  })
})
