/** The messenger's limits: never over any of them in any window, per-chat pauses, bounded memory. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random, Schema } from "effect"
import { type Limit, RateLimit, TELEGRAM_LIMITS } from "../../src/domain/RateLimit.ts"

/** The most grants that any half-open window [t, t + windowMs) holds: some fullest one starts at a grant. */
const fullest = (grants: ReadonlyArray<number>, windowMs: number): number => {
  let most = 0
  let last = 0
  for (let first = 0; first < grants.length; first++) {
    while (last < grants.length && (grants[last] ?? 0) < (grants[first] ?? 0) + windowMs) last++
    most = Math.max(most, last - first)
  }
  return most
}

const assertWithin = (grants: ReadonlyArray<number>, { grants: limit, windowMs }: Limit) =>
  assert.isAtMost(fullest(grants, windowMs), limit)

const run = (steps: ReadonlyArray<{ readonly waitMs: number; readonly chat: number }>) => {
  const limiter = new RateLimit()
  const all: Array<number> = []
  const chats = new Map<string, Array<number>>()
  let nowMs = 1_700_000_000_000
  for (const { chat, waitMs } of steps) {
    nowMs += waitMs
    const isGroup = chat % 3 === 0
    const chatId = isGroup ? `-${chat + 1}` : `${chat + 1}`
    const verdict = limiter.acquire(chatId, isGroup, nowMs)
    if (verdict._tag === "Wait") {
      assert.isAbove(verdict.untilMs, nowMs)
      continue
    }
    all.push(nowMs)
    chats.set(chatId, [...chats.get(chatId) ?? [], nowMs])
  }
  assertWithin(all, TELEGRAM_LIMITS.global)
  for (const [chatId, grants] of chats) {
    assertWithin(grants, TELEGRAM_LIMITS.chat)
    if (chatId.startsWith("-")) assertWithin(grants, TELEGRAM_LIMITS.group)
  }
  return { granted: all.length, limiter, chats }
}

describe("The rate limit", () => {
  it.effect("is over in no window after a hundred thousand random requests", () =>
    Effect.gen(function* () {
      const steps = yield* Effect.forEach(Array.from({ length: 100_000 }), () =>
        Effect.all({
          // Bursts and pauses: mostly 0-9 ms apart, now and then up to a second.
          waitMs: Effect.flatMap(
            Random.nextIntBetween(0, 100),
            (dice) => dice === 0 ? Random.nextIntBetween(0, 1_000) : Random.nextIntBetween(0, 10),
          ),
          chat: Random.nextIntBetween(0, 200),
        }))
      const { granted, limiter } = run(steps)
      assert.isAbove(granted, 10_000)
      assert.isAtMost(limiter.size, 201)
    }).pipe(Random.withSeed("limits")))

  it.effect.prop(
    "is over in no window whatever the order and the pace",
    [Schema.Array(Schema.Struct({
      waitMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 })),
      chat: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4 })),
    }))],
    ([steps]) => Effect.sync(() => void run(steps)),
    { arbitrary: { runs: 200 } },
  )

  it("grants at the very time that a refusal named", () => {
    const limiter = new RateLimit()
    assert.strictEqual(limiter.acquire("1", false, 5_000)._tag, "Granted")
    const refused = limiter.acquire("1", false, 5_001)
    assert.deepStrictEqual(refused, { _tag: "Wait", untilMs: 6_050, scope: "chat" })
    assert.strictEqual(limiter.acquire("1", false, 6_049)._tag, "Wait")
    assert.strictEqual(limiter.acquire("1", false, 6_050)._tag, "Granted")
  })

  it("names the whole as the reason for the thirty-first chat of a second", () => {
    const limiter = new RateLimit()
    for (let chat = 0; chat < 30; chat++) limiter.acquire(`${chat}`, false, 1_000 + chat)
    assert.deepStrictEqual(limiter.acquire("30", false, 1_500), { _tag: "Wait", untilMs: 2_050, scope: "global" })
  })

  it("names the group as the reason for its twenty-first message of a minute", () => {
    const limiter = new RateLimit()
    for (let count = 0; count < 20; count++) limiter.acquire("-1", true, count * 1_100)
    assert.deepStrictEqual(limiter.acquire("-1", true, 30_000), { _tag: "Wait", untilMs: 60_050, scope: "group" })
  })

  it("holds back a paused chat alone, and never shortens its pause", () => {
    const limiter = new RateLimit()
    limiter.pause("1", 90_000)
    limiter.pause("1", 20_000)
    assert.deepStrictEqual(limiter.acquire("1", false, 30_000), { _tag: "Wait", untilMs: 90_000, scope: "paused" })
    assert.strictEqual(limiter.acquire("2", false, 30_000)._tag, "Granted")
    assert.strictEqual(limiter.acquire("1", false, 90_000)._tag, "Granted")
  })

  it("forgets chats that have been idle for a minute, and pauses that have passed", () => {
    const limiter = new RateLimit()
    for (let chat = 0; chat < 1_000; chat++) limiter.acquire(`${chat}`, false, chat * 50)
    limiter.pause("1", 60_000)
    limiter.acquire("x", false, 200_000)
    assert.strictEqual(limiter.size, 1)
  })

  it("makes nobody wait longer than a window when the clock is set back", () => {
    const limiter = new RateLimit()
    limiter.acquire("1", false, 10_000_000)
    assert.deepStrictEqual(limiter.acquire("1", false, 5_000_000), { _tag: "Wait", untilMs: 5_001_050, scope: "chat" })
  })

  it("goes on counting where an earlier holder stopped", () => {
    const first = new RateLimit()
    for (let chat = 0; chat < 30; chat++) first.acquire(`${chat}`, false, 1_000)
    const second = new RateLimit()
    second.restore(null, first.grants(null), 1_200)
    second.restore("7", first.grants("7"), 1_200)
    assert.deepStrictEqual(second.acquire("99", false, 1_200), { _tag: "Wait", untilMs: 2_050, scope: "global" })
    assert.deepStrictEqual(second.grants("7"), [1_000])
  })
})
