/** Messages as their readers see them over time: one card that lives, lists, and what is late; by the real notifier. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Ref } from "effect"
import { TestClock } from "effect/testing"
import { RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import { editDueAt } from "../../src/domain/LivingMessage.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import { Opportunities } from "../../src/layers/Opportunities.ts"
import { type NewQueueItem, OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Receipts } from "../../src/layers/Receipts.ts"
import { Store } from "../../src/layers/Store.ts"
import * as TelegramNotifier from "../../src/layers/telegram/Notifier.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { deliver } from "../../src/streams/Deliver.ts"
import { card } from "../domain/card/someCard.ts"
import { ann, people } from "../simulators/telegram/support.ts"
import { t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"
import { surroundings } from "../surfaces/bot/running.ts"

const minute = 60_000
/** Chats that asked to be sent something, once a request. */
const asked: Array<string> = []
const free = Layer.succeed(RateLimiterClient, {
  acquire: () => Effect.succeed({ _tag: "Granted", number: 1 }),
  acquireAll: (requests) =>
    Effect.sync(() => {
      asked.push(...requests.map(({ chatId }) => chatId))
      return requests.map(() => ({ _tag: "Granted" as const, number: 1 }))
    }),
  landed: () => Effect.void,
  paused: () => Effect.void,
})

const found = (changes: Partial<Opportunity> = {}): Opportunity =>
  card({ detectedAt: t0 - 1_000, firstAt: t0 - 1_000, lastAt: t0, expiresAt: t0 + 10 * minute, ...changes })

const store = (opportunity: Opportunity) => Opportunities.use((rows) => rows.upsert(opportunity, t0))

const rowOf = (opportunity: Opportunity, purpose: NewQueueItem["purpose"], dueAtMs: number): NewQueueItem => ({
  opportunityId: opportunity.id,
  userId: "user-1",
  chatId: `${ann}`,
  purpose,
  priority: opportunity.priority,
  scheduledAt: dueAtMs,
  expiresAt: t0 + 10 * minute,
  payload: { opportunity, language: "en" },
})

const owed = (opportunity: Opportunity, purpose: NewQueueItem["purpose"] = "notify", dueAtMs = t0) =>
  OpportunityQueue.use((queue) => queue.enqueue([rowOf(opportunity, purpose, dueAtMs)], t0))

const batched = Effect.flatMap(
  Store,
  ({ sql }) => sql`update opportunity_distribution_queue set batch_id = 1 where purpose = 'notify'`,
)

const seen = TelegramEmulator.use((emulator) =>
  Effect.map(emulator.chat(ann), ({ messages }) => messages.filter(({ fromBot }) => fromBot).map(({ text }) => text))
).pipe(Effect.orDie)

const calls = TelegramEmulator.use(({ log }) =>
  Effect.map(log.calls, (all) => all.map(({ method }) => method).filter((method) => /Message/.test(method)))
)

const settled = (...statuses: ReadonlyArray<string>) =>
  until(Effect.flatMap(Store, ({ sql }) =>
    Effect.map(
      sql<{ readonly status: string }>`select status from opportunity_distribution_queue order by queue_id`,
      (rows) => rows.map(({ status }) => status).join() === statuses.join(),
    )))

/** Ann has started the bot; what is due is delivered. */
const delivering = <E, R>(body: Effect.Effect<void, E, R>) =>
  Effect.gen(function* () {
    yield* fresh
    asked.length = 0
    yield* Effect.gen(function* () {
      const emulator = yield* people
      yield* emulator.say(ann, ann, "/start")
      yield* Effect.forkScoped(deliver({ owner: "test", underWay: yield* Ref.make(0) }))
      yield* body
    }).pipe(Effect.provide([TelegramNotifier.layer, free]), Effect.scoped, Effect.provide(surroundings()))
  })

const first = (texts: ReadonlyArray<string>) => (texts.at(-1) ?? "").split("\n")

