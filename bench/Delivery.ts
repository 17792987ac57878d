/**
 * delivery: notifications and edits through queue, limiter and messenger at the messenger's own limits, and how long
 * people who ask the bot meanwhile wait for a reply.
 *
 * In: a Postgres where databases can be made; ARBEDGE_BENCH_DELIVERY_MINUTES (10) for one pass. Ours: every second 18
 * notifications become due, and more edits than the limits leave room for; somebody asks once a second. The emulator
 * keeps Telegram's documented limits and counts what breaks them. Control: the same calls, one every 35 ms, straight to
 * the emulator. Each pass checks that nothing went out twice.
 */
import { Clock, Context, Effect, Layer, Redacted, Ref } from "effect"
import process from "node:process"
import { behaviour, RateLimiterClient } from "../src/actors/RateLimiter.ts"
import * as Cluster from "../src/layers/cluster/Cluster.ts"
import { OpportunityQueue } from "../src/layers/OpportunityQueue.ts"
import * as Postgres from "../src/layers/postgres/Postgres.ts"
import { Store } from "../src/layers/Store.ts"
import * as Client from "../src/layers/telegram/Client.ts"
import * as TelegramNotifier from "../src/layers/telegram/Notifier.ts"
import type { Call } from "../src/simulators/telegram/CallLog.ts"
import { TelegramEmulator } from "../src/simulators/telegram/TelegramEmulator.ts"
import { deliver } from "../src/streams/Deliver.ts"
import * as Pacing from "../src/surfaces/bot/Pacing.ts"
import { say } from "../src/surfaces/bot/Replies.ts"
import { ownDatabase } from "../test/layers/postgres/ownDatabase.ts"
import { queueItem, someOpportunity, worldOf } from "../test/suites/StoreWorld.ts"
import { postgres } from "../test/support/available.ts"
import { type Benchmark, type Sample, spread } from "./Paired.ts"

const MINUTES = Number(process.env["ARBEDGE_BENCH_DELIVERY_MINUTES"] ?? "10")
const MINUTE_MS = 60_000
/** Readers, each told of something new every few minutes; and those who ask. */
const READERS = 4_000
const ASKERS = 200
const NOTIFICATIONS_PER_S = 18
/** Edits that wait at any time, so that the limits are always used up. */
const EDITS_WAITING = 60
/** The first seconds fill caches and plans. */
const WARM_UP_MS = 5_000
const FLOOR_CALLS = 300
const FLOOR_EVERY_MS = 35

const percentile = (values: ReadonlyArray<number>, p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p / 100 * sorted.length) - 1)] ?? NaN
}

const addPeople = Effect.gen(function* () {
  const emulator = yield* TelegramEmulator
  for (let n = 1; n <= READERS + ASKERS; n++) {
    yield* emulator.addPrivateChat({ id: n, firstName: `reader ${n}`, started: true })
  }
})

const telegram = Layer.unwrap(Effect.map(
  TelegramEmulator,
  ({ fetch, token, url }) =>
    TelegramNotifier.layer.pipe(
      Layer.provideMerge(Client.layer({ token: Redacted.make(token), apiRoot: url, fetch })),
    ),
)).pipe(Layer.provideMerge(TelegramEmulator.layerInProcess({})))

/** Rows as Distribute and the users' queues leave them: due now. */
const feed = Effect.gen(function* () {
  const queue = yield* OpportunityQueue
  const revision = new Map<string, number>()
  let next = 0
  const second = Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    const round = Math.floor(next / READERS)
    const items = Array.from({ length: NOTIFICATIONS_PER_S }, () => {
      const chatId = `${next++ % READERS + 1}`, opportunityId = `opp-${round}`
      const opportunity = someOpportunity({
        id: opportunityId,
        detectedAt: nowMs,
        at: nowMs,
        expiresAt: nowMs + 600_000,
      })
      return queueItem({
        chatId,
        userId: `u${chatId}`,
        opportunityId,
        scheduledAt: nowMs,
        expiresAt: nowMs + 600_000,
        payload: { opportunity, language: "en" },
      })
    })
    yield* queue.enqueue(items, nowMs)
    const { sql } = yield* Store
    const [open] = yield* sql<{ readonly count: number }>`select count(*)::integer as count
      from opportunity_distribution_queue where status = 'pending' and revision is not null`
    const wanted = EDITS_WAITING - (open?.count ?? 0)
    if (wanted <= 0) return
    const told = yield* sql<{ readonly chatId: string; readonly opportunityId: string }>`select chat_id as "chatId",
        opportunity_id as "opportunityId" from opportunity_distribution_queue q
      where purpose = 'notify' and status = 'sent' and not exists (select 1 from opportunity_distribution_queue e
        where e.chat_id = q.chat_id and e.opportunity_id = q.opportunity_id and e.status = 'pending')
      order by last_attempt_at desc limit ${wanted}`
    yield* queue.enqueue(
      told.map(({ chatId, opportunityId }) => {
        const key = `${chatId} ${opportunityId}`, number = (revision.get(key) ?? 1) + 1
        revision.set(key, number)
        const opportunity = someOpportunity({
          id: opportunityId,
          revision: number,
          state: "improved",
          netBps: `${10 + number}.0000`,
          detectedAt: nowMs,
          expiresAt: nowMs + 600_000,
        })
        return queueItem({
          chatId,
          userId: `u${chatId}`,
          opportunityId,
          purpose: `edit:${number}`,
          priority: "low",
          scheduledAt: nowMs,
          expiresAt: nowMs + 600_000,
          payload: { opportunity, language: "en" },
        })
      }),
      nowMs,
    )
  })
  return yield* Effect.forever(Effect.andThen(Effect.ignore(second, { log: true }), Effect.sleep("1 second")))
})

