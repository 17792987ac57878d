/** Names of archive files: as the specification writes them, and read back. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as Layout from "../../src/domain/ArchiveLayout.ts"
import { instruments, integers } from "../support/generators.ts"

const AT = Date.UTC(2026, 10, 21, 9, 59, 59, 999)
const HOUR = 3_600_000

describe("Names in the archive", () => {
  const market = (venue: string, instrument: string) => Layout.marketGroup(Layout.marketName(venue, instrument), AT)
  const folder = "arbitrage-bot-data/market-data/year=2026/month=11/day=21/hour=09/"

  it("are lower case, by hour, and name the market of what is not spot", () => {
    assert.strictEqual(Layout.finalOf(market("kraken", "BTC/USDT")), `${folder}kraken-btc-usdt-20261121-09.json.gz`)
    assert.strictEqual(market("okx", "BTC/USDT:USDT"), `${folder}okx-btc-usdt-linear-usdt-20261121-09`)
    assert.strictEqual(market("binancecoinm", "BTC/USD:BTC"), `${folder}binancecoinm-btc-usd-inverse-btc-20261121-09`)
    assert.strictEqual(
      market("okx", "BTC/USDT:USDT-270326"),
      `${folder}okx-btc-usdt-dated-usdt-270326-20261121-09`,
    )
  })

  it("of events are by day, in the folder of their kind", () => {
    const day = "year=2026/month=11/day=21"
    assert.strictEqual(
      Layout.finalOf(Layout.familyGroup("distribution-events", AT)),
      `arbitrage-bot-data/analytics/${day}/distribution-events-20261121.json.gz`,
    )
    assert.strictEqual(
      Layout.partOf(Layout.familyGroup("compliance-logs", AT), 7),
      `arbitrage-bot-data/audit-logs/${day}/compliance-logs-20261121.part-0007.json.gz`,
    )
  })

  it.effect.prop(
    "are read back into group, part and hour, whatever the market",
    [instruments, integers(0, 2_000_000), integers(0, 200_000)],
    ([instrument, hour, part]) =>
      Effect.sync(() => {
        const name = Layout.marketName("a_b", instrument), group = Layout.marketGroup(name, hour * HOUR)
        assert.strictEqual(group, group.toLowerCase())
        for (const key of [Layout.finalOf(group), Layout.partOf(group, part)]) {
          const place = Option.getOrThrow(Layout.parse(key))
          assert.deepStrictEqual([place.group, place.market, place.fromMs, place.toMs], [
            group,
            name,
            hour * HOUR,
            (hour + 1) * HOUR,
          ])
          assert.strictEqual(place.part === null ? key : Layout.partOf(group, place.part), key)
        }
      }),
    { arbitrary: { runs: 200 } },
  )

  it("that are not of the layout are none", () => {
    const right = `${folder}kraken-btc-usdt-20261121-09.json.gz`
    assert.isTrue(Option.isSome(Layout.parse(right)))
    for (
      const wrong of [
        right.replace("hour=09", "hour=10"),
        right.replace(".json.gz", ".json"),
        right.replace("20261121-09", "20261121"),
        `elsewhere/${right}`,
        "",
      ]
    ) assert.isTrue(Option.isNone(Layout.parse(wrong)), wrong)
  })
})
