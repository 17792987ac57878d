/**
 * What a message says as of now: opportunities at their newest revisions, and whether they were told too late.
 *
 * In: a row about to leave, and what it carries. Out: what its reader is shown. Promises: figures are never older than
 * what the Store knows, which is asked once for all messages that ask meanwhile; an edit of a message that tells of
 * several shows them all, in their places; while the Store does not answer, the row's own revision is told with its age.
 */
import { Effect } from "effect"
import type { Opportunity } from "../domain/Opportunity.ts"
import * as Gathering from "../layers/Gathering.ts"
import { Opportunities } from "../layers/Opportunities.ts"
import { OpportunityQueue, type QueueItem } from "../layers/OpportunityQueue.ts"

export interface Shown {
  readonly opportunity: Opportunity
  /** All that the message tells of, this one included; empty: it alone. */
  readonly batch: ReadonlyArray<Opportunity>
  /** It had closed when it was told, so long after it was found; null: it was told in time. */
  readonly toldAfterMs: number | null
}

/** Nothing is left to be edited: the message was sent when all was over. */
export const isShown = ({ batch, toldAfterMs }: Shown): boolean => toldAfterMs !== null && batch.length === 0

/** What a row carries. */
export interface Carried {
  readonly item: QueueItem
  readonly opportunity: Opportunity
}

/** What happens at this very instant counts as not known yet: a replay at full speed must not depend on who was first. */
const newer = (known: Opportunity | undefined, carried: Opportunity, nowMs: number): Opportunity =>
  known === undefined || known.revision < carried.revision || known.at >= nowMs ? carried : known

/** Messages looked up together. */
const TOGETHER = 64

const lateness = ({ detectedAt, state }: Opportunity, nowMs: number): number | null =>
  state === "closed" ? nowMs - detectedAt : null

export const makeAsOfNow = Effect.gen(function* () {
  const opportunities = yield* Opportunities, queue = yield* OpportunityQueue

  const newest = yield* Gathering.make({
    most: TOGETHER,
    work: (asked: ReadonlyArray<ReadonlyArray<string>>) =>
      Effect.map(opportunities.byIds([...new Set(asked.flat())]), (found) => {
        const byId = new Map(found.map((opportunity) => [opportunity.id, opportunity]))
        return asked.map(() => byId)
      }),
    isOnesFault: () => false,
  })
  const toldBy = yield* Gathering.make({ most: TOGETHER, work: queue.toldBy, isOnesFault: () => false })

  /** A message that is about to be sent, of one row or of several. */
  const ofNew = Effect.fnUntraced(function* (rows: ReadonlyArray<Carried>, first: Carried, nowMs: number) {
    const known = yield* newest(rows.map(({ opportunity }) => opportunity.id))
    const shown = rows.map(({ opportunity }) => newer(known.get(opportunity.id), opportunity, nowMs))
    const opportunity = newer(known.get(first.opportunity.id), first.opportunity, nowMs)
    return { opportunity, batch: rows.length > 1 ? shown : [], toldAfterMs: lateness(opportunity, nowMs) }
  })

  /** A message that is there. */
  const ofEdit = Effect.fnUntraced(function* ({ item, opportunity }: Carried, messageId: number, nowMs: number) {
    const told = yield* toldBy({ chatId: item.chatId, messageId })
    const known = yield* newest([...told.map(({ opportunityId }) => opportunityId), opportunity.id])
    const current = newer(known.get(opportunity.id), opportunity, nowMs)
    const batch = told.length < 2 ? [] : told.flatMap(({ opportunityId }) => known.get(opportunityId) ?? [])
    const own = told.find(({ opportunityId }) => opportunityId === opportunity.id)
    return { opportunity: current, batch, toldAfterMs: own?.toldAfterMs ?? null }
  })

  /** `mates` leave in the same message. */
  return Effect.fn("AsOfNow.shown")(function* (
    row: Carried,
    mates: ReadonlyArray<Carried>,
    nowMs: number,
  ): Effect.fn.Return<Shown> {
    const { item: { messageId, purpose }, opportunity } = row
    const found = purpose !== "notify" && messageId !== null
      ? ofEdit(row, messageId, nowMs)
      : ofNew([row, ...mates].toSorted((a, b) => a.item.queueId - b.item.queueId), row, nowMs)
    return yield* Effect.catch(
      found,
      (error) =>
        Effect.as(Effect.logWarning("a message is told as it was queued", row.item.queueId, error.message), {
          opportunity,
          batch: mates.length === 0 ? [] : [opportunity, ...mates.map((mate) => mate.opportunity)],
          toldAfterMs: null,
        }),
    )
  })
})

export type AsOfNow = Effect.Success<typeof makeAsOfNow>
