/**
 * The UserChannels port: users' own addresses beside Telegram, `user_channels`.
 *
 *   add --> pending --verify, or the right code in time--> verified --end--> ended --add--> pending
 *
 * In: addresses, codes and what became of messages. Out: the addresses of a user in the order in which they are tried.
 * Promises: one address for each user and channel; a code is kept as its hash alone, works once, for `CODE_TRIES` tries
 * and until it runs out; a day's quota is checked and spent in one step, whoever asks at once.
 */
import { Context, type Effect, type Option } from "effect"
import type { AddressedChannel, DeliveryChannel, UserChannel } from "../domain/DeliveryChannel.ts"
import type { StoreError } from "./Store.ts"

/** Guesses at one code. */
export const CODE_TRIES = 5

export type CodeVerdict = "verified" | "wrong" | "expired"

interface Which {
  readonly userId: string
  readonly channel: AddressedChannel
}

export class UserChannels extends Context.Service<UserChannels, {
  /** Puts the address in place of an earlier one of the channel, to be verified. It is tried after all others. */
  readonly add: (channel: Which & { readonly address: string; readonly nowMs: number }) => Effect.Effect<
    UserChannel,
    StoreError
  >
  /** From now on this code, and no earlier one, verifies the pending address. */
  readonly expectCode: (
    code: Which & { readonly codeHash: string; readonly expiresAt: number; readonly nowMs: number },
  ) => Effect.Effect<void, StoreError>
  /** `expired` as well where no code is expected or its tries are used up. */
  readonly tryCode: (
    code: Which & { readonly codeHash: string; readonly nowMs: number },
  ) => Effect.Effect<CodeVerdict, StoreError>
  /** The pending address proved to be the user's. False: there is none. */
  readonly verify: (which: Which & { readonly nowMs: number }) => Effect.Effect<boolean, StoreError>
  /** Nothing is sent there any more. False: it had ended already, or never was. */
  readonly end: (which: Which & { readonly why: string; readonly nowMs: number }) => Effect.Effect<boolean, StoreError>
  /** The same by the id that an unsubscribe link names. */
  readonly endById: (channelId: string, why: string, nowMs: number) => Effect.Effect<boolean, StoreError>
  readonly remove: (which: Which) => Effect.Effect<boolean, StoreError>
  /** All of a user, in the order in which they are tried. */
  readonly of: (userId: string) => Effect.Effect<ReadonlyArray<UserChannel>, StoreError>
  readonly get: (which: Which) => Effect.Effect<Option.Option<UserChannel>, StoreError>
  /** Sets the order; channels that are left out keep their places. Telegram stands where the list has it. */
  readonly reorder: (
    userId: string,
    order: ReadonlyArray<DeliveryChannel>,
    nowMs: number,
  ) => Effect.Effect<void, StoreError>
  /** Spends one of the UTC day's quota. False: it is used up. */
  readonly spend: (which: Which & { readonly perDay: number; readonly nowMs: number }) => Effect.Effect<
    boolean,
    StoreError
  >
}>()("arbedge/UserChannels") {}
