/**
 * The bot's queue of updates, as Telegram keeps it until they are confirmed.
 * Comes in: updates by kind. Goes out: those from an offset (polling), or the next that may be posted (webhook).
 * Promises: update ids rise by one; an unwanted kind is never queued; at most `pendingLimit` wait, the oldest are
 * dropped and counted. A duplicate is handed out once more whatever the offset, as happens after a lost reply.
 */
import { Result } from "effect"
import { type Answer, badRequest } from "./Outcome.ts"
import { integer, json, type Params } from "./Params.ts"
import * as Signal from "./Signal.ts"

export type Update = Readonly<Record<string, unknown>> & { readonly update_id: number }

export interface Pending {
  readonly update: Update
  /** Updates of one lane are posted to a webhook one after the other. */
  readonly lane: string
  readonly duplicate: boolean
}

export interface Updates {
  readonly changed: Signal.Signal
  pending: Array<Pending>
  /** The last updates handed in, for `duplicate`. */
  readonly recent: Array<Pending>
  nextId: number
  /** null: Telegram's default, all kinds but those that must be asked for. */
  allowed: ReadonlySet<string> | null
  droppedCount: number
  /** Rises when a getUpdates call must end because another took its place. */
  poll: number
}

export const pendingLimit = 100_000
const recentLimit = 1_000
const onlyOnDemand = new Set(["chat_member", "message_reaction", "message_reaction_count"])

export const make = (firstId: number): Updates => ({
  changed: Signal.make(),
  pending: [],
  recent: [],
  nextId: firstId,
  allowed: null,
  droppedCount: 0,
  poll: 0,
})

const enqueue = (updates: Updates, pending: Pending): void => {
  updates.pending.push(pending)
  if (updates.pending.length > pendingLimit) {
    updates.pending.shift()
    updates.droppedCount++
  }
  updates.changed.notify()
}

/** Queues an update; answers its id, or null if the bot did not ask for its kind. */
export const push = (updates: Updates, lane: string, content: Readonly<Record<string, unknown>>): number | null => {
  const wanted = Object.keys(content).every((kind) =>
    kind === "update_id" || (updates.allowed === null ? !onlyOnDemand.has(kind) : updates.allowed.has(kind))
  )
  if (!wanted) return null
  const given = content["update_id"]
  const update_id = typeof given === "number" ? given : updates.nextId
  updates.nextId = Math.max(updates.nextId, update_id + 1)
  const pending: Pending = { update: { ...content, update_id }, lane, duplicate: false }
  updates.recent.push(pending)
  if (updates.recent.length > recentLimit) updates.recent.shift()
  enqueue(updates, pending)
  return update_id
}

/** Queues a recent update (the last one by default) a second time, with its old id; false if it is not known. */
export const duplicate = (updates: Updates, updateId: number | undefined): boolean => {
  const found = updateId === undefined
    ? updates.recent.at(-1)
    : updates.recent.find(({ update }) => update.update_id === updateId)
  if (found === undefined) return false
  enqueue(updates, { ...found, duplicate: true })
  return true
}

/** What getUpdates answers now: an offset confirms all before it, a negative one keeps that many from the end. */
export const take = (updates: Updates, params: Params): ReadonlyArray<Update> => {
  const offset = integer(params, "offset") ?? 0
  const limit = Math.min(100, Math.max(1, integer(params, "limit") ?? 100))
  if (offset > 0) {
    updates.pending = updates.pending.filter(({ update, duplicate }) => duplicate || update.update_id >= offset)
  } else if (offset < 0) updates.pending = updates.pending.slice(offset)
  const taken = updates.pending.slice(0, limit)
  if (taken.some(({ duplicate }) => duplicate)) {
    const handedOut = new Set(taken)
    updates.pending = updates.pending.filter((each) => !(each.duplicate && handedOut.has(each)))
  }
  // In order of their ids, so that the next offset never falls behind because of a duplicate.
  return taken.map(({ update }) => update).toSorted((a, b) => a.update_id - b.update_id)
}

/** Takes over `allowed_updates` if the call has it: an empty list means the default. */
export const allow = (updates: Updates, params: Params): Answer<void> =>
  Result.gen(function* () {
    const kinds = yield* json(params, "allowed_updates", "can't parse allowed_updates: expected an Array of String")
    if (kinds === null) return
    if (!Array.isArray(kinds) || !kinds.every((kind): kind is string => typeof kind === "string")) {
      return yield* badRequest("can't parse allowed_updates: expected an Array of String")
    }
    updates.allowed = kinds.length === 0 ? null : new Set(kinds)
  })

export const clear = (updates: Updates): void => {
  updates.pending = []
}
