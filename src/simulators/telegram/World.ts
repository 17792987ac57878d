/**
 * Everything one emulated Telegram remembers, for one bot.
 * Comes in: the bot's token and the limits. Goes out: the state that methods, people and the webhook work on.
 * Promises: only plain synchronous code changes it, so a call sees and leaves a whole state.
 */
import * as CallLog from "./CallLog.ts"
import type { ChatState, User } from "./Chats.ts"
import * as Faults from "./Faults.ts"
import * as Limits from "./Limits.ts"
import * as Updates from "./Updates.ts"

export interface BotCommand {
  readonly command: string
  readonly description: string
}

/** A tap that waits for answerCallbackQuery, and the answer once it came. */
export interface Callback {
  readonly id: string
  readonly chatId: number
  readonly userId: number
  readonly askedMs: number
  answer: { readonly text: string; readonly showAlert: boolean } | null
}

export interface WebhookState {
  readonly url: string
  readonly secretToken: string
  readonly maxConnections: number
  lastErrorMs: number | null
  lastErrorMessage: string
}

export interface WorldOptions {
  /** `<bot id>:<secret>`. */
  readonly token: string
  readonly botName: string
  readonly botUsername: string
  readonly limits: Partial<Limits.Limits>
  /** After so long a tap can no longer be answered. */
  readonly callbackTimeoutMs: number
  /** Calls that the log keeps. */
  readonly callsKept: number
  /** For so long a chat remembers what a message says that nobody touches. */
  readonly wordsKeptMs: number
}

export interface World {
  readonly options: WorldOptions
  readonly bot: User
  readonly chats: Map<number, ChatState>
  readonly limiter: Limits.Limiter
  readonly updates: Updates.Updates
  /** The last `callbackLimit` taps; an older one is "too old" to be answered. */
  readonly callbacks: Map<string, Callback>
  /** By scope and language. */
  readonly commands: Map<string, ReadonlyArray<BotCommand>>
  readonly faults: Faults.Faults
  readonly log: CallLog.CallLog
  webhook: WebhookState | null
  nextCallback: number
}

export const callbackLimit = 10_000

export const make = (options: WorldOptions): World => ({
  options,
  bot: {
    id: Number(options.token.split(":")[0]),
    is_bot: true,
    first_name: options.botName,
    username: options.botUsername,
  },
  chats: new Map(),
  limiter: Limits.make(options.limits),
  updates: Updates.make(100_000_001),
  callbacks: new Map(),
  commands: new Map(),
  faults: Faults.make(),
  log: CallLog.make(options.callsKept),
  webhook: null,
  nextCallback: 1,
})
