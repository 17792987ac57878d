/** Turns at the messenger's limits: how long a row has waited is remembered, and not for ever. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import type { Message } from "../../src/streams/delivery/Messages.ts"
import { makeTurns } from "../../src/streams/delivery/Turns.ts"
import { queueItem, someOpportunity, t0 } from "../suites/StoreWorld.ts"

const LIFE_MS = 30_000

const messageOf = (queueId: number, nowMs: number): Message => ({
  item: {
    ...queueItem(),
    kind: "opportunity",
    strategy: "broadcast",
    opportunityType: "cross_exchange",
    queueId,
    chatId: String(queueId),
    channel: "telegram",
    status: "sending",
    scheduledAt: nowMs,
    dueSince: nowMs,
    expiresAt: nowMs + LIFE_MS,
    createdAt: nowMs,
    attempts: 0,
    messageId: null,
    lastError: null,
    batchId: null,
  },
  payload: { opportunity: someOpportunity(), language: "en" },
  waitedMs: 0,
  grant: null,
  mates: [],
})

/** Every chat has to wait for a second. */
const full = Layer.mock(RateLimiterClient)({
  acquireAll: (requests) =>
    Effect.clockWith((clock) =>
      Effect.map(
        clock.currentTimeMillis,
        (nowMs) => requests.map(() => ({ _tag: "Wait" as const, scope: "chat" as const, untilMs: nowMs + 1_000 })),
      )
    ),
})

describe("Turns", () => {
  it.effect("remember no row for ever that was given back and ended elsewhere", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(t0)
      const turns = yield* makeTurns
      for (let round = 0; round < 50; round++) {
        const nowMs = t0 + round * LIFE_MS
        yield* TestClock.setTime(nowMs)
        const asked = yield* turns.ask(Array.from({ length: 1_000 }, (_, n) => messageOf(round * 1_000 + n, nowMs)))
        assert.strictEqual([...asked.back.values()].flat().length, 1_000)
      }
      assert.isAtMost(turns.size(), 5_096)
      const last = messageOf(49_999, t0 + 49 * LIFE_MS)
      assert.strictEqual(turns.waitedMs(last.item, t0 + 49 * LIFE_MS + 700), 700)
    }).pipe(Effect.provide(full)))
})
