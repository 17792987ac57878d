/**
 * Every frame of one connection, at the moment it arrives.
 *
 * In: raw texts and parsed messages from Tap.ts, ccxt's cached books. Out: feed events through the outlet; requests to
 * resynchronise a book. Promises: synchronous, never throws; a frame ends as ticks, a heartbeat or one `Bad`; what is
 * refused never reaches ccxt's caches; nothing of a book is said between its gap and its next snapshot.
 */
import { type BadTick, badTick, type Tick } from "../../domain/Tick.ts"
import { bestLevels, type Fault } from "./BookKeeper.ts"
import type { CcxtBook } from "./CcxtShape.ts"
import type { ClockOffset } from "./ClockOffset.ts"
import { book, isRefused, normalise } from "./Normalise.ts"
import type { Outlet } from "./Outlet.ts"
import { screen } from "./Screen.ts"
import type { Subscribed } from "./Subscribed.ts"
import { isRecord, type Json } from "./Values.ts"
import type { BookPart, Part, ReadContext, VenueAdapter } from "./VenueAdapter.ts"

const RAW_CHARACTERS = 2_000
/** A book that lived this long has earned a fresh start of its back-off. */
const SETTLED_MS = 60_000

export interface IntakeOptions {
  readonly depth: number
  readonly maxFrameCharacters: number
  readonly snapshotEveryMs: number
}

/** What the intake needs of the connection it serves. */
export interface Surroundings {
  readonly adapter: VenueAdapter
  readonly subscribed: ReadonlyArray<Subscribed>
  readonly fundingIntervalMs: ReadonlyMap<string, number>
  readonly cachedBook: (instrument: string) => CcxtBook | undefined
  readonly resync: (instrument: string) => void
  readonly outlet: Outlet
  readonly offset: ClockOffset
}

export class Intake {
  protected readonly around: Surroundings
  protected readonly options: IntakeOptions
  readonly #byWireId: ReadonlyMap<string, Subscribed>
  readonly #byBookHash: ReadonlyMap<string, Subscribed>
  readonly #notes = new Map<string, Json>()
  readonly #lastReceivedMs = new Map<string, number>()
  #raw = ""
  #lastBeatMs: number
  #over = false
  /** Counters since the connection began. */
  readonly counts = { frames: 0, duplicates: 0, ticks: 0, ccxtFaults: 0 }

  constructor(around: Surroundings, options: IntakeOptions) {
    this.around = around
    this.options = options
    this.#byWireId = new Map(around.subscribed.map((one) => [one.wireId, one]))
    this.#byBookHash = new Map(around.subscribed.map((one) => [one.bookHash, one]))
    this.#lastBeatMs = around.outlet.nowMs()
  }

  /** A longer frame is never parsed. */
  get maxFrameCharacters(): number {
    return this.options.maxFrameCharacters
  }

  /** Anything at all came over this socket (a pong, too). */
  alive(url: string): void {
    this.#lastReceivedMs.set(url, this.around.outlet.nowMs())
  }

  /** A frame as it came: its text, null where only ccxt can read its bytes, or why it is refused. True if ccxt may parse it. */
  admits(url: string, frame: string | null | BadTick): boolean {
    this.alive(url)
    this.received(typeof frame === "string" ? frame : "(binary)")
    const refusal = typeof frame === "string" ? screen(frame, this.options.maxFrameCharacters) : frame
    if (refusal === null) return true
    this.refuse(null, refusal)
    return false
  }

