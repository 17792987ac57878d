/**
 * The rate limits of a messenger, over any number of holders that share a count and have a clock each.
 *
 * Grants are numbered over all chats. A holder remembers when it first saw each number, by its own monotonic time: the
 * grant is at least that old, whoever gave it. In: who wants to send, what is shared, the holder's time. Out: granted,
 * or until when to wait and why. Promises: in no half-open window [t, t + window) are there more grants than the limit,
 * for all chats together, each chat, and each group, whatever the holders' clocks say, if the shared count changes by one
 * holder at a time; a holder that has just begun waits a window at most for what it does not know; a chat told to wait
 * (`retry_after`) is granted nothing before then, others are untouched.
 */
import { Schema } from "effect"

export interface Limit {
  readonly grants: number
  readonly windowMs: number
}

export interface Limits {
  readonly global: Limit
  readonly chat: Limit
  readonly group: Limit
  /**
   * Added to every window: the messenger counts when requests arrive, and two that we send a window apart may arrive
   * this much closer together.
   */
  readonly marginMs: number
}

/** Telegram's: 30 a second over all chats, one a second to a chat, 20 a minute to a group. */
export const TELEGRAM_LIMITS: Limits = {
  global: { grants: 30, windowMs: 1_000 },
  chat: { grants: 1, windowMs: 1_000 },
  group: { grants: 20, windowMs: 60_000 },
  marginMs: 50,
}

/** What a wait is for, the strictest where several hold: `paused` is the messenger's own `retry_after`. */
export const LimitScope = Schema.Literals(["global", "chat", "group", "paused"])
export type LimitScope = typeof LimitScope.Type

export const Verdict = Schema.Union([
  Schema.TaggedStruct("Granted", {}),
  /** Ask again at `untilMs`; nothing is reserved. */
  Schema.TaggedStruct("Wait", { untilMs: Schema.Int, scope: LimitScope }),
])
export type Verdict = typeof Verdict.Type

/** What all holders share: it changes by one of them at a time. */
export interface Grants {
  /** The number of the newest grant to anybody; 0: there was none. */
  last: number
  /** By chat, the numbers of its newest grants, oldest first; of chats that are asked about. */
  readonly chats: Map<string, ReadonlyArray<number>>
}

export interface Asking {
  readonly chatId: string
  readonly isGroup: boolean
  /** The messenger wants silence towards this chat until then, by the holder's time; 0: it does not. */
  readonly pausedUntilMs: number
  /** Grants of the global window that are left to others. */
  readonly reserve?: number
}

interface Seen {
  readonly last: number
  readonly atMs: number
}

export class RateLimit {
  readonly #limits: Limits
  readonly #longestMs: number
  readonly #keep: number
  /** Rising numbers, each with the time at which it was first known. */
  #seen: Array<Seen> = []
  #past = 0

  constructor(limits: Limits = TELEGRAM_LIMITS) {
    this.#limits = limits
    this.#longestMs = Math.max(limits.global.windowMs, limits.chat.windowMs, limits.group.windowMs) + limits.marginMs
    this.#keep = Math.max(limits.chat.grants, limits.group.grants)
  }

  /** Grants up to this number count in no window any more. */
  get past(): number {
    return this.#past
  }

  /** How many times are remembered. */
  get size(): number {
    return this.#seen.length
  }

  /** Tells the holder how far the count is. Call it with what is read before asking, and again once it is written. */
  see(last: number, nowMs: number): void {
    const newest = this.#seen.at(-1)
    // A time or a count that went back belongs to another world: all that is known is as fresh as can be.
    if (newest !== undefined && (last < newest.last || nowMs < newest.atMs)) this.#seen = []
    if (last < this.#past) this.#past = 0
    if (last > this.#past && last !== this.#seen.at(-1)?.last) this.#seen.push({ last, atMs: nowMs })
    let old = 0
    while (old < this.#seen.length && (this.#seen[old]?.atMs ?? nowMs) <= nowMs - this.#longestMs) old++
    if (old === 0) return
    this.#past = this.#seen[old - 1]?.last ?? this.#past
    this.#seen.splice(0, old)
  }

  /** Grants at once, in `grants`, or says how long to wait. A grant is spent, whatever becomes of the message. */
  acquire(grants: Grants, { chatId, isGroup, pausedUntilMs, reserve = 0 }: Asking, nowMs: number): Verdict {
    const { chat, global, group, marginMs } = this.#limits
    const log = grants.chats.get(chatId) ?? []
    const freeAt = (number: number | undefined, { windowMs }: Limit): number =>
      number === undefined || number < 1 ? 0 : this.#latest(number, nowMs) + windowMs + marginMs
    const waits: ReadonlyArray<readonly [LimitScope, number]> = [
      ["paused", pausedUntilMs],
      ["group", isGroup ? freeAt(log.at(-group.grants), group) : 0],
      ["chat", freeAt(log.at(-chat.grants), chat)],
      ["global", freeAt(grants.last - Math.max(1, global.grants - reserve) + 1, global)],
    ]
    const [scope, untilMs] = waits.reduce((longest, wait) => wait[1] > longest[1] ? wait : longest)
    if (untilMs > nowMs) return { _tag: "Wait", untilMs: Math.ceil(untilMs), scope }
    grants.last++
    grants.chats.set(chatId, [...log, grants.last].slice(-this.#keep))
    return { _tag: "Granted" }
  }

  /** The latest time at which a grant can have been given; one that was never seen is of this moment. */
  #latest(number: number, nowMs: number): number {
    if (number <= this.#past) return -Infinity
    let from = 0, until = this.#seen.length
    while (from < until) {
      const middle = (from + until) >> 1
      if ((this.#seen[middle]?.last ?? 0) >= number) until = middle
      else from = middle + 1
    }
    return this.#seen[from]?.atMs ?? nowMs
  }
}
