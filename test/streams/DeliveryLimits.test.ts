/**
 * Calls that are slow on their way break no limit of the messenger: the real limiter and the real client against the
 * emulated Telegram, which counts calls when they arrive and refuses what is too much.
 *
 * In: rows that are due, and a way to the messenger that the test holds shut. Promises: virtual time.
 */
import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Latch, Layer, Redacted, Ref } from "effect"
import { TestClock } from "effect/testing"
import { behaviour, RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import * as Client from "../../src/layers/telegram/Client.ts"
import * as TelegramNotifier from "../../src/layers/telegram/Notifier.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { deliver } from "../../src/streams/Deliver.ts"
import { minute, queueItem, someOpportunity, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, processOf, until, world } from "../support/actors.ts"
import { fullest } from "../support/windows.ts"

const limiter = processOf(Layer.merge(behaviour(), RateLimiterClient.layer))

/** Delivery over a way that is shut: `waiting` calls stand before it until it is opened. */
const delivering = Effect.gen(function* () {
  const { fetch, token, url } = yield* TelegramEmulator
  const way = yield* Latch.make(false)
  let waiting = 0
  const slow: typeof fetch = async (input, init) => {
    waiting++
    await Effect.runPromise(way.await)
    return await fetch(input, init)
  }
  const notifier = TelegramNotifier.layer.pipe(
    Layer.provide(Client.layer({ token: Redacted.make(token), apiRoot: url, fetch: slow })),
  )
  yield* deliver({ owner: "test", underWay: yield* Ref.make(0) }).pipe(
    Effect.provide([notifier, limiter]),
    Effect.forkScoped,
  )
  return { way, waiting: Effect.sync(() => waiting) }
})

const owed = (chat: number, opportunityId: string) =>
  OpportunityQueue.use((queue) => {
    const payload = { opportunity: someOpportunity({ id: opportunityId }), language: "en" }
    const chatId = `${chat}`
    return queue.enqueue([queueItem({ chatId, opportunityId, payload, expiresAt: t0 + 300 * minute })], t0)
  })

const reader = Effect.fnUntraced(function* (chat: number) {
  yield* someUser(`${chat}`)
  yield* (yield* TelegramEmulator).addPrivateChat({ id: chat, firstName: "Ada", started: true })
})

/** Time goes on in small steps until so many calls have arrived. Out: when, oldest first. */
const arrivals = Effect.fnUntraced(function* (count: number) {
  const emulator = yield* TelegramEmulator
  yield* until(Effect.gen(function* () {
    yield* TestClock.adjust("10 millis")
    return (yield* emulator.log.calls).length >= count
  }))
  const calls = yield* emulator.log.calls
  assert.deepStrictEqual(calls.filter(({ outcome }) => !outcome.ok), [], "nothing is refused")
  return calls.map(({ at }) => at)
})

layer(world, { timeout: "60 seconds" })("A call that is slow on its way", (it) => {
  it.effect("holds up the next one to its chat until a second after it was answered", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* reader(100)
      yield* owed(100, "opp-1")
      const { waiting, way } = yield* delivering
      yield* until(Effect.map(waiting, (count) => count === 1))
      yield* owed(100, "opp-2")
      yield* TestClock.adjust("400 millis")
      yield* way.open
      const [first = 0, second = 0] = yield* arrivals(2)
      assert.isAtLeast(first, t0 + 400)
      assert.isAtLeast(second - first, 1_000)
    }).pipe(Effect.provide(TelegramEmulator.layerInProcess({}), { local: true })))

  it.effect("leaves the messenger a whole second for thirty to all chats, and gives its place away soon after", () =>
    Effect.gen(function* () {
      yield* fresh
      for (let chat = 101; chat <= 140; chat++) {
        yield* reader(chat)
        yield* owed(chat, "opp-1")
      }
      const { waiting, way } = yield* delivering
      yield* until(Effect.map(waiting, (count) => count === 30))
      yield* TestClock.adjust("400 millis")
      yield* way.open
      const told = yield* arrivals(40)
      assert.isAtMost(fullest(told, 1_000), 30)
      assert.isAtMost(yield* Clock.currentTimeMillis, t0 + 3_000)
    }).pipe(Effect.provide(TelegramEmulator.layerInProcess({}), { local: true })))
})
