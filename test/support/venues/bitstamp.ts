/**
 * Bitstamp as recorded in `raw/raw-bitstamp.jsonl.gz` (differences of books, trades, REST snapshots of books); its list
 * of markets is made by hand, for the recorded one is older than ccxt's.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here; who asks for a book gets the recorded one.
 */
import { asJson, asText, fromFixture, readCapture, readFixture, type VenueScript } from "./VenueScript.ts"

export const bitstamp = (folder: string): VenueScript => {
  const file = "raw/raw-bitstamp.jsonl.gz"
  const rows = readCapture(folder, file), fixture = readFixture("bitstamp")
  const frames = rows.flatMap((row) => {
    const { channel, event } = asJson(row.frame)
    return row.dir === "recv" && (event === "data" || event === "trade")
      ? [{ channel: asText(channel), text: JSON.stringify(row.frame), source: `${file}:${row.line}` }]
      : []
  })
  const books = new Map(rows.flatMap(({ body, url }) => {
    const pair = /\/order_book\/(\w+)$/.exec(url)?.[1]
    return pair === undefined ? [] : [[pair, body] as const]
  }))
  const handMade = fromFixture(fixture.rest)
  return {
    id: "bitstamp",
    rest: (url, played) => books.get(/\/order_book\/(\w+)\/?$/.exec(url.pathname)?.[1] ?? "") ?? handMade(url, played),
    subscribes: (message) => message["event"] === "bts:subscribe" ? [asText(asJson(message["data"])["channel"])] : [],
    answers: (
      message,
    ) => [{ event: "bts:subscription_succeeded", channel: asJson(message["data"])["channel"], data: {} }],
    frames,
    books: /^$/,
  }
}
