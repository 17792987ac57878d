/** Taps: answered within a second whatever the store does, forged data included. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"

/** The store, slower than a tap may wait. */
const slow = Layer.effect(
  Opportunities,
  Effect.map(Opportunities, (store) => ({ ...store, byId: (id: string) => Effect.delay(store.byId(id), "5 seconds") })),
)

const tapOf = (id: string, data: string, messageId: number) => ({
  callback_query: {
    id,
    from: { id: ann, is_bot: false, first_name: "Ann" },
    message: { message_id: messageId, date: 1, chat: { id: ann, type: "private", first_name: "Ann" }, text: "x" },
    chat_instance: "1",
    data,
  },
})

layer(world, { timeout: "60 seconds" })("A tap", (it) => {
  it.effect("is answered within a second while what it asked for is still under way, and then done", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { emulator, messages, say, settled } = yield* conversation
        yield* say(ann, "/start")
        yield* Opportunities.use((store) => store.upsert(card({ expiresAt: t0 + 3_600_000 }), t0))
        const messageId = (yield* emulator.chat(ann)).messages.findLast(({ fromBot }) => fromBot)?.messageId ?? 0
        const answers = Effect.map(
          emulator.log.calls,
          (calls) => calls.filter(({ method }) => method === "answerCallbackQuery"),
        )
        yield* emulator.pushRawUpdate(tapOf("11", `d.${card().id}`, messageId))
        yield* until(Effect.gen(function* () {
          yield* TestClock.adjust("50 millis")
          return (yield* answers).length > 0
        }))
        const [answer] = yield* answers
        assert.strictEqual(answer?.params["text"], "One moment…")
        assert.notInclude((yield* messages(ann)).at(-1), "levels:", "the store has not answered yet")
        yield* until(Effect.gen(function* () {
          yield* TestClock.adjust("1 second")
          return (yield* messages(ann)).at(-1)?.includes("levels:") ?? false
        }))
        yield* settled
        assert.strictEqual((yield* answers).length, 1)
      }).pipe(Effect.provide(polled.pipe(Layer.provide(slow), Layer.provideMerge(surroundings()))))
    }))

  it.effect("with forged or forgotten data changes nothing and gets its answer", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { emulator, messages, say, settled } = yield* conversation
        yield* say(ann, "/start")
        const before = yield* messages(ann)
        const forged = ["", "d.", "x", "d.'; drop table users", `d.${"0".repeat(32)}`, "d.".repeat(30), "\u0000"]
        for (const [at, data] of forged.entries()) {
          yield* emulator.pushRawUpdate(tapOf(`${20 + at}`, data, 1))
        }
        const answers = Effect.map(
          emulator.log.calls,
          (calls) => calls.filter(({ method }) => method === "answerCallbackQuery"),
        )
        yield* until(Effect.map(answers, (all) => all.length === forged.length))
        yield* settled
        const texts = (yield* answers).map(({ params }) => params["text"])
        assert.strictEqual(texts[4], "I no longer remember this opportunity.")
        assert.strictEqual(texts.filter((text) => text === "This button no longer works.").length, forged.length - 1)
        assert.deepStrictEqual(yield* messages(ann), before)
      }).pipe(Effect.provide(Layer.provideMerge(polled, surroundings())))
    }))
})
