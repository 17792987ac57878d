/** Subjects: what travels under which name, and that a market subject can be read back. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Instrument from "../../src/domain/Instrument.ts"
import type { OpportunityType } from "../../src/domain/Opportunity.ts"
import * as Route from "../../src/domain/Route.ts"
import * as Subject from "../../src/domain/Subject.ts"
import { card } from "./card/someCard.ts"

const instrument = (name: string) => Option.getOrThrow(Instrument.parse(name))
const route = (venue: string, name: string) => ({ venue, instrument: name })

describe("The subject of a live tick", () => {
  it("names venue, market, pair and kind", () => {
    const names = [
      ["BTC/USDT", "md.v1.okx.spot.BTC-USDT.quote"],
      ["BTC/USDT:USDT", "md.v1.okx.linear-USDT.BTC-USDT.quote"],
      ["BTC/USD:BTC", "md.v1.okx.inverse-BTC.BTC-USD.quote"],
      ["BTC/USDT:USDT-240927", "md.v1.okx.dated-USDT-240927.BTC-USDT.quote"],
    ] as const
    for (const [name, subject] of names) assert.strictEqual(Subject.live("okx", instrument(name), "quote"), subject)
  })

  it("is not read from anything else", () => {
    const others = [
      "md.v2.okx.spot.BTC-USDT.quote",
      "md.v1.okx.spot.BTC-USDT",
      "md.v1.okx.linear.BTC-USDT.quote",
      "md.v1.okx.spot.BTC-USDT.tock",
      "md.v1.okx.spot.BTC-USDT.quote.more",
      "md.frame.3",
      "",
    ]
    for (const subject of others) assert.isTrue(Option.isNone(Subject.parseLive(subject)), subject)
  })
})

describe("Other subjects", () => {
  it("name partition, fact, venue, and the opportunity's buying leg", () => {
    assert.strictEqual(Subject.frame(7), "md.frame.7")
    assert.strictEqual(Subject.frame("x_1"), "md.venue.x_5f1")
    assert.strictEqual(Subject.fact("delivery", "settled"), "evt.v1.delivery.settled")
    assert.strictEqual(Subject.quarantine("x_1"), "quarantine.x_5f1")
    assert.strictEqual(
      Subject.opportunity({ type: "cross_exchange", state: "opened", legs: [] }),
      "opp.v1.cross_exchange.unknown.opened",
    )
  })

  it("name an opportunity by the pair that is bought, and funding by the one held short", () => {
    const [buy, sell] = card().legs
    if (buy === undefined || sell === undefined) throw new Error("no legs")
    const legs = [{ ...buy, instrument: "BTC/USDC" }, { ...sell, instrument: "BTC/USDT:USDT" }]
    const of = (type: OpportunityType) => Subject.opportunity({ type, state: "closed", legs })
    assert.strictEqual(of("cross_exchange"), "opp.v1.cross_exchange.BTC-USDC.closed")
    assert.strictEqual(of("funding"), "opp.v1.funding.BTC-USDT.closed")
  })
})

describe("A route", () => {
  it("has one fingerprint for each direction, and one coordinator for both", () => {
    const [a, b] = [route("a", "BTC/USDT"), route("b", "BTC/USD:BTC")]
    const one = Route.fingerprint({ type: "cross_exchange", asset: "BTC", legs: [a, b], variant: null })
    const other = Route.fingerprint({ type: "cross_exchange", asset: "BTC", legs: [b, a], variant: null })
    assert.strictEqual(one, "cross_exchange:BTC:a|BTC/USDT>b|BTC/USD:BTC")
    assert.notStrictEqual(one, other)
    const transfer = Route.fingerprint({ type: "cross_exchange", asset: "BTC", legs: [a, b], variant: "transfer" })
    assert.strictEqual(transfer, `${one}:transfer`)
    assert.strictEqual(Route.coordinatorKey([a, b]), Route.coordinatorKey([b, a]))
  })
})
