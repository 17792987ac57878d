/**
 * Telegram's menus of commands: in each place and language only what may be used there.
 *
 *   all private chats, all groups, administrators of groups: what a user of the lowest plan may use there
 *   chats of admins: what their role may use; taken away when they lose it
 *
 * In: the list of commands, the table of permissions, changes of roles (channel `staff`). Out: setMyCommands and
 * deleteMyCommands. Promises: published at the start of whoever holds the lease "menus", tried until Telegram answers; a
 * chat that Telegram does not know is passed over.
 */
import { Clock, Effect, Layer, Option, Queue, Schedule } from "effect"
import { isOffered, type Place } from "../../domain/Permission.ts"
import type { Language } from "../../domain/Preferences.ts"
import type { Role } from "../../domain/Tier.ts"
import { Directory } from "../../layers/Directory.ts"
import type { Leases } from "../../layers/Leases.ts"
import { Channel, Store } from "../../layers/Store.ts"
import { type MenuScope, Telegram, type TelegramError } from "../../layers/Telegram.ts"
import { whileOwner } from "../../streams/Ownership.ts"
import type { CommandName } from "./Command.ts"
import { COMMANDS } from "./commands/All.ts"
import { plain } from "./texts/Fluent.ts"

/** Telegram knows who administers a group, and so shows them alone what is theirs. */
const GROUP_ADMINS: ReadonlyArray<CommandName> = ["group"]

/** Each language, and which menu it is in: apps in any other language get the first. */
const LANGUAGES: ReadonlyArray<readonly [Language, Language | null]> = [["en", null], ["en", "en"], ["ru", "ru"]]

const persistently = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("30 seconds")]).pipe(
  Schedule.jittered,
)

/** Commands that one with this role, and no more than that, may use in a place. */
export const offered = (role: Role, place: Place): ReadonlyArray<CommandName> =>
  COMMANDS.map(({ name }) => name).filter((name) => isOffered(name, { role, place, tier: "free", isBeta: false }))

const inGroups = offered("user", "group").filter((name) => !GROUP_ADMINS.includes(name))

const WIDE: ReadonlyArray<readonly [MenuScope, ReadonlyArray<CommandName>]> = [
  [{ type: "default" }, offered("user", "private").filter((name) => inGroups.includes(name))],
  [{ type: "all_private_chats" }, offered("user", "private")],
  [{ type: "all_group_chats" }, inGroups],
  [{ type: "all_chat_administrators" }, offered("user", "group")],
]

const isPassing = ({ reason }: TelegramError): boolean =>
  reason._tag === "RateLimited" || reason._tag === "Unavailable" || reason._tag === "Unknown"

const untilAnswered = <A, R>(call: Effect.Effect<A, TelegramError, R>) =>
  call.pipe(
    Effect.tapError(({ reason }) => reason._tag === "RateLimited" ? Effect.sleep(reason.afterMs) : Effect.void),
    Effect.retry({ while: isPassing, schedule: persistently }),
    Effect.catch((error) => Effect.logWarning("a menu of commands was not published", error)),
  )

const publish = Effect.fn("CommandMenus.publish")(function* (scope: MenuScope, names: ReadonlyArray<CommandName>) {
  const telegram = yield* Telegram
  for (const [language, menuOf] of LANGUAGES) {
    const commands = names.map((name) => ({ command: name, description: plain(language, `command-${name}`) }))
    yield* untilAnswered(telegram.setMenu({ scope, language: menuOf, commands }))
  }
})

const withdraw = Effect.fn("CommandMenus.withdraw")(function* (scope: MenuScope) {
  const telegram = yield* Telegram
  for (const [, language] of LANGUAGES) yield* untilAnswered(telegram.deleteMenu({ scope, language }))
})

const publishTo = (telegramId: string, role: Role) => {
  const scope = { type: "chat", chatId: telegramId } as const
  return role === "user" ? withdraw(scope) : publish(scope, offered(role, "private"))
}

export const layer = (owner: string): Layer.Layer<never, never, Telegram | Directory | Store | Leases> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const store = yield* Store
    const directory = yield* Directory

    const ofStaff = Effect.gen(function* () {
      for (const { role, telegramId } of yield* directory.staff(yield* Clock.currentTimeMillis)) {
        yield* publishTo(telegramId, role)
      }
    })
    const ofOne = Effect.fnUntraced(function* (telegramId: string) {
      const found = yield* directory.find(telegramId, yield* Clock.currentTimeMillis)
      if (Option.isSome(found)) yield* publishTo(telegramId, found.value.role)
    })

    const term = Effect.scoped(Effect.gen(function* () {
      const notices = yield* store.listen(Channel.staff)
      yield* Effect.forEach(WIDE, ([scope, names]) => publish(scope, names), { discard: true })
      while (true) {
        const notice = yield* Queue.take(notices)
        yield* notice._tag === "Resumed" ? ofStaff : ofOne(notice.payload)
      }
    })).pipe(
      Effect.tapError((error) => Effect.logWarning("menus of commands wait for the store", error)),
      Effect.retry(persistently),
      Effect.orDie,
    )
    yield* Effect.forkScoped(whileOwner({ name: "menus", owner }, term))
  }))
