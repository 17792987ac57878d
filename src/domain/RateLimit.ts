/**
 * The rate limits of a messenger, over any number of holders that share a count and have a clock each.
 *
 * Grants are numbered over all chats. A granted call arrives at some instant until it is told to have landed (answered,
 * failed, given up): its number is open until then, and a holder remembers when it first knew it landed, by its own
 * monotonic time. In: who wants to send, what is shared, what landed, the holder's time. Out: granted, or until when to
 * wait and why. Promises: in no half-open window [t, t + window) do more calls arrive than the limit, for all chats
 * together, each chat, and each group, of calls that arrive within `lostMs`, whatever the holders' clocks say, if the
 * shared count changes by one holder at a time; what is never told to have landed counts so after `lostMs`; a chat told
 * to wait (`retry_after`) is granted nothing before then, others are untouched.
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
  /** Added to every window: the messenger's clock may go slower than ours, and both count whole milliseconds. */
  readonly marginMs: number
  /** Its sender died, or has no answer yet: a call has landed so long after its grant was first seen. */
  readonly lostMs: number
}

/** Telegram's: 30 a second over all chats, one a second to a chat, 20 a minute to a group. */
export const TELEGRAM_LIMITS: Limits = {
  global: { grants: 30, windowMs: 1_000 },
  chat: { grants: 1, windowMs: 1_000 },
  group: { grants: 20, windowMs: 60_000 },
  marginMs: 10,
  lostMs: 2_000,
}

/** What a wait is for, the strictest where several hold: `paused` is the messenger's own `retry_after`. */
export const LimitScope = Schema.Literals(["global", "chat", "group", "paused"])
export type LimitScope = typeof LimitScope.Type

export const Verdict = Schema.Union([
  /** `number` is to be told once the call has landed, or when it is not made. */
  Schema.TaggedStruct("Granted", { number: Schema.Int }),
  /** Ask again at `untilMs`; nothing is reserved. */
  Schema.TaggedStruct("Wait", { untilMs: Schema.Int, scope: LimitScope }),
])
export type Verdict = typeof Verdict.Type

/** What all holders share: it changes by one of them at a time. */
export interface Grants {
  /** The number of the newest grant to anybody; 0: there was none. */
  last: number
  /** Numbers that are not known to have landed; what is shared may be behind what a holder was told. */
  open: ReadonlyArray<number>
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
  #open = new Set<number>()
  /** When a number was first known to have landed, oldest first. */
  readonly #landed = new Map<number, number>()
  /** Of these, the ones that may count among all chats. */
  readonly #recent = new Set<number>()

  constructor(limits: Limits = TELEGRAM_LIMITS) {
    this.#limits = limits
    this.#longestMs = Math.max(limits.global.windowMs, limits.chat.windowMs, limits.group.windowMs) + limits.marginMs
    this.#keep = Math.max(limits.chat.grants, limits.group.grants)
  }

  /** Grants up to this number count in no window any more. */
  get past(): number {
    return this.#past
  }

