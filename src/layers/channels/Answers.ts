/**
 * What an HTTP receiver's answer means for a notification.
 *
 * In: an answer or a fault of PublicRequest.ts. Out: an outcome. Promises: the table of docs/guides/channels.md; nothing
 * of what the receiver wrote gets into `detail` but its status.
 */
import type { Outcome } from "../Notifier.ts"
import type { Answer, RequestFault } from "./PublicRequest.ts"

/** Where a receiver asks to wait without saying how long, and the longest that is believed. */
const DEFAULT_WAIT_MS = 30_000
const LONGEST_WAIT_MS = 3_600_000

const waitMs = (retryAfter: string | null, nowMs: number): number => {
  if (retryAfter === null) return DEFAULT_WAIT_MS
  const asked = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - nowMs
  return Number.isFinite(asked) ? Math.min(LONGEST_WAIT_MS, Math.max(1_000, asked)) : DEFAULT_WAIT_MS
}

/** `gone`: the statuses by which this channel's receivers say that nobody is there any more. */
export const outcomeOf = (
  { retryAfter, status }: Answer,
  { gone, id, nowMs }: { readonly gone: ReadonlyArray<number>; readonly id: number; readonly nowMs: number },
): Outcome => {
  const detail = `HTTP ${status}`
  if (status >= 200 && status < 300) return { _tag: "Accepted", messageId: id }
  if (gone.includes(status)) return { _tag: "ChatGone", detail }
  if (status === 429 || (status === 503 && retryAfter !== null)) {
    return { _tag: "RetryAfter", afterMs: waitMs(retryAfter, nowMs) }
  }
  if (status === 408 || status >= 500) return { _tag: "Unavailable", detail }
  return { _tag: "Refused", detail: status >= 300 && status < 400 ? `${detail}: redirects are not followed` : detail }
}

export const outcomeOfFault = ({ detail, kind }: RequestFault): Outcome =>
  kind === "forbidden"
    ? { _tag: "Refused", detail }
    : kind === "not_sent"
    ? { _tag: "Unavailable", detail }
    : { _tag: "Unknown", detail }
