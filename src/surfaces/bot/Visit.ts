/**
 * Who stands before the bot, and what a reaction to them may use.
 *
 * In: an update's sender and chat. Out: a `Visit`; once the session is found valid, a `Member`. Promises: what needs a
 * session takes a `Member`, so that the compiler keeps it from anyone else.
 */
import type { Effect } from "effect"
import type { Chat, User as Sender } from "grammy/types"
import type { Language, Preferences } from "../../domain/Preferences.ts"
import type { Session } from "../../domain/Session.ts"
import type { User } from "../../domain/User.ts"
import type { AnalysisResults } from "../../layers/AnalysisResults.ts"
import type { Audit } from "../../layers/Audit.ts"
import type { Directory } from "../../layers/Directory.ts"
import type { Groups } from "../../layers/Groups.ts"
import type { KeyCheck } from "../../layers/KeyCheck.ts"
import type { Keys } from "../../layers/Keys.ts"
import type { Onboardings } from "../../layers/Onboardings.ts"
import type { Opportunities } from "../../layers/Opportunities.ts"
import type { PriceAlerts } from "../../layers/PriceAlerts.ts"
import type { PersonalData } from "../../layers/PersonalData.ts"
import type { Receipts } from "../../layers/Receipts.ts"
import type { Sessions } from "../../layers/Sessions.ts"
import type { StoreError } from "../../layers/Store.ts"
import type { Telegram, TelegramError } from "../../layers/Telegram.ts"
import type { UserChannels } from "../../layers/UserChannels.ts"
import type { Users } from "../../layers/Users.ts"
import type { Vault } from "../../layers/Vault.ts"
import type { SessionClient } from "../../actors/Session.ts"
import type { OnDemandServices } from "../../programs/OnDemand.ts"
import type { TraceServices } from "../../programs/UserTraces.ts"
import type { QuoteBoard } from "../../streams/QuoteBoard.ts"

export interface Visit {
  readonly chatId: string
  readonly telegramId: string
  readonly isPrivate: boolean
  readonly username: string | null
  readonly firstName: string | null
  /** As the Telegram app says, such as "en" or "pt-br". */
  readonly languageCode: string | null
  readonly nowMs: number
  /** The bot's own name in links, without "@". */
  readonly botName: string
  /** What stands behind a command, trimmed; else empty. */
  readonly argument: string
}

/** A visitor with a valid session. */
export interface Member {
  readonly visit: Visit
  readonly session: Session
  readonly user: User
  /** Of the user, as they were read: what is cached of them holds under it alone. */
  readonly version: number
  readonly preferences: Preferences
}

/** A tap on a button: where, and by which query it is answered. */
export interface Tap {
  readonly queryId: string
  /** Null: the message is too old for Telegram to name it. */
  readonly messageId: number | null
}

export type BotServices =
  | PersonalData
  | Keys
  | KeyCheck
  | Vault
  | Telegram
  | Users
  | Opportunities
  | SessionClient
  | Receipts
  | QuoteBoard
  | AnalysisResults
  | PriceAlerts
  | Onboardings
  | OnDemandServices
  | TraceServices
  | Audit
  | Directory
  | Sessions
  | Groups
  | UserChannels
export type BotError = TelegramError | StoreError
export type Reaction<A = void> = Effect.Effect<A, BotError, BotServices>

/** Telegram leaves the type out in some old examples; a positive id is a person's. */
const isPrivateChat = (chat: Pick<Chat, "id"> & { readonly type?: string }): boolean =>
  chat.type === undefined ? chat.id > 0 : chat.type === "private"

export const visitOf = (
  chat: Chat | Sender,
  from: Sender,
  rest: Pick<Visit, "nowMs" | "botName" | "argument">,
): Visit => ({
  chatId: `${chat.id}`,
  telegramId: `${from.id}`,
  isPrivate: "is_bot" in chat || isPrivateChat(chat),
  username: from.username ?? null,
  firstName: from.first_name ?? null,
  languageCode: from.language_code ?? null,
  ...rest,
})

/** Before a user has chosen: what their app speaks, if we do too. */
export const languageOfApp = (visit: Pick<Visit, "languageCode">): Language =>
  visit.languageCode?.toLowerCase().startsWith("ru") === true ? "ru" : "en"
