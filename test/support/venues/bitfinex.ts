/**
 * Bitfinex as recorded in `raw/raw-bitfinex.jsonl.gz`: lists instead of objects, numbered channels, tickers, trades and
 * books; its lists of markets and currencies are made by hand, in today's shape.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here; a subscription is answered with the recorded number. The
 * running numbers that the recorder had asked for, and ccxt does not ask for, are taken off the ends of the frames.
 */
import { asJson, asText, fromFixture, type Json, readCapture, readFixture, type VenueScript } from "./VenueScript.ts"

const unnumbered = (frame: unknown): unknown =>
  Array.isArray(frame) && typeof frame.at(-1) === "number" ? frame.slice(0, -1) : frame

export const bitfinex = (folder: string): VenueScript => {
  const file = "raw/raw-bitfinex.jsonl.gz"
  const received = readCapture(folder, file).filter(({ dir }) => dir === "recv")
  const fixture = readFixture("bitfinex")
  const subscribed = new Map(received.flatMap(({ frame }) => {
    const { chanId, channel, event, symbol } = asJson(frame)
    return event === "subscribed" ? [[chanId, { frame, name: `${asText(channel)}:${asText(symbol)}` }] as const] : []
  }))
  const frames = received.flatMap(({ frame, line }) => {
    const name = Array.isArray(frame) ? subscribed.get(frame[0])?.name : undefined
    return name === undefined
      ? []
      : [{ channel: name, text: JSON.stringify(unnumbered(frame)), source: `${file}:${line}` }]
  })
  const nameOf = (message: Json) => `${asText(message["channel"])}:${asText(message["symbol"])}`
  return {
    id: "bitfinex",
    rest: fromFixture(fixture.rest),
    subscribes: (message) => message["event"] === "subscribe" ? [nameOf(message)] : [],
    answers: (message) => {
      if (message["event"] === "conf") return [{ event: "conf", status: "OK", flags: message["flags"] }]
      const name = nameOf(message)
      return [...subscribed.values()].filter((one) => one.name === name).map(({ frame }) => frame)
    },
    frames,
    books: /^book:/,
  }
}
