/** The intake: once each, in order per chat, many chats at a time, bounded, in one process at a time, and nothing lost. */
import { assert, layer } from "@effect/vitest"
import { Clock, Context, Deferred, Effect, Exit, Layer, Option, Schema, Scope } from "effect"
import type { Update } from "grammy/types"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { TelegramUpdates } from "../../../src/layers/TelegramUpdates.ts"
import { Dispatcher } from "../../../src/surfaces/bot/Dispatcher.ts"
import * as RealDispatcher from "../../../src/surfaces/bot/Dispatcher.ts"
import { laneOf, read } from "../../../src/surfaces/bot/Incoming.ts"
import * as Intake from "../../../src/surfaces/bot/Updates.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { data, describeWith } from "../../support/available.ts"
import { surroundings } from "./running.ts"

const message = (updateId: number, chatId: number): Update => {
  const update: unknown = {
    update_id: updateId,
    message: { message_id: updateId, date: 1, chat: { id: chatId, type: "private", first_name: "A" }, text: "/help" },
  }
  return Option.getOrThrow(read(update))
}

/** A dispatcher that notes what it was given and does with it what the test says. */
const intake = (
  seen: Array<number>,
  react: (update: Update) => Effect.Effect<void> = () => Effect.void,
  owner = "test",
) =>
  Intake.layer(owner).pipe(Layer.provide(Layer.succeed(Dispatcher, {
    handle: (update) =>
      Effect.as(Effect.tap(react(update), () => Effect.sync(() => seen.push(update.update_id))), "reacted"),
  })))

const unhandled = TelegramUpdates.use((table) =>
  Effect.map(table.unhandled(1_000), (left) => left.map(({ updateId }) => updateId))
)

