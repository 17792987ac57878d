/** Price alerts from the stream: crossings, flapping, stale quotes, restarts, and readers who are not to be told. */
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as RateLimiter from "../../src/actors/RateLimiter.ts"
import * as Instrument from "../../src/domain/Instrument.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "../../src/domain/Preferences.ts"
import type { WantedAlert } from "../../src/domain/PriceAlert.ts"
import * as Subject from "../../src/domain/Subject.ts"
import * as TickCodec from "../../src/domain/TickCodec.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { PriceAlerts } from "../../src/layers/PriceAlerts.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import * as Client from "../../src/layers/telegram/Client.ts"
import { Users } from "../../src/layers/Users.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { sendAlerts } from "../../src/streams/AlertNotices.ts"
import { watchAlerts } from "../../src/streams/PriceAlerts.ts"
import { ann, people } from "../simulators/telegram/support.ts"
import { day, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, processOf, until, world } from "../support/actors.ts"
import { quote } from "../support/ticks.ts"

const client = Layer.unwrap(Effect.map(
  TelegramEmulator,
  ({ fetch, token, url }) => Client.layer({ token: Redacted.make(token), apiRoot: url, fetch }),
))

const surroundings = Layer.mergeAll(
  EmbeddedBus.layer(),
  client.pipe(Layer.provideMerge(TelegramEmulator.layerInProcess())),
  processOf(Layer.merge(RateLimiter.behaviour(), RateLimiter.RateLimiterClient.layer)),
)

/** Quoted around this price, heard of now, or so many ms ago. */
const quoted = Effect.fnUntraced(function* (venue: string, price: number, agoMs = 0, name = "BTC/USDT") {
  const bus = yield* Bus
  const nowMs = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
  const tick = quote(venue, name, nowMs - agoMs, [`${price - 1}`, `${price + 1}`])
  const instrument = Instrument.parse(name)
  if (instrument._tag === "None") return
  const data = new TextEncoder().encode(TickCodec.toLine(tick))
  yield* bus.publishLive({ subject: Subject.live(venue, instrument.value, "quote"), data })
})

const texts = Effect.map(
  TelegramEmulator.use((emulator) => emulator.chat(ann)),
  ({ messages }) => messages.map(({ text }) => text),
)

/** Time passes meanwhile: what the limiter's actor did not answer in time is asked again. */
const told = (count: number) =>
  until(Effect.andThen(TestClock.adjust("50 millis"), Effect.map(texts, (all) => all.length === count)))

const member = Effect.fnUntraced(function* (changes: Partial<Preferences> = {}) {
  yield* people
  const users = yield* Users, sessions = yield* Sessions
  const { userId } = yield* someUser(`${ann}`)
  yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, ...changes }, t0)
  const { session } = yield* sessions.start({ userId, telegramId: `${ann}`, nowMs: t0, ttlMs: 7 * day })
  return { userId, session }
})

const wish = (userId: string, changes: Partial<WantedAlert> = {}, armed = false) =>
  PriceAlerts.use((alerts) =>
    alerts.add({
      userId,
      wanted: { venue: null, instrument: "BTC/USDT", direction: "above", price: "70000", repeats: false, ...changes },
      armed,
      limit: 10,
      nowMs: t0,
    })
  )

/** The two stages as a process runs them, until the scope is closed; they read alerts and hear quotes already. */
const begin = Effect.fnUntraced(function* (userId: string) {
  const scope = yield* Scope.make()
  const stages = Effect.all([watchAlerts("live"), sendAlerts("w")], { concurrency: 2 })
  yield* Effect.forkIn(stages, scope, { startImmediately: true })
  const alerts = yield* PriceAlerts
  const probe = yield* wish(userId, { venue: "kraken", instrument: "XRP/USDT", price: "1000" })
  const isArmed = Effect.map(
    alerts.of(userId),
    (all) => all.some(({ instrument, state }) => instrument === "XRP/USDT" && state === "armed"),
  )
  yield* until(Effect.andThen(quoted("kraken", 5, 0, "XRP/USDT"), isArmed))
  if (probe._tag === "Added") yield* alerts.remove(userId, probe.alert.alertId)
  return Scope.close(scope, Exit.void)
})

/** What a test ends with: one that certainly fires, behind all that was quoted before. */
const lastly = Effect.fnUntraced(function* (userId: string, before: number) {
  // A chat is sent one message a second.
  yield* TestClock.adjust("2 seconds")
  yield* wish(userId, { venue: "kraken", instrument: "ETH/USDT", price: "1" }, true)
  const isTold = Effect.map(texts, (all) => all.length > before)
  yield* until(
    Effect.andThen(Effect.andThen(quoted("kraken", 5, 0, "ETH/USDT"), TestClock.adjust("50 millis")), isTold),
  )
  const all = yield* texts
  assert.strictEqual(all.length, before + 1)
  assert.include(all.at(-1), "ETH/USDT is above 1")
})

const life = <E, R>(body: Effect.Effect<void, E, R>) =>
  Effect.andThen(fresh, body.pipe(Effect.provide(surroundings), Effect.scoped))

