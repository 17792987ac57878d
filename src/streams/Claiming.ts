/**
 * Claiming: rows of the queue taken one batch after another, from where the last one ended.
 *
 * In: a worker's name and how many rows it wants. Out: leased rows, most urgent first. Promises: what was passed over in
 * the same order before is not looked at for every batch, so that claims stay as quick behind a long backlog, or while
 * another transaction keeps the database from clearing what was settled; a row that came to stand before that place (put
 * back, told late) is found once nothing is left behind it, or when all is looked at again: every 250 ms, or less often
 * where a look takes long, so that looks take a twentieth of the time.
 */
import { Clock, Effect } from "effect"
import { Priority, PRIORITY_RANK } from "../domain/Opportunity.ts"
import type { OpportunityQueue, Place, QueueItem } from "../layers/OpportunityQueue.ts"

const LOOK_EVERY_MS = 250
const LOOK_SHARE = 20
const NANOS_PER_MS = 1_000_000

export interface ClaimingOptions {
  readonly owner: string
  readonly limit: number
  readonly leaseMs: number
}

/** The end of a batch, a place for each priority that is in it. */
const placesOf = (items: ReadonlyArray<QueueItem>): ReadonlyArray<Place> =>
  Priority.literals.flatMap((priority) => {
    const last = items.findLast((item) => item.priority === priority)
    return last === undefined || last.scheduledAt === null
      ? []
      : [{ rank: PRIORITY_RANK[priority], atMs: last.scheduledAt, queueId: last.queueId }]
  })

const START: ReadonlyArray<Place> = Priority.literals.map((priority) => ({
  rank: PRIORITY_RANK[priority],
  atMs: 0,
  queueId: 0,
}))

/** One worker's: not to be called by two at a time. */
export const makeClaim = (queue: OpportunityQueue["Service"], { leaseMs, limit, owner }: ClaimingOptions) => {
  let places: ReadonlyArray<Place> | null = null
  let lookAtMs = -Infinity

  const monotonicMs = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / NANOS_PER_MS)

  const advance = (items: ReadonlyArray<QueueItem>) => {
    const reached = placesOf(items)
    places = (places ?? START).map((place) => reached.find(({ rank }) => rank === place.rank) ?? place)
  }

  const everything = Effect.fnUntraced(function* (nowMs: number) {
    const began = yield* monotonicMs
    const items = yield* queue.claim({ owner, limit, nowMs, leaseMs })
    const ended = yield* monotonicMs
    lookAtMs = ended + Math.max(LOOK_EVERY_MS, LOOK_SHARE * (ended - began))
    places = null
    if (items.length === limit) advance(items)
    return items
  })

  return Effect.fnUntraced(function* (nowMs: number) {
    if (places === null || (yield* monotonicMs) >= lookAtMs) return yield* everything(nowMs)
    const items = yield* queue.claim({ owner, limit, nowMs, leaseMs, after: places })
    if (items.length === 0) return yield* everything(nowMs)
    if (items.length < limit) places = null
    else advance(items)
    return items
  })
}
