/**
 * Batching: which notifications of one user wait for each other, and until when, to leave as one message.
 *
 * In: a notification's priority and life, the batches that wait already, and when else the user is told. Out: when it
 * leaves, and with which batch. Promises: pure; critical ones leave at once, or with others in the chat's next second
 * where this one is taken; high ones within 5 s, medium and low ones within 60 s; none waits past half of what is left of
 * its life; no batch holds more than five. Rows hold the outcome, so a restart changes nothing.
 */
import type { Priority } from "./Opportunity.ts"

/** How long one may wait for company. */
export const WINDOW_MS: Readonly<Record<Priority, number>> = { critical: 0, high: 5_000, medium: 60_000, low: 60_000 }

/** The messenger takes one message of a chat within it: what comes meanwhile waits anyway, and may as well together. */
const PACE_MS = 1_000

/** A message holds no more. */
export const MAX_ITEMS = 5

/** A batch that waits: named by its first row. */
export interface Batch {
  readonly batchId: number
  readonly dueAtMs: number
  readonly items: number
}

export interface Batchable {
  readonly queueId: number
  readonly priority: Priority
  readonly expiresAt: number
}

/** When it leaves; `batchId` null: by itself. */
export interface Placed {
  readonly dueAtMs: number
  readonly batchId: number | null
}

/** The first instant from then on in whose second the user is told nothing else. */
const freeMs = (fromMs: number, toldAtMs: ReadonlyArray<number>): number =>
  toldAtMs.toSorted((a, b) => a - b).reduce(
    (free, at) => Math.abs(at - free) < PACE_MS ? at + PACE_MS : free,
    fromMs,
  )

/** The last instant at which it may leave, counted from when it could. */
export const latestMs = (
  { expiresAt, priority }: Pick<Batchable, "priority" | "expiresAt">,
  fromMs: number,
  toldAtMs: ReadonlyArray<number> = [],
): number => {
  const halfMs = Math.floor(Math.max(0, expiresAt - fromMs) / 2)
  return fromMs + Math.min(Math.max(WINDOW_MS[priority], freeMs(fromMs, toldAtMs) - fromMs), halfMs)
}

/** Joins the first batch that leaves in time and has room, else begins one. */
export const place = (
  item: Batchable,
  fromMs: number,
  waiting: ReadonlyArray<Batch>,
  toldAtMs: ReadonlyArray<number> = [],
): Placed => {
  const latest = latestMs(item, fromMs, toldAtMs)
  if (latest <= fromMs) return { dueAtMs: fromMs, batchId: null }
  const joined = waiting
    .filter(({ dueAtMs, items }) => dueAtMs >= fromMs && dueAtMs <= latest && items < MAX_ITEMS)
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs || a.batchId - b.batchId)[0]
  return joined === undefined
    ? { dueAtMs: latest, batchId: item.queueId }
    : { dueAtMs: joined.dueAtMs, batchId: joined.batchId }
}

/** The batches that wait once it has been placed. */
export const withPlaced = (waiting: ReadonlyArray<Batch>, { batchId, dueAtMs }: Placed): ReadonlyArray<Batch> => {
  if (batchId === null) return waiting
  const known = waiting.find((batch) => batch.batchId === batchId)
  return known === undefined
    ? [...waiting, { batchId, dueAtMs, items: 1 }]
    : waiting.map((batch) => batch === known ? { ...batch, items: batch.items + 1 } : batch)
}
