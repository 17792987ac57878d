/** The messenger's limits: never over any of them in any window, whoever grants, whatever their clocks say. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { type Grants, type Limit, RateLimit, TELEGRAM_LIMITS, type Verdict } from "../../src/domain/RateLimit.ts"
import { fullest } from "../support/windows.ts"

const assertWithin = (grants: ReadonlyArray<number>, { grants: limit, windowMs }: Limit) =>
  assert.isAtMost(fullest(grants, windowMs), limit)

const HOLDERS = 4
const CHATS = 60
/** Any instant: no holder knows it. */
const ORIGIN_MS = 1_000_000

/**
 * What may happen between two requests. `step`: a clock jumps an hour. `restart`: a holder forgets all it knew. `slowMs`:
 * how long a call that is granted takes, which arrives at some instant meanwhile. `isLost`: nobody tells that it landed.
 */
const Command = Schema.Struct({
  kind: Schema.Literals(["ask", "ask", "ask", "restart", "step"]),
  holder: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: HOLDERS - 1 })),
  chat: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: CHATS - 1 })),
  waitMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 })),
  slowMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2_000 })),
  arrivesAfter: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  isLost: Schema.Boolean,
})
type Command = typeof Command.Type

interface Holder {
  readonly limiter: RateLimit
  /** Its time less the true time: a monotonic clock begins anywhere. */
  readonly offsetMs: number
}

const begun = (seed: number): Holder => ({ limiter: new RateLimit(), offsetMs: (seed * 7_919) % 3_600_000 })

/** A call under way: it lands at `atMs`, and its holder is told so. */
interface Call {
  readonly number: number
  readonly holder: number
  readonly atMs: number
}

/** The model: true times of all arrivals, which no window may hold too many of. Out: how many there were. */
const obey = (commands: Iterable<Command>) => {
  const holders = Array.from({ length: HOLDERS }, (_, n) => begun(n))
  const grants: Grants = { last: 0, open: [], chats: new Map() }
  const all: Array<number> = [], ofChat = new Map<string, Array<number>>()
  let calls: Array<Call> = []
  let trueMs = ORIGIN_MS, count = 0
  for (const { arrivesAfter, chat, holder, isLost, kind, slowMs, waitMs } of commands) {
    trueMs += waitMs
    count++
    const landed = Map.groupBy(calls, ({ atMs }) => atMs <= trueMs)
    for (const { atMs, holder, number } of landed.get(true) ?? []) {
      // Told a little later than it was, as a message takes its time.
      holders[holder]?.limiter.landed([number], Math.max(atMs, trueMs) + (holders[holder]?.offsetMs ?? 0))
    }
    calls = landed.get(false) ?? []
    const one = holders[holder] ?? begun(0)
    if (kind === "restart") holders[holder] = begun(count)
    // Monotonic time is never set; a process that went on elsewhere finds another one, an hour behind or before.
    if (kind === "step") holders[holder] = { ...one, offsetMs: one.offsetMs - 3_600_000 }
    const { limiter, offsetMs } = holders[holder] ?? one
    const nowMs = trueMs + offsetMs
    limiter.see(grants, nowMs)
    grants.open = limiter.open
    const isGroup = chat % 3 === 0, chatId = isGroup ? `-${chat + 1}` : `${chat + 1}`
    const verdict = limiter.acquire(grants, { chatId, isGroup, pausedUntilMs: 0 }, nowMs)
    limiter.see(grants, nowMs)
    if (verdict._tag === "Wait") {
      if (verdict.untilMs <= nowMs) assert.fail("told to wait until a time that has passed")
      continue
    }
    if (!isLost) calls.push({ number: verdict.number, holder, atMs: trueMs + slowMs })
    const arrivalMs = trueMs + Math.floor(slowMs * arrivesAfter)
    all.push(arrivalMs)
    const told = ofChat.get(chatId)
    if (told === undefined) ofChat.set(chatId, [arrivalMs])
    else told.push(arrivalMs)
  }
  all.sort((a, b) => a - b)
  assertWithin(all, TELEGRAM_LIMITS.global)
  for (const [chatId, told] of ofChat) {
    told.sort((a, b) => a - b)
    assertWithin(told, TELEGRAM_LIMITS.chat)
    if (chatId.startsWith("-")) assertWithin(told, TELEGRAM_LIMITS.group)
  }
  return { granted: all.length, seconds: (trueMs - ORIGIN_MS) / 1_000, holders }
}

