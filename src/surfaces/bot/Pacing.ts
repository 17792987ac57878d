/**
 * Replies under the limits of all sending.
 *
 * In: the RateLimiter's client. Out: the bot's `Pace`. Promises: a reply waits for its turn at most `LONGEST_WAIT_MS`,
 * then goes on its own risk, as it does while the limiter does not answer: Telegram's own 429 is obeyed anyway.
 */
import { Clock, Effect, Layer } from "effect"
import { RateLimiterClient } from "../../actors/RateLimiter.ts"
import { Pace } from "./Replies.ts"

const LONGEST_WAIT_MS = 10_000

export const layer: Layer.Layer<never, never, RateLimiterClient> = Layer.effect(
  Pace,
  Effect.gen(function* () {
    const limiter = yield* RateLimiterClient
    /** Out: the grant's number; null: without one. */
    const turn = (chatId: string, untilMs: number): Effect.Effect<number | null> =>
      Effect.gen(function* () {
        const verdict = yield* limiter.acquire({ chatId, isGroup: chatId.startsWith("-"), isReply: true })
        if (verdict._tag === "Granted") return verdict.number
        if (verdict.untilMs > untilMs) return null
        const nowMs = yield* Clock.currentTimeMillis
        yield* Effect.sleep(Math.max(1, verdict.untilMs - nowMs))
        return yield* turn(chatId, untilMs)
      }).pipe(Effect.catch((error) => Effect.as(Effect.logDebug("a reply goes without its turn", error), null)))
    return {
      inTurn: Effect.fnUntraced(function* (chatId, call) {
        const number = yield* turn(chatId, (yield* Clock.currentTimeMillis) + LONGEST_WAIT_MS)
        return yield* number === null ? call : Effect.ensuring(call, limiter.landed(number))
      }),
      paused: (chatId, forMs) =>
        Effect.flatMap(Clock.currentTimeMillis, (nowMs) => Effect.ignore(limiter.paused(chatId, nowMs + forMs))),
    }
  }),
)
