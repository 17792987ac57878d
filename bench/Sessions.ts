/**
 * session-validation: how long a chat waits for "may it be served?", extension written; session-memory: what an actor
 * that waits costs. 10,000 live sessions on Postgres, one process, 64 callers.
 *
 * The way measured is the bot's: a decoded update enters its dispatcher, grammY routes it to a command, the gate asks
 * the session, and the clock stops at the verdict; what the command would do then is left out. Each chat once a phase.
 * Cold: a process that has just begun and knows no chat. Warm: every actor is in memory. Control of the first: a bare
 * indexed SELECT and UPDATE of the same rows by the same pool and callers, and beside it a bare SELECT, which writes
 * nothing; of the second: a fiber that waits at a queue beside the same session.
 */
import { Clock, Context, Effect, Layer, Queue } from "effect"
import { Sharding } from "effect/cluster/Sharding"
import type { Update } from "grammy/types"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import process from "node:process"
import { behaviour, SessionClient } from "../src/actors/Session.ts"
import * as Cluster from "../src/layers/cluster/Cluster.ts"
import { KeyCheck } from "../src/layers/KeyCheck.ts"
import * as Postgres from "../src/layers/postgres/Postgres.ts"
import { Store } from "../src/layers/Store.ts"
import { Telegram } from "../src/layers/Telegram.ts"
import { QuoteBoard } from "../src/streams/QuoteBoard.ts"
import * as Dispatcher from "../src/surfaces/bot/Dispatcher.ts"
import { ownDatabase } from "../test/layers/postgres/ownDatabase.ts"
import { worldOf } from "../test/suites/StoreWorld.ts"
import { postgres } from "../test/support/available.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const SESSIONS = 10_000
const CALLERS = 64
const CONNECTIONS = 10
const KIB = 1024

const FIRST = 1_000_000
const telegramIds = Array.from({ length: SESSIONS }, (_, n) => String(FIRST + n))

/** Users with a session that has six days to live. */
const populate = Effect.gen(function* () {
  const { sql } = yield* Store
  const now = new Date(yield* Clock.currentTimeMillis)
  yield* sql`insert into users (user_id, telegram_id, registration_date, last_seen_date, updated_at)
    select 'u' || n, n::text, ${now}, ${now}, ${now} from generate_series(${FIRST}::int, ${
    FIRST + SESSIONS - 1
  }::int) n`
  yield* sql`insert into user_sessions (token_hash, user_id, telegram_id, session_state, started_at, last_activity_at,
      expires_at, created_at, updated_at)
    select 'h' || n, 'u' || n, n::text, 'active', ${now}, ${now}, ${now}::timestamptz + interval '6 days', ${now}, ${now}
    from generate_series(${FIRST}::int, ${FIRST + SESSIONS - 1}::int) n`
  yield* sql`analyze`
})

interface Waits {
  /** Milliseconds, least first. */
  readonly sorted: ReadonlyArray<number>
  readonly perS: number
  readonly cpuUsEach: number
}

/**
 * Every chat once by 64 callers, who pause between two questions; `one` answers when its answer was there. The callers
 * are 64 fibers for the whole time: what a fiber for each question leaves behind would be collected on our account.
 */
const timed = <E, R>(
  pauseMs: number,
  one: (telegramId: string) => Effect.Effect<number, E, R>,
): Effect.Effect<Waits, E, R> =>
  Effect.gen(function* () {
    const waits: Array<number> = [], before = performance.now(), cpuBefore = process.cpuUsage()
    const rest = telegramIds.values()
    const caller = Effect.gen(function* () {
      for (const telegramId of rest) {
        const asked = performance.now()
        waits.push((yield* one(telegramId)) - asked)
        if (pauseMs > 0) yield* Effect.sleep(pauseMs)
      }
    })
    yield* Effect.all(Array.from({ length: CALLERS }, () => caller), { concurrency: CALLERS, discard: true })
    const seconds = (performance.now() - before) / 1000, cpu = process.cpuUsage(cpuBefore)
    return {
      sorted: waits.sort((a, b) => a - b),
      perS: SESSIONS / seconds,
      cpuUsEach: (cpu.user + cpu.system) / SESSIONS,
    }
  })

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.ceil(sorted.length * share) - 1] ?? NaN

/** The bot's door: lets an update in, and answers when its verdict was there. */
class Door extends Context.Service<Door, {
  readonly enter: (update: Update) => Effect.Effect<number>
}>()("arbedge/bench/Door") {}

/** Who waits for the verdict of a chat. */
class Waiting extends Context.Service<Waiting, {
  readonly at: (telegramId: string, resume: (verdict: string) => void) => void
  readonly verdict: (telegramId: string, verdict: string) => void
}>()("arbedge/bench/Waiting") {
  /** By place and not by key: a table of keys that come and go leaves much to collect, on our account. */
  static readonly layer = Layer.sync(Waiting, () => {
    const resumes = Array.from({ length: SESSIONS }, (): ((verdict: string) => void) | null => null)
    const placeOf = (telegramId: string) => Number(telegramId) - FIRST
    return {
      at: (telegramId, resume) => {
        resumes[placeOf(telegramId)] = resume
      },
      verdict: (telegramId, verdict) => {
        resumes[placeOf(telegramId)]?.(verdict)
        resumes[placeOf(telegramId)] = null
      },
    }
  })
}

/** The session client, except that a reaction rests at its verdict for good: to unwind it is no part of the way. */
const untilVerdict = Layer.effect(
  SessionClient,
  Effect.gen(function* () {
    const client = yield* SessionClient
    const waiting = yield* Waiting
    return {
      ...client,
      touch: (telegramId, activity) =>
        Effect.flatMap(client.touch(telegramId, activity), ({ verdict }) => {
          waiting.verdict(telegramId, verdict)
          return Effect.callback<never>(() => {})
        }),
    }
  }),
)

