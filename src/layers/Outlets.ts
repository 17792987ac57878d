/**
 * The Outlets port: channels beside Telegram, which take an address of the user's own.
 *
 * In: an address, and what its reader is to be told. Out: what became of the request, as the Notifier's outcomes.
 * Implementations: `channels/` (webhook, mail, web push). Promises: the Notifier's; an address that leads into our own
 * network is refused whenever it is used, not only when it is given; a channel that is not set up is null.
 */
import { Context, type Effect, type Option, Schema } from "effect"
import type { AddressedChannel } from "../domain/DeliveryChannel.ts"
import type { NoticeMessage, Notification, Outcome } from "./Notifier.ts"

export interface Address {
  /** Of the row in `user_channels`: what the receiver's secret and the unsubscribe link are made from. */
  readonly channelId: string
  readonly address: string
}

/** What is sent to find out whether an address is the user's. */
export interface Proof {
  /** Random text: echoed by a webhook; told by mail, to be entered in the bot. */
  readonly code: string
  readonly subject: string
  readonly text: string
}

/** `proven`: nothing more is needed. `sent`: the code has left. */
export const ProofState = Schema.Literals(["proven", "sent"])

export type Proven =
  | { readonly _tag: "Proven"; readonly state: typeof ProofState.Type }
  | { readonly _tag: "NotProven"; readonly detail: string }

export interface Outlet {
  /** The address as it is kept; none: it is no address of this channel. Says nothing of whether it works. */
  readonly read: (text: string) => Option.Option<string>
  readonly prove: (address: Address, proof: Proof) => Effect.Effect<Proven>
  readonly send: (address: Address, notification: Notification) => Effect.Effect<Outcome>
  readonly tell: (address: Address, message: NoticeMessage) => Effect.Effect<Outcome>
  readonly edit: (address: Address, messageId: number, notification: Notification) => Effect.Effect<Outcome>
  /** What the receiver checks signatures with; null: this channel has none. */
  readonly secretOf: (channelId: string) => string | null
  /** Whether the other side answers; null where there is nobody to ask. For `doctor`. */
  readonly reach: Effect.Effect<string | null>
}

export type AllOutlets = Readonly<Record<AddressedChannel, Outlet | null>>

/** No channel but Telegram. */
export const NONE: AllOutlets = { webhook: null, email: null, web_push: null }

/** None, unless the operator has set some up. */
export const Outlets = Context.Reference<AllOutlets>("arbedge/Outlets", { defaultValue: () => NONE })
