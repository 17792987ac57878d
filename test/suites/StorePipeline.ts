/**
 * The ports of the machinery: Outbox, Checkpoints, Leases, RateLimits, TelegramUpdates.
 */
import { assert } from "@effect/vitest"
import { Effect, Option, Queue } from "effect"
import { Checkpoints } from "../../src/layers/Checkpoints.ts"
import { Leases } from "../../src/layers/Leases.ts"
import { Outbox, type OutboxFact } from "../../src/layers/Outbox.ts"
import { RateLimits } from "../../src/layers/RateLimits.ts"
import { Channel, Store } from "../../src/layers/Store.ts"
import { TelegramUpdates } from "../../src/layers/TelegramUpdates.ts"
import { empty, listenAnew, type Suite, t0 } from "./StoreWorld.ts"

const facts = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({ subject: `evt.v1.test.n${from + n}`, payload: { n: from + n } }))

/** Relays one batch into `published`. */
const relay = (published: Array<OutboxFact>, limit: number) =>
  Effect.flatMap(Outbox, (outbox) =>
    outbox.relayBatch({
      limit,
      nowMs: t0 + 1,
      publish: (batch) => Effect.sync(() => void published.push(...batch)),
    }))

export const storeOutbox: Suite = (it) => {
  it.effect("publishes facts in the order they were appended, each once", () =>
    Effect.gen(function* () {
      yield* empty
      const outbox = yield* Outbox
      yield* outbox.append(facts(0, 3), t0)
      yield* outbox.append(facts(3, 2), t0)
      yield* outbox.append([], t0)
      assert.strictEqual(yield* outbox.depth, 5)
      const published: Array<OutboxFact> = []
      const sizes = yield* Effect.forEach([4, 4, 4], (limit) => relay(published, limit))
      assert.deepStrictEqual(sizes, [4, 1, 0])
      assert.deepStrictEqual(published.map((fact) => fact.payload), [0, 1, 2, 3, 4].map((n) => ({ n })))
      assert.strictEqual(new Set(published.map((fact) => fact.id)).size, 5)
      assert.strictEqual(published[0]?.createdAt, t0)
      assert.strictEqual(yield* outbox.depth, 0)
    }))

  it.effect("forgets the facts of a transaction that fails", () =>
    Effect.gen(function* () {
      yield* empty
      const outbox = yield* Outbox
      const { transaction } = yield* Store
      yield* Effect.ignore(transaction(Effect.andThen(outbox.append(facts(0, 1), t0), Effect.fail("undo"))))
      assert.strictEqual(yield* outbox.depth, 0)
    }))

  it.effect("keeps what could not be published, under the same ids", () =>
    Effect.gen(function* () {
      yield* empty
      const outbox = yield* Outbox
      yield* outbox.append(facts(0, 2), t0)
      const tried: Array<string> = []
      const publish = (batch: ReadonlyArray<OutboxFact>) =>
        Effect.andThen(Effect.sync(() => void tried.push(...batch.map((fact) => fact.id))), Effect.fail("bus is away"))
      const error = yield* Effect.flip(outbox.relayBatch({ limit: 10, nowMs: t0, publish }))
      assert.strictEqual(error, "bus is away")
      const published: Array<OutboxFact> = []
      yield* relay(published, 10)
      assert.deepStrictEqual(published.map((fact) => fact.id), tried)
    }))

  it.effect("lets the store be used while it publishes", () =>
    Effect.gen(function* () {
      yield* empty
      const outbox = yield* Outbox
      yield* outbox.append(facts(0, 1), t0)
      yield* outbox.relayBatch({ limit: 1, nowMs: t0, publish: () => outbox.append(facts(1, 1), t0) })
      assert.strictEqual(yield* outbox.depth, 1)
    }))

  it.effect("wakes the relay at commit, and prunes what was published long ago", () =>
    Effect.gen(function* () {
      yield* empty
      const outbox = yield* Outbox
      const { transaction } = yield* Store
      const notices = yield* listenAnew(Channel.outbox)
      yield* transaction(outbox.append(facts(0, 2), t0))
      assert.strictEqual((yield* Queue.take(notices))._tag, "Notified")
      yield* relay([], 1)
      assert.strictEqual(yield* outbox.prune(t0 + 1), 0)
      assert.strictEqual(yield* outbox.prune(t0 + 2), 1)
      assert.strictEqual(yield* outbox.depth, 1)
    }))
}

