/**
 * Registrars: their rights are looked at, and they are told when their group ends without their doing.
 *
 * In: changes of members that Telegram tells (only where the bot is an admin), and time. Out: groups paused, one private
 * message each. Promises: rights lost are noticed at once where Telegram tells, else within `CHECK_EVERY`; a registrar is
 * told once a change, and not at all after logging out; several processes never tell twice.
 */
import { Clock, Effect, Layer, Option, Schedule } from "effect"
import type { Group } from "../../../domain/Group.ts"
import { Groups } from "../../../layers/Groups.ts"
import { Users } from "../../../layers/Users.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import type { BotServices } from "../Visit.ts"
import { mayDecide } from "./Rights.ts"

const LOOK_EVERY = "1 minute"
const CHECK_EVERY_MS = 600_000
const AT_A_TIME = 20
const TITLE_LENGTH = 60

const ADMINS: ReadonlySet<string> = new Set(["creator", "administrator"])

export const titleOf = ({ chatId, title }: Pick<Group, "chatId" | "title">): string =>
  title === null ? chatId : title.slice(0, TITLE_LENGTH)

const tell = Effect.fn("Registrars.tell")(function* (group: Group, nowMs: number) {
  const users = yield* Users
  const registrar = yield* users.recipientOf(group.registrarId, nowMs)
  if (Option.isNone(registrar)) return
  const { chatId, preferences: { language } } = registrar.value
  const told = group.kind === "channel" ? "group-told-channel" : "group-told"
  yield* say(chatId, html(language, `${told}.${group.reason}`, { title: titleOf(group) }))
})

/** Tells whom nobody has told yet. */
export const tellAll = Effect.gen(function* () {
  const groups = yield* Groups
  const nowMs = yield* Clock.currentTimeMillis
  const untold = yield* groups.claimUntold(AT_A_TIME, nowMs)
  yield* Effect.forEach(
    untold,
    (group) =>
      Effect.catch(
        tell(group, nowMs),
        (error) => Effect.logInfo("a registrar was not told", group.chatId, error.message),
      ),
    { discard: true },
  )
})

/** Somebody's standing in a chat changed. */
export const changed = Effect.fn("Registrars.changed")(function* (chatId: string, userId: string, status: string) {
  if (ADMINS.has(status)) return
  const groups = yield* Groups
  const group = yield* groups.get(chatId)
  if (Option.isNone(group) || group.value.registrarId !== userId) return
  yield* groups.pause(chatId, "registrar_rights", yield* Clock.currentTimeMillis)
  yield* tellAll
})

/** Asks Telegram about registrars not asked about for a while. */
export const checkAll = Effect.gen(function* () {
  const groups = yield* Groups
  const nowMs = yield* Clock.currentTimeMillis
  const unchecked = yield* groups.claimUnchecked(nowMs - CHECK_EVERY_MS, AT_A_TIME, nowMs)
  yield* Effect.forEach(unchecked, ({ chatId, registrarId }) =>
    mayDecide(chatId, registrarId).pipe(
      Effect.flatMap((may) => may ? Effect.void : Effect.asVoid(groups.pause(chatId, "registrar_rights", nowMs))),
      Effect.catch((error) => Effect.logInfo("a registrar's rights are not known", chatId, error.message)),
    ), { discard: true })
  yield* tellAll
})

/** Looks every minute, for as long as the layer lives. */
export const layer: Layer.Layer<never, never, BotServices> = Layer.effectDiscard(
  checkAll.pipe(
    Effect.catch((error) => Effect.logWarning("groups are not looked after", error.message)),
    Effect.delay(LOOK_EVERY),
    Effect.repeat(Schedule.forever),
    Effect.forkScoped,
  ),
)
