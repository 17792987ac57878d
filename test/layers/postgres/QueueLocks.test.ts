/**
 * Two statements that change the same rows of the queue wait for each other and never deadlock: each locks its rows in
 * the order of their ids, in whatever order they stand in the table or are named. Sweeps do not wait at all.
 *
 * How it is seen: rows stand in the table last first, another transaction holds the first; a statement that changes all
 * of them then waits for the first, and must hold none of the others meanwhile.
 */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Ref } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Decision } from "../../../src/domain/Admission.ts"
import { DEFAULT_PREFERENCES } from "../../../src/domain/Preferences.ts"
import { DeadLetters } from "../../../src/layers/DeadLetters.ts"
import { OpportunityQueue, type QueueStatus, type Settlement } from "../../../src/layers/OpportunityQueue.ts"
import * as Postgres from "../../../src/layers/postgres/Postgres.ts"
import { Store } from "../../../src/layers/Store.ts"
import { Users } from "../../../src/layers/Users.ts"
import { UserSchedule } from "../../../src/layers/UserSchedule.ts"
import {
  empty,
  eventually,
  isWaitedFor,
  minute,
  queueItem,
  someUser,
  t0,
  type World,
  worldOf,
} from "../../suites/StoreWorld.ts"
import { describeWith, postgres } from "../../support/available.ts"
import { ownDatabase } from "./ownDatabase.ts"

const owner = "w", leaseMs = 10_000, chatId = "100"
const later = t0 + 2 * minute
/** The rows of a test: their ids, last first. */
type Rows = Effect.Effect<ReadonlyArray<number>, unknown, World>

/** One row for each of three opportunities, the last one's first. */
const enqueued = (changes: Parameters<typeof queueItem>[0] = {}): Rows =>
  Effect.gen(function* () {
    const queue = yield* OpportunityQueue, { userId } = yield* someUser(chatId)
    const rows = yield* Effect.forEach(
      ["opp-3", "opp-2", "opp-1"],
      (opportunityId) => queue.enqueue([queueItem({ opportunityId, chatId, userId, ...changes })], t0),
    )
    return rows.flat().map(({ queueId }) => queueId).toReversed()
  })

const waiting = enqueued(), undecided = enqueued({ scheduledAt: null })

const claimed: Rows = Effect.gen(function* () {
  const queue = yield* OpportunityQueue, queueIds = yield* waiting
  yield* queue.claim({ owner, limit: 10, nowMs: t0, leaseMs })
  return queueIds
})

const leaving: Rows = Effect.gen(function* () {
  const queue = yield* OpportunityQueue, queueIds = yield* claimed
  yield* queue.markSending({ owner, queueIds, nowMs: t0, leaseMs })
  return queueIds
})

const settled = (queueIds: ReadonlyArray<number>, settlement: Settlement) =>
  OpportunityQueue.use((queue) =>
    queue.settleAll({ owner, nowMs: t0, ends: queueIds.map((queueId) => ({ queueId, settlement })) })
  )

const dead: Rows = Effect.tap(leaving, (queueIds) => settled(queueIds, { _tag: "Failed", error: "refused" }))

const inStatus = (status: QueueStatus) =>
  OpportunityQueue.use((queue) => Effect.map(queue.counts, (counts) => counts[status]))

/** Turns the rows around in the table, and shows the planner how few there are, so that it reads them as they stand. */
const turnAround = Effect.gen(function* () {
  const { sql } = yield* Store
  yield* sql`create index if not exists queue_backwards on opportunity_distribution_queue ((-queue_id))`
  yield* sql`cluster opportunity_distribution_queue using queue_backwards`
  yield* sql`analyze opportunity_distribution_queue`
})

/** Runs a statement while another transaction holds the first row, until `seen`. Out: its answer, and how many others it held. */
const besideAHolder = Effect.fnUntraced(function* <A, E, R>(
  statement: Effect.Effect<A, E, R>,
  seen: Effect.Effect<boolean, SqlError, Store>,
) {
  yield* turnAround
  const { sql, transaction } = yield* Store
  const holding = yield* Deferred.make<void>()
  const holder = yield* Effect.forkChild(transaction(Effect.gen(function* () {
    yield* sql`select from opportunity_distribution_queue order by queue_id limit 1 for update`
    yield* Deferred.succeed(holding, undefined)
    yield* eventually(seen)
    return yield* sql`select from opportunity_distribution_queue q
      where queue_id > (select min(queue_id) from opportunity_distribution_queue) for update of q skip locked`
  })))
  yield* Deferred.await(holding)
  const answer = yield* statement
  const free = yield* Fiber.join(holder)
  return { answer, held: 2 - free.length }
})

