/**
 * Merge: the frames of several ingest processes become one order of ticks, partition by partition.
 *
 *   one writer --another one writes--> several --all but one silent for 30 s--> one writer
 *
 * In: messages of frames in the bus's order. Out: frames for the analysis. Promises: one writer's frames pass as they
 * came, at once. Of several, ticks leave by (ingestTime, venue, seq), each writer's own order kept, once the partition
 * is 20 ms of ingest time beyond them or the bus is 20 ms beyond their message; later ones leave at once, counted. No
 * clock: a pure function of the stream, which `snapshot`, `restore` and the messages from `beginOf` on continue.
 */
import { Effect, Option, Schema } from "effect"
import * as Frame from "../domain/Frame.ts"
import { type BadTick, badTick, type Tick } from "../domain/Tick.ts"

const WATERMARK_MS = 20
/** Whoever wrote within this (ingest time) may write again; a partition that falls back further begins anew. */
const ACTIVE_MS = 30_000
/** Ticks of a partition that wait at most; beyond them the oldest leave early. */
const ROOM_TICKS = 16_384

/** A tick in the stream: its message, the frame within it, the tick within that. */
const Place = Schema.Struct({ sequence: Schema.Int, frame: Schema.Int, tick: Schema.Int })
type Place = typeof Place.Type

export const MergeState = Schema.Array(Schema.Struct({
  partition: Schema.Union([Schema.Int, Schema.String]),
  openUntil: Schema.Int,
  writers: Schema.Array(Schema.Struct({
    name: Schema.String,
    newest: Schema.Int,
    /** The stream sequence at which it came to be known; of former versions: before all others. */
    since: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
    /** The first tick that waits, and with it all that follow; null: none. */
    waitsFrom: Schema.NullOr(Place),
  })),
}))
export type MergeState = typeof MergeState.Type
type LaneState = MergeState[number]

/** The stream sequence from which on ticks wait; none: none do. */
export const beginOf = (state: MergeState): Option.Option<number> => {
  const first = state.flatMap(({ writers }) => writers.flatMap(({ waitsFrom }) => waitsFrom?.sequence ?? []))
  return first.length === 0 ? Option.none() : Option.some(Math.min(...first))
}

/** Frames in their order, and the place in the stream of the first message that they come from. */
export interface Merged {
  readonly frames: ReadonlyArray<Frame.Frame>
  readonly sequence: number
}

/** Where a message stands in the stream, and when the bus stored it. */
export interface Stored {
  readonly sequence: number
  readonly storedAtMs: number
}

/** A frame of which ticks wait. */
interface Waiting extends Stored {
  /** Its place in the message. */
  readonly frame: number
  readonly partition: Frame.Frame["p"]
  readonly source: Frame.DataSource
  readonly ticks: ReadonlyArray<Frame.FramedTick>
  /** Greatest ingest time of its ticks. */
  readonly newest: number
  /** While rewinding: the first tick that waited at the checkpoint. */
  readonly heldFrom: number
  next: number
}

interface Writer {
  readonly name: string
  readonly since: number
  /** Ingest time of its last tick. */
  newest: number
  readonly queue: Array<Waiting>
}

/** What is known of a partition. */
interface Lane {
  readonly writers: Map<string, Writer>
  /** The watermark: ticks before this ingest time leave, and whichever comes after it is late. */
  openUntil: number
  waiting: number
  built: { readonly source: Frame.DataSource; readonly builder: Frame.FrameBuilder } | null
}

const seqOf = (tick: Tick): number => (tick.kind === "quote" || tick.kind === "book" ? tick.seq : null) ?? -1

/** By ingest time, venue and sequence; by writer, should two have told the same. */
const isBefore = (a: Tick, b: Tick, aWriter: string, bWriter: string): boolean => {
  if (a.ingestTime !== b.ingestTime) return a.ingestTime < b.ingestTime
  if (a.venue !== b.venue) return a.venue < b.venue
  const aSeq = seqOf(a), bSeq = seqOf(b)
  return aSeq !== bSeq ? aSeq < bSeq : aWriter < bWriter
}

export class Merge {
  readonly #lanes = new Map<number | string, Lane>()
  #out: Array<{ readonly frames: Array<Frame.Frame>; readonly sequence: number }> = []
  #restored: ReadonlyMap<number | string, LaneState> | null = null
  #late = 0

  /** One message, in stream order. Out: why a frame in it cannot be read; the others are taken all the same. */
  push(frames: ReadonlyArray<Frame.Frame>, stored: Stored): BadTick | null {
    this.passed(stored.storedAtMs)
    this.#releaseAll()
    let bad: BadTick | null = null
    for (const [at, frame] of frames.entries()) bad = this.#frame(frame, at, stored) ?? bad
    return bad
  }