layer(world, { timeout: "60 seconds" })("A message", (it) => {
  it.effect("is one card through its life: new, improved, fading, gone", () =>
    delivering(Effect.gen(function* () {
      const one = found()
      yield* store(one)
      yield* owed(one)
      yield* settled("sent")
      assert.strictEqual(first(yield* seen)[0], "🟢 BTC/USDT · cross-exchange · new")
      const better = found({ revision: 2, state: "improved", netBps: "25" })
      yield* store(better)
      yield* owed(better, "edit:2")
      yield* settled("sent", "sent")
      assert.include(first(yield* seen), "Net +25 bps = +37.906 USDT for 0.8 BTC (24,004 USDT)")
      const fading = found({ revision: 3, state: "fading", netBps: "25" })
      yield* store(fading)
      yield* owed(fading, "edit:3")
      yield* settled("sent", "sent", "sent")
      assert.include(first(yield* seen), "Fading: it no longer holds at these figures")
      const gone = found({
        revision: 4,
        state: "closed",
        netBps: "25",
        at: t0 + 1_000,
        lastAt: t0 + 12_000,
        checks: 40,
      })
      yield* store(gone)
      yield* owed(gone, "edit:4")
      yield* settled("sent", "sent", "sent", "sent")
      const [title, , , lived, best] = first(yield* seen)
      assert.strictEqual(title, "⚪️ BTC/USDT · cross-exchange")
      assert.strictEqual(lived, "Gone: it lived 13 s, 40 checks")
      assert.strictEqual(best, "At its best: +25 bps = +37.906 USDT for 0.8 BTC (24,004 USDT)")
      assert.strictEqual((yield* seen).length, 1)
      // Edits spend the chat's budget like any message.
      assert.deepStrictEqual(asked, Array.from({ length: 4 }, () => `${ann}`))
    })))

  it.effect("is priced as of now: a newer revision than the one queued is told, with its age", () =>
    delivering(Effect.gen(function* () {
      yield* TestClock.adjust("6 seconds")
      const queued = found()
      yield* store(found({ revision: 3, state: "improved", netBps: "31", at: t0 }))
      yield* owed(queued)
      yield* settled("sent")
      const lines = first(yield* seen)
      assert.include(lines, "Net +31 bps = +37.906 USDT for 0.8 BTC (24,004 USDT)")
      assert.isTrue(lines.some((line) => line.startsWith("Seen 7 s ago")))
    })))

  it.effect("of what closed before it could be told says so, and its closing edit has nothing left to do", () =>
    delivering(Effect.gen(function* () {
      const gone = found({ revision: 2, state: "closed", at: t0 - 1 })
      yield* store(gone)
      yield* owed(found())
      yield* owed(gone, "edit:2")
      yield* settled("sent", "cancelled")
      assert.include(first(yield* seen), "It was gone before I could tell you, 1 s after it was found")
      assert.deepStrictEqual((yield* calls).filter((method) => method !== "deleteMessage"), ["sendMessage"])
    })))

  it.effect("that left before its close was known is edited, though it was accepted after", () =>
    delivering(Effect.gen(function* () {
      yield* owed(found())
      yield* settled("sent")
      const gone = found({ revision: 2, state: "closed", at: t0 - 500 })
      yield* store(gone)
      yield* owed(gone, "edit:2")
      yield* settled("sent", "sent")
      assert.include(first(yield* seen), "Gone: it lived 1 s, 3 checks")
    })))

  it.effect("of a batch tells of all at once, each row and receipt its own; edits change their lines", () =>
    delivering(Effect.gen(function* () {
      const all = ["1", "2", "3"].map((digit) => found({ id: digit.repeat(32), netBps: `${digit}0` }))
      yield* Effect.forEach(all, store)
      yield* Effect.forEach(all, (opportunity) => owed(opportunity, "notify", t0 + 5_000))
      yield* batched
      yield* TestClock.adjust("5 seconds")
      yield* settled("sent", "sent", "sent")
      const text = (yield* seen).at(-1) ?? ""
      assert.match(text, /^📬 3 opportunities\n\n1\. 🟢 BTC\/USDT.*\n\+10 bps/)
      const ids = yield* Effect.forEach(
        all,
        ({ id }) => OpportunityQueue.use((queue) => queue.messageIdOf(`${ann}`, id)),
      )
      assert.strictEqual(new Set(ids.map((id) => JSON.stringify(id))).size, 1)
      const { delivered } = yield* Receipts.use((receipts) => receipts.counts("user-1", 0))
      assert.strictEqual(delivered, 3)
      assert.strictEqual(asked.length, 1)
      const [one] = all
      if (one === undefined) return assert.fail("there are three")
      const gone = { ...one, revision: 2, state: "closed" as const, at: t0 + 6_000, lastAt: t0 + 6_000 }
      yield* store(gone)
      yield* owed(gone, "edit:2", t0 + 5_000)
      yield* settled("sent", "sent", "sent", "sent")
      const [edited = "", ...others] = yield* seen
      assert.deepStrictEqual(others, [])
      assert.include(edited, "1. ⚪️ BTC/USDT 🔼kraken 🔽okx\ngone after 7 s\n\n2. 🟢")
      assert.include(edited, "+20 bps")

      // One edit draws them all.
      const asked0 = asked.length, over = all.slice(1).map((one) => ({ ...gone, id: one.id, netBps: one.netBps }))
      yield* Effect.forEach(over, store)
      yield* OpportunityQueue.use((queue) => queue.enqueue(over.map((one) => rowOf(one, "edit:2", t0)), t0))
      yield* settled("sent", "sent", "sent", "sent", "sent", "sent")
      assert.strictEqual(asked.length, asked0 + 1)
      assert.notInclude((yield* seen).join(), "🟢")
    })))

  it.effect("of a batch leaves out what closed while it waited for the others, and nobody is told of that", () =>
    delivering(Effect.gen(function* () {
      const all = ["1", "2", "3"].map((digit) => found({ id: digit.repeat(32), netBps: `${digit}0` }))
      yield* Effect.forEach(all, store)
      yield* Effect.forEach(all, (opportunity) => owed(opportunity, "notify", t0 + 5_000))
      yield* batched
      const [over] = all
      if (over === undefined) return assert.fail("there are three")
      const gone = { ...over, revision: 2, state: "closed" as const, at: t0 + 2_000, lastAt: t0 + 2_000 }
      yield* store(gone)
      yield* owed(gone, "edit:2", t0 + 5_000)
      yield* TestClock.adjust("5 seconds")
      yield* settled("cancelled", "sent", "sent", "cancelled")
      assert.match((yield* seen).at(-1) ?? "", /^📬 2 opportunities\n\n1\. 🟢 BTC\/USDT.*\n\+20 bps/)
      const { delivered } = yield* Receipts.use((receipts) => receipts.counts("user-1", 0))
      assert.strictEqual(delivered, 2)
    })))

  it.effect("is not edited for a fading that ends within two seconds: the close takes its place", () =>
    delivering(Effect.gen(function* () {
      const one = found()
      yield* store(one)
      yield* owed(one)
      yield* settled("sent")
      const touched = { isGroup: false, touchedAtMs: t0 }
      const fading = found({ revision: 2, state: "fading" })
      yield* owed(fading, "edit:2", editDueAt("fading", touched, t0))
      const gone = found({ revision: 3, state: "closed", at: t0 + 500 })
      yield* store(gone)
      yield* owed(gone, "edit:3", editDueAt("closed", touched, t0))
      yield* settled("sent", "cancelled", "sent")
      assert.deepStrictEqual(yield* calls, ["sendMessage", "editMessageText"])
    })))
})
