/** Rows on their users' channels, over the embedded store: in the user's order, and on to the next where one fails. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Ref } from "effect"
import { TestClock } from "effect/testing"
import { RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import { ABILITIES, type DeliveryChannel, routeOf } from "../../src/domain/DeliveryChannel.ts"
import type { Notice } from "../../src/domain/Notice.ts"
import { Groups } from "../../src/layers/Groups.ts"
import { Notifier, type Outcome } from "../../src/layers/Notifier.ts"
import { type NewQueueItem, OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { NONE, type Outlet, Outlets } from "../../src/layers/Outlets.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { UserChannels } from "../../src/layers/UserChannels.ts"
import { Users } from "../../src/layers/Users.ts"
import * as ChannelRouting from "../../src/streams/ChannelRouting.ts"
import { deliver } from "../../src/streams/Deliver.ts"
import { minute, queueItem, someOpportunity, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"

type Answers = Partial<Record<DeliveryChannel, Outcome>>

const accepted: Outcome = { _tag: "Accepted", messageId: 900 }
const refused: Outcome = { _tag: "Refused", detail: "HTTP 400" }

/** Delivery for the length of a test; what each channel answers. Out: the requests, in order, and who was limited. */
const delivering = Effect.fnUntraced(function* (answers: Answers) {
  const requests: Array<string> = [], limited: Array<string> = []
  const request = (what: string, channel: DeliveryChannel) =>
    Effect.sync(() => {
      requests.push(`${what} ${channel}`)
      return answers[channel] ?? accepted
    })
  const outlet = (channel: "webhook" | "email"): Outlet => ({
    read: () => Option.none(),
    prove: () => Effect.die(new Error("not asked")),
    send: ({ address }) => request(`send ${address}`, channel),
    tell: ({ address }, { html }) => request(`tell ${address} ${html.split("\n")[0]}`, channel),
    edit: ({ address }) => request(`edit ${address}`, channel),
    secretOf: () => null,
    reach: Effect.succeed(null),
  })
  const telegram = Layer.succeed(Notifier, {
    send: ({ chatId }) => request(`send ${chatId}`, "telegram"),
    tell: ({ chatId }) => request(`tell ${chatId}`, "telegram"),
    edit: (messageId, { chatId }) => request(`edit ${chatId}/${messageId}`, "telegram"),
  })
  const limiter = Layer.succeed(RateLimiterClient, {
    acquire: () => Effect.succeed({ _tag: "Granted", number: 1 }),
    acquireAll: (asked) =>
      Effect.sync(() => asked.map(({ chatId }) => (limited.push(chatId), { _tag: "Granted", number: 1 }))),
    landed: () => Effect.void,
    paused: () => Effect.void,
  })
  yield* deliver({ owner: "test", underWay: yield* Ref.make(0) }).pipe(
    Effect.provide([ChannelRouting.layer.pipe(Layer.provide(telegram)), limiter]),
    Effect.provideService(Outlets, { ...NONE, webhook: outlet("webhook"), email: outlet("email") }),
    Effect.forkScoped,
  )
  return { requests, limited }
})

/** A user with a webhook and mail, tried in this order. */
const someone = Effect.fnUntraced(function* (order: ReadonlyArray<DeliveryChannel>) {
  yield* fresh
  const { userId } = yield* someUser("100")
  const channels = yield* UserChannels
  for (const channel of ["webhook", "email"] as const) {
    yield* channels.add({ userId, channel, address: channel.slice(0, 1), nowMs: t0 })
    yield* channels.verify({ userId, channel, nowMs: t0 })
  }
  yield* channels.reorder(userId, order, t0)
  return { userId, channels }
})

const payload = { opportunity: someOpportunity({ expiresAt: t0 + minute }), language: "en" }
const owed = (userId: string, changes: Partial<NewQueueItem> = {}) =>
  OpportunityQueue.use((queue) => queue.enqueue([queueItem({ userId, payload, ...changes })], t0))

const rowsNow = Effect.flatMap(
  Store,
  ({ sql }) =>
    sql<{ readonly status: string; readonly channel: string; readonly why: string | null }>`
    select status, channel, error_message as why from opportunity_distribution_queue order by queue_id`,
)

const settled = until(
  Effect.map(
    rowsNow,
    (rows) => rows.length > 0 && rows.every(({ status }) => !["pending", "sending"].includes(status)),
  ),
)

/** The same while time passes. */
const settledLater = until(Effect.gen(function* () {
  yield* TestClock.adjust("200 millis")
  return (yield* rowsNow).every(({ status }) => !["pending", "sending"].includes(status))
}))

