/**
 * Where an instrument is traded by hand: the page of the venue, for the venues that ship.
 *
 * In: venue and canonical instrument. Out: an https address, or null where the venue's page is not known: no link is
 * better than a wrong one. Promises: the host is always one of `HOSTS`, whatever the names hold; nothing of them gets
 * out of its part of the path. The table stands in docs/engagement.md.
 */
import { Option } from "effect"
import * as Instrument from "./Instrument.ts"

type Page = (instrument: Instrument.Instrument) => string | null

const part = encodeURIComponent

const spotOnly = (page: Page): Page => (instrument) => instrument.market === "spot" ? page(instrument) : null
const linearOnly = (page: Page): Page => (instrument) => instrument.market === "linear" ? page(instrument) : null

const PAGES: Readonly<Record<string, Page>> = {
  binance: spotOnly(({ base, quote }) => `https://www.binance.com/en/trade/${part(base)}_${part(quote)}?type=spot`),
  binanceusdm: linearOnly(({ base, quote }) => `https://www.binance.com/en/futures/${part(base)}${part(quote)}`),
  bybit: ({ base, market, quote }) =>
    market === "spot"
      ? `https://www.bybit.com/en/trade/spot/${part(base)}/${part(quote)}`
      : market === "linear" && quote === "USDT"
      ? `https://www.bybit.com/trade/usdt/${part(base)}${part(quote)}`
      : market === "inverse"
      ? `https://www.bybit.com/trade/inverse/${part(base)}${part(quote)}`
      : null,
  okx: ({ base, market, quote }) => {
    const pair = `${part(base.toLowerCase())}-${part(quote.toLowerCase())}`
    return market === "spot"
      ? `https://www.okx.com/trade-spot/${pair}`
      : market === "dated"
      ? null
      : `https://www.okx.com/trade-swap/${pair}-swap`
  },
  kraken: spotOnly(({ base, quote }) =>
    `https://pro.kraken.com/app/trade/${part(base.toLowerCase())}-${part(quote.toLowerCase())}`
  ),
  coinbaseexchange: spotOnly(({ base, quote }) =>
    `https://www.coinbase.com/advanced-trade/spot/${part(base)}-${part(quote)}`
  ),
}

/** Every host that a link may lead to. */
export const HOSTS: ReadonlySet<string> = new Set([
  "www.binance.com",
  "www.bybit.com",
  "www.okx.com",
  "pro.kraken.com",
  "www.coinbase.com",
])

export const pageOf = (venue: string, instrument: string): string | null => {
  const page = Object.hasOwn(PAGES, venue) ? PAGES[venue] : undefined
  return page === undefined ? null : Option.match(Instrument.parse(instrument), { onNone: () => null, onSome: page })
}
