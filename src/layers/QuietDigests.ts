/**
 * The QuietDigests port: who is owed a digest of a quiet time, table `quiet_digests`.
 *
 *   owed --take--> leased --settle--> told | nothing to tell     lease ran out --take--> leased (twice at most)
 *
 * In: times at which quiet ended. Out: digests to be told. Promises: one row for each (user, end of the quiet time) for
 * ever, so a digest is owed once whoever looks; what was not told within an hour never is.
 */
import { Context, type Effect } from "effect"
import type { Preferences } from "../domain/Preferences.ts"
import type { TelegramId } from "../domain/User.ts"
import type { StoreError } from "./Store.ts"

/** What of preferences decides when it is quiet, the same for many users. */
export type Schedule = Pick<
  Preferences,
  "timeZone" | "activeHoursStart" | "activeHoursEnd" | "activeDays" | "doNotDisturbWindow"
>

export interface OwedDigest {
  readonly userId: string
  readonly chatId: TelegramId
  readonly fromMs: number
  readonly untilMs: number
}

export class QuietDigests extends Context.Service<QuietDigests, {
  /** Every schedule that somebody has who wants digests. */
  readonly schedules: Effect.Effect<ReadonlyArray<Schedule>, StoreError>
  /** Who has one of them and wants digests. */
  readonly chatsOf: (schedules: ReadonlyArray<Schedule>) => Effect.Effect<
    ReadonlyArray<{ readonly userId: string; readonly chatId: TelegramId; readonly schedule: Schedule }>,
    StoreError
  >
  /** Who asked not to be disturbed until an instant in `(fromMs, untilMs]`, and when they last changed their wishes. */
  readonly disturbableSince: (fromMs: number, untilMs: number) => Effect.Effect<
    ReadonlyArray<{
      readonly userId: string
      readonly chatId: TelegramId
      readonly untilMs: number
      readonly setAtMs: number
    }>,
    StoreError
  >
  /** Notes what is owed; what was noted before is left alone. Out: how many are new. */
  readonly owe: (digests: ReadonlyArray<OwedDigest>, nowMs: number) => Effect.Effect<number, StoreError>
  /** Leases what is owed, oldest first. */
  readonly take: (options: {
    readonly limit: number
    readonly nowMs: number
    readonly leaseMs: number
  }) => Effect.Effect<ReadonlyArray<OwedDigest>, StoreError>
  /** It was told, of so many; 0: there was nothing to tell. */
  readonly settle: (digest: OwedDigest, came: number, nowMs: number) => Effect.Effect<void, StoreError>
  /** Its turn comes then. */
  readonly postpone: (digest: OwedDigest, untilMs: number) => Effect.Effect<void, StoreError>
}>()("arbedge/QuietDigests") {}
