/**
 * Who may decide for a group: its admins, as Telegram says at that moment.
 *
 * In: a chat and a person. Out: whether they may; a group with its settings and its ceiling. Promises: nothing is
 * remembered of anybody's rights: each question is asked of Telegram.
 */
import { Effect, Option } from "effect"
import { type Group, groupCeiling } from "../../../domain/Group.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { Groups } from "../../../layers/Groups.ts"
import { isAdmin, Telegram, type TelegramError } from "../../../layers/Telegram.ts"
import { Users } from "../../../layers/Users.ts"

/** Telegram no longer knows the chat, or the bot is not in it: nobody may decide anything there. */
const isGone = ({ reason }: TelegramError): boolean => reason._tag === "ChatGone" || reason._tag === "Refused"

export const mayDecide = Effect.fn("Rights.mayDecide")(function* (chatId: string, userId: string) {
  const telegram = yield* Telegram
  return yield* telegram.memberOf({ chatId, userId }).pipe(
    Effect.map(isAdmin),
    Effect.catchIf(isGone, () => Effect.succeed(false)),
  )
})

/** Whether the bot may post in a channel. */
export const mayPost = Effect.fn("Rights.mayPost")(function* (chatId: string) {
  const telegram = yield* Telegram
  const { id } = yield* telegram.me
  return yield* telegram.memberOf({ chatId, userId: `${id}` }).pipe(
    Effect.map((member) => isAdmin(member) && member.canPost),
    Effect.catchIf(isGone, () => Effect.succeed(false)),
  )
})

/** A registered group with what is set there, and what its registrar's tier admits at most. */
export const known = Effect.fn("Rights.known")(function* (chatId: string) {
  const groups = yield* Groups, users = yield* Users
  const found = yield* groups.get(chatId)
  if (Option.isNone(found)) return Option.none()
  const group: Group = found.value
  const registrar = yield* users.byTelegramId(group.registrarId)
  const plan = Option.getOrElse(registrar, () => ({ tier: "free", role: "user" }) as const)
  return Option.some({
    group,
    settings: yield* users.preferences(group.userId),
    ceiling: groupCeiling(plan.tier, plan.role),
    types: limitsOf(plan.tier, plan.role).types,
  })
})

export type Known = Option.Option.Value<Effect.Success<ReturnType<typeof known>>>