layer(world, { timeout: "60 seconds" })("A notification", (it) => {
  it.effect("goes by the first channel of its user's order, without asking for Telegram's limits", () =>
    Effect.gen(function* () {
      const { userId } = yield* someone(["webhook", "telegram", "email"])
      const { limited, requests } = yield* delivering({})
      yield* owed(userId)
      yield* settled
      assert.deepStrictEqual(requests, ["send w webhook"])
      assert.deepStrictEqual(limited, [])
      assert.deepStrictEqual(yield* rowsNow, [{ status: "sent", channel: "webhook", why: null }])
    }))

  it.effect("that is a notice of the product goes the same way, with its own words", () =>
    Effect.gen(function* () {
      const { userId } = yield* someone(["email", "webhook", "telegram"])
      yield* Sessions.use((sessions) => sessions.start({ userId, telegramId: "100", nowMs: t0, ttlMs: minute }))
      const { requests } = yield* delivering({ email: refused })
      const notice: Notice = { about: "tier_changed", from: "free", to: "pro" }
      yield* owed(userId, { kind: "notification", opportunityId: "tier_changed:1", payload: { notice } })
      yield* settled
      const title = "🎫 <b>Your plan is pro now</b>"
      assert.deepStrictEqual(requests, [`tell e ${title} email`, `tell w ${title} webhook`])
      assert.deepStrictEqual((yield* rowsNow).map(({ channel, status }) => [channel, status]), [["webhook", "sent"]])
    }))

  it.effect("goes on to the next channel while they refuse, and fails after the last", () =>
    Effect.gen(function* () {
      const { userId } = yield* someone(["email", "telegram", "webhook"])
      const { requests } = yield* delivering({ email: refused, telegram: refused, webhook: refused })
      yield* owed(userId)
      yield* settled
      assert.deepStrictEqual(requests, ["send e email", "send 100 telegram", "send w webhook"])
      const [row] = yield* rowsNow
      assert.deepStrictEqual([row?.status, row?.channel], ["failed", "webhook"])
    }))

  it.effect("is tried twice where a receiver is away, and waits for none longer than it lives", () =>
    Effect.gen(function* () {
      const { userId } = yield* someone(["webhook", "email", "telegram"])
      const { requests } = yield* delivering({
        webhook: { _tag: "Unavailable", detail: "HTTP 500" },
        email: { _tag: "RetryAfter", afterMs: 10 * minute },
      })
      yield* owed(userId)
      yield* settledLater
      assert.deepStrictEqual(requests, ["send w webhook", "send w webhook", "send e email", "send 100 telegram"])
      assert.strictEqual((yield* rowsNow)[0]?.status, "sent")
    }))

  it.effect("ends an address whose receiver says it is gone, and leaves the user reachable", () =>
    Effect.gen(function* () {
      const { channels, userId } = yield* someone(["webhook", "telegram", "email"])
      const { requests } = yield* delivering({ webhook: { _tag: "ChatGone", detail: "HTTP 410" } })
      yield* owed(userId)
      yield* settled
      assert.deepStrictEqual(requests, ["send w webhook", "send 100 telegram"])
      assert.deepStrictEqual(routeOf(yield* channels.of(userId)), ["telegram", "email"])
      const user = yield* Users.use((users) => users.byTelegramId("100"))
      assert.isTrue(user._tag === "Some" && user.value.isActive)
    }))

  it.effect("of somebody who blocked the bot goes by no other way", () =>
    Effect.gen(function* () {
      const { userId } = yield* someone(["telegram", "webhook", "email"])
      const { requests } = yield* delivering({ telegram: { _tag: "ChatGone", detail: "blocked" } })
      yield* owed(userId)
      yield* settled
      assert.deepStrictEqual(requests, ["send 100 telegram"])
    }))

  it.effect("whose end is unknown is repeated once on its own channel and on no other", () =>
    Effect.gen(function* () {
      const { userId } = yield* someone(["webhook", "telegram", "email"])
      const { requests } = yield* delivering({ webhook: { _tag: "Unknown", detail: "no answer" } })
      yield* owed(userId)
      yield* until(Effect.gen(function* () {
        yield* TestClock.adjust("200 millis")
        return (yield* rowsNow)[0]?.status === "failed"
      }))
      assert.deepStrictEqual(requests, ["send w webhook", "send w webhook"])
    }))

  it.effect("beyond a channel's quota of the day goes by the next", () =>
    Effect.gen(function* () {
      const { channels, userId } = yield* someone(["email", "telegram", "webhook"])
      const { perDay } = ABILITIES.email
      for (let each = 0; each < perDay; each++) {
        yield* channels.spend({ userId, channel: "email", perDay, nowMs: t0 })
      }
      const { requests } = yield* delivering({})
      yield* owed(userId)
      yield* settled
      assert.deepStrictEqual(requests, ["send 100 telegram"])
    }))

  it.effect("is changed where it was sent, if that can be changed", () =>
    Effect.gen(function* () {
      const { userId } = yield* someone(["webhook", "telegram", "email"])
      const { requests } = yield* delivering({})
      yield* owed(userId)
      yield* settled
      yield* owed(userId, { purpose: "edit:2" })
      yield* settled
      assert.deepStrictEqual(requests, ["send w webhook", "edit w webhook"])
      const mailed = yield* someone(["email", "telegram", "webhook"])
      yield* owed(mailed.userId)
      yield* settled
      yield* owed(mailed.userId, { purpose: "edit:2" })
      yield* settled
      assert.deepStrictEqual((yield* rowsNow).map(({ status }) => status), ["sent", "cancelled"])
      assert.deepStrictEqual(requests.slice(2), ["send e email"])
    }))

  it.effect("to a group that may not be written to any more pauses it, so that its registrar is told", () =>
    Effect.gen(function* () {
      yield* fresh
      const users = yield* Users, groups = yield* Groups
      const chatId = "-500"
      const contact = {
        telegramId: chatId,
        username: null,
        firstName: "Desk",
        lastName: null,
        isGroup: true,
        nowMs: t0,
      }
      const { userId } = yield* users.contact(contact)
      const title = "Desk", kind = "group", registrarId = "100", threadId = null
      yield* groups.register({ chatId, userId, kind, title, registrarId, threadId, nowMs: t0 })
      yield* delivering({ telegram: { _tag: "ChatGone", detail: "not enough rights" } })
      yield* owed(userId, { chatId })
      yield* settled
      const group = Option.getOrThrow(yield* groups.get(chatId))
      assert.deepStrictEqual([group.state, group.reason], ["paused", "bot_rights"])
      assert.lengthOf(yield* groups.claimUntold(10, t0), 1)
    }))
})
