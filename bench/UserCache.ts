/**
 * user-cache: what the bot reads of a person at every word, from the store and the cache, or from the store alone.
 *
 * Ours: the person's row with its version from Postgres, their wishes from the bucket under it, opened and decoded: one
 * statement. Control: the row and the wishes by two statements, as it was before. 1,000 people, 16 at a time; the cache
 * is filled beforehand. NATS and Postgres on this machine.
 */
import { performance } from "node:perf_hooks"
import { Effect, Layer, Option } from "effect"
import * as Postgres from "../src/layers/postgres/Postgres.ts"
import { PREFERENCES, through, UserCache } from "../src/layers/UserCache.ts"
import { Users } from "../src/layers/Users.ts"
import * as UserCaching from "../src/streams/UserCaching.ts"
import { ownDatabase } from "../test/layers/postgres/ownDatabase.ts"
import { someUser, worldOf } from "../test/suites/StoreWorld.ts"
import type { Benchmark } from "./Paired.ts"
import { freshBus, ownServer } from "./Servers.ts"

const PEOPLE = 1_000
const AT_ONCE = 16
const ROUNDS = 3

const everyone = Array.from({ length: PEOPLE }, (_, at) => String(at + 1))

const fromStore = Effect.fnUntraced(function* (telegramId: string) {
  const users = yield* Users
  const { userId } = Option.getOrThrow(yield* users.byTelegramId(telegramId))
  yield* users.preferences(userId)
})

const fromCache = Effect.fnUntraced(function* (telegramId: string) {
  const users = yield* Users
  const { user, version } = Option.getOrThrow(yield* users.current(telegramId))
  yield* through(PREFERENCES, { telegramId, version }, users.preferences(user.userId))
})

const timed = <E, R>(read: (telegramId: string) => Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    const tookMs: Array<number> = [], begunAt = performance.now()
    for (let round = 0; round < ROUNDS; round++) {
      yield* Effect.forEach(everyone, (telegramId) =>
        Effect.gen(function* () {
          const at = performance.now()
          yield* read(telegramId)
          tookMs.push(performance.now() - at)
        }), { concurrency: AT_ONCE, discard: true })
    }
    const seconds = (performance.now() - begunAt) / 1_000
    tookMs.sort((a, b) => a - b)
    return { readsPerS: tookMs.length / seconds, p99Ms: tookMs[Math.floor(tookMs.length * 0.99)] ?? NaN }
  })

export const userCache: ReadonlyArray<Benchmark> = [{
  name: "user-cache",
  about: "a person's row, and their wishes from the cache under its version",
  control: "the row and the wishes, both from Postgres",
  compared: "readsPerS",
  targets: [{ figure: "ratio", atLeast: 0.8 }],
  prepare: Effect.gen(function* () {
    const url = yield* ownDatabase, server = yield* ownServer
    const services = yield* Layer.build(
      UserCaching.layer.pipe(
        Layer.provideMerge(freshBus(server)),
        Layer.provideMerge(worldOf(Postgres.layer({ url, maxConnections: 6 }))),
      ),
    )
    const prepared = Effect.gen(function* () {
      const cache = yield* UserCache, users = yield* Users
      yield* Effect.forEach(everyone, someUser, { concurrency: AT_ONCE, discard: true })
      yield* Effect.forEach(everyone, (telegramId) =>
        Effect.gen(function* () {
          const { user, version } = Option.getOrThrow(yield* users.current(telegramId))
          const wishes = yield* users.preferences(user.userId)
          // Writes are dropped where too many wait, so each is seen before the next is begun.
          yield* cache.write("preferences", { telegramId, version }, () => PREFERENCES.encode(wishes))
          yield* cache.read("preferences", { telegramId, version }).pipe(
            Effect.repeat({ until: Option.isSome }),
          )
        }), { concurrency: AT_ONCE, discard: true })
    })
    yield* Effect.provideContext(prepared, services)
    return {
      ours: Effect.provideContext(timed(fromCache), services),
      control: Effect.provideContext(timed(fromStore), services),
    }
  }),
}]
