/**
 * Socket frames: what is heard at venues' sockets and REST APIs while a recording is made, counted, and kept where a raw
 * recording is wanted.
 *
 * In: every frame, request and answer, synchronously (FrameListener). Out: counts; lines of a raw recording (RawRows.ts).
 * Promises: at most 65,536 rows and 64 MiB of text wait for the file; what does not fit is dropped, newest first, and
 * counted.
 */
import { Clock, Effect, Latch } from "effect"
import type { FeedRequest } from "../../domain/Feed.ts"
import type { FrameListener, HeardFrame } from "../../layers/FrameListener.ts"
import { answerRow, askRow, followRow, frameRow, lostRow } from "./RawRows.ts"

const ROWS_WAITING = 65_536
const CHARACTERS_WAITING = 64 * 1024 * 1024

export interface SocketCounts {
  /** Frames that venues sent. */
  readonly received: number
  /** Frames that were not kept, because the file was too slow. */
  readonly framesDropped: number
  /** Ticks that feeds dropped, because the file was too slow. */
  readonly ticksDropped: number
  /** REST calls. */
  readonly asked: number
  readonly answered: number
  /** Answers that were not kept, because the file was too slow. */
  readonly answersDropped: number
}

/** What a row of the file counts as; `note`: in no figure. */
type RowKind = "frame" | "answer" | "note"

interface Row {
  readonly kind: RowKind
  readonly line: () => string
}

/** `keeps`: rows are kept for `take`; else they are only counted. */
export const make = Effect.fnUntraced(function* (keeps: boolean) {
  const arrived = yield* Latch.make(false)
  const connections = new Map<string, string>()
  let waiting: Array<Row> = []
  let received = 0, framesDropped = 0, ticksDropped = 0, asked = 0, answered = 0, answersDropped = 0
  let characters = 0, isOver = false

  const connectionOf = ({ url, venue }: HeardFrame): string => {
    const known = connections.get(`${venue} ${url}`) ?? `${venue}.ws.${connections.size + 1}`
    connections.set(`${venue} ${url}`, known)
    return known
  }

  const keep = (kind: RowKind, length: number, line: () => string): boolean => {
    if (!keeps) return true
    if (waiting.length >= ROWS_WAITING || characters + length > CHARACTERS_WAITING) return false
    characters += length
    waiting.push({ kind, line })
    arrived.openUnsafe()
    return true
  }

  const listener: FrameListener["Service"] = {
    heard: (frame) => {
      if (isOver) return
      const isReceived = frame.direction === "recv"
      if (isReceived) received++
      const line = () => frameRow(frame, connectionOf(frame))
      if (!keep(isReceived ? "frame" : "note", frame.text?.length ?? 0, line) && isReceived) framesDropped++
    },
    asked: (request) => {
      if (isOver) return
      asked++
      keep("note", request.url.length, () => askRow(request))
    },
    answered: (answer) => {
      if (isOver) return
      answered++
      if (!keep("answer", answer.body.length, () => answerRow(answer))) answersDropped++
    },
    lost: (venue, atMs) => {
      if (!isOver) keep("note", venue.length, () => lostRow(venue, atMs))
    },
    dropped: (_venue, ticks) => {
      ticksDropped += ticks
    },
  }

  return {
    listener,
    counts: (): SocketCounts => ({ received, framesDropped, ticksDropped, asked, answered, answersDropped }),
    /** Says what is followed from now on: whoever plays the recording asks for the same. */
    follow: (requests: ReadonlyArray<FeedRequest>) =>
      Effect.map(Clock.currentTimeMillis, (nowMs) => {
        for (const request of requests) keep("note", 0, () => followRow(request, nowMs))
      }),
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
      return taken.map(({ kind, line }) => ({ kind, line: line() }))
    },
  }
})

export type SocketFrames = Effect.Success<ReturnType<typeof make>>
export type RawBatch = ReadonlyArray<{ readonly kind: RowKind; readonly line: string }>
