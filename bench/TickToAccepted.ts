/**
 * tick-to-accepted: from a tick that makes an opportunity to the messenger's acceptance of the message about it.
 *
 * The whole product in one process, as the demo composes it: simulated markets at 5,000 ticks/s, embedded bus and store,
 * the emulated Telegram with its real limits; five people who want one asset each, or twenty who want everything. Waits
 * for those limits are taken out and told apart. Control, the floor: a row inserted, read and settled in the same kind of store, and one request.
 */
import { Duration, Effect, Layer, Option, References } from "effect"
import * as Pglite from "../src/layers/pglite/Pglite.ts"
import { Store } from "../src/layers/Store.ts"
import { demo, type Person } from "../src/programs/Demo.ts"
import * as Markets from "../src/programs/Markets.ts"
import { TelegramEmulator } from "../src/simulators/telegram/TelegramEmulator.ts"
import * as Bot from "../src/surfaces/bot/Bot.ts"
import * as Pacing from "../src/surfaces/bot/Pacing.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const SECONDS = 30
/** Each pass begins a new world: ticks of its first seconds warm caches and plans, and what they lead to does not count. */
const WARM_UP_MS = 4_000
const TICKS_PER_SECOND = 5_000
const FLOOR_ROUNDS = 200

const ASSETS = ["BTC", "ETH", "SOL", "XRP", "DOGE"]

const person = (n: number, about: string, pairs: ReadonlyArray<string>): Person => ({
  id: 2_000 + n,
  name: `reader ${n}`,
  about,
  languageCode: "en",
  tier: "enterprise",
  wants: {
    activeHoursStart: 0,
    activeHoursEnd: 0,
    maxPerHour: 100,
    maxPerDay: 1_000,
    batchNotifications: false,
    pairs,
  },
})

/** One asset each, so that no chat is owed more than its one message a second: a queue behind the limit is no latency. */
const FEW: ReadonlyArray<Person> = ASSETS.map((asset, n) => person(n, `wants ${asset}`, [asset]))

/** All are told of every opportunity at once, and mostly wait for the limits: what is left of the latency is ours. */
const CROWD: ReadonlyArray<Person> = Array.from({ length: 20 }, (_, n) => person(n, "wants everything", []))

const percentile = (values: ReadonlyArray<number>, p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(p / 100 * sorted.length) - 1)] ?? NaN
}

let pass = 0

const ours = (people: ReadonlyArray<Person>) =>
  Effect.suspend(() => {
    const { what: _, ...markets } = Markets.simulated({ seed: ++pass, ticksPerSecond: TICKS_PER_SECOND })
    return demo<never>({
      ...markets,
      owner: `bench${pass}`,
      people,
      duration: Duration.seconds(SECONDS),
      bot: Bot.layerPolling({ owner: `bench${pass}`, holdSeconds: 1 }).pipe(Layer.provide(Pacing.layer)),
      onMessage: () => Effect.void,
      onFigures: () => Effect.void,
    })
  }).pipe(
    Effect.provideService(References.MinimumLogLevel, "Error"),
    Effect.map((figures): Sample => {
      const first = Math.min(...figures.accepted.map(({ atMs }) => atMs))
      const warm = figures.accepted.filter(({ atMs, latencyMs, limiterWaitMs }) =>
        atMs - latencyMs - limiterWaitMs > first + WARM_UP_MS
      )
      const latencies = warm.map(({ latencyMs }) => latencyMs), waits = warm.map(({ limiterWaitMs }) => limiterWaitMs)
      return {
        p50Ms: percentile(latencies, 50),
        p99Ms: percentile(latencies, 99),
        limiterWaitP50Ms: percentile(waits, 50),
        limiterWaitP99Ms: percentile(waits, 99),
        messages: warm.length,
        ticksPerS: figures.ticks / SECONDS,
      }
    }),
  )

const floorRound = Effect.gen(function* () {
  const { sql, transaction } = yield* Store, emulator = yield* TelegramEmulator
  const began = performance.now()
  const [row] = yield* transaction(sql<{ readonly id: number }>`insert into floor (state) values ('due') returning id`)
  yield* sql`select id from floor where state = 'due' order by id limit 1`
  const body = JSON.stringify({ chat_id: 1, text: "floor" })
  const headers = { "content-type": "application/json" }
  yield* Effect.promise(() =>
    emulator.fetch(`${emulator.url}/bot${emulator.token}/sendMessage`, { method: "POST", headers, body })
  )
  yield* transaction(sql`update floor set state = 'sent' where id = ${row?.id ?? 0}`)
  return performance.now() - began
})

const noLimits = { overall: null, chat: null, group: null }

const control = Effect.gen(function* () {
  const { sql } = yield* Store, emulator = yield* TelegramEmulator
  yield* sql`create table floor (id serial primary key, state text not null)`
  yield* emulator.addPrivateChat({ id: 1, firstName: "floor", started: true })
  const rounds = yield* Effect.replicateEffect(floorRound, FLOOR_ROUNDS)
  return { p50Ms: percentile(rounds, 50), p99Ms: percentile(rounds, 99) } satisfies Sample
}).pipe(Effect.provide(
  Layer.mergeAll(Pglite.layer({ dataDir: Option.none() }), TelegramEmulator.layerInProcess({ limits: noLimits })),
))

const benchmark = (name: string, who: string, people: ReadonlyArray<Person>): Benchmark => ({
  name,
  about: `tick -> message accepted at ${TICKS_PER_SECOND} ticks/s, ${who}, limiter waits apart`,
  control: "one row inserted, read and settled, one request",
  compared: "p99Ms",
  targets: [{ figure: "p99Ms", atMost: 250 }],
  prepare: Effect.succeed({ ours: ours(people), control }),
})

export const tickToAccepted: ReadonlyArray<Benchmark> = [
  benchmark("tick-to-accepted", "five people of one asset each", FEW),
  benchmark("tick-to-accepted-crowd", "twenty people who want everything", CROWD),
]
