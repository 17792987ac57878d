/**
 * The onlooker of a load run: reads what the product publishes and what the messenger was asked, into the ledger.
 *
 * In: frames, transitions and facts on the bus, the emulator's log of calls. Out: the ledger, and how far each stream was
 * read. Promises: reads every stream from its first message, in order; takes part in nothing, so the run is the same
 * without it but for the time it costs.
 */
import { Effect, Option, Ref, Schema, Stream } from "effect"
import { Header } from "../../domain/contract/Headers.ts"
import { DeliverySettled, OpportunityDistributed } from "../../domain/Fact.ts"
import * as Frame from "../../domain/Frame.ts"
import { OpportunityJson } from "../../domain/Opportunity.ts"
import * as Subject from "../../domain/Subject.ts"
import { Bus, type StoredMessage } from "../../layers/Bus.ts"
import { TelegramEmulator } from "../../simulators/telegram/TelegramEmulator.ts"
import { FACTS, MARKET_DATA, OPPORTUNITIES } from "../../streams/Topology.ts"
import type { Ledger } from "./Ledger.ts"

const CAPACITY = 1_024

const DISTRIBUTED = Subject.fact("opportunity", "distributed")
const SETTLED = Subject.fact("delivery", "settled")

const decodeOpportunity = Schema.decodeUnknownOption(OpportunityJson)
const decodeDistributed = Schema.decodeUnknownOption(Schema.fromJsonString(OpportunityDistributed))
const decodeSettled = Schema.decodeUnknownOption(Schema.fromJsonString(DeliverySettled))
const decoder = new TextDecoder()

const frames = (ledger: Ledger, { data }: StoredMessage): void => {
  const decoded = Frame.decode(data)
  if ("_tag" in decoded) return ledger.error("frame", decoded.reason)
  ledger.wireBytes += data.length
  for (const frame of decoded) ledger.frame(frame)
}

const transition = (ledger: Ledger, { data, headers, subject }: StoredMessage): void => {
  // An event beside a closing: no transition of its own.
  if (Subject.isExpired(subject)) return
  Option.match(decodeOpportunity(decoder.decode(data)), {
    onNone: () => ledger.error("transition", "unreadable"),
    onSome: (opportunity) => ledger.transition(opportunity, headers[Header.stageTimes]),
  })
}

const fact = (ledger: Ledger, { data, subject }: StoredMessage): void => {
  const text = decoder.decode(data), unreadable = () => ledger.error("fact", "unreadable")
  if (subject === DISTRIBUTED) {
    Option.match(decodeDistributed(text), { onNone: unreadable, onSome: (it) => ledger.distribution(it) })
  } else if (subject === SETTLED) {
    Option.match(decodeSettled(text), { onNone: unreadable, onSome: (it) => ledger.settlement(it) })
  }
}

/** Sequence of the last message of each stream that was read. */
export interface Positions {
  readonly frames: Ref.Ref<number>
  readonly transitions: Ref.Ref<number>
  readonly facts: Ref.Ref<number>
}

/** Reads for as long as its scope lasts. */
export const watch = Effect.fn("Onlooker.watch")(function* (ledger: Ledger) {
  const bus = yield* Bus, emulator = yield* TelegramEmulator
  const positions: Positions = {
    frames: yield* Ref.make(0),
    transitions: yield* Ref.make(0),
    facts: yield* Ref.make(0),
  }
  const follow = (stream: string, at: Ref.Ref<number>, read: (ledger: Ledger, message: StoredMessage) => void) =>
    bus.consume({ stream, subjects: [], start: { _tag: "First" }, capacity: CAPACITY }).pipe(
      Stream.runForEach((messages) => {
        for (const message of messages) read(ledger, message)
        return Ref.set(at, messages.at(-1)?.sequence ?? 0)
      }),
      Effect.orDie,
      Effect.forkScoped,
    )
  yield* follow(MARKET_DATA.name, positions.frames, frames)
  yield* follow(OPPORTUNITIES.name, positions.transitions, transition)
  yield* follow(FACTS.name, positions.facts, fact)
  yield* emulator.log.stream.pipe(
    Stream.runForEach(({ chatId, method, outcome, replyMarkup }) =>
      Effect.sync(() => ledger.call({ chatId, method, replyMarkup, refusal: outcome.ok ? null : outcome.description }))
    ),
    Effect.forkScoped,
  )
  return positions
})
