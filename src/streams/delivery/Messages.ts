/**
 * Messages: rows that were claimed, read, and put together to what leaves as one.
 *
 * In: claimed rows. Out: messages ready to be asked for at the limiter, a row or a batch of rows each. Promises: what
 * cannot be sent at all (nothing to edit, unreadable, shown already, over while it waited for others) is settled here
 * with its reason.
 */
import { Effect, Option, Schema } from "effect"
import { ABILITIES } from "../../domain/DeliveryChannel.ts"
import { Opportunity } from "../../domain/Opportunity.ts"
import { Preferences } from "../../domain/Preferences.ts"
import type { QueueItem } from "../../layers/OpportunityQueue.ts"
import { type AsOfNow, isShown } from "../AsOfNow.ts"
import type { Settle } from "./Ends.ts"
import type { Reader, ToldNotice } from "./Reader.ts"

/** What a row carries for its reader. */
export const Payload = Schema.Struct({ opportunity: Opportunity, language: Preferences.fields.language })
export type Payload = typeof Payload.Type

const decodePayload = Schema.decodeUnknownEffect(Payload)

export interface Carrying {
  readonly item: QueueItem
  readonly payload: Payload | ToldNotice
}

/** Null: it tells of no opportunity. */
export const opportunityOf = ({ payload }: Carrying): Opportunity | null =>
  "opportunity" in payload ? payload.opportunity : null

/** A message that can be sent, and how long the limiter has held it. */
export interface Message extends Carrying {
  readonly waitedMs: number
  /** The limiter's number of its grant; null: none yet, or its channel needs none. */
  readonly grant: number | null
  /** What else leaves in the same message. */
  readonly mates: ReadonlyArray<Carrying>
}

export const itemsOf = ({ item, mates }: Message): ReadonlyArray<QueueItem> => [item, ...mates.map((mate) => mate.item)]

/** What leaves together has the same name. An edit draws all that its message tells, so one is enough for all its lines. */
const bundleOf = ({ batchId, channel, chatId, messageId, purpose, queueId }: QueueItem): string => {
  if (channel !== "telegram") return `row ${queueId}`
  if (purpose !== "notify") return `edit ${messageId ?? queueId} ${chatId}`
  return batchId === null ? `row ${queueId}` : `batch ${batchId} ${chatId}`
}

/** Rows that are at hand become one message where they belong together. */
export const bundled = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> => {
  const bundles = new Map<string, Message>()
  for (const one of messages) {
    const key = bundleOf(one.item), first = bundles.get(key)
    bundles.set(key, first === undefined ? one : { ...first, mates: [...first.mates, one] })
  }
  return [...bundles.values()]
}

const NOTHING = { latencyMs: null, limiterWaitMs: 0, scheduledWaitMs: 0 }

/** `waitedMs`: how long the limiter has held a row by now. */
export const makeReading = (
  { asOfNow, reader, settle, waitedMs }: {
    readonly asOfNow: AsOfNow
    readonly reader: Reader
    readonly settle: Settle
    readonly waitedMs: (item: QueueItem, nowMs: number) => number
  },
) =>
  Effect.fnUntraced(function* (item: QueueItem, nowMs: number) {
    if (item.kind !== "opportunity") {
      const read = yield* reader(item, nowMs)
      if (read._tag === "Told") {
        return [
          { item, payload: read.payload, waitedMs: waitedMs(item, nowMs), grant: null, mates: [] } satisfies Message,
        ]
      }
      yield* settle(item, read, NOTHING)
      return []
    }
    const isEdit = item.purpose !== "notify"
    if (isEdit && item.messageId === null) {
      yield* settle(item, { _tag: "Cancelled", error: "nothing was sent that could be edited" }, NOTHING)
      return []
    }
    if (isEdit && !ABILITIES[item.channel].edits) {
      yield* settle(item, { _tag: "Cancelled", error: `${item.channel} takes no edits` }, NOTHING)
      return []
    }
    const payload = yield* Effect.option(decodePayload(item.payload))
    if (Option.isNone(payload)) {
      yield* settle(item, { _tag: "Failed", error: "unreadable payload" }, NOTHING)
      return []
    }
    const { opportunity } = payload.value
    if (isEdit && isShown(yield* asOfNow({ item, opportunity }, [], nowMs))) {
      yield* settle(item, { _tag: "Cancelled", error: "shown already" }, NOTHING)
      return []
    }
    // That it waited was our wish, not the messenger's: what is over by now was never news to its reader.
    if (item.batchId !== null && (yield* asOfNow({ item, opportunity }, [], nowMs)).toldAfterMs !== null) {
      yield* settle(item, { _tag: "Cancelled", error: "it closed while it waited for others" }, NOTHING)
      return []
    }
    return [{ item, payload: payload.value, waitedMs: waitedMs(item, nowMs), grant: null, mates: [] } satisfies Message]
  })
