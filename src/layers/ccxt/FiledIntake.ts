/**
 * Every frame of a venue that only ccxt can read: ccxt parses it first, and what it filed is checked and told.
 *
 * In: frames and REST answers, what ccxt filed meanwhile. Out: what Intake says, by the same checks. Promises: a book
 * is told whole after each change of its best levels, as ccxt holds it, so nobody builds on a delta that nobody
 * verified; whatever was refused or stumbled over on a socket that carries books breaks them all, for the delta in it
 * is lost; best prices come from one source an instrument, its tickers or its book.
 */
import { type BadTick, badTick, type GapReason, type Level } from "../../domain/Tick.ts"
import type { CcxtBook } from "./CcxtShape.ts"
import { FiledReader, hasBestLevels, type Said } from "./Filed.ts"
import { Intake, type IntakeOptions, type Surroundings } from "./Intake.ts"
import { isRefused } from "./Normalise.ts"
import type { Subscribed } from "./Subscribed.ts"
import { describe } from "./Tap.ts"
import { asRecord, numberText, sequence, time } from "./Values.ts"
import type { Part } from "./VenueAdapter.ts"

/** Sides that change in frames of their own may cross for so long without meaning anything. */
const CROSSED_MS = 1_000
/** Venues say short things of their own (pongs, counters); what begins like JSON and is none was cut off. */
const OWN_WORDS = /^[^[{].{0,99}$/
/** Failures of ccxt's own code on a frame it did not expect. */
const STUMBLES = new Set(["TypeError", "RangeError", "ReferenceError", "SyntaxError"])
const BOOK_GAPS: Readonly<Record<string, GapReason>> = { ChecksumError: "checksum", InvalidNonce: "sequence" }

export interface Wanted {
  /** Whether books are to be told, and quotes. */
  readonly book: boolean
  readonly quote: boolean
  /** Whether quotes come from books alone. */
  readonly bookOnly: boolean
  /** A ticker has no best levels: the instrument's book is needed. */
  readonly needBook: (instrument: string) => void
}

/** What was told of a book last, and when. */
interface Told {
  readonly bids: Flat
  readonly asks: Flat
  /** Its levels as text, by price. */
  readonly texts: Texts
  readonly atMs: number
  crossedSinceMs: number | null
}

/** The best levels of one side as price, size, price, size ... */
type Flat = ReadonlyArray<number>

/** What a level's size was, and the level as text: writing numbers costs most, and most levels stay. */
type Texts = ReadonlyMap<number, { readonly size: number; readonly level: Level }>

const UNTOLD = { bids: [], asks: [], texts: new Map(), crossedSinceMs: null }

/** A side as text, by what was written before; what was written now goes into `now`. */
const written = (side: Flat, before: Texts, now: Map<number, { size: number; level: Level }>): ReadonlyArray<Level> => {
  const levels: Array<Level> = []
  for (let at = 0; at < side.length; at += 2) {
    const price = side[at] ?? 0, size = side[at + 1] ?? 0, known = before.get(price)
    const text = known?.size === size ? known : { size, level: [numberText(price), numberText(size)] as const }
    now.set(price, text)
    levels.push(text.level)
  }
  return levels
}

const flat = (levels: CcxtBook["bids"], depth: number): Flat => {
  const numbers: Array<number> = []
  for (let at = 0; at < levels.length && at < depth; at++) {
    const [price, size] = levels[at] ?? []
    if (price !== undefined && size !== undefined) numbers.push(price, size)
  }
  return numbers
}

const equal = (one: Flat, other: Flat, until = Math.max(one.length, other.length)): boolean => {
  for (let at = 0; at < until; at++) if (one[at] !== other[at]) return false
  return true
}

/** ccxt's numbers were text once, of which anything may have become. */
const impossible = (side: Flat): BadTick | null => {
  for (const [at, number] of side.entries()) {
    if (!Number.isFinite(number)) return badTick("bad_decimal", `book: ${number}`)
    if (at % 2 === 0 ? number <= 0 : number < 0) return badTick("not_positive", `book: ${number}`)
  }
  return null
}

const quoteOf = (
  { wireId }: Subscribed,
  time: number | null,
  seq: number | null,
  [bid, bidSize]: Level,
  [ask, askSize]: Level,
): Part => ({ kind: "quote", wireId, time, seq, bid, bidSize, ask, askSize })

export class FiledIntake extends Intake {
  readonly #wanted: Wanted
  readonly #reader = new FiledReader()
  readonly #byInstrument: ReadonlyMap<string, Subscribed>
  readonly #source = new Map<string, "ticker" | "book">()
  readonly #books = new Map<string, Told>()
  readonly #hashes = new Map<string, Subscribed>()
  /** What ccxt files while it parses a frame; null between frames. */
  #filing: Array<unknown> | null = null

  constructor(around: Surroundings, options: IntakeOptions, wanted: Wanted) {
    super(around, options)
    this.#wanted = wanted
    this.#byInstrument = new Map(around.subscribed.map((one) => [one.instrument, one]))
  }

  /** The instruments whose best prices come from their books. */
  get quotedByBook(): ReadonlyArray<string> {
    return this.around.subscribed.flatMap(({ instrument }) => this.#sourceOf(instrument) === "book" ? [instrument] : [])
  }

  override admits(url: string, frame: string | null | BadTick): boolean {
    const admitted = super.admits(url, frame)
    if (!admitted) this.#doubt(url)
    return admitted
  }

  override message(url: string, message: unknown, toCcxt: () => void): void {
    // ccxt leaves text that is no JSON as it is.
    if (typeof message === "string" && !OWN_WORDS.test(message)) {
      this.refuse(null, badTick("not_json", `${message.length} characters`))
      return this.#doubt(url)
    }
    const filing: Array<unknown> = []
    this.#filing = filing
    const error = this.deliver(toCcxt)
    this.#filing = null
    if (error === undefined) return this.#take(url, filing)
    // A refusal in the venue's words: ccxt's connection passes it to all who wait, and ends.
    if (!(error instanceof Error && STUMBLES.has(error.name))) throw error
    this.refuse(null, badTick("wrong_type", `ccxt: ${describe(error)}`))
    this.#doubt(url)
  }

  override resolved(url: string, hash: string | undefined, result: unknown): void {
    const one = this.#byInstrument.get(String(asRecord(result)["symbol"]))
    if (hash !== undefined && one !== undefined && "bids" in asRecord(result)) this.#hashes.set(hash, one)
    // Some snapshots come over REST, between frames.
    if (this.#filing === null) this.#take(url, [result])
    else if (!this.#filing.includes(result)) this.#filing.push(result)
  }

  override rejected(_url: string, hash: string | undefined, error: unknown): boolean {
    const gap = error instanceof Error ? BOOK_GAPS[error.name] : undefined
    const one = hash === undefined ? undefined : this.#hashes.get(hash)
    if (gap === undefined || one === undefined) return false
    this.fault(one, { gap, bad: null })
    return true
  }

  /** Books that stayed crossed are broken; those that held still are repeated for who comes later. */
  override beat(): void {
    super.beat()
    const nowMs = this.around.outlet.nowMs()
    for (const one of this.around.subscribed) {
      const told = this.#books.get(one.instrument), cached = this.around.cachedBook(one.instrument)
      if (told === undefined || cached === undefined || one.keeper.phase === "broken") continue
      const again = nowMs - told.atMs >= this.options.snapshotEveryMs
      if (again || told.crossedSinceMs !== null) this.#book(one, cached, again)
    }
  }

  /** An answer over REST. `trades`: of which instrument, where they are trades. */
  polled(result: unknown, trades: string | null): void {
    this.received(JSON.stringify(result) ?? "")
    const said = trades === null ? this.#reader.read(result) : this.#reader.polledTrades(trades, result)
    this.#say(null, said)
  }

  protected override restart({ instrument }: Subscribed): void {
    // Told again by its next frame, or by the next beat.
    if (this.#books.has(instrument)) this.#books.set(instrument, { ...UNTOLD, atMs: 0 })
  }

  #take(url: string, results: ReadonlyArray<unknown>): void {
    for (const result of results) this.#say(url, this.#reader.read(result))
  }

  #say(url: string | null, { books, parts }: Said): void {
    // Venues that send every market are no fault: what nobody asked for is passed over.
    const known = parts.flatMap((part) => {
      const one = this.#byInstrument.get(part.wireId)
      if (one === undefined || (part.kind === "quote" && !this.#serves(one, part))) return []
      one.url = url ?? one.url
      return [{ one, part }]
    })
    if (known.length > 0) this.others(known)
    for (const { book: cached, instrument } of books) {
      const one = this.#byInstrument.get(instrument)
      if (one === undefined || one.keeper.phase === "broken") continue
      one.url = url ?? one.url
      this.#book(one, cached, url === null)
    }
  }

  #sourceOf(instrument: string): "ticker" | "book" | undefined {
    return this.#wanted.bookOnly ? "book" : this.#source.get(instrument)
  }

  /** Whether a ticker's best prices are this instrument's quote; its first one decides. */
  #serves({ instrument }: Subscribed, part: Part): boolean {
    if (!this.#wanted.quote) return false
    const source = this.#sourceOf(instrument)
    if (source !== undefined) return source === "ticker"
    const complete = hasBestLevels(part)
    this.#source.set(instrument, complete ? "ticker" : "book")
    if (!complete) this.#wanted.needBook(instrument)
    return complete
  }

  /** `again`: the same levels are told once more; else they are no news. */
  #book(one: Subscribed, cached: CcxtBook, again: boolean): void {
    const { adapter, outlet } = this.around, nowMs = outlet.nowMs()
    const told = this.#books.get(one.instrument) ?? { ...UNTOLD, atMs: nowMs }
    this.#books.set(one.instrument, told)
    const depth = this.#wanted.book ? this.options.depth : 1, venueTime = time(cached.timestamp)
    const bids = flat(cached.bids, depth), asks = flat(cached.asks, depth)
    if (bids.length === 0 || asks.length === 0) return
    if (isRefused(venueTime)) return this.fault(one, { gap: "sequence", bad: venueTime })
    const bad = impossible(bids) ?? impossible(asks)
    if (bad !== null) return this.fault(one, { gap: "sequence", bad })
    const fault = one.keeper.verify(cached, null)
    if (fault?.bad?.reason === "crossed") {
      told.crossedSinceMs ??= nowMs
      if (nowMs - told.crossedSinceMs < CROSSED_MS) return
    } else told.crossedSinceMs = null
    if (fault !== null) return this.fault(one, fault)
    const changed = again || !equal(bids, told.bids) || !equal(asks, told.asks)
    if (!changed) return
    const best = again || !equal(bids, told.bids, 2) || !equal(asks, told.asks, 2)
    const texts = new Map<number, { size: number; level: Level }>(), seq = sequence(cached.nonce)
    const levels = { bids: written(bids, told.texts, texts), asks: written(asks, told.texts, texts) }
    this.#books.set(one.instrument, { bids, asks, texts, atMs: nowMs, crossedSinceMs: null })
    if (this.#wanted.book) {
      one.lastTickMs = nowMs
      this.counts.ticks++
      const origin = { venue: adapter.id, instrument: one.instrument, venueTime, ingestTime: nowMs }
      outlet.ticks([{ v: 1, ...origin, kind: "book", snapshot: true, firstSeq: null, seq, prevSeq: null, ...levels }])
      if (venueTime !== null) this.around.offset.observe(nowMs, venueTime)
    }
    const [bid] = levels.bids, [ask] = levels.asks
    if (
      best && bid !== undefined && ask !== undefined && this.#wanted.quote && this.#sourceOf(one.instrument) === "book"
    ) {
      this.others([{ one, part: quoteOf(one, venueTime, seq, bid, ask) }])
    }
  }

  /** A delta may have been lost: what this socket's books say is no longer known. */
  #doubt(url: string): void {
    for (const one of this.around.subscribed) {
      if (one.url === url && this.#books.has(one.instrument)) this.fault(one, { gap: "sequence", bad: null })
    }
  }
}
