/**
 * Troubles on request: what a test wants Telegram to do wrong, and to which calls.
 * Comes in: faults with a filter and a count. Goes out: the fault that strikes a call, if any.
 * Promises: faults strike in the order they were asked for, each as many times as it says; nothing is random.
 */
import type { RefusalParameters } from "./Outcome.ts"

/**
 * - `status`: an HTTP error from a front server, not executed; an HTML page unless `html` is false
 * - `refuse`: any refusal of the Bot API, not executed
 * - `retryAfter`: 429, not executed; the chat (or all, for calls without one) stays closed until then
 * - `loseReply`: the call is executed and logged, then the connection drops
 * - `loseCall`: the connection drops before anything is executed
 * - `slow`: the call is executed at once and answered `delayMs` later
 */
export type Trouble =
  | { readonly _tag: "status"; readonly status: number; readonly html?: boolean }
  | {
    readonly _tag: "refuse"
    readonly errorCode: number
    readonly description: string
    readonly parameters?: RefusalParameters
  }
  | { readonly _tag: "retryAfter"; readonly seconds: number }
  | { readonly _tag: "loseReply" }
  | { readonly _tag: "loseCall" }
  | { readonly _tag: "slow"; readonly delayMs: number }

export interface Fault {
  readonly trouble: Trouble
  /** Only calls of this method; any but getUpdates and getMe if absent. */
  readonly method?: string
  readonly chatId?: number
  /** How many calls it strikes: 1 if absent, Infinity for all. */
  readonly times?: number
}

export interface Faults {
  active: Array<{ readonly fault: Fault; left: number }>
}

export const make = (): Faults => ({ active: [] })

export const inject = (faults: Faults, fault: Fault): void => {
  faults.active.push({ fault, left: fault.times ?? 1 })
}

export const clear = (faults: Faults): void => {
  faults.active = []
}

/** Takes the trouble meant for this call. */
export const strike = (faults: Faults, method: string, chatId: number | null): Trouble | null => {
  const found = faults.active.find(({ fault }) =>
    (fault.method === undefined
      ? method !== "getUpdates" && method !== "getMe"
      : fault.method.toLowerCase() === method.toLowerCase()) &&
    (fault.chatId === undefined || fault.chatId === chatId)
  )
  if (found === undefined) return null
  found.left--
  if (found.left <= 0) faults.active = faults.active.filter((each) => each !== found)
  return found.fault.trouble
}