describeWith(postgres, "Statements on the queue", () => {
  const database = Layer.unwrap(Effect.map(ownDatabase, (url) => Postgres.layer({ url, maxConnections: 4 })))

  layer(worldOf(database), { timeout: "60 seconds" })((it) => {
    /** A statement on the rows: it holds none of them while it waits for the first, and then changes all three. */
    const inOrder = <E>(
      what: string,
      rows: Rows,
      statement: (queueIds: ReadonlyArray<number>) => Effect.Effect<number, E, World>,
    ): void =>
      it.effect(`lock rows in the order of their ids to ${what}`, () =>
        Effect.gen(function* () {
          yield* empty
          const queueIds = yield* rows
          assert.deepStrictEqual(yield* besideAHolder(statement(queueIds), isWaitedFor), { answer: 3, held: 0 })
        }))

    inOrder(
      "mark what leaves",
      claimed,
      (queueIds) =>
        OpportunityQueue.use((queue) =>
          Effect.map(queue.markSending({ owner, queueIds, nowMs: t0, leaseMs }), (marked) => marked.length)
        ),
    )

    inOrder("prolong leases", leaving, (queueIds) =>
      OpportunityQueue.use((queue) =>
        Effect.map(
          queue.prolong({ owner, queueIds, nowMs: t0, claimMs: leaseMs, sendingMs: leaseMs }),
          (longer) => longer.length,
        )
      ))

    inOrder("give rows back", claimed, (queueIds) =>
      OpportunityQueue.use((queue) =>
        Effect.andThen(
          queue.release({ owner, queueIds, dueAtMs: later }),
          Effect.map(queue.claim({ owner: "v", limit: 10, nowMs: t0, leaseMs }), (early) => 3 - early.length),
        )
      ))

    inOrder(
      "settle",
      leaving,
      (queueIds) => Effect.map(settled(queueIds, { _tag: "Sent", messageId: 1 }), (ends) => ends.size),
    )

    inOrder(
      "give times and refuse",
      undecided,
      (queueIds) =>
        UserSchedule.use((schedule) =>
          schedule.decide(
            queueIds.map((queueId, n): Decision =>
              n === 1 ? { _tag: "Admit", queueId, dueAtMs: t0 } : { _tag: "Refuse", queueId, reason: "push_off" }
            ),
            t0,
          )
        ),
    )

    inOrder(
      "cancel what a chat is owed",
      claimed,
      () => OpportunityQueue.use((queue) => queue.cancelChat(chatId, "chat_gone", t0)),
    )

    inOrder(
      "put newer edits in the place of older ones",
      enqueued({ purpose: "edit:2" }),
      () => Effect.andThen(enqueued({ purpose: "edit:3" }), inStatus("cancelled")),
    )

    inOrder(
      "end all that is owed to one who is gone",
      waiting,
      () => Effect.andThen(Users.use((users) => users.deactivate(chatId, t0)), inStatus("cancelled")),
    )

    inOrder("have it decided again under other preferences", waiting, () =>
      Effect.gen(function* () {
        const queue = yield* OpportunityQueue, users = yield* Users, { userId } = yield* someUser(chatId)
        yield* users.setPreferences(userId, DEFAULT_PREFERENCES, t0)
        return (yield* queue.undecided([userId], 10)).length
      }))

    inOrder("follow a chat that moved", waiting, () =>
      Effect.gen(function* () {
        const queue = yield* OpportunityQueue, users = yield* Users
        yield* users.migrateChat(chatId, "-100200", t0)
        return yield* queue.cancelChat("-100200", "chat_gone", t0)
      }))

    inOrder(
      "put dead letters back",
      dead,
      (queueIds) =>
        DeadLetters.use((letters) =>
          Effect.map(letters.requeue(queueIds, t0), (all) => all.filter(({ end }) => end === "requeued").length)
        ),
    )

    inOrder(
      "discard dead letters",
      dead,
      (queueIds) =>
        DeadLetters.use((letters) =>
          Effect.map(letters.discard(queueIds, t0), (all) => all.filter(({ end }) => end === "discarded").length)
        ),
    )

    /** A sweep over the rows ends while another transaction still holds the first. */
    const passingOver = <A>(
      what: string,
      rows: Rows,
      sweep: (queue: OpportunityQueue["Service"]) => Effect.Effect<A, unknown>,
      expected: { readonly now: A; readonly next: A },
    ): void =>
      it.effect(`wait for nobody to ${what}: the next sweep finds what another held`, () =>
        Effect.gen(function* () {
          yield* empty
          yield* rows
          const queue = yield* OpportunityQueue, done = yield* Ref.make(false)
          const swept = Effect.tap(sweep(queue), () => Ref.set(done, true))
          const { answer: now } = yield* besideAHolder(swept, Ref.get(done))
          assert.deepStrictEqual({ now, next: yield* sweep(queue) }, expected)
        }))

    passingOver("end what has expired", undecided, (queue) => queue.expire(later), { now: 2, next: 1 })

    passingOver("free rows whose holder died", claimed, (queue) => queue.reclaim(later), {
      now: { pending: 2, unknown: 0, failed: 0 },
      next: { pending: 1, unknown: 0, failed: 0 },
    })

    passingOver("call unknown what nobody settled", leaving, (queue) => queue.reclaim(later), {
      now: { pending: 0, unknown: 2, failed: 0 },
      next: { pending: 0, unknown: 1, failed: 0 },
    })
  })
})
