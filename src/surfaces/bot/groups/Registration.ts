/**
 * An admin with a session consents for a group or a broadcast channel.
 *
 * In: a member who is an admin there. Out: the group registered, with settings of its own. Promises: who asks is known to
 * be an admin; the first registration takes over language and time zone of whoever registers, a later one changes no
 * setting; a double tap registers once.
 */
import { Effect, Option } from "effect"
import type { GroupKind } from "../../../domain/Group.ts"
import { DEFAULT_PREFERENCES } from "../../../domain/Preferences.ts"
import { Groups } from "../../../layers/Groups.ts"
import { Users } from "../../../layers/Users.ts"
import type { Member } from "../Visit.ts"

export interface Registered {
  readonly chatId: string
  readonly kind: GroupKind
  readonly title: string | null
  /** The topic that messages go to; null: as it was. */
  readonly threadId: number | null
}

export const register = Effect.fn("Registration.register")(
  function* ({ preferences, visit: { nowMs, telegramId } }: Member, wanted: Registered) {
    const users = yield* Users, groups = yield* Groups
    const before = yield* groups.get(wanted.chatId)
    const { userId } = yield* users.contact({
      telegramId: wanted.chatId,
      username: null,
      firstName: wanted.title,
      lastName: null,
      isGroup: true,
      nowMs,
    })
    if (Option.isNone(before)) {
      const { language, timeZone } = preferences
      yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, language, timeZone }, nowMs)
    }
    const threadId = wanted.threadId ?? Option.match(before, { onNone: () => null, onSome: (group) => group.threadId })
    return yield* groups.register({ ...wanted, threadId, userId, registrarId: telegramId, nowMs })
  },
)
