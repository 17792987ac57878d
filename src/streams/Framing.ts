/**
 * Framing: ticks in ingest order become frames, by partition.
 *
 * In: ticks, one by one. Out: closed frames. Promises: a frame spans less than 10 ms of ingest time and about 64 KB at
 * most; the ticks of one partition keep their order; conversion books go to every partition that is in use, as
 * references; on request spot markets are framed by venue as well, for what stays on one venue; every 10 s of ingest time a full book follows for readers that begin there. Pure: no clock of its own.
 */
import { Option } from "effect"
import { assetOf, isRenamed } from "../domain/AssetIdentity.ts"
import { Book } from "../domain/Book.ts"
import { type DataSource, type Frame, FrameBuilder } from "../domain/Frame.ts"
import * as Instrument from "../domain/Instrument.ts"
import type { Tick, TickOf } from "../domain/Tick.ts"
import { isConversion } from "./detectors/Conversions.ts"

const FRAME_SPAN_MS = 10
const FRAME_BYTES = 64 * 1024
const REFRESH_EVERY_MS = 10_000
/** What a book is made of, and what says whether it still stands. */
const OF_BOOKS: ReadonlySet<Tick["kind"]> = new Set(["quote", "book", "heartbeat", "gap"])

interface Known {
  readonly partition: number
  /** Its base, where some venue means another asset by it; null elsewhere. */
  readonly renamed: string | null
  readonly conversion: boolean
  readonly spot: boolean
}

export interface FramingOptions {
  /** False: whoever reads begins at the first frame, so that full books need not be kept and told again. Default true. */
  readonly refreshes?: boolean
  /** Spot markets once more, in a partition of their venue. Default false. */
  readonly venues?: boolean
}

interface Kept {
  readonly book: Book
  refreshedAt: number
  newest: Tick
  /** As it was shown last; the same as long as the book is. */
  shown: { readonly of: Tick; readonly book: TickOf<"book"> } | undefined
}

export class Framing {
  readonly #writer: string
  readonly #source: DataSource
  readonly #refreshes: boolean
  readonly #venues: boolean
  /** Of asset partitions, and of venues. */
  readonly #builders = new Map<number, FrameBuilder>()
  readonly #venueBuilders = new Map<string, FrameBuilder>()
  readonly #instruments = new Map<string, Known>()
  /** Books, and conversion quotes, kept to be told again. */
  readonly #kept = new Map<string, Kept>()
  #ready: Array<Frame> = []

  constructor(writer: string, source: DataSource, { refreshes = true, venues = false }: FramingOptions = {}) {
    this.#writer = writer
    this.#source = source
    this.#refreshes = refreshes
    this.#venues = venues
  }

  push(tick: Tick): void {
    const known = this.#known(tick.instrument), { conversion, spot } = known
    const partition = known.renamed === null
      ? known.partition
      : Instrument.partitionOf(assetOf(tick.venue, known.renamed))
    const builder = this.#builder(partition, tick)
    this.#append(builder, tick)
    if (this.#venues && spot && OF_BOOKS.has(tick.kind)) this.#append(this.#venueBuilder(tick.venue), tick)
    const told = conversion || this.#refreshes
    if (told && (tick.kind === "book" || (conversion && tick.kind === "quote"))) this.#keep(tick, builder)
    else if (tick.kind === "gap") this.#kept.get(`${tick.venue}|${tick.instrument}`)?.book.break()
    if (!conversion) return
    for (const [other, reference] of this.#builders) {
      if (other === partition) continue
      this.#cut(reference, tick.ingestTime)
      reference.push(tick, "ref")
    }
  }

  /** Frames closed since the last call. */
  take(): ReadonlyArray<Frame> {
    const ready = this.#ready
    this.#ready = []
    return ready
  }

  /** The best `levels` of a book as it stands; none while it is not whole, or where only quotes are known. */
  book(venue: string, instrument: string, levels: number): TickOf<"book"> | undefined {
    const kept = this.#kept.get(`${venue}|${instrument}`)
    if (kept === undefined || kept.book.state !== "synced" || kept.book.fromQuotes || kept.book.crossed) {
      return undefined
    }
    if (kept.shown?.of !== kept.newest) kept.shown = { of: kept.newest, book: fullBook(kept.newest, kept.book, levels) }
    return kept.shown.book
  }

  /** Closes every frame begun, or only those begun before `beforeMs` (ingest time). */
  flush(beforeMs = Infinity): void {
    for (const builder of [...this.#builders.values(), ...this.#venueBuilders.values()]) {
      if (builder.size > 0 && builder.startedAt < beforeMs) this.#ready.push(builder.take())
    }
  }

  #append(builder: FrameBuilder, tick: Tick): void {
    this.#cut(builder, tick.ingestTime)
    builder.push(tick)
  }

  #cut(builder: FrameBuilder, atMs: number): void {
    if (builder.size === 0) return
    const span = atMs - builder.startedAt
    if (span >= FRAME_SPAN_MS || span < 0 || builder.bytes >= FRAME_BYTES) this.#ready.push(builder.take())
  }