  /** Numbers whose calls may still arrive. */
  get open(): ReadonlyArray<number> {
    return [...this.#open]
  }

  /** How many times are remembered. */
  get size(): number {
    return Math.max(this.#seen.length, this.#landed.size)
  }

  /** Tells the holder what is shared. Call it with what is read before asking, and again once it is written. */
  see({ last, open }: Pick<Grants, "last" | "open">, nowMs: number): void {
    const newest = this.#seen.at(-1)
    // A time or a count that went back belongs to another world: all that is known is as fresh as can be.
    if (newest !== undefined && (last < newest.last || nowMs < newest.atMs)) {
      this.#seen = []
      this.#open.clear()
      this.#landed.clear()
      this.#recent.clear()
    }
    if (last < this.#past) this.#past = 0
    if (last > this.#past && last !== this.#seen.at(-1)?.last) this.#seen.push({ last, atMs: nowMs })
    this.#close(new Set(open), nowMs)
    this.#forget(nowMs)
  }

  /** Calls that were answered, failed or were given up by now: none of them arrives later. */
  landed(numbers: ReadonlyArray<number>, nowMs: number): void {
    for (const number of numbers) {
      this.#open.delete(number)
      // To its end: the oldest are forgotten first.
      this.#landed.delete(number)
      this.#landed.set(number, nowMs)
      this.#recent.add(number)
    }
  }

  /** Grants at once, in `grants`, or says how long to wait. A grant is spent, whatever becomes of the message. */
  acquire(grants: Grants, { chatId, isGroup, pausedUntilMs, reserve = 0 }: Asking, nowMs: number): Verdict {
    const { chat, global, group } = this.#limits
    const log = grants.chats.get(chatId) ?? []
    const places = Math.max(1, global.grants - reserve)
    const waits: ReadonlyArray<readonly [LimitScope, number]> = [
      ["paused", pausedUntilMs],
      ["group", isGroup ? this.#freeAt(log, group, nowMs) : 0],
      ["chat", this.#freeAt(log, chat, nowMs)],
      ["global", this.#freeAt(this.#ofAll(grants.last), { ...global, grants: places }, nowMs)],
    ]
    const [scope, untilMs] = waits.reduce((longest, wait) => wait[1] > longest[1] ? wait : longest)
    if (untilMs > nowMs) return { _tag: "Wait", untilMs: Math.ceil(untilMs), scope }
    const number = ++grants.last
    grants.open = [...grants.open, number]
    grants.chats.set(chatId, [...log, number].slice(-this.#keep))
    return { _tag: "Granted", number }
  }

  /** Numbers among which are all that fill the window of all chats: the newest, and older ones that landed late. */
  #ofAll(last: number): ReadonlySet<number> {
    const { grants } = this.#limits.global
    const newest = Array.from({ length: Math.min(grants, last) }, (_, n) => last - n)
    return new Set([...newest, ...this.#open, ...this.#recent])
  }

  /** When a window has room; not after `nowMs`: it has. */
  #freeAt(numbers: Iterable<number>, { grants, windowMs }: Limit, nowMs: number): number {
    const ends: Array<number> = []
    for (const number of numbers) {
      const endMs = this.#latest(number, nowMs) + windowMs + this.#limits.marginMs
      if (endMs > nowMs) ends.push(endMs)
    }
    return ends.sort((a, b) => b - a)[grants - 1] ?? 0
  }

  /** The latest time at which a call can have arrived; one that is open, or was never seen, arrives this moment. */
  #latest(number: number, nowMs: number): number {
    return this.#landed.get(number) ?? (this.#open.has(number) ? nowMs : this.#seenAt(number, nowMs))
  }

  /** When a number was first known. */
  #seenAt(number: number, nowMs: number): number {
    if (number <= this.#past) return -Infinity
    let from = 0, until = this.#seen.length
    while (from < until) {
      const middle = (from + until) >> 1
      if ((this.#seen[middle]?.last ?? 0) >= number) until = middle
      else from = middle + 1
    }
    return this.#seen[from]?.atMs ?? nowMs
  }

  /** What was open and is no more has landed by now, and so has what was lost. */
  #close(open: ReadonlySet<number>, nowMs: number): void {
    this.landed([...this.#open].filter((number) => !open.has(number)), nowMs)
    for (const number of open) {
      if (number > this.#past && !this.#landed.has(number)) this.#open.add(number)
    }
    this.landed(this.open.filter((number) => this.#seenAt(number, nowMs) + this.#limits.lostMs <= nowMs), nowMs)
  }

  #forget(nowMs: number): void {
    const { global, lostMs, marginMs } = this.#limits
    for (const number of this.#recent) {
      if (this.#latest(number, nowMs) <= nowMs - global.windowMs - marginMs) this.#recent.delete(number)
    }
    for (const [number, atMs] of this.#landed) {
      if (atMs > nowMs - this.#longestMs) break
      this.#landed.delete(number)
    }
    let old = 0
    while (old < this.#seen.length && (this.#seen[old]?.atMs ?? nowMs) <= nowMs - this.#longestMs - lostMs) old++
    if (old === 0) return
    this.#past = this.#seen[old - 1]?.last ?? this.#past
    this.#seen.splice(0, old)
  }
}