const door = Layer.effect(
  Door,
  Effect.gen(function* () {
    const { handle } = yield* Dispatcher.Dispatcher
    const waiting = yield* Waiting
    const fork = Effect.runForkWith(yield* Effect.context())
    return {
      enter: (update) =>
        Effect.callback((resume) => {
          const refuse = (how: string) => resume(Effect.die(new Error(`update ${update.update_id}: ${how}`)))
          waiting.at(`${update.message?.chat.id}`, (verdict) => {
            const at = performance.now()
            verdict === "valid" ? resume(Effect.succeed(at)) : refuse(verdict)
          })
          // A reaction that comes to an end of its own has met no verdict.
          fork(Effect.map(handle(update), refuse))
        }),
    }
  }),
)

/** No message is sent: the way ends before. */
const quietTelegram = Layer.mock(Telegram)({
  me: Effect.succeed({ id: 1, firstName: "Bench", username: "bench_bot" }),
  setMenu: () => Effect.void,
  deleteMenu: () => Effect.void,
})

const updateOf = (telegramId: string): Update => {
  const id = Number(telegramId)
  return {
    update_id: id,
    message: {
      message_id: 1,
      date: 0,
      chat: { id, type: "private", first_name: "Ada" },
      from: { id, is_bot: false, first_name: "Ada", language_code: "en" },
      text: "/session",
      entities: [{ type: "bot_command", offset: 0, length: 8 }],
    },
  }
}

const touchAll = Effect.fnUntraced(function* (pauseMs: number) {
  const { enter } = yield* Door
  return yield* timed(pauseMs, (telegramId) => enter(updateOf(telegramId)))
})

const figures = (phase: string, { cpuUsEach, perS, sorted }: Waits): Sample => ({
  [`${phase}P50Ms`]: quantile(sorted, 0.5),
  [`${phase}P99Ms`]: quantile(sorted, 0.99),
  [`${phase}PerS`]: perS,
  [`${phase}CpuUsEach`]: cpuUsEach,
})

/** Actors come up behind the answers; out: how long that took, seconds. */
const allAwake = Effect.gen(function* () {
  const sharding = yield* Sharding
  const before = performance.now()
  while ((yield* sharding.activeEntityCount) < SESSIONS) yield* Effect.sleep("10 millis")
  return (performance.now() - before) / 1000
})

const validate = Effect.fnUntraced(function* (pauseMs: number) {
  const cold = yield* touchAll(pauseMs)
  const awakeAfterS = yield* allAwake
  const warm = yield* touchAll(pauseMs)
  return { ...figures("warm", warm), ...figures("cold", cold), awakeAfterS }
})

const bare = Effect.fnUntraced(function* (pauseMs: number) {
  const { sql } = yield* Store
  const all = yield* timed(pauseMs, (telegramId) =>
    Effect.gen(function* () {
      const now = new Date(yield* Clock.currentTimeMillis)
      const rows = yield* sql<{ readonly id: string }>`select session_id as id from user_sessions
        where telegram_id = ${telegramId} order by started_at desc limit 1`
      yield* sql`update user_sessions set last_activity_at = ${now} where session_id = ${rows[0]?.id ?? ""}`
      return performance.now()
    }))
  return figures("warm", all)
})

/** What the issue compares with: one indexed SELECT by the same pool and callers, and nothing else. */
const select = Effect.fnUntraced(function* (pauseMs: number) {
  const { sql } = yield* Store
  return yield* timed(pauseMs, (telegramId) =>
    Effect.map(
      sql`select session_id, session_state, expires_at, epoch from user_sessions
        where telegram_id = ${telegramId} order by started_at desc limit 1`,
      () => performance.now(),
    ))
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
  const actors = SessionClient.layer().pipe(Layer.merge(behaviour()), Layer.provideMerge(Cluster.layerOneProcess()))
  const bot = door.pipe(
    Layer.provide(Dispatcher.layer.pipe(Layer.provide([QuoteBoard.silent(), KeyCheck.absent("nobody asks")]))),
    Layer.provide(untilVerdict),
    Layer.provide([Waiting.layer, quietTelegram]),
    Layer.provideMerge(actors),
    Layer.provide(Layer.succeedContext(world)),
  )
  return {
    inProcess: <A, E>(work: Effect.Effect<A, E, Door | Sharding>) => Effect.provide(work, bot, { local: true }),
    onRows: <A, E>(work: Effect.Effect<A, E, Store>) => Effect.provide(work, world),
  }
})

const validation = (name: string, about: string, pauseMs: number): Benchmark => ({
  name,
  about,
  control: "a bare indexed SELECT and UPDATE on the same rows",
  compared: "warmP99Ms",
  targets: [
    { figure: "warmP99Ms", atMost: 5 },
    { figure: "coldP99Ms", atMost: 5 },
    { figure: "warmP99ToSelectP99", atMost: 1.5 },
  ],
  prepare: Effect.map(worldWithSessions, ({ inProcess, onRows }) => ({
    // Before and after, so that what the machine does meanwhile falls on both.
    ours: Effect.gen(function* () {
      const before = yield* onRows(select(pauseMs))
      const ours: Sample = yield* inProcess(validate(pauseMs))
      const after = yield* onRows(select(pauseMs))
      const selectP99Ms = (quantile(before.sorted, 0.99) + quantile(after.sorted, 0.99)) / 2
      return { ...ours, selectP99Ms, warmP99ToSelectP99: (ours["warmP99Ms"] ?? NaN) / selectP99Ms }
    }),
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
      ours: inProcess(kibEach(Effect.andThen(touchAll(0), allAwake))),
      control: measuredFibers,
    })),
  },
]