/** Somebody asks once a second. */
const asking = Effect.fnUntraced(function* (waits: Array<number>) {
  let next = 0
  return yield* Effect.forever(Effect.gen(function* () {
    const chatId = `${READERS + 1 + next++ % ASKERS}`
    yield* Effect.forkScoped(Effect.gen(function* () {
      const began = performance.now()
      yield* say(chatId, "<b>an answer</b>")
      waits.push(performance.now() - began)
    }))
    yield* Effect.sleep("1 second")
  }))
})

const okOf = (calls: ReadonlyArray<Call>, ...methods: ReadonlyArray<string>) =>
  calls.filter(({ method, outcome }) => outcome.ok && methods.includes(method))

/** Calls a minute over the span. */
const rateOf = (calls: ReadonlyArray<Call>, spanMs: number): number => calls.length / spanMs * MINUTE_MS

const ours = Effect.gen(function* () {
  const emulator = yield* TelegramEmulator
  const underWay = yield* Ref.make(0), waits: Array<number> = []
  yield* Effect.forkScoped(deliver({ owner: "bench", underWay }))
  yield* Effect.forkScoped(feed)
  yield* Effect.forkScoped(asking(waits))
  yield* Effect.sleep(WARM_UP_MS)
  const fromMs = yield* Clock.currentTimeMillis
  yield* Effect.sleep(MINUTES * MINUTE_MS)
  const untilMs = yield* Clock.currentTimeMillis
  const all = yield* emulator.log.calls
  const calls = all.filter(({ at }) => at >= fromMs && at < untilMs), spanMs = untilMs - fromMs
  const isReader = ({ chatId }: Call) => chatId !== null && chatId <= READERS
  const told = okOf(calls, "sendMessage").filter(isReader), edits = okOf(calls, "editMessageText")
  const { sql } = yield* Store
  const [twice] = yield* sql<{ readonly count: number }>`select count(*)::integer as count
    from opportunity_distribution_queue where attempts > 1`
  if ((twice?.count ?? 0) > 0) yield* Effect.logWarning(`${twice?.count ?? 0} rows were tried more than once`)
  return {
    notificationsPerMin: rateOf(told, spanMs),
    editsPerMin: rateOf(edits, spanMs),
    callsPerMin: rateOf(okOf(calls, "sendMessage", "editMessageText"), spanMs),
    breaches: calls.filter(({ outcome }) => !outcome.ok && outcome.error_code === 429).length,
    otherRefusals: calls.filter(({ outcome }) => !outcome.ok && outcome.error_code !== 429).length,
    replyP50Ms: percentile(waits, 50),
    replyP99Ms: percentile(waits, 99),
    replies: waits.length,
  } satisfies Sample
}).pipe(Effect.scoped)

const control = Effect.gen(function* () {
  const emulator = yield* TelegramEmulator
  const at: Array<number> = []
  let refused = 0
  for (let n = 1; n <= FLOOR_CALLS; n++) {
    const due = Effect.sleep(FLOOR_EVERY_MS)
    const call = Effect.promise(() =>
      emulator.fetch(`${emulator.url}/bot${emulator.token}/sendMessage`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ chat_id: n, text: "floor" }),
      }).then(({ status }) => {
        if (status !== 200) refused++
        at.push(performance.now())
      })
    )
    yield* Effect.all([due, call], { concurrency: 2, discard: true })
  }
  const { max, min } = spread(at)
  return { callsPerMin: (at.length - 1 - refused) / (max - min) * MINUTE_MS, breaches: refused } satisfies Sample
})

const world = Effect.gen(function* () {
  if (!postgres.available) return yield* Effect.fail(new Error(postgres.why))
  const url = yield* ownDatabase
  const stored = yield* Layer.build(worldOf(Postgres.layer({ url, maxConnections: 10 })))
  const limiter = Layer.merge(behaviour(), RateLimiterClient.layer).pipe(
    Layer.provideMerge(Cluster.layerOneProcess({})),
    Layer.provideMerge(Layer.succeedContext(stored)),
  )
  return { stored, process: Pacing.layer.pipe(Layer.provideMerge(limiter)) }
})

export const delivery: ReadonlyArray<Benchmark> = [{
  name: "delivery",
  about:
    `${MINUTES} minutes at the messenger's limits: ${NOTIFICATIONS_PER_S * 60} notifications a minute, as many edits ` +
    "as there is room for, one question a second",
  control: `a call every ${FLOOR_EVERY_MS} ms straight to the emulator, nothing kept`,
  compared: "callsPerMin",
  targets: [
    { figure: "notificationsPerMin", atLeast: 1_000 },
    { figure: "callsPerMin", atLeast: 1_700 },
    { figure: "breaches", atMost: 0 },
    { figure: "replyP99Ms", atMost: 2_000 },
  ],
  prepare: Effect.map(world, ({ process, stored }) => ({
    ours: Effect.gen(function* () {
      const { sql } = Context.get(stored, Store)
      yield* sql`truncate opportunity_distribution_queue, outbox`
      yield* addPeople
      return yield* ours
    }).pipe(Effect.provide(Layer.merge(process, telegram), { local: true })),
    control: Effect.andThen(addPeople, control).pipe(
      Effect.provide(TelegramEmulator.layerInProcess({}), { local: true }),
    ),
  })),
}]