export const storeCheckpoints: Suite = (it) => {
  const open = (names: ReadonlyArray<string>, nowMs: number) =>
    Checkpoints.use((checkpoints) => checkpoints.open(names.map((name) => ({ name, position: 3 })), nowMs))

  it.effect("gives back position and snapshot as saved, across the next opening", () =>
    Effect.gen(function* () {
      yield* empty
      const checkpoints = yield* Checkpoints
      assert.isTrue(Option.isNone(yield* checkpoints.load("detect.3")))
      const opened = yield* open(["detect.3", "detect.venue.kraken"], t0)
      assert.deepStrictEqual(opened, [
        { name: "detect.3", epoch: 1, position: 3, snapshot: null },
        { name: "detect.venue.kraken", epoch: 1, position: 3, snapshot: null },
      ])
      const saved = { position: 9_007_199_254_740_991, snapshot: { books: [["30000.1", "0.4"]] } }
      yield* checkpoints.save(opened.map((one) => ({ ...one, ...saved, ticksPerSecond: 7 })), t0 + 1)
      const [first] = opened.map((one) => ({ ...one, ...saved }))
      assert.deepStrictEqual(yield* checkpoints.load("detect.3"), Option.fromNullishOr(first))
      assert.deepStrictEqual(yield* open(["detect.3"], t0 + 2), [{ name: "detect.3", epoch: 2, ...saved }])
      assert.deepStrictEqual(
        yield* checkpoints.list("detect."),
        ["detect.3", "detect.venue.kraken"].map((name) => (
          { name, position: saved.position, ticksPerSecond: 7, savedAtMs: t0 + 1 }
        )),
      )
      assert.deepStrictEqual(yield* checkpoints.list("detect_"), [])
    }))

  it.effect("moves a position alone and leaves the snapshot as it was", () =>
    Effect.gen(function* () {
      yield* empty
      const checkpoints = yield* Checkpoints
      const [opened] = yield* open(["detect.3"], t0)
      assert.isDefined(opened)
      yield* checkpoints.save([{ ...opened, position: 5, snapshot: { a: 1 }, ticksPerSecond: 7 }], t0)
      yield* checkpoints.advance([{ ...opened, position: 9 }], t0 + 1)
      assert.deepStrictEqual(Option.getOrThrow(yield* checkpoints.load("detect.3")), {
        ...opened,
        position: 9,
        snapshot: { a: 1 },
      })
      assert.strictEqual((yield* checkpoints.list("detect.3"))[0]?.ticksPerSecond, 0)
    }))

  it.effect("refuses a writer whose checkpoint another has opened, and saves those that are still its own", () =>
    Effect.gen(function* () {
      yield* empty
      const checkpoints = yield* Checkpoints
      const progress = { position: 5, snapshot: {}, ticksPerSecond: 0 }
      const old = yield* open(["detect.3", "detect.4"], t0)
      const current = yield* open(["detect.3"], t0)
      const error = yield* Effect.flip(checkpoints.save(old.map((one) => ({ ...one, ...progress })), t0))
      assert.strictEqual(error._tag, "Fenced")
      yield* checkpoints.advance(old.map((one) => ({ ...one, position: 6 })), t0)
      const position = (name: string) => Effect.map(checkpoints.load(name), (kept) => Option.getOrThrow(kept).position)
      assert.strictEqual(yield* position("detect.3"), 3)
      assert.strictEqual(yield* position("detect.4"), 6)
      yield* checkpoints.save(current.map((one) => ({ ...one, ...progress })), t0)
      assert.strictEqual(yield* position("detect.3"), 5)
    }))
}

