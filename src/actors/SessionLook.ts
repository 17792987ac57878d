/**
 * A look at a chat's session, for onlookers.
 *
 * In: a telegram id. Out: whether a session lasts, until when it was last seen to, and what it was asked. Promises: nothing in the answer can
 * be served on, so it may come from the cache, which is at most an hour behind and usually a moment; whatever the cache
 * does not know to last, the row is asked. It extends nothing.
 */
import { Clock, Effect, Option } from "effect"
import { type Asked, isOpenAt } from "../domain/Dialogue.ts"
import type { SessionVerdict } from "../domain/Session.ts"
import type { StoreError } from "../layers/Store.ts"
import { type SeenSession, UserCache } from "../layers/UserCache.ts"
import type { Judged } from "./SessionRows.ts"

export interface Looked {
  readonly verdict: SessionVerdict
  /** It may have been extended since (ms). Null: not valid. */
  readonly expiresAt: number | null
  /** Null: nothing that is not answered, as far as the cache knows. */
  readonly asked: Asked | null
}

export const makeLook = (judge: (telegramId: string, nowMs: number) => Effect.Effect<Judged, StoreError>) =>
  Effect.gen(function* () {
    const cache = yield* UserCache
    return Effect.fn("SessionClient.look")(function* (telegramId: string): Effect.fn.Return<Looked, StoreError> {
      const nowMs = yield* Clock.currentTimeMillis
      const shown = ({ expiresAt, sessionId }: SeenSession) =>
        Effect.map(cache.asked(sessionId), (asked): Looked => ({
          verdict: "valid",
          expiresAt,
          asked: Option.getOrNull(Option.filter(asked, (one) => isOpenAt(one, nowMs))),
        }))
      const cached = Option.filter(yield* cache.session(telegramId), ({ expiresAt }) => nowMs < expiresAt)
      if (Option.isSome(cached)) return yield* shown(cached.value)
      const { session, verdict } = yield* judge(telegramId, nowMs)
      if (verdict !== "valid" || session === null) return { verdict, expiresAt: null, asked: null }
      const { expiresAt, sessionId } = session
      yield* cache.keepSession(telegramId, { sessionId, expiresAt })
      return yield* shown({ sessionId, expiresAt })
    })
  })
