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
    const turn = (chatId: string, untilMs: number): Effect.Effect<void> =>
      Effect.gen(function* () {
        const verdict = yield* limiter.acquire({ chatId, isGroup: chatId.startsWith("-"), isReply: true })
        if (verdict._tag === "Granted" || verdict.untilMs > untilMs) return
        const nowMs = yield* Clock.currentTimeMillis
        yield* Effect.sleep(Math.max(1, verdict.untilMs - nowMs))
        yield* turn(chatId, untilMs)
      }).pipe(Effect.catch((error) => Effect.logDebug("a reply goes without its turn", error)))
    return {
      admit: (chatId) => Effect.flatMap(Clock.currentTimeMillis, (nowMs) => turn(chatId, nowMs + LONGEST_WAIT_MS)),
      paused: (chatId, forMs) =>
        Effect.flatMap(Clock.currentTimeMillis, (nowMs) => Effect.ignore(limiter.paused(chatId, nowMs + forMs))),
    }
  }),
)
