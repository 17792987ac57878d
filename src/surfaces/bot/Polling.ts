/**
 * Updates by long polling.
 *
 * In: a bot whose webhook is off (it is switched off here). Out: updates, handed to the intake in order. Promises: the
 * offset moves past an update only when the intake has recorded it, so nothing is lost to a kill; failures back off
 * from 0.5 s to 30 s, or as long as Telegram says; another poller (409) is waited out.
 */
import { Effect, Layer, Metric, Option, Schedule } from "effect"
import type { Update } from "grammy/types"
import { type RawUpdate, Telegram, type TelegramError } from "../../layers/Telegram.ts"
import { KINDS, read } from "./Incoming.ts"
import { Updates } from "./Updates.ts"

export interface PollingOptions {
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

export const layer = (options: PollingOptions = {}): Layer.Layer<never, never, Telegram | Updates> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const telegram = yield* Telegram
    const updates = yield* Updates
    const holdSeconds = options.holdSeconds ?? 30
    let offset = 0

    const persist = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.retry(self, backoff)

    /** What the store will never take is passed over, or nothing would be polled any more. */
    const receive = (update: Update) =>
      updates.receive(update).pipe(
        Effect.catchIf((error) => !error.retryable, (error) =>
          Effect.logError("an update cannot be stored and is passed over", error).pipe(
            Effect.andThen(Metric.update(unreadable, 1)),
            Effect.as("accepted" as const),
          )),
      )

    const record = ({ payload, updateId }: RawUpdate) =>
      Effect.gen(function* () {
        const update = read(payload)
        if (Option.isNone(update)) yield* Metric.update(unreadable, 1)
        else if ((yield* receive(update.value)) === "busy") return yield* Effect.fail("busy" as const)
        offset = updateId + 1
      })

    const poll = Effect.suspend(() => telegram.updates({ offset, holdSeconds, kinds: KINDS })).pipe(
      Effect.tapError((error) => Effect.andThen(Effect.logWarning("polling failed", error), obey(error))),
    )

    yield* telegram.deleteWebhook.pipe(
      Effect.tapError(obey),
      persist,
      Effect.andThen(Effect.forever(Effect.gen(function* () {
        for (const update of yield* persist(poll)) yield* persist(record(update))
      }))),
      Effect.forkScoped,
    )
  }))
