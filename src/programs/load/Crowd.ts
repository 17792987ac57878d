/**
 * The crowd of a load run: its people and groups, with chats, plans, wishes and sessions, before the first tick.
 *
 * In: users of a scenario, the emulated Telegram, the store. Out: nothing; they are there. Promises: made through the same
 * ports as the bot's, so that audience, sessions and groups stand as they would; of many, four are made at a time;
 * groups come behind the people who registered them.
 */
import { Duration, Effect, Ref } from "effect"
import type { ScenarioUser } from "../../domain/ScenarioUsers.ts"
import { Groups } from "../../layers/Groups.ts"
import { Sessions } from "../../layers/Sessions.ts"
import { Users } from "../../layers/Users.ts"
import { TelegramEmulator } from "../../simulators/telegram/TelegramEmulator.ts"

/** Longer than any run. */
export const SESSION_TTL = Duration.days(3_650)
const AT_A_TIME = 4

export const invite = Effect.fn("Crowd.invite")(function* (
  people: ReadonlyArray<ScenarioUser>,
  nowMs: number,
  onProgress: (done: number) => Effect.Effect<void>,
) {
  const users = yield* Users, sessions = yield* Sessions, groups = yield* Groups, emulator = yield* TelegramEmulator
  const done = yield* Ref.make(0)

  const one = Effect.fnUntraced(function* ({ chatId, hasSession, preferences, registrarId, tier }: ScenarioUser) {
    const telegramId = String(chatId), isGroup = registrarId !== null, name = `load ${telegramId}`
    yield* isGroup
      ? emulator.addGroup({
        id: chatId,
        title: name,
        members: [{ id: registrarId, firstName: `load ${registrarId}`, status: "administrator" }],
      })
      : emulator.addPrivateChat({ id: chatId, firstName: name, started: true })
    const who = { telegramId, username: null, firstName: name, lastName: null, isGroup, nowMs }
    const { role, userId } = yield* users.contact(who)
    yield* users.setPlan({ userId, tier, role, nowMs })
    yield* users.setPreferences(userId, preferences, nowMs)
    if (isGroup) {
      const registrar = { registrarId: String(registrarId), threadId: null, nowMs }
      yield* groups.register({ chatId: telegramId, userId, kind: "group", title: name, ...registrar })
    } else if (hasSession) {
      yield* sessions.start({ userId, telegramId, nowMs, ttlMs: Duration.toMillis(SESSION_TTL) })
    }
    yield* onProgress(yield* Ref.updateAndGet(done, (n) => n + 1))
  })

  const everyone = (some: ReadonlyArray<ScenarioUser>) =>
    Effect.forEach(some, one, { concurrency: AT_A_TIME, discard: true })
  yield* everyone(people.filter(({ registrarId }) => registrarId === null))
  yield* everyone(people.filter(({ registrarId }) => registrarId !== null))
})
