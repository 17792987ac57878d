/** Delivery over the embedded store: every outcome of a request ends its row as documented, with a fact beside it. */
import { assert, layer } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Latch, Layer, Option, Ref, Schema } from "effect"
import { TestClock } from "effect/testing"
import { RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import { DeliverySettled } from "../../src/domain/Fact.ts"
import type { Verdict } from "../../src/domain/RateLimit.ts"
import { type Notification, Notifier, type Outcome } from "../../src/layers/Notifier.ts"
import { type NewQueueItem, OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Outbox, type OutboxFact } from "../../src/layers/Outbox.ts"
import { Store, StoreError } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { deliver, type DeliverOptions } from "../../src/streams/Deliver.ts"
import { minute, queueItem, someOpportunity, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"

interface Sent extends Notification {
  readonly edited: number | null
}

/** Delivery for the length of a test: what a request meets, and what the limiter says. Out: what was sent. */
const delivering = Effect.fnUntraced(function* (
  outcome: (request: number) => Outcome,
  verdict: (chatId: string) => Verdict = () => ({ _tag: "Granted", number: 1 }),
  answer: Effect.Effect<void> = Effect.void,
  options: Pick<DeliverOptions, "drainFor"> = {},
) {
  const sent: Array<Sent> = [], paused: Array<readonly [string, number]> = []
  const take = (notification: Notification, edited: number | null) =>
    Effect.andThen(
      Effect.sync(() => sent.push({ ...notification, edited })),
      (request) => Effect.as(answer, outcome(request)),
    )
  const notifier = Layer.succeed(Notifier, {
    send: (notification) => take(notification, null),
    tell: () => Effect.die(new Error("no notice is queued in these tests")),
    edit: (messageId, notification) => take(notification, messageId),
  })
  const limiter = Layer.succeed(RateLimiterClient, {
    acquire: ({ chatId }) => Effect.sync(() => verdict(chatId)),
    acquireAll: (requests) => Effect.sync(() => requests.map(({ chatId }) => verdict(chatId))),
    landed: () => Effect.void,
    paused: (chatId, untilMs) => Effect.sync(() => void paused.push([chatId, untilMs])),
  })
  const underWay = yield* Ref.make(0)
  const fiber = yield* deliver({ owner: "test", underWay, ...options }).pipe(
    Effect.provide([notifier, limiter]),
    Effect.forkScoped,
  )
  return { sent, paused, fiber }
})

const accepted = (request: number): Outcome => ({ _tag: "Accepted", messageId: 500 + request })

const payload = { opportunity: someOpportunity({ detectedAt: t0 - 70 }), language: "en" }
const owed = (changes: Partial<NewQueueItem> = {}) =>
  OpportunityQueue.use((queue) => queue.enqueue([queueItem({ payload, ...changes })], t0))

interface Row {
  readonly status: string
  readonly attempts: number
  readonly why: string | null
  readonly due: number | null
}
const rows = Effect.flatMap(
  Store,
  ({ sql }) =>
    sql<Row>`select status, attempts, error_message as why,
      (extract(epoch from scheduled_at) * 1000)::float8 as due
      from opportunity_distribution_queue order by queue_id`,
)
const times = Effect.gen(function* () {
  const { sql } = yield* Store
  const [row] = yield* sql<{ readonly lease: number | null; readonly attempt: number | null }>`select
      (extract(epoch from lease_until) * 1000)::float8 as lease,
      (extract(epoch from last_attempt_at) * 1000)::float8 as attempt from opportunity_distribution_queue`
  return row
})
const leaseUntil = Effect.map(times, (row) => row?.lease ?? null)
const lastAttempt = Effect.map(times, (row) => row?.attempt ?? 0)
const ended = (...statuses: ReadonlyArray<string>) =>
  until(Effect.map(rows, (all) => statuses.every((status, at) => all[at]?.status === status)))

const facts = Effect.gen(function* () {
  const all: Array<OutboxFact> = []
  const outbox = yield* Outbox
  yield* outbox.relayBatch({ limit: 100, nowMs: t0, publish: (some) => Effect.sync(() => void all.push(...some)) })
  const decode = Schema.decodeUnknownSync(DeliverySettled)
  return all.filter(({ subject }) => subject === "evt.v1.delivery.settled").map((fact) => decode(fact.payload))
})

layer(world, { timeout: "60 seconds" })("A row that is due", (it) => {
  it.effect("is sent once and says so, with the time from the tick to the acceptance", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed()
      const { sent } = yield* delivering(accepted)
      yield* ended("sent")
      assert.strictEqual(sent.length, 1)
      assert.deepInclude(sent[0], { chatId: "100", language: "en", edited: null, nowMs: t0 })
      const [fact, ...more] = yield* facts
      assert.deepStrictEqual(more, [])
      assert.deepInclude(fact, { status: "sent", messageId: 501, latencyMs: 70, limiterWaitMs: 0, error: null })
    }))

  it.effect("that edits goes to the message that told, with no latency of its own", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed()
      const { sent } = yield* delivering(accepted)
      yield* ended("sent")
      yield* owed({ purpose: "edit:2" })
      yield* ended("sent", "sent")
      assert.strictEqual(sent[1]?.edited, 501)
      assert.strictEqual((yield* facts)[1]?.latencyMs, null)
    }))

  it.effect("is not sent again when the store could not record at first that it was sent", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed()
      let refused = 0
      const deadlock = new StoreError({ operation: "settleAll", reason: "conflict", detail: "deadlock detected" })
      const stubborn = Layer.effect(
        OpportunityQueue,
        Effect.map(OpportunityQueue, (queue) => ({
          ...queue,
          settleAll: (ends: Parameters<typeof queue.settleAll>[0]) =>
            Effect.suspend(() => ++refused <= 3 ? Effect.fail(deadlock) : queue.settleAll(ends)),
        })),
      )
      const { sent } = yield* Effect.provide(delivering(accepted), stubborn)
      yield* until(Effect.map(TestClock.adjust("50 millis"), () => refused > 3))
      yield* ended("sent")
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual([sent.length, (yield* rows)[0]?.attempts], [1, 1])
    }))

  const ends: ReadonlyArray<readonly [outcome: Outcome, status: string, why: string]> = [
    [{ _tag: "Refused", detail: "too long" }, "failed", "refused: too long"],
    [{ _tag: "ChatGone", detail: "blocked" }, "failed", "chat_gone: blocked"],
    [{ _tag: "Migrated", toChatId: "-200" }, "cancelled", "the chat moved"],
  ]
  for (const [outcome, status, why] of ends) {
    it.effect(`that meets ${outcome._tag} ends as ${status}, with a fact in the same transaction`, () =>
      Effect.gen(function* () {
        yield* fresh
        yield* someUser("100")
        yield* owed()
        yield* delivering((request) => request === 1 ? outcome : accepted(request))
        yield* ended(status)
        assert.strictEqual((yield* rows)[0]?.why, why)
        assert.deepInclude((yield* facts)[0], { status, error: why, latencyMs: null })
      }))
  }

  it.effect("to a chat that is gone takes everything else for it along, and the user is written to no more", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* someUser("100")
      yield* owed()
      yield* owed({ opportunityId: "opp-2", scheduledAt: t0 + minute, expiresAt: t0 + 2 * minute })
      yield* delivering(() => ({ _tag: "ChatGone", detail: "blocked" }))
      yield* ended("failed", "cancelled")
      const user = yield* Users.use((users) => users.byTelegramId("100"))
      assert.strictEqual(Option.getOrThrow(user).isActive, false)
    }))

  it.effect("of a group that moved goes to its new chat", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed({ chatId: "-100" })
      const { sent } = yield* delivering((request) =>
        request === 1 ? { _tag: "Migrated", toChatId: "-200" } : accepted(request)
      )
      yield* ended("cancelled", "sent")
      assert.deepStrictEqual(sent.map(({ chatId }) => chatId), ["-100", "-200"])
    }))

  it.effect("D2: waits as long as its chat was told to, alone, and is then sent once", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed()
      yield* owed({ chatId: "200" })
      const { paused, sent } = yield* delivering((request) =>
        request <= 2 && sentTo(request) === "100" ? { _tag: "RetryAfter", afterMs: 37_000 } : accepted(request)
      )
      function sentTo(request: number): string {
        return sent[request - 1]?.chatId ?? ""
      }
      yield* ended("pending", "sent")
      yield* until(Effect.map(rows, ([row]) => row?.due === t0 + 37_000))
      assert.deepStrictEqual(paused, [["100", t0 + 37_000]])
      yield* TestClock.adjust("36999 millis")
      assert.strictEqual(sent.filter(({ chatId }) => chatId === "100").length, 1)
      yield* TestClock.adjust("1100 millis")
      yield* ended("sent")
      assert.strictEqual(sent.filter(({ chatId }) => chatId === "100").length, 2)
    }))

  it.effect("is tried again later where nothing was carried out, and fails for good after five times", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed({ expiresAt: t0 + 60 * minute })
      const { sent } = yield* delivering(() => ({ _tag: "Unavailable", detail: "502" }))
      for (let attempt = 1; attempt <= 4; attempt++) {
        yield* until(Effect.map(rows, ([row]) => row?.status === "pending" && row.attempts === attempt))
        const due = (yield* rows)[0]?.due ?? 0, wait = due - (yield* lastAttempt)
        const expected = 1_000 * 2 ** (attempt - 1)
        assert.isAtLeast(wait, expected * 0.8 - 1)
        assert.isAtMost(wait, expected * 1.2 + 1)
        // No further: time that goes on while it is being sent would count as waiting.
        yield* TestClock.setTime(due)
      }
      yield* ended("failed")
      assert.strictEqual(sent.length, 5)
    }))

  it.effect("whose answer was lost goes out once more, and never a third time", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed()
      const { sent } = yield* delivering(() => ({ _tag: "Unknown", detail: "timeout" }))
      yield* ended("failed")
      assert.strictEqual(sent.length, 2)
    }))

  it.effect("goes back while the limiter says wait, and the wait is told apart from the latency", () =>
    Effect.gen(function* () {
      yield* fresh
      let open = false
      yield* owed()
      const { sent } = yield* delivering(
        accepted,
        () => open ? { _tag: "Granted", number: 1 } : { _tag: "Wait", untilMs: t0 + 900, scope: "chat" },
      )
      yield* until(Effect.map(rows, ([row]) => row?.due === t0 + 900))
      assert.deepStrictEqual(sent, [])
      assert.strictEqual((yield* rows)[0]?.attempts, 0)
      open = true
      yield* TestClock.adjust("900 millis")
      yield* ended("sent")
      assert.deepInclude((yield* facts)[0], { latencyMs: 970, limiterWaitMs: 900 })
    }))

  it.effect("is held while the limit of all chats is used up, its lease prolonged, and sent at the very time", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed()
      let freeAtMs = t0 + 900
      const { sent } = yield* delivering(
        accepted,
        () => ({ _tag: "Wait", untilMs: freeAtMs, scope: "global" }),
        undefined,
        { drainFor: Duration.millis(20) },
      )
      // Four times it is told to wait nearly a second more: longer than a claim lasts.
      for (let round = 0; round < 4; round++) {
        yield* TestClock.adjust("900 millis")
        freeAtMs += 900
      }
      yield* TestClock.adjust("100 millis")
      const others = yield* OpportunityQueue.use((queue) =>
        queue.claim({ owner: "other", limit: 1, nowMs: t0 + 3_700, leaseMs: 1_000 })
      )
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual([sent.length, (yield* rows)[0]?.attempts], [0, 0])
    }))

  it.effect("whose request takes longer than its lease stays its worker's, for it is prolonged every second", () =>
    Effect.gen(function* () {
      yield* fresh
      const answered = yield* Latch.make(false)
      yield* owed({ expiresAt: t0 + 10 * minute })
      const { sent } = yield* delivering(accepted, undefined, answered.await)
      yield* until(Effect.sync(() => sent.length === 1))
      for (let second = 0; second < 40; second++) {
        const nowMs = yield* Clock.currentTimeMillis
        yield* TestClock.adjust("1 second")
        yield* until(leaseUntil.pipe(Effect.map((at) => at !== null && at >= nowMs + 16_000)))
      }
      assert.deepStrictEqual((yield* rows)[0], { status: "sending", attempts: 1, why: null, due: t0 })
      yield* answered.open
      yield* ended("sent")
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("is never sent when it has expired", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed({ expiresAt: t0 })
      yield* owed({ opportunityId: "opp-2" })
      const { sent } = yield* delivering(accepted)
      yield* ended("expired", "sent")
      assert.strictEqual(sent.length, 1)
    }))

  it.effect("fails at once when nobody can read its payload, and an edit of nothing is cancelled", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* owed({ payload: { text: "no opportunity" } })
      yield* owed({ opportunityId: "opp-2", purpose: "edit:2" })
      const { sent } = yield* delivering(accepted)
      yield* ended("failed", "cancelled")
      assert.deepStrictEqual(sent, [])
      assert.deepStrictEqual((yield* facts).map(({ error }) => error).toSorted(), [
        "nothing was sent that could be edited",
        "unreadable payload",
      ])
    }))

  it.effect("that is on its way at a shutdown learns its answer before the process ends, and nothing more is taken", () =>
    Effect.gen(function* () {
      yield* fresh
      const answered = yield* Latch.make(false)
      const { fiber, sent } = yield* delivering(accepted, undefined, answered.await)
      yield* owed()
      yield* until(Effect.sync(() => sent.length === 1))
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* owed({ opportunityId: "opp-2" })
      yield* answered.open
      yield* Fiber.join(stopping)
      assert.deepStrictEqual((yield* rows).map(({ status }) => status), ["sent", "pending"])
    }))

  it.effect("that has no answer when the shutdown's time is up is left as being sent, to be sent once more", () =>
    Effect.gen(function* () {
      yield* fresh
      const { fiber, sent } = yield* delivering(accepted, undefined, Effect.never, { drainFor: Duration.millis(50) })
      yield* owed()
      yield* until(Effect.sync(() => sent.length === 1))
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual((yield* rows).map(({ status }) => status), ["sending"])
      const reclaimed = yield* OpportunityQueue.use((queue) => queue.reclaim(t0 + minute))
      assert.deepStrictEqual(reclaimed, { pending: 0, unknown: 1, failed: 0 })
    }))

  it.effect("D6: reaches each of N once though its worker is killed after k, within 30 s elsewhere, and ends with N", () =>
    Effect.gen(function* () {
      yield* fresh
      const chats = Array.from({ length: 12 }, (_, n) => `${100 + n}`)
      for (const chatId of chats) yield* owed({ chatId, expiresAt: t0 + 10 * minute })
      // The limit of all chats lets five through, then makes everyone wait: the worker holds the rest.
      let granted = 0
      const first = yield* delivering(
        accepted,
        () => granted++ < 5 ? { _tag: "Granted", number: 1 } : { _tag: "Wait", untilMs: t0 + 1_500, scope: "global" },
        undefined,
        { drainFor: Duration.millis(1) },
      )
      const settled = Effect.map(rows, (all) => all.filter(({ status }) => status === "sent").length)
      yield* until(Effect.map(settled, (count) => count === 5))
      yield* Fiber.interrupt(first.fiber)
      const counts = yield* OpportunityQueue.use((queue) => queue.counts)
      assert.deepStrictEqual([counts.sent, counts.pending], [5, 7])
      const second = yield* delivering(accepted)
      for (let second = 0; second < 30 && (yield* settled) < 12; second++) {
        yield* TestClock.adjust("1 second")
        yield* Effect.promise(() => new Promise((done) => setTimeout(done, 20)))
      }
      yield* until(Effect.map(settled, (count) => count === 12))
      assert.isAtMost(yield* Clock.currentTimeMillis, t0 + 30_000)
      const told = [...first.sent, ...second.sent].map(({ chatId }) => chatId)
      assert.deepStrictEqual(told.toSorted(), chats)
    }))
})
