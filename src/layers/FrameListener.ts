/**
 * The FrameListener port: who hears what venues said as it came, beside the feeds that make ticks of it: every frame of
 * their sockets, every answer of their REST APIs, and when a connection was lost.
 *
 * In: frames, both ways, requests and answers, and what a feed lost afterwards. Nobody need listen. Promises asked of who
 * does: it is called synchronously for each, so it neither waits nor throws; what it cannot keep it counts itself.
 */
import { Context } from "effect"

export interface HeardFrame {
  readonly venue: string
  readonly direction: "recv" | "send"
  /** Of the connection. */
  readonly url: string
  /** Unpacked where the venue packs; null: bytes that only ccxt can read, or that nobody could unpack. */
  readonly text: string | null
  /** By our clock, ms. */
  readonly atMs: number
}

/** A request of a public REST API: no headers, no body, no parameter that looks like a secret. */
export interface HeardRequest {
  readonly venue: string
  readonly method: string
  readonly url: string
  readonly atMs: number
}

export interface HeardAnswer extends HeardRequest {
  readonly askedAtMs: number
  readonly status: number
  /** As it came. */
  readonly body: string
}

export class FrameListener extends Context.Service<FrameListener, {
  readonly heard: (frame: HeardFrame) => void
  readonly asked: (request: HeardRequest) => void
  readonly answered: (answer: HeardAnswer) => void
  /** The venue's connections are over; what it says next comes over new ones. */
  readonly lost: (venue: string, atMs: number) => void
  /** Ticks that a feed made of frames and dropped, because its queue was full. */
  readonly dropped: (venue: string, ticks: number) => void
}>()("arbedge/FrameListener") {}
