/**
 * The log of every call the bot made.
 * Comes in: one entry a call. Goes out: the array, a stream that misses nothing, and NDJSON.
 * Promises: entries are in the order of execution. It keeps the last `capacity` calls; when full, the oldest tenth is
 * dropped and counted, and a stream that is slower than that skips to the oldest kept.
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
  calls: Array<Call>
  /** Calls dropped from the front because the log was full. */
  droppedCount: number
}

export const capacity = 1_000_000

export const make = (): CallLog => ({ appended: Signal.make(), calls: [], droppedCount: 0 })

export const append = (log: CallLog, call: Call): void => {
  log.calls.push(call)
  if (log.calls.length > capacity) {
    log.droppedCount += capacity / 10
    log.calls = log.calls.slice(capacity / 10)
  }
  log.appended.notify()
}

/** All calls from the first kept one on, then each new one as it is made; it does not end by itself. */
export const stream = (log: CallLog): Stream.Stream<Call> =>
  Stream.paginate(0, (position) => {
    const read: Effect.Effect<readonly [ReadonlyArray<Call>, number]> = Effect.suspend(() => {
      const from = Math.max(0, position - log.droppedCount)
      const calls = log.calls.slice(from)
      return calls.length > 0
        ? Effect.succeed([calls, log.droppedCount + log.calls.length] as const)
        : Effect.andThen(log.appended.next(), read)
    })
    return Effect.map(read, ([calls, next]) => [calls, Option.some(next)] as const)
  })

/** One JSON object a line, ending with a line break. */
export const toNdjson = (calls: ReadonlyArray<Call>): string =>
  calls.map((call) => `${JSON.stringify(call)}\n`).join("")
