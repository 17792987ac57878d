/**
 * Asks whether everything is to be erased, and does it.
 *
 * In: a member. Out: no session, no rows, no key: nobody who was here. Promises: only the second button erases; the
 * session ends first, so that nothing is written or sent meanwhile; who comes again is a stranger.
 */
import { Duration, Effect } from "effect"
import { SessionClient } from "../../../actors/Session.ts"
import { PersonalData } from "../../../layers/PersonalData.ts"
import { UserCache } from "../../../layers/UserCache.ts"
import { say } from "../Replies.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import type { Item, Menu } from "./Menu.ts"

const PATIENCE = Duration.seconds(2)

/** Sealed, within the hour (counts of commands: a day) they go by themselves; the notice of the erasure tries again. */
const leftToTime = ({ message }: { readonly message: string }) =>
  Effect.logWarning("what is cached of an erased person is left to its time to live", message)

export const forgetMenu: Menu = {
  id: "forget",
  permission: "forget",
  draw: ({ preferences: { language }, user, visit }: Member) => {
    const erase: Item = {
      text: plain(language, "privacy-forget-yes"),
      press: Effect.gen(function* () {
        const sessions = yield* SessionClient, data = yield* PersonalData, cache = yield* UserCache
        yield* sessions.end(visit.telegramId)
        yield* data.erase(user, visit.nowMs)
        yield* cache.forgetPerson(visit.telegramId).pipe(Effect.timeout(PATIENCE), Effect.catch(leftToTime))
        return {
          answer: plain(language, "privacy-forgotten-answer"),
          to: null,
          then: say(visit.chatId, html(language, "privacy-forgotten")),
        }
      }).pipe(Effect.withSpan("Forget.erase")),
    }
    const keep: Item = {
      text: plain(language, "privacy-forget-no"),
      press: Effect.succeed({ answer: plain(language, "privacy-kept"), to: null }),
    }
    return Effect.succeed({ html: html(language, "privacy-forget-text"), rows: [[erase], [keep]] })
  },
}