  /** The bus has stored something else since, of another partition: whatever is 20 ms older may leave. */
  passed(storedAtMs: number): void {
    this.#open(storedAtMs - WATERMARK_MS)
  }

  /** Nothing has come for long: what waits may leave. A caller who tells of it must have stored the snapshot first. */
  silence(): void {
    this.#open(Infinity)
  }

  /** What has left since the last call. */
  take(): ReadonlyArray<Merged> {
    this.#releaseAll()
    const out = this.#out
    this.#out = []
    return out
  }

  /** How many ticks came after the watermark since the last call. */
  takeLate(): number {
    const late = this.#late
    this.#late = 0
    return late
  }

  /** Ticks that wait. */
  get waiting(): number {
    let waiting = 0
    for (const lane of this.#lanes.values()) waiting += lane.waiting
    return waiting
  }

  /** The last stream sequence, up to `read`, of whose ticks and their predecessors none waits. */
  settled(read: number): number {
    let first = read + 1
    for (const { writers } of this.#lanes.values()) {
      for (const { queue: [head] } of writers.values()) first = Math.min(first, head?.sequence ?? first)
    }
    return first - 1
  }

  snapshot(): MergeState {
    return [...this.#lanes].map(([partition, { openUntil, writers }]) => ({
      partition,
      openUntil,
      writers: [...writers.values()].map(({ name, newest, queue, since }) => {
        const [head] = queue
        const waitsFrom = head === undefined ? null : { sequence: head.sequence, frame: head.frame, tick: head.next }
        return { name, newest, since, waitsFrom }
      }),
    }))
  }

  /** Before the messages up to the checkpoint are pushed again ... */
  restore(state: MergeState): void {
    this.#restored = new Map(state.map((lane) => [lane.partition, lane]))
  }

  /** ... and after them: the rest of what had left, and everything stands as it did. */
  rewound(): ReadonlyArray<Merged> {
    for (const lane of this.#lanes.values()) lane.openUntil = Infinity
    const left = this.take()
    const before = new Map(this.#lanes)
    this.#lanes.clear()
    for (const [partition, { openUntil, writers }] of this.#restored ?? []) {
      const queueOf = (name: string): Array<Waiting> =>
        (before.get(partition)?.writers.get(name)?.queue ?? []).map((held) => ({ ...held, heldFrom: Infinity }))
      const restored = writers.map(({ name, newest, since }): Writer => ({ name, newest, since, queue: queueOf(name) }))
      this.#lanes.set(partition, {
        openUntil,
        writers: new Map(restored.map((writer) => [writer.name, writer])),
        waiting: before.get(partition)?.waiting ?? 0,
        built: null,
      })
    }
    this.#restored = null
    return left
  }

  #frame(frame: Frame.Frame, at: number, stored: Stored): BadTick | null {
    const end = frame.t + (frame.i.at(-1) ?? 0)
    if (!Number.isSafeInteger(end)) return badTick("bad_time", `frame ${Frame.frameId(frame)}`)
    const lane = this.#lane(frame.p, stored.sequence, end)
    const writer = this.#meet(lane, frame.w, stored.sequence, end)
    const heldFrom = this.#heldFrom(frame, at, stored.sequence)
    if (lane.writers.size === 1 && heldFrom === Infinity) {
      this.#drain(lane)
      if (lane.waiting === 0) {
        lane.openUntil = writer.newest
        this.#leave(frame, stored.sequence)
        return null
      }
    }
    const ticks = Frame.ticks(frame)
    if ("_tag" in ticks) return ticks
    if (ticks.length === 0) return null
    if (this.#restored === null) {
      for (const { tick } of ticks) if (tick.ingestTime < lane.openUntil) this.#late++
    }
    const newest = ticks.reduce((most, { tick }) => Math.max(most, tick.ingestTime), 0)
    const { f: source, p: partition } = frame
    const { sequence, storedAtMs } = stored
    writer.queue.push({ sequence, storedAtMs, frame: at, partition, source, ticks, newest, heldFrom, next: 0 })
    lane.waiting += ticks.length
    lane.openUntil = Math.max(lane.openUntil, newestOf(lane) - WATERMARK_MS)
    this.#release(lane)
    return null
  }

  /** The writer of a frame that ends at `at`; who has been silent for long is forgotten. */
  #meet(lane: Lane, name: string, sequence: number, at: number): Writer {
    const known = lane.writers.get(name)
    if (known !== undefined && lane.writers.size === 1) {
      known.newest = at
      return known
    }
    // Recorded data may begin again: what was known belongs to another time.
    if (at < newestOf(lane) - ACTIVE_MS) {
      this.#drain(lane)
      this.#forget(lane, Infinity)
    }
    const writer = lane.writers.get(name) ?? { name, since: sequence, newest: at, queue: [] }
    writer.newest = at
    lane.writers.set(name, writer)
    this.#forget(lane, newestOf(lane) - ACTIVE_MS)
    return writer
  }

  #forget(lane: Lane, beforeMs: number): void {
    for (const [name, { newest, queue }] of lane.writers) {
      if (newest < beforeMs && queue.length === 0) lane.writers.delete(name)
    }
  }

  /** While rewinding, ticks from here on waited at the checkpoint. */
  #heldFrom(frame: Frame.Frame, at: number, sequence: number): number {
    const state = this.#restored?.get(frame.p)?.writers.find(({ name }) => name === frame.w)
    const place = state?.waitsFrom ?? null
    if (place === null || sequence < place.sequence) return Infinity
    if (sequence > place.sequence || at > place.frame) return 0
    return at === place.frame ? place.tick : Infinity
  }

  /** What the bus stored before `beforeMs` has waited long enough. */
  #open(beforeMs: number): void {
    for (const lane of this.#lanes.values()) {
      if (lane.waiting === 0) continue
      for (const { queue } of lane.writers.values()) {
        for (const { newest, storedAtMs } of queue) {
          if (storedAtMs >= beforeMs) break
          lane.openUntil = Math.max(lane.openUntil, newest + 1)
        }
      }
    }
  }

  #releaseAll(): void {
    for (const lane of this.#lanes.values()) this.#release(lane)
  }

  /** Everything that waits leaves, and the watermark is forgotten. */
  #drain(lane: Lane): void {
    lane.openUntil = Infinity
    this.#release(lane)
    lane.openUntil = 0
  }

  #release(lane: Lane): void {
    if (lane.waiting === 0) return
    let sequence = Infinity
    const cut = () => {
      if (lane.built !== null && lane.built.builder.size > 0) this.#leave(lane.built.builder.take(), sequence)
      sequence = Infinity
    }
    while (lane.waiting > 0) {
      const first = firstOf(lane)
      if (first === null) break
      const { framed, waiting, writer } = first
      if (framed.tick.ingestTime >= lane.openUntil && lane.waiting <= ROOM_TICKS) break
      if (lane.built?.source !== waiting.source) {
        cut()
        const builder = new Frame.FrameBuilder("merged.0", waiting.partition, waiting.source)
        lane.built = { source: waiting.source, builder }
      }
      lane.built.builder.push(framed.tick, framed.mark)
      sequence = Math.min(sequence, waiting.sequence)
      lane.waiting--
      if (++waiting.next === waiting.ticks.length) writer.queue.shift()
    }
    cut()
  }

  #leave(frame: Frame.Frame, sequence: number): void {
    const last = this.#out.at(-1)
    if (last !== undefined && last.sequence === sequence) last.frames.push(frame)
    else this.#out.push({ frames: [frame], sequence })
  }

  /** While rewinding, who was known before its first message is known again: their ticks are waited for as they were. */
  #lane(partition: number | string, sequence: number, at: number): Lane {
    const known = this.#lanes.get(partition)
    if (known !== undefined) return known
    const before = this.#restored?.get(partition)?.writers.filter(({ since }) => since < sequence) ?? []
    const writers = before.map(({ name, since }): Writer => ({ name, since, newest: at, queue: [] }))
    const made: Lane = {
      writers: new Map(writers.map((writer) => [writer.name, writer])),
      openUntil: 0,
      waiting: 0,
      built: null,
    }
    this.#lanes.set(partition, made)
    return made
  }
}

/** Ingest time of the newest tick of all its writers; 0: none. */
const newestOf = (lane: Lane): number => {
  let newest = 0
  for (const writer of lane.writers.values()) if (writer.newest > newest) newest = writer.newest
  return newest
}

/** The tick that leaves next. */
const firstOf = (lane: Lane) => {
  let first: { writer: Writer; waiting: Waiting; framed: Frame.FramedTick } | null = null
  for (const writer of lane.writers.values()) {
    const [waiting] = writer.queue
    const framed = waiting?.ticks[waiting.next]
    if (waiting === undefined || framed === undefined || waiting.next >= waiting.heldFrom) continue
    if (first === null || isBefore(framed.tick, first.framed.tick, writer.name, first.writer.name)) {
      first = { writer, waiting, framed }
    }
  }
  return first
}
