/**
 * Frames, codec v1: many ticks of one partition in one columnar JSON text, media type
 * `application/x-arbedge-frames+json;v=1`.
 *
 * In: ticks in ingest order. Out: bytes, and frames read back from bytes. A message carries one frame a line. Promises:
 * decoding what was encoded gives equal ticks in equal order; decimals stay text; times and offsets are deltas, so that
 * any client can read a frame with a JSON parser and the table at `Frame`.
 */
import { Schema } from "effect"
import { VenueId } from "./Instrument.ts"
import * as Levels from "./Levels.ts"
import { type BadTick, badTick, type Tick, TICK_KINDS, type TickKind, type TickOf } from "./Tick.ts"
import * as TickCodec from "./TickCodec.ts"

export const MEDIA_TYPE = "application/x-arbedge-frames+json;v=1"

/** Simulated data is marked as such wherever it is shown. */
export const DataSource = Schema.Literals(["live", "recorded", "simulated"])
export type DataSource = typeof DataSource.Type

/** All venues of some assets, by number; or the spot markets of one venue, by its name. Ticks of spot are in both. */
export const Partition = Schema.Union([Schema.Int, VenueId])
export type Partition = typeof Partition.Type

const described = <S extends Schema.Top>(schema: S, description: string) => schema.annotate({ description })
const column = <S extends Schema.Top>(of: S, description: string) => described(Schema.Array(of), description)

export const Frame = Schema.Struct({
  v: Schema.Literal(1),
  w: described(Schema.String, "Writer; its fencing epoch stands behind the last dot"),
  n: described(Schema.Int, "Frame counter of the writer in this partition, from 0"),
  p: described(Partition, "Number of an asset partition, or the venue whose spot markets these are"),
  t: described(Schema.Int, "Base ingest time, ms"),
  f: described(DataSource, "Where the data comes from"),
  d: column(
    Schema.String,
    'Series "venue|instrument|kind", with a mark behind: "|ref" a conversion book of another partition, "|refresh" a ' +
      "full book again, for readers that begin here",
  ),
  s: column(Schema.Int, "Series index of each tick"),
  i: column(Schema.Int, "Ingest time - t of each tick, ms"),
  e: column(Schema.NullOr(Schema.Int), "Venue time - ingest time of each tick, ms; null: the venue gave none"),
  q: column(Schema.NullOr(Schema.Int), "The venue's sequence of each quote and book, in order"),
  b: column(Schema.String, "Bid of each quote, in order"),
  B: column(Schema.String, "Bid size of each quote"),
  a: column(Schema.String, "Ask of each quote"),
  A: column(Schema.String, "Ask size of each quote"),
  T: column(Schema.String, "Id of each trade, in order"),
  P: column(Schema.String, "Price of each trade"),
  Z: column(Schema.String, "Size of each trade"),
  S: column(Schema.String, 'Side of each trade: "b" or "s"'),
  x: column(
    Schema.Record(Schema.String, Schema.Unknown),
    'The other ticks\' own fields, in order; the levels of a book as one text a side, "price size price size ..."',
  ),
})
export type Frame = typeof Frame.Type

type Fields = { readonly [key: string]: unknown }
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends ReadonlyArray<infer E> ? Array<E> : T[K] }

/** `ref`: a conversion book sent beside its own partition. `refresh`: a repeated full book, no new event. */
export type Mark = "" | "ref" | "refresh"

export interface FramedTick {
  readonly tick: Tick
  readonly mark: Mark
}

/** Which writer made a frame, and the number that its predecessor must have. */
export const writerName = (instance: string, epoch: number): string => `${instance}.${epoch}`

/** Unique for ever: writer epoch and counter. */
export const frameId = (frame: Pick<Frame, "w" | "n" | "p">): string => `${frame.w}-${frame.p}-${frame.n}`

/** A series that a builder has met, and its index in the frame `frame`; in any other it has none yet. */
interface BuiltSeries {
  readonly text: string
  frame: number
  index: number
}

