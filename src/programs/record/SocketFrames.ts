/**
 * Socket frames: what is heard at venues' sockets while a recording is made, counted, and kept where raw frames are wanted.
 *
 * In: every frame, synchronously (FrameListener). Out: counts; lines of a raw recording, in the form of
 * docs/guides/record-and-replay.md. Promises: at most 65,536 frames and 64 MiB of text wait for the file; what does not
 * fit is dropped, newest first, and counted.
 */
import { Effect, Option, Queue, Schema } from "effect"
import type { FrameListener, HeardFrame } from "../../layers/FrameListener.ts"
import { inlet } from "../../layers/bridge.ts"

const FRAMES_WAITING = 65_536
const CHARACTERS_WAITING = 64 * 1024 * 1024

export interface SocketCounts {
  /** Frames that venues sent. */
  readonly received: number
  /** Frames that were not kept, because the file was too slow. */
  readonly framesDropped: number
  /** Ticks that feeds dropped, because the file was too slow. */
  readonly ticksDropped: number
}

const parsed = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** JSON that fits into a line as it is. */
const isJsonLine = (text: string): boolean => !text.includes("\n") && Option.isSome(parsed(text))

/** One frame as a line; JSON stands in it as it came, character by character, other text as a string. */
export const rawLine = ({ atMs, direction, text, url, venue }: HeardFrame, conn: string): string => {
  const head = JSON.stringify({ ts: atMs, exchange: venue, channel: "raw", symbol: null })
  const payload = JSON.stringify({ dir: direction, conn, url })
  const frame = text === null ? "null" : isJsonLine(text) ? text : JSON.stringify(text)
  return `${head.slice(0, -1)},"payload":${payload.slice(0, -1)},"frame":${frame}}}`
}

/** `keeps`: frames are kept for `lines`; else they are only counted. */
export const make = Effect.fnUntraced(function* (keeps: boolean) {
  const waiting = yield* inlet<HeardFrame>(FRAMES_WAITING)
  const connections = new Map<string, string>()
  let received = 0, framesDropped = 0, ticksDropped = 0, held = 0

  const connectionOf = ({ url, venue }: HeardFrame): string => {
    const known = connections.get(`${venue} ${url}`) ?? `${venue}.ws.${connections.size + 1}`
    connections.set(`${venue} ${url}`, known)
    return known
  }

  const listener: FrameListener["Service"] = {
    heard: (frame) => {
      if (frame.direction === "recv") received++
      if (!keeps) return
      const characters = frame.text?.length ?? 0
      if (held + characters <= CHARACTERS_WAITING && waiting.offer(frame)) held += characters
      else if (frame.direction === "recv") framesDropped++
    },
    dropped: (_venue, ticks) => {
      ticksDropped += ticks
    },
  }

  const linesOf = (frames: ReadonlyArray<HeardFrame>) => {
    for (const { text } of frames) held -= text?.length ?? 0
    return frames.map((frame) => ({ frame, line: rawLine(frame, connectionOf(frame)) }))
  }

  return {
    listener,
    counts: (): SocketCounts => ({ received, framesDropped, ticksDropped }),
    /** What has come since; waits for the first. */
    lines: Effect.map(Queue.takeAll(waiting.queue), linesOf),
    /** What waits still, without waiting. */
    rest: Effect.map(Queue.clear(waiting.queue), linesOf),
  }
})

export type SocketFrames = Effect.Success<ReturnType<typeof make>>
export type RawBatch = Effect.Success<SocketFrames["lines"]>
