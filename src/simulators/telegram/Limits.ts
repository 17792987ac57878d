/**
 * Telegram's documented sending limits: 30 messages a second over all chats, 1 a second in a chat, 20 a minute in a
 * group. Comes in: a chat and the time of a send or an edit. Goes out: admitted, or the seconds to wait.
 * Promises: windows slide by the given clock, so virtual time works; a refused call takes no place in a window.
 * The real service lets short bursts through; this one does not, unless it is configured to.
 */

/** At most `messages` in any `windowMs` milliseconds. */
export interface Window {
  readonly messages: number
  readonly windowMs: number
}

/** `null` switches a limit off. */
export interface Limits {
  readonly overall: Window | null
  readonly chat: Window | null
  readonly group: Window | null
}

export const telegramLimits: Limits = {
  overall: { messages: 30, windowMs: 1_000 },
  chat: { messages: 1, windowMs: 1_000 },
  group: { messages: 20, windowMs: 60_000 },
}

export interface Limiter {
  readonly limits: Limits
  /** Times of admitted calls by window, oldest first; never longer than the window's `messages`. */
  readonly admitted: Map<string, Array<number>>
  /** Chats (or "all") that a forced retry_after keeps closed, and until when. */
  readonly heldUntilMs: Map<number | "all", number>
}

export const make = (overrides: Partial<Limits> = {}): Limiter => ({
  limits: { ...telegramLimits, ...overrides },
  admitted: new Map(),
  heldUntilMs: new Map(),
})

const seconds = (waitMs: number) => Math.max(1, Math.ceil(waitMs / 1_000))

/** Milliseconds until the window has room; 0 if it has now. */
const waitFor = (times: ReadonlyArray<number>, window: Window, nowMs: number): number => {
  if (window.messages <= 0) return window.windowMs
  const oldest = times[times.length - window.messages]
  return oldest === undefined ? 0 : Math.max(0, oldest + window.windowMs - nowMs)
}

const windowsOf = (limiter: Limiter, chatId: number, isGroup: boolean): ReadonlyArray<readonly [string, Window]> => {
  const { overall, chat, group } = limiter.limits
  return [
    ...(overall === null ? [] : [["overall", overall] as const]),
    ...(chat === null ? [] : [[`chat:${chatId}`, chat] as const]),
    ...(group === null || !isGroup ? [] : [[`group:${chatId}`, group] as const]),
  ]
}

/** Closes a chat, or all, for so many seconds: what a forced 429 promises is then kept. */
export const hold = (limiter: Limiter, chatId: number | "all", retryAfterSeconds: number, nowMs: number): void => {
  limiter.heldUntilMs.set(chatId, nowMs + retryAfterSeconds * 1_000)
}

const heldFor = (limiter: Limiter, key: number | "all", nowMs: number): number => {
  const untilMs = limiter.heldUntilMs.get(key)
  if (untilMs === undefined) return 0
  if (untilMs > nowMs) return untilMs - nowMs
  limiter.heldUntilMs.delete(key)
  return 0
}

/** Admits one send or edit and answers 0, or answers the `retry_after` in seconds. */
export const admit = (limiter: Limiter, chatId: number, isGroup: boolean, nowMs: number): number => {
  const windows = windowsOf(limiter, chatId, isGroup).map(([key, window]) =>
    [key, window, limiter.admitted.get(key) ?? []] as const
  )
  const waitMs = Math.max(
    heldFor(limiter, "all", nowMs),
    heldFor(limiter, chatId, nowMs),
    ...windows.map(([, window, times]) => waitFor(times, window, nowMs)),
  )
  if (waitMs > 0) return seconds(waitMs)
  for (const [key, window, times] of windows) {
    times.push(nowMs)
    if (times.length > window.messages) times.splice(0, times.length - window.messages)
    limiter.admitted.set(key, times)
  }
  return 0
}