/** Every series of a builder, found for each tick without making a text. */
class SeriesTable {
  readonly #known: Record<Mark, Map<string, Map<string, Map<string, BuiltSeries>>>> = {
    "": new Map(),
    ref: new Map(),
    refresh: new Map(),
  }

  of({ instrument, kind, venue }: Tick, mark: Mark): BuiltSeries {
    return this.#known[mark].get(instrument)?.get(venue)?.get(kind) ?? this.#add(instrument, venue, kind, mark)
  }

  #add(instrument: string, venue: string, kind: TickKind, mark: Mark): BuiltSeries {
    const text = `${venue}|${instrument}|${kind}${mark === "" ? "" : `|${mark}`}`
    const added = { text, frame: -1, index: 0 }
    const ofInstrument = this.#known[mark].get(instrument) ?? new Map<string, Map<string, BuiltSeries>>()
    const ofVenue = ofInstrument.get(venue) ?? new Map<string, BuiltSeries>()
    this.#known[mark].set(instrument, ofInstrument.set(venue, ofVenue.set(kind, added)))
    return added
  }
}

/** Collects ticks; `take` closes the frame and begins the next one. Not shared between fibers. */
export class FrameBuilder {
  readonly #writer: string
  readonly #partition: Partition
  readonly #source: DataSource
  #counter = 0
  readonly #series = new SeriesTable()
  #columns: Mutable<Frame>
  #bytes = 0

  constructor(writer: string, partition: Partition, source: DataSource) {
    this.#writer = writer
    this.#partition = partition
    this.#source = source
    this.#columns = this.#empty()
  }

  get size(): number {
    return this.#columns.s.length
  }

  /** Ingest time of the first tick (ms); meaningless while empty. */
  get startedAt(): number {
    return this.#columns.t
  }

  /** Estimated bytes of the frame so far. */
  get bytes(): number {
    return this.#bytes
  }

  push(tick: Tick, mark: Mark = ""): void {
    const c = this.#columns
    if (c.s.length === 0) c.t = tick.ingestTime
    const series = this.#series.of(tick, mark)
    if (series.frame !== this.#counter) {
      series.frame = this.#counter
      series.index = c.d.length
      c.d.push(series.text)
      this.#bytes += series.text.length + 3
    }
    c.s.push(series.index)
    c.i.push(tick.ingestTime - c.t)
    c.e.push(tick.venueTime === null ? null : tick.venueTime - tick.ingestTime)
    this.#bytes += 12
    switch (tick.kind) {
      case "quote":
        c.q.push(tick.seq)
        c.b.push(tick.bid)
        c.B.push(tick.bidSize)
        c.a.push(tick.ask)
        c.A.push(tick.askSize)
        this.#bytes += 26 + tick.bid.length + tick.bidSize.length + tick.ask.length + tick.askSize.length
        return
      case "trade":
        c.T.push(tick.tradeId)
        c.P.push(tick.price)
        c.Z.push(tick.size)
        c.S.push(tick.side === "buy" ? "b" : "s")
        this.#bytes += 13 + tick.tradeId.length + tick.price.length + tick.size.length
        return
      case "book": {
        const { asks, bids, firstSeq, prevSeq, snapshot } = tick
        c.q.push(tick.seq)
        c.x.push({ snapshot, firstSeq, prevSeq, bids: Levels.pack(bids, "bids"), asks: Levels.pack(asks, "asks") })
        this.#bytes += 80 + 26 * (bids.length + asks.length)
        return
      }
      default: {
        const { ingestTime: _i, instrument: _n, kind: _k, v: _v, venue: _u, venueTime: _t, ...own } = tick
        c.x.push(own)
        this.#bytes += 120
      }
    }
  }

  take(): Frame {
    const frame = this.#columns
    frame.n = this.#counter++
    this.#columns = this.#empty()
    this.#bytes = 0
    return frame
  }

