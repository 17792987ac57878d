/**
 * Updates by long polling, in one process at a time: Telegram lets one poll and ends it when another begins.
 *
 *   standby --lease "polling"--> polling --lease lost--> standby
 *
 * In: a bot whose webhook is off (it is switched off here). Out: updates, handed to the intake in order. Promises: the
 * offset moves past an update only when the intake has recorded it, so nothing is lost to a kill: whoever polls next is
 * given it again, and the intake knows its id. Failures back off from 0.5 s to 30 s, or as long as Telegram says; a
 * poller that is not ours (409) is waited out.
 */
import { Effect, Layer, Metric, Option, Schedule } from "effect"
import type { Update } from "grammy/types"
import type { Leases } from "../../layers/Leases.ts"
import { type RawUpdate, Telegram, type TelegramError } from "../../layers/Telegram.ts"
import { whileOwner } from "../../streams/Ownership.ts"
import { KINDS, read } from "./Incoming.ts"
import { Updates } from "./Updates.ts"

export interface PollingOptions {
  /** Who holds the lease: unique for each process. */
  readonly owner: string
  /** How long Telegram may hold an empty answer back. Default 30. */
  readonly holdSeconds?: number
}

const unreadable = Metric.counter("bot_updates_unreadable_total", {
  description: "Updates that the bot cannot read or store, passed over",
})

const backoff = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("30 seconds")]).pipe(
  Schedule.jittered,
)

/** Telegram's own wish comes on top of the back-off. */
const obey = ({ reason }: TelegramError) => reason._tag === "RateLimited" ? Effect.sleep(reason.afterMs) : Effect.void

export const layer = (options: PollingOptions): Layer.Layer<never, never, Leases | Telegram | Updates> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const telegram = yield* Telegram
    const updates = yield* Updates
    const holdSeconds = options.holdSeconds ?? 30
    const persist = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.orDie(Effect.retry(self, backoff))

    /** What the store will never take is passed over, or nothing would be polled any more. */
    const receive = (update: Update) =>
      updates.receive(update).pipe(
        Effect.catchIf((error) => !error.retryable, (error) =>
          Effect.logError("an update cannot be stored and is passed over", error).pipe(
            Effect.andThen(Metric.update(unreadable, 1)),
            Effect.as("accepted" as const),
          )),
      )

    const record = ({ payload }: RawUpdate) =>
      Effect.gen(function* () {
        const update = read(payload)
        if (Option.isNone(update)) yield* Metric.update(unreadable, 1)
        else if ((yield* receive(update.value)) === "busy") return yield* Effect.fail("busy" as const)
      })

    const poll = (offset: number) =>
      telegram.updates({ offset, holdSeconds, kinds: KINDS }).pipe(
        Effect.tapError((error) => Effect.andThen(Effect.logWarning("polling failed", error), obey(error))),
      )

    /** Begins with what no poller has confirmed. */
    const term = Effect.gen(function* () {
      yield* persist(Effect.tapError(telegram.deleteWebhook, obey))
      let offset = 0
      while (true) {
        for (const update of yield* persist(poll(offset))) {
          // A schedule is made only for what fails: making one costs more than recording.
          yield* Effect.catch(record(update), () => persist(record(update)))
          offset = update.updateId + 1
        }
      }
    })
    yield* Effect.forkScoped(whileOwner({ name: "polling", owner: options.owner }, term))
  }))
