/**
 * Frames as lines of the archive: what 20 MB/s of ticks cost is decided here, so nothing is made that is not written.
 *
 * In: one message of frames. Out: for each tick one line of a recording with `event_id`, `source` and, of a full book
 * that was told again, `mark` before it, in the buffer of its group. Promises: a line decodes to the tick that was
 * ingested (a test compares it with the codecs); each tick is in it once: references and venues' own partitions are left
 * out; a frame that cannot be read is counted, and loses nothing but itself.
 */
import { marketGroup, marketName } from "../../domain/ArchiveLayout.ts"
import * as Frame from "../../domain/Frame.ts"
import type { Packed } from "../../domain/Levels.ts"
import type { TickKind } from "../../domain/Tick.ts"
import type { LineBuffer } from "./LineBuffer.ts"

const HOUR_MS = 3_600_000
const MOST_SERIES = 50_000

/** A series of one source, and what its lines have in common. */
interface KnownSeries {
  readonly kind: TickKind
  readonly mark: Frame.Mark
  readonly market: string
  /** From behind the id up to the venue's time; and from behind our time on. */
  readonly head: Uint8Array
  readonly middle: Uint8Array
  hour: number
  buffer: LineBuffer | null
}

/** Whose buffer a group's lines go to. */
export type BufferOf = (group: string) => LineBuffer

const encoder = new TextEncoder()
const LINE_BEGIN = encoder.encode('{"event_id":"'), INGEST_TIME = encoder.encode(',"ingestTime":')
const LINE_END = encoder.encode("}\n"), NULL = encoder.encode("null")
const BID_SIZE = encoder.encode('","bidSize":"'), ASK = encoder.encode('","ask":"')
const ASK_SIZE = encoder.encode('","askSize":"'), QUOTE = encoder.encode('"'), BID = encoder.encode(',"bid":"')
const SEQ = encoder.encode(',"seq":'), PRICE = encoder.encode(',"price":"'), SIZE = encoder.encode('","size":"')
const BUY = encoder.encode('","side":"buy"'), SELL = encoder.encode('","side":"sell"')

export class FrameLines {
  /** By source and series. */
  readonly #known: Record<Frame.DataSource, Map<string, KnownSeries | null>> = {
    live: new Map(),
    recorded: new Map(),
    simulated: new Map(),
  }
  #unreadable = 0

  /** Frames that could not be read so far. */
  get unreadable(): number {
    return this.#unreadable
  }

  /** Buffers belong to a batch: the next one has others. */
  forgetBuffers(): void {
    for (const ofSource of Object.values(this.#known)) {
      for (const series of ofSource.values()) if (series !== null) series.buffer = null
    }
  }

  /** `id`: unique for the message; its ticks are counted behind it. Out: how many lines. */
  take(id: string, data: Uint8Array, bufferOf: BufferOf): number {
    const frames = Frame.decode(data)
    if ("_tag" in frames) {
      this.#unreadable++
      return 0
    }
    const prefix = encoder.encode(`${id}-`)
    let count = 0
    for (const frame of frames) {
      if (typeof frame.p === "number") count = this.#frame(prefix, count, frame, bufferOf)
    }
    return count
  }

  #frame(prefix: Uint8Array, from: number, frame: Frame.Frame, bufferOf: BufferOf): number {
    const series = frame.d.map((text) => this.#seriesOf(frame.f, text))
    const { e: lags, i: offsets, s } = frame
    let count = from, quote = 0, trade = 0, other = 0, sequence = 0
    for (let at = 0; at < s.length; at++) {
      const known = series[s[at] ?? -1], offset = offsets[at], lag = lags[at]
      if (known === undefined || known === null || offset === undefined || lag === undefined) {
        this.#unreadable++
        return count
      }
      const { kind } = known
      if (known.mark === "ref") {
        // Counted, not written.
        if (kind === "quote" || kind === "book") sequence++
        if (kind === "quote") quote++
        else if (kind === "trade") trade++
        else other++
        continue
      }
      const ingestTime = frame.t + offset
      const into = bufferIn(known, ingestTime, bufferOf)
      into.copy(LINE_BEGIN)
      into.copy(prefix)
      into.int(count++)
      into.copy(known.head)
      if (lag === null) into.copy(NULL)
      else into.int(ingestTime + lag)
      into.copy(INGEST_TIME)
      into.int(ingestTime)
      into.copy(known.middle)
      if (kind === "quote") writeQuote(into, frame, quote++, sequence++)
      else if (kind === "trade") writeTrade(into, frame, trade++)
      else if (kind === "book") writeBook(into, frame, other++, sequence++)
      else writeOther(into, frame, other++)
      into.copy(LINE_END)
      into.records++
    }
    return count
  }

  #seriesOf(source: Frame.DataSource, text: string): KnownSeries | null {
    const ofSource = this.#known[source]
    const hit = ofSource.get(text)
    if (hit !== undefined) return hit
    if (ofSource.size >= MOST_SERIES) ofSource.clear()
    const known = seriesOf(source, text)
    ofSource.set(text, known)
    return known
  }
}

