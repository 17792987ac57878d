/**
 * The RateLimits port: the count that all limiters of a Store share, and the waits a messenger asked for, table
 * `rate_limits`.
 *
 * In: whose counts are wanted, and a decision on them. Out: what was decided. Promises: from reading to writing a
 * decision is alone, over all processes, and what it decided is given out only once it is written; a wake-up
 * (`retry_after`) is never shortened, and survives every restart.
 */
import { Context, type Effect } from "effect"
import type { TelegramId } from "../domain/User.ts"
import type { StoreError } from "./Store.ts"

export interface ChatLimit {
  readonly chatId: TelegramId
  /** Numbers of the newest grants, oldest first. */
  readonly grants: ReadonlyArray<number>
  /** Nothing may be sent before then (ms); 0: the messenger asked for no silence. */
  readonly blockedUntilMs: number
}

export interface Counted {
  /** The number of the newest grant to anybody. */
  readonly last: number
  /** Numbers that are not known to have landed (domain/RateLimit.ts). */
  readonly open: ReadonlyArray<number>
  /** Of the chats asked for, those that are known. */
  readonly chats: ReadonlyArray<ChatLimit>
}

/** What a decision answers, and what it writes; chats left out stay as they are. */
export interface Decided<A> {
  readonly answer: A
  readonly last: number
  /** Of the numbers up to `last`. */
  readonly open: ReadonlyArray<number>
  readonly chats: ReadonlyArray<Pick<ChatLimit, "chatId" | "grants">>
}

export class RateLimits extends Context.Service<RateLimits, {
  /** One decision. Where it grants nothing and nothing has landed, nothing is written. */
  readonly turn: <A>(
    chatIds: ReadonlyArray<TelegramId>,
    decide: (counted: Counted) => Decided<A>,
    nowMs: number,
  ) => Effect.Effect<A, StoreError>
  /** The messenger wants silence towards one chat until then. */
  readonly block: (chatId: TelegramId, untilMs: number, nowMs: number) => Effect.Effect<void, StoreError>
  /** Forgets chats with no grant above `past` whose silence ended a day ago. Out: how many. */
  readonly prune: (past: number, nowMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/RateLimits") {}
