/** How much one person may ask: counted in memory, told once, and no trouble to others. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Store } from "../../../src/layers/Store.ts"
import * as CommandRate from "../../../src/surfaces/bot/CommandRate.ts"
import { ann, bob } from "../../simulators/telegram/support.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"

describe("the rate of commands", () => {
  it.effect.prop(
    "never serves more than the plan in any minute, and whoever waits as long as told is served",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20_000 }))).check(Schema.isMaxLength(80))],
    ([pauses]) =>
      Effect.sync(() => {
        const rate = CommandRate.make()
        let nowMs = 0
        const served: Array<number> = []
        for (const pause of pauses) {
          nowMs += pause
          const turn = rate.turn("1", "command", nowMs)
          if (turn._tag === "Serve") served.push(nowMs)
          else {
            assert.isAbove(turn.waitMs, 0)
            assert.isAtMost(turn.waitMs, 60_000)
          }
          assert.isAtMost(served.filter((atMs) => atMs > nowMs - 60_000).length, 10)
        }
        const last = rate.turn("1", "command", nowMs)
        if (last._tag === "TooFast") {
          assert.strictEqual(rate.turn("1", "command", nowMs + last.waitMs - 1)._tag, "TooFast")
          assert.strictEqual(rate.turn("1", "command", nowMs + last.waitMs)._tag, "Serve")
        }
      }),
    { arbitrary: { runs: 200 } },
  )

  it("says so once until the next is served, counts taps apart, and goes by the plan it has learned", () => {
    const rate = CommandRate.make()
    const turns = (count: number, asked: "command" | "tap" = "command") =>
      Array.from({ length: count }, () => rate.turn("1", asked, 5)).filter(({ _tag }) => _tag === "TooFast")
    assert.deepStrictEqual(turns(13).map((turn) => turn._tag === "TooFast" && turn.isFirst), [true, false, false])
    assert.lengthOf(turns(61, "tap"), 1)
    rate.learn("1", 30)
    assert.lengthOf(turns(20), 0)
    assert.lengthOf(turns(1), 1)
  })

  it("does not keep anybody waiting when the clock goes back", () => {
    const rate = CommandRate.make()
    for (let count = 0; count < 10; count++) rate.turn("1", "command", 3_600_000)
    assert.strictEqual(rate.turn("1", "command", 0)._tag, "Serve")
  })

  it("remembers so many people and no more", () => {
    const rate = CommandRate.make()
    for (let person = 0; person < 20_100; person++) rate.turn(`${person}`, "command", person)
    assert.strictEqual(rate.size(), 20_000)
  })
})

layer(world, { timeout: "60 seconds" })("A user who floods the bot", (it) => {
  it.effect("with 1,000 commands is told once, and is served again a minute later; others are served at once", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { emulator, messages, say, settled } = yield* conversation
        yield* say(bob, "/start")
        yield* say(ann, "/start")
        const before = (yield* messages(ann)).length
        for (let count = 0; count < 1_000; count++) yield* emulator.say(ann, ann, "/session")
        assert.match(yield* say(bob, "/session"), /^✅ Session active/)
        yield* until(Effect.map(messages(ann), (all) => all.at(-1)?.startsWith("🐢") ?? false))
        yield* settled
        const answers = (yield* messages(ann)).slice(before)
        assert.lengthOf(answers, 10, "9 more after /start, and one word about the rest")
        assert.match(answers.at(-1) ?? "", /^🐢 Slow down, please\. Your plan has 10 commands a minute; .* in 60 s/)
        const [rows] = yield* Store.use(({ sql }) =>
          sql<{ readonly count: number }>`select count(*)::int as count from telegram_updates`
        )
        assert.isAtMost(rows?.count ?? Infinity, 20, "what would be dropped is not recorded")
        yield* TestClock.adjust("60 seconds")
        assert.match(yield* say(ann, "/session"), /^✅ Session active/)
      }).pipe(
        Effect.provide(
          polled.pipe(
            Layer.provide(Layer.sync(CommandRate.CommandRate, CommandRate.make)),
            Layer.provideMerge(surroundings()),
          ),
        ),
      )
    }))
})