export const storeLeases: Suite = (it) => {
  const acquire = (owner: string, nowMs: number) =>
    Effect.flatMap(Leases, (leases) => leases.acquire({ name: "venue.kraken", owner, nowMs, ttlMs: 1_000 }))

  it.effect("gives a name to one of many who ask at once", () =>
    Effect.gen(function* () {
      yield* empty
      const all = yield* Effect.forEach(Array.from({ length: 20 }, (_, n) => `p${n}`), (owner) => acquire(owner, t0), {
        concurrency: "unbounded",
      })
      assert.strictEqual(all.filter(Option.isSome).length, 1)
    }))

  it.effect("hands over when a lease runs out or is given up, each time with a higher epoch", () =>
    Effect.gen(function* () {
      yield* empty
      const leases = yield* Leases
      const first = yield* Effect.fromOption(yield* acquire("a", t0))
      assert.isTrue(Option.isNone(yield* acquire("b", t0 + 999)))
      const second = yield* Effect.fromOption(yield* acquire("b", t0 + 1_000))
      yield* leases.release(second, t0 + 1_100)
      const third = yield* Effect.fromOption(yield* acquire("a", t0 + 1_100))
      assert.deepStrictEqual([first.epoch, second.epoch, third.epoch], [1, 2, 3])
      assert.deepStrictEqual(yield* leases.current("venue.kraken"), Option.some(third))
    }))

  it.effect("renews for its holder, even late, and fences a former one", () =>
    Effect.gen(function* () {
      yield* empty
      const leases = yield* Leases
      const held = yield* Effect.fromOption(yield* acquire("a", t0))
      const renewed = yield* leases.renew(held, t0 + 1_500, 1_000)
      assert.strictEqual(renewed.expiresAt, t0 + 2_500)
      yield* acquire("b", t0 + 2_500)
      const error = yield* Effect.flip(leases.renew(renewed, t0 + 2_600, 1_000))
      assert.strictEqual(error._tag, "Fenced")
      yield* leases.release(renewed, t0 + 2_600)
      assert.isTrue(Option.isNone(yield* acquire("c", t0 + 2_700)))
    }))

  it.effect("gives several names at once, each to one owner, and fences whoever lost one of them", () =>
    Effect.gen(function* () {
      yield* empty
      const leases = yield* Leases
      const acquire = (owner: string, names: ReadonlyArray<string>, nowMs: number) =>
        leases.acquireAll({ names, owner, nowMs, ttlMs: 1_000 })
      const namesOf = (all: ReadonlyArray<{ readonly name: string }>) => all.map(({ name }) => name).toSorted()
      const first = yield* acquire("a", ["s.1", "s.2", "s.3"], t0)
      assert.deepStrictEqual(namesOf(first), ["s.1", "s.2", "s.3"])
      assert.deepStrictEqual(namesOf(yield* acquire("b", ["s.3", "s.4"], t0 + 999)), ["s.4"])
      const renewed = yield* leases.renewAll(first, t0 + 500, 1_000)
      assert.deepStrictEqual(renewed.map(({ expiresAt }) => expiresAt), [t0 + 1_500, t0 + 1_500, t0 + 1_500])
      yield* leases.releaseAll(renewed.filter(({ name }) => name === "s.1"), t0 + 600)
      assert.deepStrictEqual(namesOf(yield* acquire("b", ["s.1", "s.2"], t0 + 700)), ["s.1"])
      assert.strictEqual((yield* Effect.flip(leases.renewAll(renewed, t0 + 800, 1_000)))._tag, "Fenced")
      const all = yield* leases.list("s.")
      assert.deepStrictEqual(all.map(({ name, owner }) => name + owner), ["s.1b", "s.2a", "s.3a", "s.4b"])
    }))

  it.effect("gives the same owner a higher epoch when it comes back", () =>
    Effect.gen(function* () {
      yield* empty
      yield* acquire("a", t0)
      const again = yield* Effect.fromOption(yield* acquire("a", t0 + 1))
      assert.strictEqual(again.epoch, 2)
    }))
}