/** Bursts and pauses; calls are fast, slow now and then, rarely lost; a clock steps by an hour or a holder begins anew. */
function* randomCommands(count: number): Iterable<Command> {
  let state = 20_251
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * limit)
  }
  for (let n = 0; n < count; n++) {
    const dice = below(5_000)
    yield {
      kind: dice === 0 ? "restart" : dice === 1 ? "step" : "ask",
      holder: below(HOLDERS),
      chat: below(CHATS),
      waitMs: below(100) === 0 ? below(1_000) : below(10),
      slowMs: below(50) === 0 ? below(2_000) : below(30),
      arrivesAfter: below(1_001) / 1_000,
      isLost: below(2_000) === 0,
    }
  }
}

/** One holder that sees all it grants, and whose calls take `slowMs`. */
const alone = (slowMs = 0, limits = TELEGRAM_LIMITS) => {
  const limiter = new RateLimit(limits)
  const grants: Grants = { last: 0, open: [], chats: new Map() }
  const acquire = (chatId: string, isGroup: boolean, nowMs: number, pausedUntilMs = 0, reserve = 0): Verdict => {
    limiter.see(grants, nowMs)
    const verdict = limiter.acquire(grants, { chatId, isGroup, pausedUntilMs, reserve }, nowMs)
    limiter.see(grants, nowMs)
    if (verdict._tag === "Granted" && slowMs < Infinity) limiter.landed([verdict.number], nowMs + slowMs)
    return verdict
  }
  return { limiter, grants, acquire }
}

