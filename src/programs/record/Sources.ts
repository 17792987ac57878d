/**
 * Where a recording comes from: the frames on the bus, or venues asked directly.
 *
 * In: where to begin, or what to follow. Out: batches of ticks with what was refused beside them. Promises: of the bus,
 * each tick that was ingested comes once (references and repeated books are left out, but for the first book of each
 * instrument, without which its changes mean nothing); a venue that fails for good ends alone and is told.
 */
import { Effect, Stream } from "effect"
import type { FeedEvent, FeedRequest } from "../../domain/Feed.ts"
import * as Frame from "../../domain/Frame.ts"
import type { BadTickReason, Tick } from "../../domain/Tick.ts"
import { Bus, type BusError, type StoredMessage } from "../../layers/Bus.ts"
import { Exchange, ExchangeError } from "../../layers/Exchange.ts"
import { Originals } from "../../streams/Originals.ts"
import { MARKET_DATA } from "../../streams/Topology.ts"
import type { SocketFrames } from "./SocketFrames.ts"

export interface SourceBatch {
  readonly ticks: ReadonlyArray<Tick>
  readonly bad: ReadonlyArray<BadTickReason>
  /** How many of the ticks are invented. */
  readonly simulated: number
  /** Share of what there is, 0 to 1; null: it has no end. */
  readonly share: number | null
  /** Messages that were gone before they could be read; absent: none. */
  readonly discarded?: number
  /** Nothing has come, but a second has passed; absent: something has. */
  readonly beat?: true
}

const MESSAGES_AHEAD = 256
const BEAT: SourceBatch = { ticks: [], bad: [], simulated: 0, share: null, beat: true }

/**
 * A message holds up to 64 KB of one partition, and a replay at full speed fills it: some thousand ticks of each of the
 * 16 partitions may come before a tick that belongs ahead of them.
 */
export const BUS_DISORDER_TICKS = 65_536
/** Each venue's feed is in order, and all share one clock. */
export const VENUES_DISORDER_TICKS = 0

/** Which messages were gone before they were read: the stream was full, and its oldest went. */
class Continuity {
  /** The last message seen; null before the first. */
  #sequence: number | null = null

  missed(messages: ReadonlyArray<StoredMessage>): number {
    const first = messages[0]?.sequence, before = this.#sequence
    this.#sequence = messages.at(-1)?.sequence ?? before
    return first === undefined || before === null ? 0 : Math.max(0, first - before - 1)
  }
}

const decode = (originals: Originals, messages: ReadonlyArray<StoredMessage>): SourceBatch => {
  const ticks: Array<Tick> = [], bad: Array<BadTickReason> = []
  let simulated = 0
  for (const { data } of messages) {
    const frames = Frame.decode(data)
    if ("_tag" in frames) {
      bad.push(frames.reason)
      continue
    }
    for (const frame of frames) {
      // A venue's own partition holds ticks that are told by their asset's.
      if (typeof frame.p === "string") continue
      const framed = Frame.ticks(frame)
      if ("_tag" in framed) {
        bad.push(framed.reason)
        continue
      }
      const own = framed.filter((one) => originals.has(one)).map(({ tick }) => tick)
      ticks.push(...own)
      if (frame.f === "simulated") simulated += own.length
    }
  }
  return { ticks, bad, simulated, share: null }
}

/** `stored`: everything the stream holds now, then it ends; `new`: what comes from now on, without end. */
export const fromBus = (what: "new" | "stored"): Stream.Stream<SourceBatch, BusError, Bus> =>
  Stream.unwrap(Effect.gen(function* () {
    const bus = yield* Bus
    const { firstSequence, lastSequence, messages } = yield* bus.streamState(MARKET_DATA.name)
    if (what === "stored" && messages === 0) return Stream.empty
    const originals = new Originals(), continuity = new Continuity()
    const batchOf = (messages: ReadonlyArray<StoredMessage>): SourceBatch => ({
      ...decode(originals, messages),
      discarded: continuity.missed(messages),
    })
    const arriving = bus.consume({
      stream: MARKET_DATA.name,
      subjects: [],
      start: { _tag: what === "stored" ? "First" : "New" },
      capacity: MESSAGES_AHEAD,
    })
    if (what === "new") {
      return Stream.merge(
        Stream.map(arriving, batchOf),
        Stream.map(Stream.tick("1 second"), () => BEAT),
      )
    }
    return arriving.pipe(
      Stream.takeUntil((batch) => (batch.at(-1)?.sequence ?? 0) >= lastSequence),
      Stream.map((batch): SourceBatch => {
        const done = (batch.at(-1)?.sequence ?? firstSequence) - firstSequence + 1
        const wanted = batch.filter(({ sequence }) => sequence <= lastSequence)
        return { ...batchOf(wanted), share: Math.min(1, done / (lastSequence - firstSequence + 1)) }
      }),
    )
  }))

/** The same feeds, whose ticks nobody takes: tells when raw frames have come. Fails likewise. */
export const rawFrom = (
  feeds: Stream.Stream<SourceBatch, ExchangeError, Exchange>,
  sockets: SocketFrames,
): Stream.Stream<void, ExchangeError, Exchange> =>
  // Once woken, the taker has its turn before the next look.
  Stream.merge(Stream.drain(feeds), Stream.fromEffectRepeat(Effect.andThen(Effect.yieldNow, sockets.arrived)))

/** Each venue's feed, for ever; fails once no venue is left. `onTrouble` hears what a person should know, once. */
export const fromVenues = (
  requests: ReadonlyArray<FeedRequest>,
  onTrouble: (venue: string, what: string) => Effect.Effect<void>,
): Stream.Stream<SourceBatch, ExchangeError, Exchange> =>
  Stream.unwrap(Effect.gen(function* () {
    const exchange = yield* Exchange
    const told = new Map<string, string>()
    const tellOnce = (venue: string, what: string) => {
      if (told.get(venue) === what) return Effect.void
      told.set(venue, what)
      return onTrouble(venue, what)
    }
    const batchOf = Effect.fnUntraced(function* (events: ReadonlyArray<FeedEvent>) {
      const ticks: Array<Tick> = [], bad: Array<BadTickReason> = []
      for (const event of events) {
        if (event._tag === "Ticks") ticks.push(...event.ticks)
        else if (event._tag === "Bad") bad.push(event.reason)
        else if (event._tag === "State" && event.state === "disconnected") {
          yield* tellOnce(event.venue, `disconnected (${event.detail})`)
        }
      }
      return { ticks, bad, simulated: exchange.simulated ? ticks.length : 0, share: null }
    })
    let last = new ExchangeError({ reason: "unknown_venue", venue: "", detail: "no venue was named" })
    const one = (request: FeedRequest) =>
      exchange.feed(request).pipe(
        Stream.mapEffect(batchOf),
        Stream.catch((error) => {
          last = error
          return Stream.drain(Stream.fromEffect(tellOnce(error.venue, `left out: ${error.reason}: ${error.detail}`)))
        }),
      )
    const all = Stream.mergeAll(requests.map(one), { concurrency: "unbounded" })
    return Stream.concat(all, Stream.fail("").pipe(Stream.mapError(() => last)))
  }))
