/**
 * The rate limits of a messenger, as a pure sliding log of grants.
 *
 * In: who wants to send, and when. Out: granted, or until when to wait and why. Promises: in no half-open window
 * [t, t + window) are there more grants than the limit, for all chats together, each chat, and each group; a chat told
 * to wait (`retry_after`) is granted nothing before then, others are untouched; chats idle for longer than their
 * longest window are forgotten, so memory is bounded by the global rate. If the clock is set back, grants that are now
 * in the future count as granted at once: a wait is never longer than a window for it.
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

/** When the next grant is possible: `log` holds grant times, oldest first. */
const freeAt = (log: ReadonlyArray<number>, limit: Limit, marginMs: number): number => {
  const blocking = log[log.length - limit.grants]
  return blocking === undefined ? 0 : blocking + limit.windowMs + marginMs
}

const dropUntil = (log: Array<number>, atMs: number): void => {
  let count = 0
  while (count < log.length && (log[count] ?? atMs) <= atMs) count++
  if (count > 0) log.splice(0, count)
}

const notAfter = (log: ReadonlyArray<number>, nowMs: number): Array<number> => log.map((atMs) => Math.min(atMs, nowMs))

/** How often pauses that have passed are looked for. */
const SWEEP_MS = 60_000

export class RateLimit {
  readonly #limits: Limits
  readonly #longestMs: number
  #global: Array<number> = []
  /** By chat, the longest idle first. */
  readonly #chats: Map<string, Array<number>> = new Map()
  readonly #paused: Map<string, number> = new Map()
  #latestMs = 0
  #sweptMs = 0

  constructor(limits: Limits = TELEGRAM_LIMITS) {
    this.#limits = limits
    this.#longestMs = Math.max(limits.chat.windowMs, limits.group.windowMs) + limits.marginMs
  }

  /** Grants at once or says how long to wait. A grant is spent, whatever becomes of the message. */
  acquire(chatId: string, isGroup: boolean, nowMs: number): Verdict {
    this.#advance(nowMs)
    const log = this.#chats.get(chatId) ?? []
    dropUntil(log, nowMs - this.#longestMs)
    const { chat, global, group, marginMs } = this.#limits
    const waits: ReadonlyArray<readonly [LimitScope, number]> = [
      ["paused", this.pausedUntil(chatId)],
      ["group", isGroup ? freeAt(log, group, marginMs) : 0],
      ["chat", freeAt(log, chat, marginMs)],
      ["global", freeAt(this.#global, global, marginMs)],
    ]
    const [scope, untilMs] = waits.reduce((longest, wait) => wait[1] > longest[1] ? wait : longest)
    if (untilMs > nowMs) return { _tag: "Wait", untilMs, scope }
    this.#global.push(nowMs)
    log.push(nowMs)
    this.#chats.delete(chatId)
    this.#chats.set(chatId, log)
    return { _tag: "Granted" }
  }

  /** The messenger asked for silence towards one chat; a later wake-up is never shortened by an earlier one. */
  pause(chatId: string, untilMs: number): void {
    if (untilMs > this.pausedUntil(chatId)) this.#paused.set(chatId, untilMs)
  }

  /** Until when a chat may be sent nothing (ms); 0: it was never paused. */
  pausedUntil(chatId: string): number {
    return this.#paused.get(chatId) ?? 0
  }

  /** Times of the grants to a chat, or to all for null, that still count, oldest first: what a restart must know. */
  grants(chatId: string | null): ReadonlyArray<number> {
    return chatId === null ? this.#global : this.#chats.get(chatId) ?? []
  }

  /** Takes up what an earlier holder granted, oldest first. Chats must come in the order of their last grants. */
  restore(chatId: string | null, grants: ReadonlyArray<number>, nowMs: number): void {
    if (chatId === null) this.#global = notAfter(grants, nowMs)
    else if (grants.length > 0) this.#chats.set(chatId, notAfter(grants, nowMs))
  }

  /** How many chats are remembered. */
  get size(): number {
    return this.#chats.size + this.#paused.size
  }

  /** Moves the limiter's time and forgets what no longer counts. */
  #advance(nowMs: number): void {
    if (nowMs < this.#latestMs) {
      this.#global = notAfter(this.#global, nowMs)
      for (const [chatId, log] of this.#chats) this.#chats.set(chatId, notAfter(log, nowMs))
      this.#sweptMs = 0
    }
    this.#latestMs = nowMs
    dropUntil(this.#global, nowMs - this.#limits.global.windowMs - this.#limits.marginMs)
    for (const [chatId, log] of this.#chats) {
      if ((log.at(-1) ?? 0) > nowMs - this.#longestMs) break
      this.#chats.delete(chatId)
    }
    if (nowMs < this.#sweptMs + SWEEP_MS) return
    this.#sweptMs = nowMs
    for (const [chatId, untilMs] of this.#paused) if (untilMs <= nowMs) this.#paused.delete(chatId)
  }
}
