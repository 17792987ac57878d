/**
 * The rows of a raw recording: what venues and we said to each other, one JSON object a line, in the form of
 * docs/guides/record-and-replay.md.
 *
 * In: what was heard. Out: lines. Promises: a frame or body that is JSON of one line stands in its row as it came,
 * character by character, other text as a string. Pure.
 */
import { Option, Schema } from "effect"
import type { FeedRequest } from "../../domain/Feed.ts"
import type { HeardAnswer, HeardFrame, HeardRequest } from "../../layers/FrameListener.ts"

const parsed = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** JSON that fits into a line as it is. */
const isJsonLine = (text: string): boolean => !text.includes("\n") && Option.isSome(parsed(text))

const asValue = (text: string | null): string => text === null ? "null" : isJsonLine(text) ? text : JSON.stringify(text)

/** `last`: name and text of the payload's last part, which is put down as it is. */
const row = (atMs: number, venue: string, payload: object, last?: readonly [name: string, json: string]): string => {
  const head = JSON.stringify({ ts: atMs, exchange: venue, channel: "raw", symbol: null }).slice(0, -1)
  const parts = JSON.stringify(payload)
  return `${head},"payload":${last === undefined ? parts : `${parts.slice(0, -1)},"${last[0]}":${last[1]}}`}}`
}

export const frameRow = ({ atMs, direction, text, url, venue }: HeardFrame, conn: string): string =>
  row(atMs, venue, { dir: direction, conn, url }, ["frame", asValue(text)])

export const askRow = ({ atMs, method, url, venue }: HeardRequest): string =>
  row(atMs, venue, { dir: "ask", method, url })

export const answerRow = ({ askedAtMs, atMs, body, method, status, url, venue }: HeardAnswer): string =>
  row(atMs, venue, { dir: "http", method, url, askedAt: askedAtMs, status }, ["body", asValue(body)])

/** What a venue's feed was told to follow. */
export const followRow = ({ depth, instruments, kinds, venue }: FeedRequest, atMs: number): string =>
  row(atMs, venue, { dir: "follow", instruments, kinds, depth })

/** The venue's connections were lost. */
export const lostRow = (venue: string, atMs: number): string => row(atMs, venue, { dir: "lost" })
