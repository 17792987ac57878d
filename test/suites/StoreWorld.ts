/**
 * What the Store's conformance suites run in: a store with its schema and all repositories, empty at each test's start.
 *
 * In: a layer with a Store. Out: the layer of a whole world, and small makers of users, queue rows and opportunities.
 * Promises: no test sees another's rows; times are constants, nothing reads a clock.
 */
import type { Vitest } from "@effect/vitest"
import { Effect, Layer, Queue } from "effect"
import type { Decision } from "../../src/domain/Admission.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import type { NewQueueItem } from "../../src/layers/OpportunityQueue.ts"
import { Store, type StoreError } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { UserSchedule } from "../../src/layers/UserSchedule.ts"
import * as Migrations from "../../src/layers/sql/Migrations.ts"
import * as Repositories from "../../src/layers/sql/Repositories.ts"
import * as EnvelopeVault from "../../src/layers/vault/EnvelopeVault.ts"

/** Every repository, migrated, over the store given. */
export const worldOf = (store: Layer.Layer<Store, StoreError>) =>
  Repositories.layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Layer.merge(store, EnvelopeVault.ephemeral)),
  )

export type World = Layer.Success<ReturnType<typeof worldOf>>
export type Suite = (it: Vitest.MethodsNonLive<World>) => void

/** The instant at which every test begins. */
export const t0 = 1_750_000_000_000

export const minute = 60_000
export const day = 86_400_000

/** Empties all tables but the record of migrations. */
export const empty = Effect.gen(function* () {
  const { sql } = yield* Store
  const tables = yield* sql<{ readonly name: string }>`select quote_ident(tablename) as name from pg_tables
    where schemaname = 'public' and tablename <> 'schema_migrations'`
  yield* sql.unsafe(`truncate ${tables.map((table) => table.name).join(", ")} restart identity cascade`)
})

const soon = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 10)))

/** Waits, by the wall's time, until something outside has happened; gives up after 10 seconds. */
export const eventually = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.gen(function* () {
    for (let tries = 0; tries < 1_000; tries++) {
      if (yield* condition) return
      yield* soon
    }
    return yield* Effect.die(new Error("it did not happen within 10 seconds"))
  })

/** Hears a channel from now on: what earlier tests said may still be on its way and is passed over. */
export const listenAnew = Effect.fnUntraced(function* (channel: string) {
  const store = yield* Store
  const notices = yield* store.listen(channel)
  yield* store.notify(channel, "from here")
  while (true) {
    const notice = yield* Queue.take(notices)
    if (notice._tag === "Notified" && notice.payload === "from here") return notices
  }
})

/** Whether somebody waits for the transaction that asks. */
export const isWaitedFor = Effect.gen(function* () {
  const { sql } = yield* Store
  const rows = yield* sql`select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))`
  return rows.length > 0
})

/** A user who made contact at t0. */
export const someUser = (telegramId: string) =>
  Effect.flatMap(
    Users,
    (users) =>
      users.contact({ telegramId, username: null, firstName: "Ada", lastName: null, isGroup: false, nowMs: t0 }),
  )

/** A notification due at t0 that expires in a minute. */
export const queueItem = (changes: Partial<NewQueueItem> = {}): NewQueueItem => ({
  opportunityId: "opp-1",
  userId: "user-1",
  chatId: "100",
  purpose: "notify",
  priority: "medium",
  scheduledAt: t0,
  expiresAt: t0 + minute,
  payload: { text: "hello", list: [1, null, "é"] },
  ...changes,
})

/** Gives rows that wait without a time theirs, as users' queues do. Out: how many. */
export const admit = (times: ReadonlyArray<Omit<Extract<Decision, { _tag: "Admit" }>, "_tag">>) =>
  UserSchedule.use((schedule) => schedule.decide(times.map((time) => ({ _tag: "Admit", ...time })), t0))

export const someOpportunity = (changes: Partial<Opportunity> = {}): Opportunity => ({
  v: 1,
  id: "0123456789abcdef0123456789abcdef",
  revision: 1,
  state: "opened",
  fingerprint: "cross_exchange|kraken|BTC/USDT|okx|BTC/USDT",
  type: "cross_exchange",
  asset: "BTC",
  detectedAt: t0,
  at: t0,
  expiresAt: t0 + 30_000,
  checks: 1,
  firstAt: t0,
  lastAt: t0,
  legs: [],
  size: "0.4",
  notional: "12000.4",
  currency: "USDT",
  grossBps: "12.3456",
  netBps: "10.0000",
  netProfit: "12.00000000",
  capacity: "0.4",
  details: {
    type: "cross_exchange",
    mode: "pre_funded",
    curve: [],
    transfer: null,
    otherCosts: "0",
    feeTable: null,
  },
  evidence: null,
  confidence: null,
  assessment: { risk: null, positionShare: null, expectedLifetimeMs: null, indicators: null },
  score: null,
  priority: "medium",
  reasons: ["unproven"],
  simulated: true,
  settingsVersion: "test-1",
  ...changes,
})
