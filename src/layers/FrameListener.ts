/**
 * The FrameListener port: who hears every frame of venues' sockets as it came, beside the feeds that make ticks of it.
 *
 * In: frames, both ways, and what a feed lost afterwards. Nobody need listen. Promises asked of who does: it is called
 * synchronously for each frame, so it neither waits nor throws; what it cannot keep it counts itself.
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

export class FrameListener extends Context.Service<FrameListener, {
  readonly heard: (frame: HeardFrame) => void
  /** Ticks that a feed made of frames and dropped, because its queue was full. */
  readonly dropped: (venue: string, ticks: number) => void
}>()("arbedge/FrameListener") {}