  #empty(): Mutable<Frame> {
    return {
      v: 1,
      w: this.#writer,
      n: 0,
      p: this.#partition,
      t: 0,
      f: this.#source,
      d: [],
      s: [],
      i: [],
      e: [],
      q: [],
      b: [],
      B: [],
      a: [],
      A: [],
      T: [],
      P: [],
      Z: [],
      S: [],
      x: [],
    }
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** One frame as one line. */
export const toLine = (frame: Frame): string => JSON.stringify(frame)

/** One message of one frame or more. */
export const encode = (frames: ReadonlyArray<Frame>): Uint8Array => encoder.encode(frames.map(toLine).join("\n"))

/** A message packed from frames of one partition. */
export interface Packed {
  readonly partition: Partition
  /** Id of the first frame: unique for ever. */
  readonly id: string
  readonly ticks: number
  /** Every "venue|instrument" in it, with repeats. */
  readonly series: ReadonlyArray<string>
  /** Of the first tick, ms; null: its venue gave none. */
  readonly venueTime: number | null
  readonly receivedAt: number
  readonly data: Uint8Array
}

/** Packs frames into messages of about `maxBytes`, keeping the order within each partition. */
export const pack = (frames: ReadonlyArray<Frame>, maxBytes: number): ReadonlyArray<Packed> => {
  const open = new Map<
    Partition,
    { first: Frame; lines: Array<string>; length: number; ticks: number; series: Array<string> }
  >()
  const out: Array<Packed> = []
  const close = (partition: Partition): void => {
    const message = open.get(partition)
    if (message === undefined) return
    open.delete(partition)
    const { first, lines, series, ticks } = message
    const receivedAt = first.t + (first.i[0] ?? 0), lag = first.e[0] ?? null
    const venueTime = lag === null ? null : receivedAt + lag
    const data = encoder.encode(lines.join("\n"))
    out.push({ partition, id: frameId(first), ticks, series, venueTime, receivedAt, data })
  }
  for (const frame of frames) {
    const line = toLine(frame)
    const before = open.get(frame.p)
    if (before !== undefined && before.length + line.length > maxBytes) close(frame.p)
    const message = open.get(frame.p) ?? { first: frame, lines: [], length: 0, ticks: 0, series: [] }
    open.set(frame.p, message)
    message.lines.push(line)
    message.length += line.length + 1
    message.ticks += frame.s.length
    message.series.push(...frame.d)
  }
  for (const partition of [...open.keys()]) close(partition)
  return out
}

/** The frames of one message, or why it cannot be read. Structure is checked here, once; decimals were at ingest. */
export const decode = (bytes: Uint8Array): ReadonlyArray<Frame> | BadTick => {
  const frames: Array<Frame> = []
  for (const line of decoder.decode(bytes).split("\n")) {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (error) {
      return badTick("not_json", error instanceof Error ? error.message.slice(0, 120) : "unreadable frame")
    }
    if (!isFrame(value)) return badTick("wrong_type", "not a frame of version 1")
    frames.push(value)
  }
  return frames
}

const COLUMNS = ["d", "s", "i", "e", "q", "b", "B", "a", "A", "T", "P", "Z", "S", "x"] as const

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Version, columns present, series named, and columns of equal length: what the readers below rely on. */
const isFrame = (value: unknown): value is Frame => {
  if (!isFields(value) || value["v"] !== 1) return false
  const numbers = [value["n"], value["t"]]
  if (typeof value["w"] !== "string" || !numbers.every(Number.isSafeInteger)) return false
  if (!Number.isSafeInteger(value["p"]) && typeof value["p"] !== "string") return false
  if (value["f"] !== "live" && value["f"] !== "recorded" && value["f"] !== "simulated") return false
  const length = (name: typeof COLUMNS[number]): number => {
    const column = value[name]
    return Array.isArray(column) ? column.length : -1
  }
  const series: unknown = value["d"]
  if (!Array.isArray(series) || !series.every((text) => typeof text === "string")) return false
  return COLUMNS.every((name) => length(name) >= 0) &&
    length("s") === length("i") && length("s") === length("e") && length("b") === length("B") &&
    length("b") === length("a") && length("b") === length("A") && length("T") === length("P") &&
    length("T") === length("Z") && length("T") === length("S")
}

/** What a series text says. */
export interface Series {
  readonly venue: string
  readonly instrument: string
  readonly kind: TickKind
  readonly mark: Mark
}

const KINDS: ReadonlySet<string> = new Set(TICK_KINDS)
const isKind = (text: string): text is TickKind => KINDS.has(text)

/** None (null) for a text that `FrameBuilder` does not write. */
export const parseSeries = (text: string): Series | null => {
  const [venue, instrument, kind, mark = ""] = text.split("|")
  if (venue === undefined || instrument === undefined || kind === undefined || !isKind(kind)) return null
  return mark === "" || mark === "ref" || mark === "refresh" ? { venue, instrument, kind, mark } : null
}

const isSequence = (value: unknown): value is number | null => value === null || Number.isSafeInteger(value)

/** A funding rate of column `x`, for the hot path: its structure is checked, its decimal was at ingest. */
export const fundingEvent = (
  fields: Fields | undefined,
): Pick<TickOf<"funding">, "rate" | "intervalMs" | "nextFundingTime" | "predicted"> | null => {
  if (fields === undefined) return null
  const { intervalMs, nextFundingTime, predicted, rate } = fields
  if (typeof rate !== "string" || typeof predicted !== "boolean" || !isSequence(nextFundingTime)) return null
  return typeof intervalMs === "number" && Number.isSafeInteger(intervalMs) && intervalMs > 0
    ? { rate, intervalMs, nextFundingTime, predicted }
    : null
}

/** A candle of column `x`, likewise. */
export const candleEvent = (
  fields: Fields | undefined,
): Pick<TickOf<"candle">, "intervalMs" | "open" | "high" | "low" | "close" | "volume"> | null => {
  if (fields === undefined) return null
  const { close, high, intervalMs, low, open, volume } = fields
  if (typeof intervalMs !== "number" || !Number.isSafeInteger(intervalMs) || intervalMs <= 0) return null
  if (typeof open !== "string" || typeof high !== "string" || typeof low !== "string") return null
  return typeof close === "string" && typeof volume === "string" ? { intervalMs, open, high, low, close, volume } : null
}

/** A book event whose levels are still the text they travelled as. */
export type PackedBook = Pick<TickOf<"book">, "snapshot" | "firstSeq" | "prevSeq"> & {
  readonly bids: Levels.Packed
  readonly asks: Levels.Packed
}

/** A book event of column `x`, for the hot path: its structure is checked, its decimals were at ingest. */
export const bookEvent = (
  fields: Fields | undefined,
): PackedBook | null => {
  if (fields === undefined) return null
  const { asks, bids, firstSeq, prevSeq, snapshot } = fields
  if (typeof snapshot !== "boolean" || !isSequence(firstSeq) || !isSequence(prevSeq)) return null
  return Levels.isPacked(bids) && Levels.isPacked(asks) ? { snapshot, firstSeq, prevSeq, bids, asks } : null
}

const unpacked = (event: PackedBook | null): Fields =>
  event === null ? {} : { ...event, bids: Levels.unpack(event.bids), asks: Levels.unpack(event.asks) }

/** The frame's ticks, each checked again by the tick codec: for every reader that is not the hot path. */
export const ticks = (frame: Frame): ReadonlyArray<FramedTick> | BadTick => {
  const series = frame.d.map(parseSeries)
  const out: Array<FramedTick> = []
  let q = 0, quote = 0, trade = 0, other = 0
  for (let k = 0; k < frame.s.length; k++) {
    const known = series[frame.s[k] ?? -1]
    const offset = frame.i[k], lag = frame.e[k]
    if (known === null || known === undefined || offset === undefined || lag === undefined) {
      return badTick("wrong_type", `tick ${k} of frame ${frameId(frame)}`)
    }
    const ingestTime = frame.t + offset
    const { instrument, kind, venue } = known
    const envelope = { v: 1, venue, instrument, venueTime: lag === null ? null : ingestTime + lag, ingestTime, kind }
    const own = (): Fields => {
      switch (kind) {
        case "quote": {
          const at = quote++
          return { seq: frame.q[q++], bid: frame.b[at], bidSize: frame.B[at], ask: frame.a[at], askSize: frame.A[at] }
        }
        case "trade": {
          const at = trade++
          const side = frame.S[at] === "b" ? "buy" : "sell"
          return { tradeId: frame.T[at], price: frame.P[at], size: frame.Z[at], side }
        }
        case "book":
          return { ...unpacked(bookEvent(frame.x[other++])), seq: frame.q[q++] }
        default:
          return frame.x[other++] ?? {}
      }
    }
    const tick = TickCodec.fromUnknown({ ...envelope, ...own() })
    if (TickCodec.isBad(tick)) return tick
    out.push({ tick, mark: known.mark })
  }
  return out
}
