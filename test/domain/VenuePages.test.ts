/** Venue pages: the documented addresses, and no name that leads anywhere else. */
import { assert, describe, it } from "@effect/vitest"
import { HOSTS, pageOf } from "../../src/domain/VenuePages.ts"

describe("The page of an instrument", () => {
  const pages: ReadonlyArray<readonly [string, string, string | null]> = [
    ["binance", "BTC/USDT", "https://www.binance.com/en/trade/BTC_USDT?type=spot"],
    ["binanceusdm", "BTC/USDT:USDT", "https://www.binance.com/en/futures/BTCUSDT"],
    ["bybit", "BTC/USDT", "https://www.bybit.com/en/trade/spot/BTC/USDT"],
    ["bybit", "BTC/USDT:USDT", "https://www.bybit.com/trade/usdt/BTCUSDT"],
    ["bybit", "BTC/USD:BTC", "https://www.bybit.com/trade/inverse/BTCUSD"],
    ["okx", "BTC/USDT", "https://www.okx.com/trade-spot/btc-usdt"],
    ["okx", "BTC/USDT:USDT", "https://www.okx.com/trade-swap/btc-usdt-swap"],
    ["kraken", "BTC/USD", "https://pro.kraken.com/app/trade/btc-usd"],
    ["coinbaseexchange", "BTC/USD", "https://www.coinbase.com/advanced-trade/spot/BTC-USD"],
    ["okx", "BTC/USDT:USDT-261225", null],
    ["kraken", "BTC/USD:USD", null],
    ["nowhere", "BTC/USDT", null],
    ["constructor", "BTC/USDT", null],
    ["kraken", "not an instrument", null],
  ]
  for (const [venue, instrument, page] of pages) {
    it(`${venue} ${instrument} is ${page ?? "unknown"}`, () => assert.strictEqual(pageOf(venue, instrument), page))
  }

  it("stays on its host, whatever the instrument is called", () => {
    const nasty = ["..@evil.example", "?next=//evil.example", "#", "\\\\evil", "%2e%2e", "<b>", "\u202eBTC", "a&b=c"]
    for (const venue of ["binance", "bybit", "okx", "kraken", "coinbaseexchange"]) {
      for (const name of nasty) {
        const page = pageOf(venue, `${name}/USDT`)
        if (page === null) continue
        const url = new URL(page)
        assert.isTrue(HOSTS.has(url.host), page)
        assert.strictEqual(url.protocol, "https:")
        assert.isTrue(url.hash === "" && url.username === "" && url.searchParams.get("next") === null, page)
      }
    }
  })
})
