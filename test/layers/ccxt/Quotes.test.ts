/**
 * Single values a venue may get wrong, seen through the real ccxt code on one venue.
 * In: recorded and spoilt best quotes of Binance USD-M. Out: verdicts: each bad frame is one `Bad` with its reason,
 * says where it came from, and the next good frame passes.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import type { BadTickReason } from "../../../src/domain/Tick.ts"
import { data, describeWith } from "../../support/available.ts"
import { binanceusdm } from "../../support/venues/binanceusdm.ts"
import { fakeVenue } from "../../support/venues/FakeVenue.ts"
import * as faults from "../../support/venues/faults.ts"
import { probe } from "../../support/venues/FeedProbe.ts"
import { asJson } from "../../support/venues/VenueScript.ts"

const channel = "sushiusdt@bookTicker"

/** The frame with other fields. */
const changed = (fields: Record<string, unknown>) => (text: string): string =>
  JSON.stringify({ ...asJson(JSON.parse(text)), ...fields })

const spoilt: ReadonlyArray<readonly [name: string, reason: BadTickReason, change: (text: string) => string]> = [
  ["whose bid is above its ask", "crossed", changed({ b: "7.7000" })],
  ["whose bid equals its ask", "crossed", changed({ b: "7.6120", a: "7.6120" })],
  ["with a negative price", "not_positive", changed({ b: "-7.6110" })],
  ["with a price of zero", "not_positive", changed({ b: "0.0000" })],
  ["with a negative size", "not_positive", changed({ B: "-1" })],
  ["ten times as high as the last", "absurd_jump", changed({ b: "76.110", a: "76.120" })],
  ["an hour older than the last", "time_backwards", changed({ E: 1626989141017 })],
  ["with a time that is none", "bad_time", changed({ E: "soon" })],
  ["without an ask", "missing_field", changed({ a: undefined })],
  ["whose ask is a list", "wrong_type", changed({ a: ["7.6120"] })],
  ["whose ask is a word", "bad_decimal", changed({ a: "NaN" })],
  ["with the number 1e400", "bad_decimal", faults.withHugeNumber],
  ["of a market nobody asked for", "unknown_market", changed({ s: "CTKUSDT" })],
  ["with a __proto__ key", "forbidden_key", faults.withProto],
  ["that spells __proto__ with an escape", "forbidden_key", (text) => text.replace("{", '{"\\u005f_proto__":1,')],
  ["with a constructor key", "forbidden_key", (text) => text.replace("{", '{"constructor":{"prototype":1},')],
  ["that ends in the middle", "not_json", faults.truncate],
  ["that is a list", "not_an_object", (text) => `[${text}]`],
  ["of 20 MB", "too_large", (text) => faults.padded(text)],
]

describeWith(data, "a best quote", () => {
  it.live("that cannot be used is refused under its reason, and the next one passes", () =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(binanceusdm(data.path))
      const feed = yield* probe(venue, { instruments: ["SUSHI/USDT:USDT"], kinds: ["quote"], depth: 5 })
      yield* Effect.promise(() => venue.subscribed([channel]))
      const frames = venue.script.frames.filter((frame) => frame.channel === channel)
      const first = frames[0]
      assert.isDefined(first)
      yield* Effect.promise(() => venue.play(faults.clean([first])))
      yield* feed.until("the first quote", ({ ticksOf }) => ticksOf("quote").length === 1)
      for (const [index, [name, reason, change]] of spoilt.entries()) {
        const next = frames[index + 1]
        assert.isDefined(next)
        const quotes = feed.ticksOf("quote").length, bad = feed.bad().length
        yield* Effect.promise(() =>
          venue.play([{ kind: "say", channel, text: change(next.text) }, { kind: "send", frame: next }])
        )
        yield* feed.until(`a quote after one ${name}`, ({ ticksOf }) => ticksOf("quote").length > quotes)
        const refused = feed.bad().slice(bad)
        assert.deepStrictEqual(refused.map((one) => one.reason), [reason], name)
        assert.isAtMost(refused[0]?.raw.length ?? 0, 2_000)
        assert.isTrue(change(next.text).startsWith(refused[0]?.raw ?? "nothing"), name)
      }
      assert.deepStrictEqual(feed.ticksOf("gap"), [])
      assert.isUndefined(Reflect.get({}, "polluted"))
    }))

  it.live("that jumped is believed once three in a row agree", () =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(binanceusdm(data.path))
      const feed = yield* probe(venue, { instruments: ["SUSHI/USDT:USDT"], kinds: ["quote"], depth: 5 })
      yield* Effect.promise(() => venue.subscribed([channel]))
      const frames = venue.script.frames.filter((frame) => frame.channel === channel).slice(0, 6)
      const halved = changed({ b: "3.8055", a: "3.8060" })
      yield* Effect.promise(() =>
        venue.play(frames.map((frame, i) => ({ kind: "send", frame, ...(i > 0 && { text: halved(frame.text) }) })))
      )
      yield* feed.until("four quotes", ({ ticksOf }) => ticksOf("quote").length === 4)
      assert.deepStrictEqual(feed.bad().map((one) => one.reason), ["absurd_jump", "absurd_jump"])
      assert.deepStrictEqual(feed.ticksOf("quote").map((quote) => quote.bid), ["7.611", "3.8055", "3.8055", "3.8055"])
    }))
})