const seriesOf = (source: Frame.DataSource, text: string): KnownSeries | null => {
  const parsed = Frame.parseSeries(text)
  if (parsed === null) return null
  const { instrument, kind, mark, venue } = parsed
  const named = `"venue":${JSON.stringify(venue)},"instrument":${JSON.stringify(instrument)}`
  const marked = mark === "" ? "" : `,"mark":"${mark}"`
  return {
    kind,
    mark,
    market: marketName(venue, instrument),
    head: encoder.encode(`","source":"${source}"${marked},"v":1,${named},"venueTime":`),
    middle: encoder.encode(`,"kind":"${kind}"`),
    hour: -1,
    buffer: null,
  }
}

/** A series goes to one buffer until its hour ends. */
const bufferIn = (known: KnownSeries, ingestTime: number, bufferOf: BufferOf): LineBuffer => {
  const hour = Math.floor(ingestTime / HOUR_MS)
  if (known.buffer !== null && known.hour === hour) return known.buffer
  known.hour = hour
  known.buffer = bufferOf(marketGroup(known.market, ingestTime))
  return known.buffer
}

const writeSequence = (into: LineBuffer, value: number | null | undefined): void => {
  into.copy(SEQ)
  if (value === null || value === undefined) into.copy(NULL)
  else into.int(value)
}

const writeQuote = (into: LineBuffer, { A, B, a, b, q }: Frame.Frame, at: number, sequence: number): void => {
  writeSequence(into, q[sequence])
  into.copy(BID)
  into.text(b[at] ?? "")
  into.copy(BID_SIZE)
  into.text(B[at] ?? "")
  into.copy(ASK)
  into.text(a[at] ?? "")
  into.copy(ASK_SIZE)
  into.text(A[at] ?? "")
  into.copy(QUOTE)
}

const writeTrade = (into: LineBuffer, { P, S, T, Z }: Frame.Frame, at: number): void => {
  into.text(`,"tradeId":${JSON.stringify(T[at] ?? "")}`)
  into.copy(PRICE)
  into.text(P[at] ?? "")
  into.copy(SIZE)
  into.text(Z[at] ?? "")
  into.copy(S[at] === "b" ? BUY : SELL)
}

const levels = (packed: Packed): string => {
  if (packed === "") return "[]"
  const words = packed.split(" ")
  let json = `[["${words[0]}","${words[1]}"]`
  for (let at = 2; at < words.length; at += 2) json += `,["${words[at]}","${words[at + 1]}"]`
  return `${json}]`
}

/** What cannot be read is written without its levels: whoever reads it is told that the line is bad. */
const writeBook = (into: LineBuffer, { q, x }: Frame.Frame, at: number, sequence: number): void => {
  const book = Frame.bookEvent(x[at])
  writeSequence(into, q[sequence])
  if (book === null) return
  const { asks, bids, firstSeq, prevSeq, snapshot } = book
  into.text(
    `,"snapshot":${snapshot},"firstSeq":${firstSeq},"prevSeq":${prevSeq},"bids":${levels(bids)},"asks":${levels(asks)}`,
  )
}

/** Kinds that come seldom: as they travelled. */
const writeOther = (into: LineBuffer, { x }: Frame.Frame, at: number): void => {
  const json = JSON.stringify(x[at] ?? {})
  if (json !== "{}") into.text(`,${json.slice(1, -1)}`)
}
