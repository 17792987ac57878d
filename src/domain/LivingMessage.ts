/**
 * The living message: when the one message about an opportunity is edited, and how urgent that is.
 *
 * In: a transition, and when the message last changed. Out: when the edit is due, and its priority. Promises: pure; one
 * message changes at most every 3 s (10 s in groups, which have 20 a minute), since a newer edit takes the place of one
 * that waits; a close is told at once; an edit is less urgent than telling somebody of something as urgent.
 */
import type { OpportunityState, Priority } from "./Opportunity.ts"

/** Between two changes of one message. */
export const EDIT_PAUSE_MS = { private: 3_000, group: 10_000 } as const
/** Fading usually ends in half a second, by closing or by recovering: only what lasts is worth an edit. */
export const FADING_AFTER_MS = 2_000

export interface Touched {
  readonly isGroup: boolean
  /** When the message was sent or last edited; null: it has not left yet. */
  readonly touchedAtMs: number | null
}

/** When an edit to this state is due. */
export const editDueAt = (state: OpportunityState, { isGroup, touchedAtMs }: Touched, nowMs: number): number => {
  if (state === "closed") return nowMs
  const rested = touchedAtMs === null ? nowMs : touchedAtMs + EDIT_PAUSE_MS[isGroup ? "group" : "private"]
  return Math.max(nowMs + (state === "fading" ? FADING_AFTER_MS : 0), rested)
}

const LESS: Readonly<Record<Priority, Priority>> = { critical: "high", high: "medium", medium: "low", low: "low" }

/** One step down; among the low ones, what waits longest goes first. */
export const editPriority = (priority: Priority): Priority => LESS[priority]
