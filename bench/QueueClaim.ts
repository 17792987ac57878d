/**
 * queue-claim: rows of the queue claimed a second, beside jobs that graphile-worker hands to tasks in batches on the
 * same Postgres; and rows claimed, marked and settled a second, beside jobs completed. Ours keeps what was settled, with
 * its indexes, and marks rows before they leave; theirs deletes. queue-claim-held: rows settled a second while another
 * transaction stays open, so that nothing can be vacuumed, beside itself without one.
 *
 * In: a Postgres where databases can be made; ARBEDGE_BENCH_HELD_SECONDS (60). Ours: four claimers, 200 rows a claim.
 * Control: graphile-worker with as many jobs in hand (localQueue), completions batched, tasks that do nothing. Each pass
 * checks that every row was worked off, once.
 */
import { Clock, Effect, Fiber, Layer, Redacted, Ref, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import process from "node:process"
import { Logger, makeWorkerUtils, run } from "graphile-worker"
import { OpportunityQueue } from "../src/layers/OpportunityQueue.ts"
import * as Postgres from "../src/layers/postgres/Postgres.ts"
import { Store } from "../src/layers/Store.ts"
import { makeClaim } from "../src/streams/Claiming.ts"
import { ownDatabase } from "../test/layers/postgres/ownDatabase.ts"
import { worldOf } from "../test/suites/StoreWorld.ts"
import { postgres } from "../test/support/available.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const ROWS = 20_000
const CLAIMERS = 4
const BATCH = 200
const LEASE_MS = 60_000
const HELD_SECONDS = Number(process.env["ARBEDGE_BENCH_HELD_SECONDS"] ?? "60")
/** Due rows that wait at any time of a held pass. */
const BACKLOG = 5_000

const fill = Effect.fnUntraced(function* (rows: number, nowMs: number) {
  const { sql } = yield* Store
  const now = new Date(nowMs), expires = new Date(nowMs + 3_600_000), run = randomUUID()
  yield* sql`insert into opportunity_distribution_queue (opportunity_id, user_id, chat_id, purpose, priority,
      scheduled_at, due_since, expires_at, payload, created_at, updated_at)
    select ${run}, 'u' || n, n::text, 'notify', 2, ${now}, ${now}, ${expires}, '{"text":"bench"}', ${now}, ${now}
    from generate_series(1, ${rows}::int) n`
})

/** The rounds of one claimer, who claims as the product's workers do: claimed, marked, settled. Out: how many. */
const roundsOf = Effect.fnUntraced(function* (owner: string) {
  const queue = yield* OpportunityQueue
  const claim = makeClaim(queue, { owner, limit: BATCH, leaseMs: LEASE_MS })
  return round(owner, queue, claim)
})

const round = Effect.fnUntraced(function* (
  owner: string,
  queue: OpportunityQueue["Service"],
  claim: ReturnType<typeof makeClaim>,
) {
  const nowMs = yield* Clock.currentTimeMillis
  const items = yield* claim(nowMs)
  if (items.length === 0) return 0
  const queueIds = items.map(({ queueId }) => queueId)
  const left = yield* queue.markSending({ owner, queueIds, nowMs, leaseMs: LEASE_MS })
  const ends = left.map((queueId) => ({ queueId, settlement: { _tag: "Sent", messageId: queueId } as const }))
  return (yield* queue.settleAll({ owner, nowMs, ends })).size
})

/** Rows claimed a second where nothing else is done with them. */
const claimedPerS = Effect.gen(function* () {
  const { sql } = yield* Store, queue = yield* OpportunityQueue
  yield* sql`truncate opportunity_distribution_queue`
  yield* fill(ROWS, yield* Clock.currentTimeMillis)
  yield* sql`analyze opportunity_distribution_queue`
  const began = performance.now()
  const counts = yield* Effect.forEach(
    Array.from({ length: CLAIMERS }, (_, n) => `bench${n}`),
    Effect.fnUntraced(function* (owner) {
      const claim = makeClaim(queue, { owner, limit: BATCH, leaseMs: LEASE_MS })
      let all = 0
      while (true) {
        const { length } = yield* claim(yield* Clock.currentTimeMillis)
        if (length === 0) return all
        all += length
      }
    }),
    { concurrency: CLAIMERS },
  )
  const count = counts.reduce((a, b) => a + b, 0)
  if (count !== ROWS) return yield* Effect.die(new Error(`${count} of ${ROWS} rows were claimed`))
  return ROWS / ((performance.now() - began) / 1_000)
})

const ours = Effect.gen(function* () {
  const { sql } = yield* Store
  const claimsPerS = yield* claimedPerS
  yield* sql`truncate opportunity_distribution_queue`
  yield* fill(ROWS, yield* Clock.currentTimeMillis)
  yield* sql`analyze opportunity_distribution_queue`
  const began = performance.now(), done = yield* Ref.make(0)
  yield* Effect.forEach(
    Array.from({ length: CLAIMERS }, (_, n) => `bench${n}`),
    (owner) =>
      Effect.flatMap(roundsOf(owner), (one) =>
        Effect.tap(one, (count) => Ref.update(done, (all) => all + count)).pipe(
          Effect.repeat({ until: (count) => count === 0 }),
        )),
    { concurrency: CLAIMERS, discard: true },
  )
  const count = yield* Ref.get(done)
  if (count !== ROWS) return yield* Effect.die(new Error(`${count} of ${ROWS} rows were worked off`))
  return { claimsPerS, rowsPerS: ROWS / ((performance.now() - began) / 1_000) } satisfies Sample
})

const quiet = new Logger(() => () => {})

const graphile = (url: string) =>
  Effect.promise(async (): Promise<Sample> => {
    const options = { connectionString: url, logger: quiet }
    const utils = await makeWorkerUtils(options)
    await utils.migrate()
    await utils.withPgClient((client) => client.query("truncate graphile_worker._private_jobs"))
    await utils.addJobs(Array.from({ length: ROWS }, (_, n) => ({ identifier: "bench", payload: { n } })))
    await utils.withPgClient((client) => client.query("analyze graphile_worker._private_jobs"))
    await utils.release()
    let count = 0
    const began = performance.now()
    const all = Promise.withResolvers<number>()
    const runner = await run({
      ...options,
      noHandleSignals: true,
      maxPoolSize: 10,
      taskList: {
        bench: () => {
          if (++count === ROWS) all.resolve(performance.now())
        },
      },
      preset: {
        worker: {
          concurrentJobs: 100,
          localQueue: { size: 4 * BATCH, refetchDelay: { durationMs: 1 } },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
    })
    const claimed = await all.promise
    // The last completions are waited for, as ours are.
    await runner.stop()
    const ended = performance.now()
    if (count !== ROWS) throw new Error(`${count} of ${ROWS} jobs were worked off`)
    const perS = (untilMs: number) => ROWS / ((untilMs - began) / 1_000)
    return { claimsPerS: perS(claimed), rowsPerS: perS(ended) }
  })

/** One claimer, as a process has, at full speed over a backlog that is kept up, for some seconds. Out: rows a second in their last third. */
const held = (isHeld: boolean) =>
  Effect.gen(function* () {
    const { sql, transaction } = yield* Store
    yield* sql`truncate opportunity_distribution_queue`
    yield* fill(2 * BACKLOG, yield* Clock.currentTimeMillis)
    yield* sql`vacuum analyze opportunity_distribution_queue`
    const done = yield* Ref.make(0), filled = yield* Ref.make(2 * BACKLOG)
    const snapshot = transaction(Effect.andThen(
      sql`set transaction isolation level repeatable read`,
      Effect.andThen(sql`select count(*) from opportunity_distribution_queue`, Effect.never),
    ))
    if (isHeld) yield* Effect.forkScoped(snapshot)
    yield* Effect.sleep("100 millis")
    const feeding = Effect.gen(function* () {
      const waiting = (yield* Ref.get(filled)) - (yield* Ref.get(done))
      if (waiting >= BACKLOG) return yield* Effect.sleep("5 millis")
      yield* fill(BACKLOG, yield* Clock.currentTimeMillis)
      yield* Ref.update(filled, (all) => all + BACKLOG)
    })
    yield* Effect.forkScoped(Effect.forever(feeding))
    const claimers = yield* Effect.forkScoped(Effect.forEach(
      ["bench"],
      (owner) =>
        Effect.flatMap(roundsOf(owner), (one) =>
          Effect.forever(Effect.tap(one, (count) => Ref.update(done, (all) => all + count)))),
      { discard: true },
    ))
    const seconds = HELD_SECONDS / 3
    yield* Effect.sleep(`${seconds} seconds`)
    const early = yield* Ref.get(done)
    yield* Effect.sleep(`${seconds} seconds`)
    const before = yield* Ref.get(done)
    yield* Effect.sleep(`${seconds} seconds`)
    const after = yield* Ref.get(done)
    yield* Fiber.interrupt(claimers)
    return { rowsPerS: (after - before) / seconds, firstThirdPerS: early / seconds } satisfies Sample
  }).pipe(Effect.scoped)

const needed = postgres.available ? Effect.void : Effect.fail(new Error(postgres.why))

const world = Effect.gen(function* () {
  yield* needed
  const url = yield* ownDatabase
  const context = yield* Layer.build(worldOf(Postgres.layer({ url, maxConnections: 10 })))
  return { url: Redacted.value(url), context }
})

type Prepared = Effect.Effect<
  { readonly ours: Effect.Effect<Sample, unknown>; readonly control: Effect.Effect<Sample, unknown> },
  unknown,
  Scope.Scope
>

const beside: Prepared = Effect.map(world, ({ context, url }) => ({
  ours: Effect.provide(ours, context),
  control: graphile(url),
}))

const besideItself: Prepared = Effect.map(world, ({ context }) => ({
  ours: Effect.provide(held(true), context),
  control: Effect.provide(held(false), context),
}))

export const queueClaim: ReadonlyArray<Benchmark> = [
  {
    name: "queue-claim",
    about:
      `${ROWS} rows, ${CLAIMERS} claimers, ${BATCH} a claim: claimsPerS claimed alone; rowsPerS also marked, settled, kept`,
    control: "graphile-worker 0.18, jobs that do nothing: claimsPerS handed to tasks, rowsPerS completed, in batches",
    compared: "claimsPerS",
    targets: [{ figure: "ratio", atLeast: 1 }],
    prepare: beside,
  },
  {
    name: "queue-claim-held",
    about: `the last third of ${HELD_SECONDS} s of it, while another transaction stays open`,
    control: "the same without that transaction",
    compared: "rowsPerS",
    targets: [{ figure: "ratio", atLeast: 0.9 }],
    prepare: besideItself,
  },
]