export const storeRateLimits: Suite = (it) => {
  it.effect("keeps the count and who was granted what, and writes nothing where nothing was granted", () =>
    Effect.gen(function* () {
      yield* empty
      const limits = yield* RateLimits
      const grant = (chatId: string) =>
        limits.turn([chatId], ({ chats, last }) => ({
          answer: chats,
          last: last + 1,
          open: [],
          chats: [{ chatId, grants: [...chats[0]?.grants ?? [], last + 1] }],
        }), t0)
      assert.deepStrictEqual(yield* grant("1"), [])
      yield* grant("2")
      assert.deepStrictEqual(yield* grant("1"), [{ chatId: "1", grants: [1], blockedUntilMs: 0 }])
      const look = limits.turn(
        ["1", "2", "3"],
        ({ chats, last }) => ({ answer: { chats, last }, last, open: [], chats: [] }),
        t0,
      )
      const { chats, last } = yield* look
      assert.strictEqual(last, 3)
      assert.deepStrictEqual(chats.toSorted((a, b) => a.chatId < b.chatId ? -1 : 1), [
        { chatId: "1", grants: [1, 3], blockedUntilMs: 0 },
        { chatId: "2", grants: [2], blockedUntilMs: 0 },
      ])
      assert.strictEqual(yield* limits.prune(2, t0), 1)
      assert.deepStrictEqual((yield* look).chats.map(({ chatId }) => chatId), ["1"])
    }))

  it.effect("keeps which grants are open, and writes it also where nothing is granted", () =>
    Effect.gen(function* () {
      yield* empty
      const limits = yield* RateLimits
      const turn = (by: number, next: ReadonlyArray<number>) =>
        limits.turn([], ({ last, open }) => ({ answer: open, last: last + by, open: next, chats: [] }), t0)
      assert.deepStrictEqual(yield* turn(3, [1, 2, 3]), [])
      assert.deepStrictEqual(yield* turn(0, [2]), [1, 2, 3])
      assert.deepStrictEqual(yield* turn(0, [2]), [2])
    }))

  it.effect("makes each turn alone, however many come at once", () =>
    Effect.gen(function* () {
      yield* empty
      const limits = yield* RateLimits
      const numbers = yield* Effect.forEach(
        Array.from({ length: 40 }, (_, n) => `${n % 5}`),
        (chatId) =>
          limits.turn([chatId], ({ last }) => ({
            answer: last + 1,
            last: last + 1,
            open: [],
            chats: [{ chatId, grants: [last + 1] }],
          }), t0),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual(numbers.toSorted((a, b) => a - b), Array.from({ length: 40 }, (_, n) => n + 1))
    }))

  it.effect("never shortens a wake-up, and keeps one of 10,072 s", () =>
    Effect.gen(function* () {
      yield* empty
      const limits = yield* RateLimits
      yield* limits.block("1", t0 + 10_072_000, t0)
      yield* limits.block("1", t0 + 1_000, t0 + 1)
      const look = limits.turn(
        ["1"],
        ({ chats, last }) => ({ answer: chats[0]?.blockedUntilMs, last, open: [], chats: [] }),
        t0,
      )
      assert.strictEqual(yield* look, t0 + 10_072_000)
      assert.strictEqual(yield* limits.prune(0, t0 + 10_072_001), 0)
      assert.strictEqual(yield* limits.prune(0, t0 + 10_072_000 + 86_400_000), 1)
    }))
}

export const storeUpdates: Suite = (it) => {
  it.effect("takes each update once, however often and at once it comes", () =>
    Effect.gen(function* () {
      yield* empty
      const updates = yield* TelegramUpdates
      const update = { updateId: 7, payload: { message: { text: "/start", chat: { id: -100 } } }, receivedAt: t0 }
      const all = yield* Effect.all(Array.from({ length: 10 }, () => updates.insertIfNew(update)), {
        concurrency: "unbounded",
      })
      assert.strictEqual(all.filter((isNew) => isNew).length, 1)
      assert.deepStrictEqual(yield* updates.unhandled(10), [update])
    }))

  it.effect("gives back in order what was not handled, and forgets only what was", () =>
    Effect.gen(function* () {
      yield* empty
      const updates = yield* TelegramUpdates
      yield* Effect.forEach([3, 1, 2], (updateId) => updates.insertIfNew({ updateId, payload: {}, receivedAt: t0 }))
      yield* updates.markHandled(1, t0 + 1)
      assert.deepStrictEqual((yield* updates.unhandled(10)).map((update) => update.updateId), [2, 3])
      assert.strictEqual(yield* updates.prune(t0 + 2), 1)
      assert.strictEqual((yield* updates.unhandled(10)).length, 2)
    }))
}
