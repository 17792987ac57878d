/**
 * The PriceAlerts and AlertNotices ports: limits, one firing a crossing, and notices that leave once.
 */
import { assert } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import type { PriceAlert, WantedAlert } from "../../src/domain/PriceAlert.ts"
import { AlertNotices, type NoticeEnd } from "../../src/layers/AlertNotices.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { PriceAlerts } from "../../src/layers/PriceAlerts.ts"
import { Store } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { day, empty, minute, someUser, type Suite, t0 } from "./StoreWorld.ts"

const btc: WantedAlert = { venue: null, instrument: "BTC/USDT", direction: "above", price: "70000", repeats: false }

const add = (userId: string, changes: Partial<WantedAlert> = {}, armed = true, limit = 3) =>
  PriceAlerts.use((alerts) => alerts.add({ userId, wanted: { ...btc, ...changes }, armed, limit, nowMs: t0 }))

const added = (userId: string, changes: Partial<WantedAlert> = {}, armed = true): Effect.Effect<
  PriceAlert,
  never,
  PriceAlerts
> =>
  Effect.flatMap(
    Effect.orDie(add(userId, changes, armed)),
    (answer) => answer._tag === "Added" ? Effect.succeed(answer.alert) : Effect.die(answer._tag),
  )

const fire = (alertId: number, nowMs = t0) =>
  PriceAlerts.use((alerts) => alerts.fire({ alertId, price: "70001.50", venues: 3, simulated: false, nowMs }))

const claim = (owner: string, nowMs = t0) =>
  AlertNotices.use((notices) => notices.claim({ owner, limit: 10, nowMs, leaseMs: 5_000 }))

const statuses = Effect.flatMap(Store, ({ sql }) =>
  Effect.map(
    sql<{ readonly status: string }>`select status from price_alert_notices order by notice_id`,
    (rows) => rows.map(({ status }) => status),
  ))

