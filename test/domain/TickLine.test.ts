/** Lines read without JSON: the same ticks, whatever stands in the line. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as TickCodec from "../../src/domain/TickCodec.ts"
import * as TickLine from "../../src/domain/TickLine.ts"
import { spoilt, ticks } from "../support/generators.ts"
import { quote, T0 } from "../support/ticks.ts"

const asJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown))
const plain = TickCodec.toLine(quote("okx", "BTC/USDT", T0, ["30000.1", "30000.2"], { seq: 7, venueTime: T0 - 5 }))
const trade = plain.replace(/"kind.*/, `"kind":"trade","tradeId":"a-1","price":"1.5","size":"0","side":"sell"}`)

const agrees = (line: string) => {
  const read = TickLine.read(line)
  if (read !== null) assert.deepStrictEqual(TickCodec.fromUnknown(asJson(line)), read)
  return read !== null
}

describe("A line read without JSON", () => {
  it("is every plain quote and trade", () => {
    assert.isTrue(agrees(plain))
    assert.isTrue(agrees(plain.replace(`"seq":7`, `"seq":null`).replace(/"venueTime":\d+/, `"venueTime":null`)))
    assert.isTrue(agrees(trade))
  })

  it.prop("is the tick that JSON gives", [ticks], ([tick]) => {
    agrees(TickCodec.toLine(tick))
  }, { arbitrary: { runs: 500 } })

  it.prop("is none that JSON refuses", [spoilt], ([value]) => {
    agrees(JSON.stringify(value) ?? "")
  }, { arbitrary: { runs: 1_000 } })

  it("is left to JSON where anything is unusual", () => {
    const unusual = [
      plain.replace(`"seq":7`, `"seq":07`),
      plain.replace(`"bid":"30000.1"`, `"bid":"0.0"`),
      plain.replace(`"bid":"30000.1"`, `"bid":"1e3"`),
      plain.replace(`"bid":"30000.1"`, `"bid":"-1"`),
      plain.replace(`"seq":7`, `"seq":9007199254740993`),
      plain.replace("BTC/USDT", "BTC"),
      plain.replace(`"v":1,`, `"v":1, `),
      plain.replace("BTC/USDT", "BTC\\/USDT"),
      `${plain} `,
      plain.slice(0, -1),
      trade.replace("sell", "hold"),
    ]
    for (const line of unusual) assert.isNull(TickLine.read(line), line)
  })
})