layer(world, { timeout: "60 seconds" })("The intake", (it) => {
  it.effect("hands an update on once, however often it comes", () =>
    Effect.gen(function* () {
      yield* fresh
      const seen: Array<number> = []
      yield* Effect.gen(function* () {
        const updates = yield* Intake.Updates
        yield* updates.idle
        const receipts = yield* Effect.forEach([1, 1, 2, 1], (id) => updates.receive(message(id, 5)))
        const at = yield* Effect.forEach(Array.from({ length: 20 }), () => updates.receive(message(3, 5)), {
          concurrency: "unbounded",
        })
        yield* updates.idle
        assert.deepStrictEqual(receipts, ["accepted", "duplicate", "accepted", "duplicate"])
        assert.strictEqual(at.filter((receipt) => receipt === "accepted").length, 1)
      }).pipe(Effect.provide(intake(seen)))
      assert.deepStrictEqual(seen, [1, 2, 3])
      assert.deepStrictEqual(yield* unhandled, [])
    }))

  it.effect("keeps the order within a chat while another chat overtakes", () =>
    Effect.gen(function* () {
      yield* fresh
      const seen: Array<number> = []
      const gate = yield* Deferred.make<void>()
      const slow = (update: Update) => update.update_id === 1 ? Deferred.await(gate) : Effect.void
      yield* Effect.gen(function* () {
        const updates = yield* Intake.Updates
        yield* updates.idle
        for (const [id, chat] of [[1, 5], [2, 5], [3, 5], [4, 6], [5, 7], [6, 6]] as const) {
          yield* updates.receive(message(id, chat))
        }
        yield* until(Effect.sync(() => seen.length === 3))
        assert.sameMembers(seen, [4, 5, 6])
        yield* Deferred.succeed(gate, undefined)
        yield* updates.idle
      }).pipe(Effect.provide(intake(seen, slow)))
      assert.deepStrictEqual(seen.slice(3), [1, 2, 3])
      assert.isBelow(seen.indexOf(4), seen.indexOf(6))
    }))

  it.effect("takes up in order what a killed process left over, before anything newer of the chat", () =>
    Effect.gen(function* () {
      yield* fresh
      const first: Array<number> = []
      yield* Effect.gen(function* () {
        const updates = yield* Intake.Updates
        yield* updates.idle
        for (const id of [1, 2, 3]) yield* updates.receive(message(id, 5))
      }).pipe(Effect.provide(intake(first, () => Effect.never)))
      assert.deepStrictEqual(first, [])
      assert.deepStrictEqual(yield* unhandled, [1, 2, 3])
      const second: Array<number> = []
      yield* Effect.gen(function* () {
        const updates = yield* Intake.Updates
        yield* updates.receive(message(4, 5))
        yield* updates.idle
        yield* updates.receive(message(5, 5))
        yield* updates.idle
      }).pipe(Effect.provide(intake(second)))
      assert.deepStrictEqual(second, [1, 2, 3, 4, 5])
      assert.deepStrictEqual(yield* unhandled, [])
    }))

  it.effect("leaves what a process that stands by is handed to the one that reacts, each once and in order", () =>
    Effect.gen(function* () {
      yield* fresh
      const reacted: Array<number> = [], stoodBy: Array<number> = []
      const working = yield* Layer.build(intake(reacted))
      const updates = Context.get(working, Intake.Updates)
      yield* updates.idle
      const other = Context.get(yield* Layer.build(intake(stoodBy, undefined, "another")), Intake.Updates)
      const givers = [updates, other, updates, other, other, updates]
      for (const [at, giver] of givers.entries()) {
        assert.strictEqual(yield* giver.receive(message(at + 1, 5)), "accepted")
        assert.strictEqual(yield* other.receive(message(at + 1, 5)), "duplicate")
        yield* until(Effect.sync(() => reacted.length === at + 1))
      }
      assert.deepStrictEqual(reacted, [1, 2, 3, 4, 5, 6])
      assert.deepStrictEqual(stoodBy, [])
    }))

  it.effect("is taken over by the one that stood by, with what was on its way", () =>
    Effect.gen(function* () {
      yield* fresh
      const first: Array<number> = [], second: Array<number> = []
      const ending = yield* Scope.make()
      const stuck = (update: Update) => update.update_id === 2 ? Effect.never : Effect.void
      const working = Context.get(
        yield* Layer.buildWithScope(intake(first, stuck), ending),
        Intake.Updates,
      )
      yield* working.idle
      const standby = Context.get(yield* Layer.build(intake(second, undefined, "another")), Intake.Updates)
      for (const id of [1, 2, 3]) yield* working.receive(message(id, 5))
      yield* standby.receive(message(4, 5))
      yield* until(Effect.sync(() => first.length === 1))
      yield* Scope.close(ending, Exit.void)
      yield* standby.idle
      yield* until(Effect.map(unhandled, (left) => left.length === 0))
      assert.deepStrictEqual([first, second], [[1], [2, 3, 4]])
    }))

  it.effect("refuses what a full lane cannot hold, and counts it as done", () =>
    Effect.gen(function* () {
      yield* fresh
      const seen: Array<number> = []
      const gate = yield* Deferred.make<void>()
      yield* Effect.gen(function* () {
        const updates = yield* Intake.Updates
        yield* updates.idle
        const ids = Array.from({ length: Intake.LANE_CAPACITY + 3 }, (_, at) => at + 1)
        const receipts = yield* Effect.forEach(ids, (id) => updates.receive(message(id, 5)))
        assert.strictEqual(receipts.filter((receipt) => receipt === "accepted").length, Intake.LANE_CAPACITY)
        assert.deepStrictEqual(receipts.slice(-3), ["lane_full", "lane_full", "lane_full"])
        assert.strictEqual(yield* updates.receive(message(1_000, 6)), "accepted", "other chats have lanes of their own")
        yield* Deferred.succeed(gate, undefined)
        yield* updates.idle
      }).pipe(Effect.provide(intake(seen, () => Deferred.await(gate))))
      assert.strictEqual(seen.length, Intake.LANE_CAPACITY + 1)
      assert.deepStrictEqual(yield* unhandled, [])
    }))

  it.effect("passes over what it cannot read in the table", () =>
    Effect.gen(function* () {
      yield* fresh
      const receivedAt = yield* Clock.currentTimeMillis
      const table = yield* TelegramUpdates
      yield* table.insertIfNew({ updateId: 1, payload: { not: "an update" }, receivedAt })
      yield* table.insertIfNew({ updateId: 2, payload: message(2, 5), receivedAt })
      const seen: Array<number> = []
      yield* Intake.Updates.use((updates) => updates.idle).pipe(Effect.provide(intake(seen)))
      assert.deepStrictEqual(seen, [2])
      assert.deepStrictEqual(yield* unhandled, [])
    }))

  it.effect("stores texts that no database takes, and nests that no stack holds, without what is wrong with them", () =>
    Effect.gen(function* () {
      yield* fresh
      const seen: Array<string> = []
      const noting = (update: Update) => Effect.sync(() => seen.push(update.message?.text ?? ""))
      const odd: unknown = JSON.parse(
        `{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},` +
          `"text":"a\\u0000b\\ud800c"},"deep":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
      )
      yield* Effect.gen(function* () {
        const updates = yield* Intake.Updates
        yield* updates.idle
        assert.strictEqual(yield* updates.receive(Option.getOrThrow(read(odd))), "accepted")
        yield* updates.idle
      }).pipe(Effect.provide(intake([], noting)))
      assert.deepStrictEqual(seen, ["ab\ufffdc"])
      assert.deepStrictEqual(yield* unhandled, [])
    }))

  it("knows the lane of every kind", () => {
    assert.strictEqual(laneOf(message(1, -5)), "-5")
  })
})

const Example = Schema.fromJsonString(Schema.Struct({ name: Schema.String, update: Schema.Unknown }))

describeWith(data, "Telegram's own examples of updates", () => {
  layer(world, { timeout: "60 seconds" })("are handled", (it) => {
    it.effect("each without a failure", () =>
      Effect.gen(function* () {
        yield* fresh
        const lines = readFileSync(join(data.path, "telegram-updates.jsonl"), "utf8").trim().split("\n")
        const examples = lines.map((line) => Schema.decodeUnknownSync(Example)(line))
        assert.isAtLeast(examples.length, 13)
        const outcomes = new Map<string, string>()
        yield* Effect.gen(function* () {
          const dispatcher = yield* Dispatcher
          for (const { name, update } of examples) {
            outcomes.set(name, yield* dispatcher.handle(Option.getOrThrow(read(update))))
          }
        }).pipe(Effect.provide(RealDispatcher.layer), Effect.provide(surroundings()))
        // Nobody in the emulated Telegram has the examples' chat: a reply there finds it gone.
        for (const [name, outcome] of outcomes) assert.include(["reacted", "ignored", "chat_gone"], outcome, name)
        assert.strictEqual(outcomes.get("text-without-chat-type"), "chat_gone")
        assert.strictEqual(outcomes.get("callback-query-inline"), "reacted")
        assert.strictEqual(outcomes.get("inline-query-numeric-id"), "ignored")
      }))
  })
})
