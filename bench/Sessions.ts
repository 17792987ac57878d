/**
 * session-validation: how long a chat waits for "may it be served?", extension written; session-memory: what an actor
 * that waits costs. 10,000 live sessions on Postgres, one process, 64 callers.
 *
 * Cold: a process that has just begun, so the first touch of each chat looks at its row and activates its actor. Warm:
 * every actor is in memory. Each chat is touched once a phase. Control of the first: a bare indexed SELECT and UPDATE of
 * the same rows by the same pool and callers; of the second: a fiber that waits at a queue beside the same session.
 */
import { Clock, Effect, Layer, Queue } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import process from "node:process"
import { behaviour, SessionClient } from "../src/actors/Session.ts"
import * as Cluster from "../src/layers/cluster/Cluster.ts"
import * as Postgres from "../src/layers/postgres/Postgres.ts"
import { Store } from "../src/layers/Store.ts"
import { ownDatabase } from "../test/layers/postgres/ownDatabase.ts"
import { worldOf } from "../test/suites/StoreWorld.ts"
import { postgres } from "../test/support/available.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const SESSIONS = 10_000
const CALLERS = 64
const CONNECTIONS = 10
const KIB = 1024

const telegramIds = Array.from({ length: SESSIONS }, (_, n) => String(1_000_000 + n))

/** Users with a session that has six days to live. */
const populate = Effect.gen(function* () {
  const { sql } = yield* Store
  const now = new Date(yield* Clock.currentTimeMillis)
  yield* sql`insert into users (user_id, telegram_id, registration_date, last_seen_date, updated_at)
    select 'u' || n, n::text, ${now}, ${now}, ${now} from generate_series(1000000, ${999_999 + SESSIONS}::int) n`
  yield* sql`insert into user_sessions (token_hash, user_id, telegram_id, session_state, started_at, last_activity_at,
      expires_at, created_at, updated_at)
    select 'h' || n, 'u' || n, n::text, 'active', ${now}, ${now}, ${now}::timestamptz + interval '6 days', ${now}, ${now}
    from generate_series(1000000, ${999_999 + SESSIONS}::int) n`
  yield* sql`analyze`
})

/** Every chat once by 64 callers, who pause between two questions; out: the waits, ms, least first. */
const timed = <E, R>(pauseMs: number, one: (telegramId: string) => Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const waits: Array<number> = [], before = performance.now()
    yield* Effect.forEach(telegramIds, (telegramId) =>
      Effect.suspend(() => {
        const asked = performance.now()
        const answered = Effect.map(one(telegramId), () => void waits.push(performance.now() - asked))
        return pauseMs === 0 ? answered : Effect.andThen(answered, Effect.sleep(pauseMs))
      }), { concurrency: CALLERS, discard: true })
    const seconds = (performance.now() - before) / 1000
    return { sorted: waits.sort((a, b) => a - b), perS: SESSIONS / seconds }
  })

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.ceil(sorted.length * share) - 1] ?? NaN

const touchAll = Effect.fnUntraced(function* (pauseMs: number) {
  const client = yield* SessionClient
  return yield* timed(pauseMs, (telegramId) =>
    Effect.flatMap(
      client.touch(telegramId, "bench"),
      ({ verdict }) => verdict === "valid" ? Effect.void : Effect.die(new Error(`chat ${telegramId} is ${verdict}`)),
    ))
})

const figures = (phase: string, { perS, sorted }: Effect.Success<ReturnType<typeof touchAll>>): Sample => ({
  [`${phase}P50Ms`]: quantile(sorted, 0.5),
  [`${phase}P99Ms`]: quantile(sorted, 0.99),
  [`${phase}PerS`]: perS,
})

const validate = Effect.fnUntraced(function* (pauseMs: number) {
  const cold = yield* touchAll(pauseMs)
  const warm = yield* touchAll(pauseMs)
  return { ...figures("warm", warm), ...figures("cold", cold) }
})

const bare = Effect.fnUntraced(function* (pauseMs: number) {
  const { sql } = yield* Store
  const all = yield* timed(pauseMs, (telegramId) =>
    Effect.gen(function* () {
      const now = new Date(yield* Clock.currentTimeMillis)
      const rows = yield* sql<{ readonly id: string }>`select session_id as id from user_sessions
        where telegram_id = ${telegramId} order by started_at desc limit 1`
      yield* sql`update user_sessions set last_activity_at = ${now} where session_id = ${rows[0]?.id ?? ""}`
    }))
  return figures("warm", all)
})

/** Bytes of the heap in use once everything that can go has gone. */
const heapBytes = Effect.sync(() => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  if (typeof collect !== "function") throw new Error("this runtime does not collect on request")
  for (let times = 0; times < 3; times++) collect()
  return process.memoryUsage().heapUsed
})

const kibEach = <E, R>(make: Effect.Effect<unknown, E, R>): Effect.Effect<Sample, E, R> =>
  Effect.gen(function* () {
    const before = yield* heapBytes
    yield* make
    return { heapKiBEach: ((yield* heapBytes) - before) / SESSIONS / KIB }
  })

/** Fibers live until measured: the scope must not close before. */
const measuredFibers = Effect.scoped(kibEach(Effect.forEach(telegramIds, (telegramId) =>
  Effect.gen(function* () {
    const mailbox = yield* Queue.bounded<string>(256)
    const held = { sessionId: `s${telegramId}`, userId: `u${telegramId}`, telegramId, epoch: 1 }
    yield* Effect.forkScoped(Effect.forever(Effect.map(Queue.take(mailbox), (message) => [message, held])))
  }), { discard: true })))

/** A database with the sessions in it, and a way to run something in a process of its own on it. */
const worldWithSessions = Effect.gen(function* () {
  if (!postgres.available) return yield* Effect.fail(new Error(postgres.why))
  const url = yield* ownDatabase
  const world = yield* Layer.build(worldOf(Postgres.layer({ url, maxConnections: CONNECTIONS })))
  yield* Effect.provide(populate, world)
  const process = SessionClient.layer().pipe(
    Layer.merge(behaviour()),
    Layer.provideMerge(Cluster.layerOneProcess()),
    Layer.provide(Layer.succeedContext(world)),
  )
  return {
    inProcess: <A, E>(work: Effect.Effect<A, E, SessionClient>) => Effect.provide(work, process, { local: true }),
    onRows: <A, E>(work: Effect.Effect<A, E, Store>) => Effect.provide(work, world),
  }
})

const validation = (name: string, about: string, pauseMs: number): Benchmark => ({
  name,
  about,
  control: "a bare indexed SELECT and UPDATE on the same rows",
  compared: "warmP99Ms",
  targets: [{ figure: "warmP99Ms", atMost: 5 }, { figure: "coldP99Ms", atMost: 5 }],
  prepare: Effect.map(worldWithSessions, ({ inProcess, onRows }) => ({
    ours: inProcess(validate(pauseMs)),
    control: onRows(bare(pauseMs)),
  })),
})

export const sessions: ReadonlyArray<Benchmark> = [
  validation("session-validation", "64 callers without a pause: verdict with the extension written", 0),
  validation("session-validation-paced", "the same, each caller pausing 32 ms: at most 2,000 touches/s", 32),
  {
    name: "session-memory",
    about: "heap of an idle session actor, its share of the cluster's tables included",
    control: "a fiber waiting at a queue beside the same session",
    compared: "heapKiBEach",
    targets: [{ figure: "heapKiBEach", atMost: 20 }],
    prepare: Effect.map(worldWithSessions, ({ inProcess }) => ({
      ours: inProcess(kibEach(touchAll(0))),
      control: measuredFibers,
    })),
  },
]
