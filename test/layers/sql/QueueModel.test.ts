/**
 * Leases of the queue against a model: claims, sends, ends, heartbeats, crashes and clocks that step, in any order.
 *
 * The model is a handful of rows and the rules of the port, written out plainly; after each command the table must say
 * the same. Promises: what fails is shrunk to the shortest commands that do.
 */
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { OpportunityQueue, type Settlement } from "../../../src/layers/OpportunityQueue.ts"
import { Store } from "../../../src/layers/Store.ts"
import { empty, minute, queueItem, t0 } from "../../suites/StoreWorld.ts"
import { world } from "../../support/actors.ts"

const ROWS = 4
const LEASE_MS = 3_000
const SENDING_MS = 15_000
const EXPIRES_MS = t0 + 2 * minute

const Command = Schema.Struct({
  kind: Schema.Literals(["claim", "claim", "mark", "mark", "settle", "settle", "prolong", "release", "sweep", "crash"]),
  owner: Schema.Literals(["a", "b"]),
  limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: ROWS })),
  end: Schema.Literals(["Sent", "Unknown", "Unknown", "Reschedule", "Failed"]),
  /** Time goes on by this; now and then a clock is set back. */
  stepMs: Schema.Literals([0, 0, 500, 2_000, 3_000, 9_000, 16_000, -5_000]),
})
type Command = typeof Command.Type

interface Row {
  id: number
  status: string
  owner: string | null
  untilMs: number
  dueMs: number
  attempts: number
  uncertain: number
}

const OPEN: ReadonlyArray<string> = ["pending", "unknown"]

class Model {
  rows: Array<Row>
  /** What each worker believes to hold; a crash forgets it. */
  readonly held = new Map<string, Set<number>>([["a", new Set()], ["b", new Set()]])

  constructor(ids: ReadonlyArray<number>) {
    this.rows = ids.map((id) => ({
      id,
      status: "pending",
      owner: null,
      untilMs: 0,
      dueMs: t0,
      attempts: 0,
      uncertain: 0,
    }))
  }

  mine(owner: string): ReadonlyArray<number> {
    return [...this.held.get(owner) ?? []].toSorted((a, b) => a - b)
  }

  of(ids: ReadonlyArray<number>): ReadonlyArray<Row> {
    return this.rows.filter(({ id }) => ids.includes(id))
  }

  free(row: Row): void {
    row.owner = null
    row.untilMs = 0
  }

  claim(owner: string, limit: number, nowMs: number): ReadonlyArray<number> {
    const due = this.rows
      .filter((row) => OPEN.includes(row.status) && row.dueMs <= nowMs && EXPIRES_MS > nowMs)
      .filter((row) => row.owner === null || row.untilMs <= nowMs)
      .toSorted((a, b) => a.dueMs - b.dueMs || a.id - b.id).slice(0, limit)
    for (const row of due) Object.assign(row, { owner, untilMs: nowMs + LEASE_MS })
    return due.map(({ id }) => id).toSorted((a, b) => a - b)
  }

  mark(owner: string, ids: ReadonlyArray<number>, nowMs: number): ReadonlyArray<number> {
    const leaving = this.of(ids).filter((row) =>
      row.owner === owner && row.untilMs > nowMs && OPEN.includes(row.status) && EXPIRES_MS > nowMs
    )
    for (const row of leaving) {
      Object.assign(row, { status: "sending", untilMs: nowMs + SENDING_MS, attempts: row.attempts + 1 })
    }
    return leaving.map(({ id }) => id)
  }

  prolong(owner: string, ids: ReadonlyArray<number>, nowMs: number): void {
    for (const row of this.of(ids)) {
      if (row.owner !== owner || row.untilMs <= nowMs) continue
      row.untilMs = Math.max(row.untilMs, nowMs + (row.status === "sending" ? SENDING_MS : LEASE_MS))
    }
  }

  release(owner: string, ids: ReadonlyArray<number>, dueMs: number): void {
    for (const row of this.of(ids)) {
      if (row.owner !== owner || !OPEN.includes(row.status)) continue
      this.free(row)
      row.dueMs = dueMs
    }
  }

  settle(owner: string, id: number, end: Command["end"], dueMs: number): void {
    const row = this.rows.find((one) => one.id === id)
    if (row === undefined) return
    const isMine = row.owner === owner
    const counts = end === "Sent"
      ? (isMine && row.status === "sending") || (row.owner === null && row.status === "unknown")
      : end === "Unknown"
      ? isMine && row.status === "sending"
      : isMine && [...OPEN, "sending"].includes(row.status)
    if (!counts) return
    const ends = {
      Sent: "sent",
      Failed: "failed",
      Reschedule: "pending",
      Unknown: row.uncertain > 0 ? "failed" : "unknown",
    }
    row.status = ends[end]
    if (end === "Unknown") row.uncertain++
    if (end === "Reschedule") row.dueMs = dueMs
    this.free(row)
  }

