/**
 * Venue regions: the time zone of the place that a venue is run from, as far as it is known.
 *
 * In: a venue's id as ccxt has it. Out: an IANA zone, or null. Promises: it says where working hours are likely the
 * same as the venue's, no more: not where its machines stand. Listed in docs/delivery.md; a test holds the two together.
 */
export const VENUE_ZONES: Readonly<Record<string, string>> = {
  binance: "Asia/Dubai",
  binanceusdm: "Asia/Dubai",
  binancecoinm: "Asia/Dubai",
  binanceus: "America/New_York",
  bitfinex: "Asia/Hong_Kong",
  bitflyer: "Asia/Tokyo",
  bitget: "Asia/Singapore",
  bitso: "America/Mexico_City",
  bitstamp: "Europe/Luxembourg",
  bitvavo: "Europe/Amsterdam",
  bybit: "Asia/Dubai",
  coinbase: "America/New_York",
  coinbaseexchange: "America/New_York",
  cryptocom: "Asia/Singapore",
  gate: "Asia/Hong_Kong",
  gemini: "America/New_York",
  htx: "Asia/Singapore",
  kraken: "America/Los_Angeles",
  krakenfutures: "America/Los_Angeles",
  kucoin: "Asia/Singapore",
  mercado: "America/Sao_Paulo",
  mexc: "Asia/Singapore",
  okx: "Asia/Singapore",
  upbit: "Asia/Seoul",
}

export const zoneOfVenue = (venue: string): string | null => VENUE_ZONES[venue] ?? null