  /** A frame as ccxt parsed it. `toCcxt` lets ccxt file it. */
  message(url: string, message: unknown, toCcxt: () => void): void {
    if (typeof message === "string") {
      if (this.around.adapter.isPong(message)) this.deliver(toCcxt)
      else this.refuse(null, badTick("not_json", `${message.length} characters`))
      return
    }
    if (!isRecord(message)) {
      return this.refuse(null, badTick("not_an_object", Array.isArray(message) ? "a list" : "null"))
    }
    const { adapter, fundingIntervalMs } = this.around
    const context: ReadContext = { url, fundingIntervalMs, notes: this.#notes }
    const parts = adapter.read(message, context)
    if (parts.length === 0) {
      this.deliver(toCcxt)
      return
    }
    const known = this.#known(parts, url)
    if (known === null) return
    const books = known.filter((one) => one.part.kind === "book")
    if (books.length > 0) this.#books(known, toCcxt)
    else this.others(known, toCcxt)
  }

  /** ccxt filed an update under this hash: for a venue with REST snapshots, this may be the snapshot. */
  resolved(_url: string, hash: string | undefined, result: unknown): void {
    const one = hash === undefined ? undefined : this.#byBookHash.get(hash)
    if (one === undefined || !this.around.adapter.restSnapshot || one.keeper.phase !== "waiting") return
    const cached = this.around.cachedBook(one.instrument)
    if (cached === undefined || cached !== result || cached.nonce === undefined) return
    const fault = one.keeper.verify(cached, null)
    if (fault !== null) return this.fault(one, fault)
    one.keeper.loaded(cached.nonce, this.around.outlet.nowMs())
    this.around.outlet.ticks([this.#snapshot(one, cached)])
  }

  /** ccxt gave a book up. True if it was one of ours. */
  rejected(url: string, hash: string | undefined, _error: unknown): boolean {
    const one = hash === undefined ? undefined : this.#byBookHash.get(hash)
    if (one === undefined) return false
    one.url ??= url
    if (this.#over || one.keeper.phase === "broken") return true
    if (one.keeper.phase === "live") this.fault(one, { gap: "sequence", bad: null })
    else {
      one.keeper.broken()
      this.around.resync(one.instrument)
    }
    return true
  }

  /** The venue refused something we asked for. */
  venueError(detail: string): void {
    if (!this.#over) this.refuse(null, badTick("venue_error", detail))
  }

  /** Called about once a second: says who is alive though silent, where the venue's clock stands, and repeats whole books. */
  beat(): void {
    this.#recover()
    const { outlet, subscribed } = this.around
    const nowMs = outlet.nowMs(), ticks: Array<Tick> = []
    for (const one of subscribed) {
      const heardMs = one.url === null ? 0 : this.#lastReceivedMs.get(one.url) ?? 0
      if (heardMs > this.#lastBeatMs && one.lastTickMs <= this.#lastBeatMs) ticks.push(this.#heartbeat(one, nowMs))
      if (one.keeper.phase !== "live" || nowMs - one.keeper.snapshotAtMs < this.options.snapshotEveryMs) continue
      const cached = this.around.cachedBook(one.instrument)
      if (cached !== undefined) ticks.push(this.#snapshot(one, cached))
      if (nowMs - one.keeper.snapshotAtMs >= SETTLED_MS) one.keeper.attempts = 0
      one.keeper.snapshotAtMs = nowMs
    }
    this.#lastBeatMs = nowMs
    outlet.ticks(ticks)
    this.#sayOffset()
  }

  /** How long the quietest socket has said nothing, ms. */
  silentMs(): number {
    const nowMs = this.around.outlet.nowMs()
    return Math.max(0, ...Array.from(this.#lastReceivedMs.values(), (heardMs) => nowMs - heardMs))
  }

  /** The connection is over: every instrument it spoke of has a gap, and nothing more is said. */
  close(): void {
    if (this.#over) return
    this.#over = true
    const spokenOf = this.around.subscribed.filter((one) => one.lastTickMs > 0)
    this.around.outlet.gaps(spokenOf.map((one) => one.instrument), "disconnect")
  }

  /** Something came; refusals quote it from now on. */
  protected received(text: string): void {
    this.counts.frames++
    this.#raw = text
    this.#recover()
  }

  #known(parts: ReadonlyArray<Part>, url: string): ReadonlyArray<{ one: Subscribed; part: Part }> | null {
    const known: Array<{ one: Subscribed; part: Part }> = []
    for (const part of parts) {
      const one = this.#byWireId.get(part.wireId)
      if (one === undefined) {
        this.refuse(null, badTick("unknown_market", part.wireId.slice(0, 60)))
        return null
      }
      one.url = url
      known.push({ one, part })
    }
    return known
  }

  /** `toCcxt`: lets ccxt file the frame, where it has not yet. */
  protected others(known: ReadonlyArray<{ one: Subscribed; part: Part }>, toCcxt?: () => void): void {
    const { adapter, offset, outlet } = this.around
    const ingestTime = outlet.nowMs(), ticks: Array<Tick> = []
    let refusal: { one: Subscribed; bad: BadTick } | null = null
    for (const { one, part } of known) {
      if (part.kind === "book") continue
      const tick = normalise(part, { venue: adapter.id, instrument: one.instrument, ingestTime })
      const bad = isRefused(tick) ? tick : one.implausible(tick)
      if (bad !== null) refusal ??= { one, bad }
      else if (!isRefused(tick)) {
        one.lastTickMs = ingestTime
        ticks.push(tick)
        // A ticker's time is that of the last trade, however long ago.
        if (tick.venueTime !== null && tick.kind !== "ticker") offset.observe(ingestTime, tick.venueTime)
      }
    }
    if (refusal !== null) this.refuse(refusal.one.instrument, refusal.bad)
    else if (toCcxt !== undefined && !known.some(({ part }) => adapter.ownOnly(part))) this.deliver(toCcxt)
    this.counts.ticks += ticks.length
    outlet.ticks(ticks)
  }

  #books(known: ReadonlyArray<{ one: Subscribed; part: Part }>, toCcxt: () => void): void {
    const { adapter, outlet } = this.around
    const ingestTime = outlet.nowMs()
    const taken: Array<{ one: Subscribed; part: BookPart; tick: Extract<Tick, { kind: "book" }> }> = []
    let early = false
    for (const { one, part } of known) {
      if (part.kind !== "book" || one.keeper.phase === "broken") continue
      const tick = book(part, { venue: adapter.id, instrument: one.instrument, ingestTime })
      if (isRefused(tick)) return this.fault(one, { gap: "sequence", bad: tick })
      const verdict = tick.snapshot ? "apply" : one.keeper.judge(tick)
      if (typeof verdict === "object") return this.fault(one, verdict)
      if (verdict === "apply") {
        if (!tick.snapshot) one.keeper.applied(tick.seq)
        taken.push({ one, part, tick })
      } else if (verdict === "early") early = true
      else {
        if (!one.keeper.justLoaded) this.counts.duplicates++
        outlet.ticks([this.#heartbeat(one, ingestTime)])
      }
    }
    // Before its REST snapshot a book's deltas are ccxt's to keep; in other venues they mean nothing yet.
    if (taken.length > 0 || (early && adapter.restSnapshot)) this.deliver(toCcxt)
    for (const { one, part, tick } of taken) this.#take(one, part, tick, taken.at(-1)?.part === part)
  }

  /** ccxt has filed the frame: look at the book it holds now, then say what changed. */
  #take(one: Subscribed, part: BookPart, tick: Extract<Tick, { kind: "book" }>, last: boolean): void {
    if (one.keeper.phase === "broken") return
    const { offset, outlet } = this.around
    const cached = this.around.cachedBook(one.instrument)
    if (cached === undefined) return this.fault(one, { gap: "sequence", bad: null })
    const fault = one.keeper.verify(cached, last ? part.checksum : null)
    if (fault !== null) return this.fault(one, fault)
    one.lastTickMs = tick.ingestTime
    this.counts.ticks++
    if (tick.snapshot) {
      one.keeper.loaded(tick.seq, tick.ingestTime)
      const { depth } = this.options
      outlet.ticks([{ ...tick, bids: tick.bids.slice(0, depth), asks: tick.asks.slice(0, depth) }])
      return
    }
    outlet.ticks([tick])
    if (tick.venueTime !== null) offset.observe(tick.ingestTime, tick.venueTime)
  }

  #snapshot(one: Subscribed, cached: CcxtBook): Tick {
    const { adapter, outlet } = this.around
    const ingestTime = outlet.nowMs(), venueTime = cached.timestamp ?? null
    one.lastTickMs = ingestTime
    return {
      v: 1,
      venue: adapter.id,
      instrument: one.instrument,
      venueTime: venueTime !== null && Number.isInteger(venueTime) ? venueTime : null,
      ingestTime,
      kind: "book",
      snapshot: true,
      firstSeq: null,
      seq: one.keeper.seq,
      prevSeq: null,
      ...bestLevels(cached, this.options.depth),
    }
  }

  #heartbeat(one: Subscribed, ingestTime: number): Tick {
    const { instrument } = one
    return { v: 1, venue: this.around.adapter.id, instrument, venueTime: null, ingestTime, kind: "heartbeat" }
  }

  #sayOffset(): void {
    const { adapter, offset, outlet } = this.around, offsetMs = offset.news()
    if (offsetMs !== null) {
      outlet.send({ _tag: "ClockOffset", venue: adapter.id, offsetMs, ingestTime: outlet.nowMs() })
    }
  }

  protected fault(one: Subscribed, fault: Fault): void {
    if (fault.bad !== null) this.refuse(one.instrument, fault.bad)
    if (one.keeper.phase === "broken") return
    one.keeper.broken()
    this.around.outlet.gaps([one.instrument], fault.gap)
    this.around.resync(one.instrument)
  }

  protected refuse(instrument: string | null, { reason, detail }: BadTick): void {
    const { adapter, outlet } = this.around
    const raw = this.#raw.slice(0, RAW_CHARACTERS)
    outlet.send({ _tag: "Bad", venue: adapter.id, instrument, reason, detail, raw, ingestTime: outlet.nowMs() })
  }

  /** After an overflow the instruments it hit start afresh. */
  #recover(): void {
    for (const instrument of this.around.outlet.flush()) {
      const one = this.around.subscribed.find((known) => known.instrument === instrument)
      if (one !== undefined) this.restart(one)
    }
  }

  /** What was said of an instrument was lost on its way out. */
  protected restart(one: Subscribed): void {
    if (one.keeper.phase !== "live") return
    one.keeper.broken()
    this.around.resync(one.instrument)
  }

  /** Out: what ccxt threw, if anything. Where we read the frame ourselves that is worth a count, not a crash. */
  protected deliver(toCcxt: () => void): unknown {
    try {
      toCcxt()
    } catch (error) {
      this.counts.ccxtFaults++
      return error
    }
  }
}