layer(world, { timeout: "60 seconds" })("Price alerts", (it) => {
  it.effect("fire once when the price crosses, however it flaps around the threshold", () =>
    life(Effect.gen(function* () {
      const { userId } = yield* member()
      yield* wish(userId, { venue: "okx" })
      const end = yield* begin(userId)
      yield* quoted("okx", 69_990)
      yield* quoted("kraken", 71_000)
      for (const price of [70_003, 69_999, 70_004, 69_000, 70_500]) yield* quoted("okx", price)
      yield* told(1)
      yield* lastly(userId, 1)
      assert.deepStrictEqual((yield* texts)[0]?.split("\n"), [
        "📈 BTC/USDT is above 70,000",
        "The price is 70,003 on okx.",
        "This alert is done. /alerts makes another.",
      ])
      yield* end
    })))

  it.effect("of a venue's market that repeat fire again after the price went back by a fifth of a percent", () =>
    life(Effect.gen(function* () {
      const { userId } = yield* member({ language: "ru" })
      yield* wish(userId, { venue: "okx", direction: "below", repeats: true })
      const end = yield* begin(userId)
      for (const price of [70_100, 69_900, 70_100, 69_900]) yield* quoted("okx", price)
      yield* told(1)
      yield* TestClock.adjust("2 seconds")
      yield* quoted("okx", 70_141)
      yield* quoted("okx", 69_950)
      yield* told(2)
      assert.deepStrictEqual((yield* texts)[1]?.split("\n"), [
        "📉 BTC/USDT ниже 70\u00a0000",
        "Цена — 69\u00a0950 на okx.",
        "Сработает снова, когда цена отойдёт обратно на 0,2%.",
      ])
      yield* end
    })))

  it.effect("across venues go by the median, once all had two seconds to speak", () =>
    life(Effect.gen(function* () {
      const { userId } = yield* member()
      yield* wish(userId, {}, true)
      const end = yield* begin(userId)
      const all = (...prices: ReadonlyArray<number>) =>
        Effect.forEach(["kraken", "okx", "bybit"], (venue, at) => quoted(venue, prices[at] ?? 0), { discard: true })
      // The first to speak is wrong by far.
      yield* all(90_000, 69_990, 69_980)
      yield* TestClock.adjust("2 seconds")
      yield* all(90_000, 69_990, 69_980)
      yield* all(90_000, 69_990, 70_010)
      yield* told(1)
      assert.include((yield* texts)[0], "The price is 70,010, the median of 3 exchanges.")
      yield* end
    })))

  it.effect("do not fire by stale quotes", () =>
    life(Effect.gen(function* () {
      const { userId } = yield* member()
      yield* wish(userId, { venue: "okx" }, true)
      const end = yield* begin(userId)
      yield* quoted("okx", 71_000, 10_001)
      yield* lastly(userId, 0)
      yield* TestClock.adjust("2 seconds")
      yield* quoted("okx", 71_001)
      yield* told(2)
      yield* end
    })))

  it.effect("that were crossed while nobody watched fire after the restart, and are told once over another", () =>
    life(Effect.gen(function* () {
      const { userId } = yield* member()
      yield* wish(userId, { venue: "okx" })
      const first = yield* begin(userId)
      yield* quoted("okx", 69_000)
      const alerts = yield* PriceAlerts
      yield* until(Effect.map(alerts.of(userId), ([alert]) => alert?.state === "armed"))
      yield* first
      yield* quoted("okx", 71_000)
      const second = yield* begin(userId)
      yield* quoted("okx", 71_500)
      yield* told(1)
      yield* second
      const third = yield* begin(userId)
      yield* quoted("okx", 69_000)
      yield* quoted("okx", 72_000)
      yield* lastly(userId, 1)
      yield* third
    })))

  it.effect("are not told to who has no session any more", () =>
    life(Effect.gen(function* () {
      const { session, userId } = yield* member()
      yield* wish(userId, { venue: "okx" }, true)
      const sessions = yield* Sessions
      yield* sessions.terminate({ session, nowMs: t0 })
      const end = yield* begin(userId)
      yield* quoted("okx", 71_000)
      const { sql } = yield* Store
      yield* until(Effect.map(
        sql<{ readonly why: string }>`select error_message as why from price_alert_notices where status = 'cancelled'`,
        ([cancelled]) => cancelled?.why === "no_session",
      ))
      yield* sessions.start({ userId, telegramId: `${ann}`, nowMs: t0, ttlMs: 7 * day })
      yield* lastly(userId, 0)
      yield* end
    })))

  it.effect("come outside the active hours, but wait while their reader is not to be disturbed", () =>
    life(Effect.gen(function* () {
      const quiet = { activeHoursStart: 3, activeHoursEnd: 4, doNotDisturbUntil: t0 + 65_000 }
      const { userId } = yield* member(quiet)
      yield* wish(userId, { venue: "okx" }, true)
      const end = yield* begin(userId)
      yield* quoted("okx", 71_000)
      const alerts = yield* PriceAlerts
      yield* until(Effect.map(alerts.of(userId), (left) => left.length === 0))
      yield* TestClock.adjust("64 seconds")
      assert.deepStrictEqual(yield* texts, [])
      yield* told(1)
      assert.include((yield* texts)[0], "It was so at 2025-06-15 15:06 (UTC).")
      yield* end
    })))
})
