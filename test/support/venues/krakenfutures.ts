/**
 * Kraken Futures as recorded in `raw/raw-kraken_futures.jsonl.gz`: books, trades and light tickers without sizes, and
 * its list of markets (names in capitals, as today); funding rates are made by hand.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here.
 */
import { asJson, asList, asText, fromFixture, readCapture, readFixture, type VenueScript } from "./VenueScript.ts"

const wanted = new Set(["PI_XRPUSD", "PI_ETHUSD"])

export const krakenfutures = (folder: string): VenueScript => {
  const file = "raw/raw-kraken_futures.jsonl.gz"
  const rows = readCapture(folder, file), fixture = readFixture("krakenfutures")
  const frames = rows.flatMap(({ dir, frame, line }) => {
    const { event, feed, product_id: product } = asJson(frame)
    if (dir !== "recv" || event !== undefined || !wanted.has(asText(product))) return []
    const channel = `${asText(feed).replace("_snapshot", "")}:${asText(product)}`
    return [{ channel, text: JSON.stringify(frame), source: `${file}:${line}` }]
  })
  const instruments = asList(asJson(rows.find(({ url }) => url.endsWith("/instruments"))?.body)["instruments"])
    .map((one) => ({ ...asJson(one), symbol: asText(asJson(one)["symbol"]).toUpperCase() }))
    .filter(({ symbol }) => wanted.has(symbol))
  const handMade = fromFixture(fixture.rest)
  return {
    id: "krakenfutures",
    rest: (url, played) =>
      url.pathname.endsWith("/instruments") ? { result: "success", instruments } : handMade(url, played),
    subscribes: (message) =>
      message["event"] === "subscribe"
        ? asList(message["product_ids"]).map((product) => `${asText(message["feed"])}:${asText(product)}`)
        : [],
    answers: (message) =>
      asList(message["product_ids"]).map((product) => ({
        event: "subscribed",
        feed: message["feed"],
        product_ids: [product],
      })),
    frames,
    books: /^book:/,
  }
}
