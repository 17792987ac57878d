/**
 * The Notifier port: one opportunity or notice to one chat, on one channel.
 *
 * In: an opportunity and how its reader wants to see it; a notice as it is shown. Out: what became of the request, as data: Deliver decides
 * what follows. Implementations: `telegram/` (grammY). Promises: one call makes at most one request; `Unknown` is
 * said only when the request went out and no answer came back; secrets never stand in `detail`. What each channel's
 * answers mean is in docs/guides/channels.md.
 */
import { Context, type Effect } from "effect"
import type { DeliveryChannel } from "../domain/DeliveryChannel.ts"
import type { Notice } from "../domain/Notice.ts"
import type { Opportunity, Priority } from "../domain/Opportunity.ts"
import type { Preferences } from "../domain/Preferences.ts"

export interface Notification {
  readonly chatId: string
  readonly opportunity: Opportunity
  /** Where the message tells of several: all of them, in order. Left out or empty: the opportunity alone. */
  readonly batch?: ReadonlyArray<Opportunity>
  /** It had closed before it was told, so long after it was found. Left out or null: told in time. */
  readonly toldAfterMs?: number | null
  readonly language: Preferences["language"]
  /** When it is shown (ms): the card tells how old the opportunity is. */
  readonly nowMs: number
  /** The topic of a forum; left out or null: the general one. */
  readonly threadId?: number | null
  /** By which channel, to whom of ours, and the id that its receiver tells repeats by. Left out: Telegram. */
  readonly way?: { readonly channel: DeliveryChannel; readonly userId: string; readonly id: number }
}

/** A notice of the product for one chat. */
export interface NoticeMessage {
  readonly chatId: string
  readonly notice: Notice
  /** As its reader sees it: its first line is a title. */
  readonly html: string
  readonly language: Preferences["language"]
  readonly priority: Priority
  /** From when on (ms) it is worth nothing. */
  readonly expiresAt: number
  readonly threadId?: number | null
  readonly way: { readonly channel: DeliveryChannel; readonly userId: string; readonly id: number }
}

export type Outcome =
  | { readonly _tag: "Accepted"; readonly messageId: number }
  /** The channel asks to wait, for this chat only. */
  | { readonly _tag: "RetryAfter"; readonly afterMs: number }
  /** Blocked, kicked, deactivated or not found: nothing more may be sent until the next contact. */
  | { readonly _tag: "ChatGone"; readonly detail: string }
  | { readonly _tag: "Migrated"; readonly toChatId: string }
  /** Will never be accepted as it is. */
  | { readonly _tag: "Refused"; readonly detail: string }
  /** Surely not carried out (no connection, 5xx): worth a retry. */
  | { readonly _tag: "Unavailable"; readonly detail: string }
  /** Sent, and the answer was lost: carried out or not, nobody knows. */
  | { readonly _tag: "Unknown"; readonly detail: string }

export class Notifier extends Context.Service<Notifier, {
  readonly send: (notification: Notification) => Effect.Effect<Outcome>
  readonly tell: (message: NoticeMessage) => Effect.Effect<Outcome>
  /** An edit that changes nothing counts as accepted; a message that is gone as refused. */
  readonly edit: (messageId: number, notification: Notification) => Effect.Effect<Outcome>
}>()("arbedge/Notifier") {}
