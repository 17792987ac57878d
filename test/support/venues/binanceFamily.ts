/**
 * What the three Binance venues have in common on the wire: SUBSCRIBE messages, raw stream names as channels, a
 * depth snapshot over REST.
 * Comes in: a capture and the market ids wanted from it. Goes out: a `VenueScript`.
 * Promises: frames are the recorded ones, taken out of their `{stream, data}` wrapper as the venue's `/ws` path does.
 */
import {
  asJson,
  asList,
  asText,
  type Frame,
  fromFixture,
  type Json,
  readCapture,
  readFixture,
  type VenueScript,
} from "./VenueScript.ts"

type Side = Map<string, unknown>

const put = (side: Side, levels: unknown): void => {
  for (const level of asList(levels)) {
    const [price, size] = asList(level)
    if (Number(size) === 0) side.delete(asText(price))
    else side.set(asText(price), size)
  }
}

/** The recorded snapshot, brought up to what has been played since. */
const snapshotAfter = (recorded: Json, played: ReadonlyArray<string>): Json => {
  const bids: Side = new Map(), asks: Side = new Map()
  put(bids, recorded["bids"])
  put(asks, recorded["asks"])
  let last = Number(recorded["lastUpdateId"])
  for (const text of played) {
    const delta = asJson(JSON.parse(text))
    if (Number(delta["u"]) <= last) continue
    put(bids, delta["b"])
    put(asks, delta["a"])
    last = Number(delta["u"])
  }
  return { ...recorded, lastUpdateId: last, bids: [...bids], asks: [...asks] }
}

export const binanceFamily = (options: {
  readonly id: string
  readonly folder: string
  readonly file: string
  /** `/api/v3`, `/fapi/v1` or `/dapi/v1`. */
  readonly prefix: string
  readonly marketIds: ReadonlyArray<string>
}): VenueScript => {
  const rows = readCapture(options.folder, options.file)
  const fixture = readFixture(options.id)
  const wanted = new Set(options.marketIds)
  const bodies = new Map<string, unknown>()
  const frames: Array<Frame> = []
  for (const row of rows) {
    if (row.dir === "http") {
      const url = new URL(row.url)
      bodies.set(`${url.pathname}?${url.searchParams.get("symbol") ?? ""}`, row.body)
    }
    const { stream, data } = asJson(row.frame)
    if (typeof stream !== "string" || !wanted.has(asText(asJson(data)["s"]))) continue
    frames.push({ channel: stream, text: JSON.stringify(data), source: `${options.file}:${row.line}` })
  }
  const info = asJson(bodies.get(`${options.prefix}/exchangeInfo?`))
  const symbols = asList(info["symbols"]).filter((one) => wanted.has(asText(asJson(one)["symbol"])))
  const handMade = fromFixture(fixture.rest)
  return {
    id: options.id,
    rest: (url, played) => {
      if (url.pathname === `${options.prefix}/exchangeInfo`) return { ...info, symbols }
      const symbol = url.searchParams.get("symbol") ?? ""
      const recorded = bodies.get(`${url.pathname}?${symbol}`)
      if (recorded === undefined) return handMade(url, played)
      return snapshotAfter(asJson(recorded), played(`${symbol.toLowerCase()}@depth@100ms`))
    },
    subscribes: (message) => message["method"] === "SUBSCRIBE" ? asList(message["params"]).map(asText) : [],
    answers: (message) => [{ result: null, id: message["id"] }],
    frames: [...frames, ...fixture.frames],
    // Who subscribes late asks for a snapshot over REST; nothing is sent again.
    books: /^$/,
  }
}
