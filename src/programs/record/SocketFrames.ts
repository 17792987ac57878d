/**
 * Socket frames: what is heard at venues' sockets while a recording is made, counted, and kept where raw frames are wanted.
 *
 * In: every frame, synchronously (FrameListener). Out: counts; lines of a raw recording, in the form of
 * docs/guides/record-and-replay.md. Promises: at most 65,536 frames and 64 MiB of text wait for the file; what does not
 * fit is dropped, newest first, and counted.
 */
import { Effect, Latch, Option, Schema } from "effect"
import type { FrameListener, HeardFrame } from "../../layers/FrameListener.ts"

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

/** `keeps`: frames are kept for `take`; else they are only counted. */
export const make = Effect.fnUntraced(function* (keeps: boolean) {
  const arrived = yield* Latch.make(false)
  const connections = new Map<string, string>()
  let waiting: Array<HeardFrame> = []
  let received = 0, framesDropped = 0, ticksDropped = 0, characters = 0, isOver = false

  const connectionOf = ({ url, venue }: HeardFrame): string => {
    const known = connections.get(`${venue} ${url}`) ?? `${venue}.ws.${connections.size + 1}`
    connections.set(`${venue} ${url}`, known)
    return known
  }

  const keep = (frame: HeardFrame): boolean => {
    const length = frame.text?.length ?? 0
    if (waiting.length >= FRAMES_WAITING || characters + length > CHARACTERS_WAITING) return false
    characters += length
    waiting.push(frame)
    arrived.openUnsafe()
    return true
  }

  const listener: FrameListener["Service"] = {
    heard: (frame) => {
      if (isOver) return
      const isReceived = frame.direction === "recv"
      if (isReceived) received++
      if (keeps && !keep(frame) && isReceived) framesDropped++
    },
    dropped: (_venue, ticks) => {
      ticksDropped += ticks
    },
  }

  return {
    listener,
    counts: (): SocketCounts => ({ received, framesDropped, ticksDropped }),
    /** Waits until something can be taken. It is not taken yet: who waits may be interrupted. */
    arrived: arrived.await,
    /** The recording ends here: what comes while sockets close belongs to it no more. */
    end: () => {
      isOver = true
    },
    take: (): RawBatch => {
      const taken = waiting
      waiting = []
      characters = 0
      arrived.closeUnsafe()
      return taken.map((frame) => ({ frame, line: rawLine(frame, connectionOf(frame)) }))
    },
  }
})

export type SocketFrames = Effect.Success<ReturnType<typeof make>>
export type RawBatch = ReadonlyArray<{ readonly frame: HeardFrame; readonly line: string }>
