/**
 * Delivery channels: the ways by which a user can be told, and in which order they are tried.
 *
 * In: a user's verified addresses. Out: the route of their notifications. Promises: Telegram always stands in the route,
 * at position 0; an address that was not verified never does; what a channel can do (edit, how many a day) stands in
 * one table.
 */
import { Schema } from "effect"

export const DeliveryChannel = Schema.Literals(["telegram", "webhook", "email", "web_push"])
export type DeliveryChannel = typeof DeliveryChannel.Type

/** Those that take an address of the user's own. */
export const AddressedChannel = Schema.Literals(["webhook", "email", "web_push"])
export type AddressedChannel = typeof AddressedChannel.Type

/** `pending`: waits for its verification. `ended`: the other side will take nothing any more, or the user said stop. */
export const ChannelState = Schema.Literals(["pending", "verified", "ended"])
export type ChannelState = typeof ChannelState.Type

export const UserChannel = Schema.Struct({
  /** Opaque; what an unsubscribe link names. */
  channelId: Schema.String,
  userId: Schema.String,
  channel: AddressedChannel,
  /** A URL, a mail address, or a push subscription as JSON. */
  address: Schema.String,
  state: ChannelState,
  /** Tried in rising order; below 0: before Telegram. */
  position: Schema.Int,
  lastError: Schema.NullOr(Schema.String),
})
export type UserChannel = typeof UserChannel.Type

interface Abilities {
  /** Notifications in one UTC day; beyond it the next channel is tried. */
  readonly perDay: number
  /** Whether what was sent can be changed later: an opportunity's improvement and close are told there as well. */
  readonly edits: boolean
}

export const ABILITIES: Readonly<Record<DeliveryChannel, Abilities>> = {
  telegram: { perDay: Number.POSITIVE_INFINITY, edits: true },
  webhook: { perDay: 1_000, edits: true },
  email: { perDay: 50, edits: false },
  web_push: { perDay: 200, edits: true },
}

/** Which channels are tried, in order. */
export const routeOf = (channels: ReadonlyArray<UserChannel>): ReadonlyArray<DeliveryChannel> => {
  const usable = channels.filter(({ state }) => state === "verified").toSorted((a, b) => a.position - b.position)
  return [
    ...usable.filter(({ position }) => position < 0).map(({ channel }) => channel),
    "telegram",
    ...usable.filter(({ position }) => position >= 0).map(({ channel }) => channel),
  ]
}

/** What is tried after a channel that failed; null: nothing is left. */
export const nextAfter = (
  route: ReadonlyArray<DeliveryChannel>,
  failed: DeliveryChannel,
): DeliveryChannel | null => route[route.indexOf(failed) + 1] ?? null