  sweep(nowMs: number): void {
    for (const row of this.rows) {
      if (row.owner === null || row.untilMs > nowMs) continue
      if (row.status === "sending") {
        row.status = row.uncertain > 0 ? "failed" : "unknown"
        row.uncertain++
        this.free(row)
      } else if (OPEN.includes(row.status)) this.free(row)
    }
    for (const row of this.rows) {
      if (!OPEN.includes(row.status) || EXPIRES_MS > nowMs || (row.owner !== null && row.untilMs > nowMs)) continue
      row.status = "expired"
      this.free(row)
    }
  }
}

const settlementOf = (end: Command["end"], dueAtMs: number): Settlement => {
  switch (end) {
    case "Sent":
      return { _tag: "Sent", messageId: 1 }
    case "Reschedule":
      return { _tag: "Reschedule", dueAtMs, error: "429" }
    default:
      return { _tag: end, error: "none" }
  }
}

const table = Effect.flatMap(Store, ({ sql }) =>
  sql<Row>`select queue_id::integer as id, status, lease_owner as owner,
      coalesce(extract(epoch from lease_until) * 1000, 0)::float8 as "untilMs",
      (extract(epoch from scheduled_at) * 1000)::float8 as "dueMs", attempts, uncertain_ends::integer as uncertain
    from opportunity_distribution_queue order by queue_id`)

const begun = Effect.gen(function* () {
  yield* empty
  const items = Array.from({ length: ROWS }, (_, n) => queueItem({ chatId: `${n}`, expiresAt: EXPIRES_MS }))
  const inserted = yield* OpportunityQueue.use((queue) => queue.enqueue(items, t0))
  return new Model(inserted.map(({ queueId }) => queueId))
})

/** One command to both. */
const obey = Effect.fnUntraced(function* (model: Model, { end, kind, limit, owner }: Command, nowMs: number) {
  const queue = yield* OpportunityQueue
  const held = model.held.get(owner) ?? new Set<number>(), queueIds = model.mine(owner)
  switch (kind) {
    case "claim": {
      const claimed = yield* queue.claim({ owner, limit, nowMs, leaseMs: LEASE_MS })
      const ids = claimed.map(({ queueId }) => queueId).toSorted((a, b) => a - b)
      assert.deepStrictEqual(ids, model.claim(owner, limit, nowMs))
      for (const id of ids) held.add(id)
      return
    }
    case "mark": {
      const left = yield* queue.markSending({ owner, queueIds, nowMs, leaseMs: SENDING_MS })
      assert.deepStrictEqual(left.toSorted((a, b) => a - b), model.mark(owner, queueIds, nowMs))
      return
    }
    case "prolong":
      yield* queue.prolong({ owner, queueIds, nowMs, claimMs: LEASE_MS, sendingMs: SENDING_MS })
      return model.prolong(owner, queueIds, nowMs)
    case "release":
      yield* queue.release({ owner, queueIds, dueAtMs: nowMs + 500 })
      return model.release(owner, queueIds, nowMs + 500)
    case "settle": {
      const [id] = queueIds
      if (id === undefined) return
      const settlement = settlementOf(end, nowMs + 1_000)
      yield* queue.settleAll({ owner, nowMs, ends: [{ queueId: id, settlement }] })
      model.settle(owner, id, end, nowMs + 1_000)
      held.delete(id)
      return
    }
    case "sweep":
      yield* queue.reclaim(nowMs)
      yield* queue.expire(nowMs)
      return model.sweep(nowMs)
    case "crash":
      return held.clear()
  }
})

layer(world, { timeout: "120 seconds" })("The queue's leases", (it) => {
  it.effect.prop(
    "are what the model says, whoever claims, crashes or comes back late, and whatever clocks do",
    [Schema.Array(Command).check(Schema.isMinLength(5), Schema.isMaxLength(30))],
    ([commands]) =>
      Effect.gen(function* () {
        const model = yield* begun
        let nowMs = t0
        for (const command of commands) {
          nowMs += command.stepMs
          yield* obey(model, command, nowMs)
          assert.deepStrictEqual(yield* table, model.rows)
        }
        // Nobody is told a third time where nobody knows.
        for (const { uncertain } of model.rows) assert.isAtMost(uncertain, 2)
      }),
    { arbitrary: { runs: 25 } },
  )
})
