/**
 * What one venue says, in one shape for all venues: its REST bodies, how it answers a subscription, what it plays.
 * Comes in: the recorded frames of ARBEDGE_DATA and the hand-made bodies of test/fixtures/venues. Goes out: a
 * `VenueScript` for the fake server, each frame with the place it comes from (`file:line`, or `hand-made`).
 * Promises: recorded frames are passed on as they were received; nothing of them is copied into the project.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"

/** One websocket frame: its text, the channel it belongs to, and where it was taken from. */
export interface Frame {
  readonly channel: string
  readonly text: string
  /** `file:line` inside ARBEDGE_DATA, or `hand-made:<fixture>:<index>`. */
  readonly source: string
}

/** A parsed JSON object of unknown content. */
export type Json = Readonly<Record<string, unknown>>

/** How one venue's server behaves. */
export interface VenueScript {
  readonly id: string
  /** The body of a REST request (or a promise of it), or undefined for 404; `played` are the frames of a channel played so far. */
  readonly rest: (url: URL, played: (channel: string) => ReadonlyArray<string>) => unknown
  /** The channels a client's websocket message subscribes to; none for pings and the like. */
  readonly subscribes: (message: Json) => ReadonlyArray<string>
  /** The channels a message ends, where a client does that. */
  readonly unsubscribes?: (message: Json) => ReadonlyArray<string>
  /** What the server says to a client's message before any data (acknowledgements, pongs). */
  readonly answers: (message: Json) => ReadonlyArray<unknown>
  /** What is played, in order. */
  readonly frames: ReadonlyArray<Frame>
  /** Channels whose frames build on each other: who subscribes late is sent what was played before, from the start. */
  readonly books: RegExp
}

interface Recorded {
  readonly line: number
  readonly dir: string
  readonly url: string
  readonly frame: unknown
  readonly body: unknown
}

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

export const asJson = (value: unknown): Json => isJson(value) ? value : {}
export const asList = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []
export const asText = (value: unknown): string => typeof value === "string" ? value : ""

/** The rows of one raw capture (`raw/*.jsonl.gz`). */
export const readCapture = (folder: string, file: string): ReadonlyArray<Recorded> =>
  gunzipSync(readFileSync(`${folder}/${file}`)).toString("utf8").trimEnd().split("\n").map((text, index) => {
    const payload = asJson(asJson(JSON.parse(text))["payload"])
    const { dir, url, frame, body } = payload
    return { line: index + 1, dir: asText(dir), url: asText(url), frame, body }
  })

/** The frames of one venue in `frames-45venues/messages.jsonl`. */
export const readSingleFrames = (
  folder: string,
  test: string,
): ReadonlyArray<Omit<Frame, "channel"> & { frame: Json }> =>
  readFileSync(`${folder}/frames-45venues/messages.jsonl`, "utf8").trimEnd().split("\n").flatMap((text, index) => {
    const row = asJson(JSON.parse(text))
    if (row["test"] !== test) return []
    const frame = asJson(row["frame"])
    return [{ frame, text: JSON.stringify(frame), source: `frames-45venues/messages.jsonl:${index + 1}` }]
  })

/** What was made by hand for one venue. */
export const readFixture = (venue: string): { readonly rest: Json; readonly frames: ReadonlyArray<Frame> } => {
  const path = fileURLToPath(new URL(`../../fixtures/venues/${venue}.json`, import.meta.url))
  const fixture = asJson(JSON.parse(readFileSync(path, "utf8")))
  const frames = asList(fixture["frames"]).map((row, index) => ({
    channel: asText(asJson(row)["channel"]),
    text: JSON.stringify(asJson(row)["frame"]),
    source: `hand-made:${venue}:${index}`,
  }))
  return { rest: asJson(fixture["rest"]), frames }
}

/** Answers REST requests from hand-made bodies: first by path and query, then by path alone. */
export const fromFixture = (rest: Json): VenueScript["rest"] => (url) =>
  rest[url.pathname + url.search] ?? rest[url.pathname]
