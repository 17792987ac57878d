/**
 * OKX as recorded in `raw/raw-okx.jsonl.gz` (tickers, trades, 400-level books with a checksum), with today's book
 * sequence, tick-by-tick best quotes and funding rates made by hand.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here.
 */
import { asJson, asList, asText, type Frame, readCapture, readFixture, type VenueScript } from "./VenueScript.ts"

const channelOf = (arg: unknown): string => `${asText(asJson(arg)["channel"])}:${asText(asJson(arg)["instId"])}`
const wanted = new Set(["BTC-USDT", "ETH-USDT", "UNI-USD-SWAP", "BTC-USD-220527"])

export const okx = (folder: string): VenueScript => {
  const file = "raw/raw-okx.jsonl.gz"
  const rows = readCapture(folder, file)
  const fixture = readFixture("okx")
  const frames: Array<Frame> = []
  for (const row of rows) {
    const { arg, data } = asJson(row.frame)
    if (row.dir !== "recv" || data === undefined) continue
    frames.push({ channel: channelOf(arg), text: JSON.stringify(row.frame), source: `${file}:${row.line}` })
  }
  const instruments = (type: string): unknown => {
    const body = asJson(rows.find((row) => row.url.endsWith(`instType=${type}`))?.body)
    return { ...body, data: asList(body["data"]).filter((one) => wanted.has(asText(asJson(one)["instId"]))) }
  }
  return {
    id: "okx",
    rest: (url) =>
      url.pathname === "/api/v5/public/instruments" ? instruments(url.searchParams.get("instType") ?? "") : undefined,
    subscribes: (message) => message["op"] === "subscribe" ? asList(message["args"]).map(channelOf) : [],
    unsubscribes: (message) => message["op"] === "unsubscribe" ? asList(message["args"]).map(channelOf) : [],
    answers: (message) => asList(message["args"]).map((arg) => ({ event: message["op"], arg, connId: "fake" })),
    frames: [...frames, ...fixture.frames],
    books: /^books:/,
  }
}
