/**
 * Kraken v2: the single frames of `frames-45venues`, and a book sequence made by hand.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here.
 */
import { asJson, asList, asText, fromFixture, readFixture, readSingleFrames, type VenueScript } from "./VenueScript.ts"

export const kraken = (folder: string): VenueScript => {
  const fixture = readFixture("kraken")
  const single = readSingleFrames(folder, "map kraken v2 messages").map(({ frame, text, source }) => {
    const symbol = asText(asJson(asList(frame["data"])[0])["symbol"])
    return { channel: `${asText(frame["channel"])}:${symbol}`, text, source }
  })
  return {
    id: "kraken",
    rest: fromFixture(fixture.rest),
    subscribes: (message) => {
      const { channel, symbol } = asJson(message["params"])
      return message["method"] === "subscribe" ? asList(symbol).map((one) => `${asText(channel)}:${asText(one)}`) : []
    },
    answers: (message) => {
      if (message["method"] === "ping") return [{ method: "pong", req_id: message["req_id"] }]
      return [{ method: "subscribe", result: message["params"], success: true, req_id: message["req_id"] }]
    },
    // The one recorded book update of BTC/USD has no snapshot before it, so it is played after the hand-made ones.
    frames: [...fixture.frames, ...single],
    books: /^book:/,
  }
}
