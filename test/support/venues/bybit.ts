/**
 * Bybit v5: the recorded 500-level book of `raw/raw-bybit-v5-xrpusdt-ob500.jsonl.gz`; best quotes, trades, funding
 * and the REST bodies are made by hand.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here; whoever subscribes to a deep book gets the recorded depth.
 */
import { asList, asText, fromFixture, readCapture, readFixture, type VenueScript } from "./VenueScript.ts"

const deepBook = /^orderbook\.(50|200|1000)\./

export const bybit = (folder: string): VenueScript => {
  const file = "raw/raw-bybit-v5-xrpusdt-ob500.jsonl.gz"
  const fixture = readFixture("bybit")
  const recorded = readCapture(folder, file).map((row) => ({
    channel: "orderbook.deep.XRPUSDT",
    text: JSON.stringify(row.frame),
    source: `${file}:${row.line}`,
  }))
  return {
    id: "bybit",
    rest: fromFixture(fixture.rest),
    subscribes: (message) =>
      message["op"] === "subscribe"
        ? asList(message["args"]).map((topic) => asText(topic).replace(deepBook, "orderbook.deep."))
        : [],
    answers: (message) => [
      { success: true, ret_msg: message["op"] === "ping" ? "pong" : "", req_id: message["req_id"], op: message["op"] },
    ],
    frames: [...recorded, ...fixture.frames],
    books: /^orderbook\./,
  }
}