export const storePriceAlerts: Suite = (it) => {
  it.effect("keep each wish once and no more than the limit, however many come at a time", () =>
    Effect.gen(function* () {
      yield* empty
      const alerts = yield* PriceAlerts
      const { userId } = yield* someUser("1")
      const prices = ["1", "1.0", "2", "3", "4", "5", "6"]
      const answers = yield* Effect.all(prices.map((price) => add(userId, { price })), { concurrency: "unbounded" })
      const count = (tag: string) => answers.filter(({ _tag }) => _tag === tag).length
      assert.strictEqual(count("Added"), 3)
      assert.strictEqual(count("Added") + count("Known") + count("TooMany"), prices.length)
      const [first] = yield* alerts.of(userId)
      assert.isDefined(first)
      assert.strictEqual((yield* add(userId, { price: `${first.price}.00` }))._tag, "Known")
      const other = yield* someUser("2")
      assert.isFalse(yield* alerts.remove(other.userId, first.alertId))
      assert.isTrue(yield* alerts.remove(userId, first.alertId))
      assert.isFalse(yield* alerts.remove(userId, first.alertId))
      assert.strictEqual((yield* alerts.of(userId)).length, 2)
    }))

  it.effect("fire once for each time they are armed, whoever asks and however often", () =>
    Effect.gen(function* () {
      yield* empty
      const alerts = yield* PriceAlerts
      const { userId } = yield* someUser("1")
      const once = yield* added(userId, {}, false)
      assert.isFalse(yield* fire(once.alertId))
      assert.isTrue(yield* alerts.arm(once.alertId, t0))
      assert.isFalse(yield* alerts.arm(once.alertId, t0))
      const fired = yield* Effect.all(Array.from({ length: 8 }, () => fire(once.alertId)), { concurrency: "unbounded" })
      assert.strictEqual(fired.filter((each) => each).length, 1)
      assert.isTrue(Option.isNone(yield* alerts.watchedOne(once.alertId)))
      assert.isFalse(yield* alerts.arm(once.alertId, t0))
      const repeats = yield* added(userId, { price: "80000.250", repeats: true, venue: "kraken" })
      assert.isTrue(yield* fire(repeats.alertId))
      assert.deepStrictEqual(yield* alerts.watched, [{ ...repeats, price: "80000.25", state: "fired" }])
      assert.isTrue(yield* alerts.arm(repeats.alertId, t0))
      assert.isTrue(yield* fire(repeats.alertId))
      assert.deepStrictEqual(yield* statuses, ["pending", "pending", "pending"])
    }))

  it.effect("tell of every change", () =>
    Effect.gen(function* () {
      yield* empty
      const alerts = yield* PriceAlerts
      const { userId } = yield* someUser("1")
      let id = 0
      const heard = yield* alerts.changes.pipe(
        Stream.tap((change) =>
          change._tag === "Changed" ? Effect.void : Effect.gen(function* () {
            const alert = yield* added(userId, { repeats: true })
            id = alert.alertId
            yield* fire(id)
            yield* alerts.arm(id, t0)
            yield* alerts.remove(userId, id)
          })
        ),
        Stream.filter((change) => change._tag === "Unknown" || change.alertId === id),
        Stream.take(5),
        Stream.runCollect,
      )
      assert.deepStrictEqual(heard.map(({ _tag }) => _tag), ["Unknown", "Changed", "Changed", "Changed", "Changed"])
    }))

  it.effect("give a notice to one owner, which says what became of it", () =>
    Effect.gen(function* () {
      yield* empty
      const notices = yield* AlertNotices
      const { userId } = yield* someUser("77")
      const { alertId } = yield* added(userId, { venue: "okx" })
      yield* fire(alertId)
      const [[notice], nothing] = yield* Effect.all([claim("a"), claim("b")])
      assert.isDefined(notice)
      assert.deepStrictEqual(nothing, [])
      const { noticeId, ...rest } = notice
      assert.deepStrictEqual(rest, {
        alertId,
        userId,
        chatId: "77",
        venue: "okx",
        instrument: "BTC/USDT",
        direction: "above",
        threshold: "70000",
        price: "70001.5",
        venues: 3,
        simulated: false,
        repeats: false,
        firedAt: t0,
        expiresAt: t0 + day,
        attempts: 0,
      })
      const mark = (owner: string, nowMs = t0) => notices.markSending({ owner, noticeId, nowMs, leaseMs: 15_000 })
      const settle = (owner: string, end: NoticeEnd) => notices.settle({ owner, noticeId, end, nowMs: t0 })
      assert.isFalse(yield* mark("b"))
      assert.isTrue(yield* settle("a", { _tag: "Later", dueAtMs: t0 + minute, error: "limiter" }))
      assert.deepStrictEqual(yield* notices.nextDueAt(t0), Option.some(t0 + minute))
      yield* claim("a", t0 + minute)
      assert.isTrue(yield* mark("a", t0 + minute))
      assert.isFalse(yield* mark("a", t0 + minute))
      assert.isFalse(yield* settle("b", { _tag: "Sent", messageId: 5 }))
      assert.isTrue(yield* settle("a", { _tag: "Sent", messageId: 5 }))
      assert.deepStrictEqual(yield* statuses, ["sent"])
      assert.deepStrictEqual(yield* notices.nextDueAt(t0), Option.none())
    }))

  it.effect("repeat what was in flight once, and never what expired", () =>
    Effect.gen(function* () {
      yield* empty
      const notices = yield* AlertNotices
      const { userId } = yield* someUser("1")
      yield* fire((yield* added(userId)).alertId)
      let nowMs = t0
      for (const after of ["pending", "failed"]) {
        const [notice] = yield* claim("a", nowMs)
        assert.isDefined(notice)
        yield* notices.markSending({ owner: "a", noticeId: notice.noticeId, nowMs, leaseMs: 15_000 })
        nowMs += 15_000
        yield* notices.sweep(nowMs)
        assert.deepStrictEqual(yield* statuses, [after])
      }
      yield* fire((yield* added(userId, { price: "2" })).alertId)
      assert.deepStrictEqual(yield* claim("a", t0 + day), [])
      yield* notices.sweep(t0 + day)
      assert.deepStrictEqual(yield* statuses, ["failed", "expired"])
    }))

  it.effect("are owed to nobody who turned push off or left", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const { userId } = yield* someUser("1")
      yield* fire((yield* added(userId)).alertId)
      yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, pushEnabled: false }, t0)
      assert.deepStrictEqual(yield* statuses, ["cancelled"])
      const other = yield* someUser("2")
      yield* fire((yield* added(other.userId)).alertId)
      const queue = yield* OpportunityQueue
      yield* queue.cancelChat("1", "session_ended", t0)
      assert.deepStrictEqual(yield* statuses, ["cancelled", "pending"])
      yield* queue.cancelChat("2", "session_ended", t0)
      assert.deepStrictEqual(yield* statuses, ["cancelled", "cancelled"])
    }))
}