  #keep(tick: TickOf<"book"> | TickOf<"quote">, builder: FrameBuilder): void {
    const key = `${tick.venue}|${tick.instrument}`
    let kept = this.#kept.get(key)
    if (kept === undefined) {
      kept = { book: new Book(), refreshedAt: tick.ingestTime, newest: tick, shown: undefined }
      this.#kept.set(key, kept)
    }
    kept.newest = tick
    if (tick.kind === "quote") {
      kept.book.quote(tick.bid, tick.bidSize, tick.ask, tick.askSize, tick.seq)
      return
    }
    if (kept.book.apply(tick) !== "applied") return
    if (tick.snapshot) kept.refreshedAt = tick.ingestTime
    if (!this.#refreshes || tick.ingestTime - kept.refreshedAt < REFRESH_EVERY_MS) return
    kept.refreshedAt = tick.ingestTime
    const full = fullBook(tick, kept.book)
    builder.push(full, "refresh")
    if (this.#known(tick.instrument).spot) this.#venueBuilders.get(tick.venue)?.push(full, "refresh")
  }

  #builder(partition: number, first: Tick): FrameBuilder {
    const known = this.#builders.get(partition)
    if (known !== undefined) return known
    const made = new FrameBuilder(this.#writer, partition, this.#source)
    this.#builders.set(partition, made)
    // A partition that begins now learns the conversion books as they stand.
    for (const [key, kept] of this.#kept) {
      const [, instrument = ""] = key.split("|")
      const about = this.#known(instrument)
      if (!about.conversion || about.partition === partition || kept.book.state !== "synced") continue
      made.push(kept.book.fromQuotes ? kept.newest : fullBook(kept.newest, kept.book), "ref")
    }
    if (made.size > 0 && made.startedAt > first.ingestTime) this.#ready.push(made.take())
    return made
  }

  #venueBuilder(venue: string): FrameBuilder {
    const known = this.#venueBuilders.get(venue)
    if (known !== undefined) return known
    const made = new FrameBuilder(this.#writer, venue, this.#source)
    this.#venueBuilders.set(venue, made)
    return made
  }

  #known(name: string): Known {
    const hit = this.#instruments.get(name)
    if (hit !== undefined) return hit
    const instrument = Instrument.parse(name)
    const base = Option.match(instrument, { onNone: () => name, onSome: (i) => i.base })
    const known = {
      partition: Instrument.partitionOf(base),
      renamed: isRenamed(base) ? base : null,
      conversion: Option.exists(instrument, isConversion),
      spot: Option.exists(instrument, ({ market }) => market === "spot"),
    }
    this.#instruments.set(name, known)
    return known
  }
}

/** The book as it stands, as the snapshot tick that rebuilds it. */
export const fullBook = (tick: Tick, book: Book, levels?: number): TickOf<"book"> => {
  const { ingestTime, instrument, venue, venueTime } = tick
  return {
    v: 1,
    venue,
    instrument,
    venueTime,
    ingestTime,
    kind: "book",
    snapshot: true,
    firstSeq: null,
    seq: book.seq,
    prevSeq: null,
    bids: book.bids.levels(levels),
    asks: book.asks.levels(levels),
  }
}
