/**
 * Reader: a notice's reader as they are when it leaves, and whether it is still true for them.
 *
 * In: a row that carries a notice. Out: the notice with its reader's language and zone, or why it is not told. Promises:
 * who has no valid session by now is told nothing; a session that was prolonged meanwhile does not end soon.
 */
import { Effect, Option, Schema } from "effect"
import { Notice } from "../../domain/Notice.ts"
import type { Preferences } from "../../domain/Preferences.ts"
import type { QueueItem } from "../../layers/OpportunityQueue.ts"
import { Users } from "../../layers/Users.ts"

/** What a row carries that is about no opportunity. */
export const NoticePayload = Schema.Struct({ notice: Notice })

/** A notice for its reader. */
export interface ToldNotice extends Pick<Preferences, "language" | "timeZone"> {
  readonly notice: Notice
}

const decodePayload = Schema.decodeUnknownEffect(NoticePayload)

export type Read =
  | { readonly _tag: "Told"; readonly payload: ToldNotice }
  | { readonly _tag: "Failed" | "Cancelled"; readonly error: string }

export const makeReader = Effect.map(
  Users,
  (users) =>
    Effect.fnUntraced(function* ({ chatId, payload }: QueueItem, nowMs: number) {
      const carried = yield* Effect.option(decodePayload(payload))
      if (Option.isNone(carried)) return { _tag: "Failed", error: "unreadable payload" } satisfies Read
      const reader = yield* users.recipientOf(chatId, nowMs)
      if (Option.isNone(reader)) return { _tag: "Cancelled", error: "no_session" } satisfies Read
      const { notice } = carried.value
      const { preferences: { language, timeZone }, sessionExpiresAt } = reader.value
      if (notice.about === "session_ends" && sessionExpiresAt > notice.endsAt) {
        return { _tag: "Cancelled", error: "the session was prolonged" } satisfies Read
      }
      return { _tag: "Told", payload: { notice, language, timeZone } } satisfies Read
    }),
)

export type Reader = Effect.Success<typeof makeReader>
