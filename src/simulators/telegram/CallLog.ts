/**
 * The log of every call the bot made.
 * Comes in: one entry a call. Goes out: the array, a stream that misses nothing, and NDJSON.
 * Promises: entries are in the order of execution. It keeps the last `capacity` calls; when full, the oldest tenth is
 * dropped and counted, but nothing that an open stream has yet to hand out.
 */
import { Effect, Option, Stream } from "effect"
import type { RefusalParameters } from "./Outcome.ts"
import type { Params } from "./Params.ts"
import * as Signal from "./Signal.ts"

export type LoggedOutcome =
  | { readonly ok: true }
  | {
    readonly ok: false
    readonly error_code: number
    readonly description: string
    readonly parameters?: RefusalParameters
  }

export interface Call {
  /** When it was executed, in milliseconds of the emulator's clock. */
  readonly at: number
  readonly method: string
  readonly chatId: number | null
  /** The message sent or named; null where there is none. */
  readonly messageId: number | null
  /** As it was sent, tags included. */
  readonly text: string | null
  readonly replyMarkup: unknown
  readonly params: Params
  readonly outcome: LoggedOutcome
  /** The trouble that struck it, if any: a lost reply has an outcome that the bot never saw. */
  readonly fault?: string
}

export interface CallLog {
  readonly appended: Signal.Signal
  readonly capacity: number
  /** How many calls each open stream has handed out or passed over. */
  readonly readers: Set<{ position: number }>
  calls: Array<Call>
  /** Calls dropped from the front because the log was full. */
  droppedCount: number
}

export const defaultCapacity = 1_000_000

export const make = (capacity = defaultCapacity): CallLog => ({
  appended: Signal.make(),
  capacity,
  readers: new Set(),
  calls: [],
  droppedCount: 0,
})

/** A tenth at a time, or each call of a full log would move all the others. */
const dropOldest = (log: CallLog): void => {
  const share = Math.ceil(log.capacity / 10), surplus = log.calls.length - log.capacity
  const read = Math.min(...[...log.readers].map(({ position }) => position)) - log.droppedCount
  const count = Math.min(surplus + share - 1, read)
  if (surplus <= 0 || count < share) return
  log.droppedCount += count
  log.calls = log.calls.slice(count)
}

export const append = (log: CallLog, call: Call): void => {
  log.calls.push(call)
  dropOldest(log)
  log.appended.notify()
}

const reader = (log: CallLog) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const reader = { position: log.droppedCount }
      log.readers.add(reader)
      return reader
    }),
    (reader) => Effect.sync(() => log.readers.delete(reader)),
  )

/** All calls from the first kept one on, then each new one as it is made; it does not end by itself. */
export const stream = (log: CallLog): Stream.Stream<Call> =>
  Stream.unwrap(Effect.map(reader(log), (reader) => {
    const read: Effect.Effect<ReadonlyArray<Call>> = Effect.suspend(() => {
      const calls = log.calls.slice(reader.position - log.droppedCount)
      if (calls.length === 0) return Effect.andThen(log.appended.next(), read)
      reader.position += calls.length
      return Effect.succeed(calls)
    })
    return Stream.paginate(null, () => Effect.map(read, (calls) => [calls, Option.some(null)] as const))
  }))

/** One JSON object a line, ending with a line break. */
export const toNdjson = (calls: ReadonlyArray<Call>): string =>
  calls.map((call) => `${JSON.stringify(call)}\n`).join("")