describe("The rate limit", () => {
  it(
    "is over in no window in a million steps of four holders with clocks of their own, stepped by hours, restarted",
    () => {
      const { granted, holders, seconds } = obey(randomCommands(1_000_000))
      // Nor does it hold anybody back for nothing: of what the limit admits, most is used, though some calls are slow.
      assert.isAbove(granted, seconds * 30 * 0.6)
      // What a holder remembers is bounded by what the longest window can hold.
      for (const { limiter } of holders) assert.isAtMost(limiter.size, 30 * 77)
    },
    60_000,
  )

  it.effect.prop(
    "is over in no window whatever the order and the pace",
    [Schema.Array(Command)],
    ([commands]) => Effect.sync(() => void obey(commands)),
    { arbitrary: { runs: 300 } },
  )

  it("D1: never grants two within a limit of one in two minutes", () => {
    const limits = { ...TELEGRAM_LIMITS, chat: { grants: 1, windowMs: 120_000 }, marginMs: 0 }
    const { acquire } = alone(0, limits)
    const granted: Array<number> = []
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += 777) {
      if (acquire("1", false, nowMs)._tag === "Granted") granted.push(nowMs)
    }
    assert.strictEqual(fullest(granted, 120_000), 1)
    assert.strictEqual(granted.length, Math.ceil(3_600_000 / (Math.ceil(120_000 / 777) * 777)))
  })

  it("grants at the very time that a refusal named", () => {
    const { acquire } = alone()
    assert.strictEqual(acquire("1", false, 5_000)._tag, "Granted")
    assert.deepStrictEqual(acquire("1", false, 5_001), { _tag: "Wait", untilMs: 6_010, scope: "chat" })
    assert.strictEqual(acquire("1", false, 6_009)._tag, "Wait")
    assert.strictEqual(acquire("1", false, 6_010)._tag, "Granted")
  })

  it("names the whole as the reason for the thirty-first chat of a second", () => {
    const { acquire } = alone()
    for (let chat = 0; chat < 30; chat++) acquire(`${chat}`, false, 1_000 + chat)
    assert.deepStrictEqual(acquire("30", false, 1_500), { _tag: "Wait", untilMs: 2_010, scope: "global" })
  })

  it("leaves to others what is reserved for them", () => {
    const { acquire } = alone()
    for (let chat = 0; chat < 28; chat++) acquire(`${chat}`, false, 1_000 + chat)
    assert.strictEqual(acquire("push", false, 1_500, 0, 2)._tag, "Wait")
    assert.strictEqual(acquire("reply", false, 1_500)._tag, "Granted")
  })

  it("names the group as the reason for its twenty-first message of a minute", () => {
    const { acquire } = alone()
    for (let count = 0; count < 20; count++) acquire("-1", true, count * 1_100)
    assert.deepStrictEqual(acquire("-1", true, 30_000), { _tag: "Wait", untilMs: 60_010, scope: "group" })
  })

  it("holds back a paused chat alone", () => {
    const { acquire } = alone()
    assert.deepStrictEqual(acquire("1", false, 30_000, 90_000), { _tag: "Wait", untilMs: 90_000, scope: "paused" })
    assert.strictEqual(acquire("2", false, 30_000)._tag, "Granted")
    assert.strictEqual(acquire("1", false, 90_000, 90_000)._tag, "Granted")
  })

  it("makes nobody wait longer than a window when its time begins anew", () => {
    const { acquire } = alone()
    acquire("1", false, 10_000_000)
    assert.deepStrictEqual(acquire("1", false, 5_000_000), { _tag: "Wait", untilMs: 5_001_010, scope: "chat" })
  })

  it("counts a call from when it has landed, not from its grant", () => {
    const { acquire } = alone(400)
    assert.strictEqual(acquire("1", false, 5_000)._tag, "Granted")
    assert.deepStrictEqual(acquire("1", false, 6_100), { _tag: "Wait", untilMs: 6_410, scope: "chat" })
    assert.strictEqual(acquire("1", false, 6_410)._tag, "Granted")
  })

  it("keeps the place of a call that landed late, among others that were granted after it", () => {
    const { acquire, limiter } = alone(Infinity)
    const first = Array.from({ length: 30 }, (_, chat) => acquire(`${chat}`, false, 1_000))
    const numbers = first.flatMap((verdict) => verdict._tag === "Granted" ? [verdict.number] : [])
    limiter.landed(numbers.slice(1), 1_005)
    for (let chat = 30; chat < 59; chat++) assert.strictEqual(acquire(`${chat}`, false, 2_100)._tag, "Granted")
    assert.strictEqual(acquire("59", false, 2_101)._tag, "Wait")
    limiter.landed([1, ...Array.from({ length: 29 }, (_, n) => 31 + n)], 2_200)
    assert.deepStrictEqual(acquire("59", false, 2_300), { _tag: "Wait", untilMs: 3_210, scope: "global" })
  })

  it("holds the place of a call that nobody tells of for 2 s, and no longer than a window more", () => {
    const { acquire } = alone(Infinity)
    assert.strictEqual(acquire("1", false, 5_000)._tag, "Granted")
    assert.strictEqual(acquire("1", false, 6_999)._tag, "Wait")
    assert.deepStrictEqual(acquire("1", false, 7_000), { _tag: "Wait", untilMs: 8_010, scope: "chat" })
    assert.strictEqual(acquire("1", false, 8_010)._tag, "Granted")
  })

  it("takes what another holder granted as under way until it is shared that it landed", () => {
    const { acquire, grants, limiter } = alone()
    acquire("1", false, 1_000)
    const second = new RateLimit()
    const ask = (nowMs: number) => {
      second.see(grants, nowMs)
      return second.acquire(grants, { chatId: "1", isGroup: false, pausedUntilMs: 0 }, nowMs)
    }
    assert.deepStrictEqual(ask(60), { _tag: "Wait", untilMs: 1_070, scope: "chat" })
    assert.deepStrictEqual(ask(1_070), { _tag: "Wait", untilMs: 2_080, scope: "chat" })
    grants.open = limiter.open
    assert.deepStrictEqual(ask(1_080), { _tag: "Wait", untilMs: 2_090, scope: "chat" })
    assert.strictEqual(ask(2_090)._tag, "Granted")
  })

  it("takes what an earlier holder granted as fresh, for a window at most", () => {
    const { acquire, grants } = alone()
    for (let chat = 0; chat < 30; chat++) acquire(`${chat}`, false, 1_000)
    const second = new RateLimit()
    // The earlier one told that all have landed.
    second.see({ ...grants, open: [] }, 50)
    const ask = (nowMs: number) => second.acquire(grants, { chatId: "99", isGroup: false, pausedUntilMs: 0 }, nowMs)
    assert.deepStrictEqual(ask(60), { _tag: "Wait", untilMs: 1_060, scope: "global" })
    assert.strictEqual(ask(1_060)._tag, "Granted")
  })
})
