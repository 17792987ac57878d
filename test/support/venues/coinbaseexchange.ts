/**
 * Coinbase Exchange as recorded in `raw/raw-coinbase.jsonl.gz` (tickers and matches; its level2 wants a key), and the
 * single frames of `frames-45venues`.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here.
 */
import {
  asJson,
  asList,
  asText,
  type Frame,
  fromFixture,
  readCapture,
  readFixture,
  readSingleFrames,
  type VenueScript,
} from "./VenueScript.ts"

const channels: Readonly<Record<string, string>> = { ticker: "ticker", match: "matches" }

export const coinbaseexchange = (folder: string): VenueScript => {
  const file = "raw/raw-coinbase.jsonl.gz"
  const rows = readCapture(folder, file)
  const fixture = readFixture("coinbaseexchange")
  const frames: Array<Frame> = []
  for (const row of rows) {
    const frame = asJson(row.frame)
    const channel = channels[asText(frame["type"])]
    if (row.dir !== "recv" || channel === undefined) continue
    const text = JSON.stringify(frame)
    frames.push({ channel: `${channel}:${asText(frame["product_id"])}`, text, source: `${file}:${row.line}` })
  }
  // Of 2022: it states the sizes of the best levels, which the recording of 2021 does not.
  const single = readSingleFrames(folder, "map coinbase messages").flatMap(({ frame, text, source }) => {
    const channel = channels[asText(frame["type"])]
    return channel === undefined || frame["best_bid_size"] === undefined
      ? []
      : [{ channel: `${channel}:${asText(frame["product_id"])}`, text, source }]
  })
  const products = rows.find((row) => row.url.endsWith("/products"))?.body
  const handMade = fromFixture(fixture.rest)
  return {
    id: "coinbaseexchange",
    rest: (url, played) => url.pathname === "/products" ? products : handMade(url, played),
    subscribes: (message) =>
      message["type"] === "subscribe"
        ? asList(message["channels"]).flatMap((channel) =>
          asList(message["product_ids"]).map((product) => `${asText(channel)}:${asText(product)}`)
        )
        : [],
    answers: (message) => [{ type: "subscriptions", channels: message["channels"] }],
    frames: [...frames, ...single, ...fixture.frames],
    books: /^level2:/,
  }
}
