/** Choosing recipients over the embedded store: who is chosen, that turns are kept, and that nothing is asked without need. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import { Rotations } from "../../src/layers/Rotations.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { sharingRulesOf } from "../../src/programs/SharingSettings.ts"
import { makeChooser, SharingRules } from "../../src/streams/Choose.ts"
import { day, someOpportunity, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, world } from "../support/actors.ts"

/** People with a session, by chat. */
const people = (...chats: ReadonlyArray<string>) =>
  Effect.forEach(chats, (telegramId) =>
    Effect.gen(function* () {
      const { userId } = yield* someUser(telegramId)
      const sessions = yield* Sessions
      yield* sessions.start({ userId, telegramId, nowMs: t0, ttlMs: 7 * day })
      yield* sessions.activate(telegramId)
      return { userId, chatId: telegramId }
    }))

type Reader = { readonly userId: string; readonly chatId: string }

const choosing = Effect.fnUntraced(function* (
  rules: { readonly strategies?: ReadonlyArray<string>; readonly minTickets?: ReadonlyArray<string> },
  opportunity: Opportunity,
  matched: ReadonlyArray<Reader>,
  sendable = 100,
) {
  const sharing = yield* sharingRulesOf({ strategies: [], minTickets: [], ...rules })
  const store = yield* Store
  const choose = yield* makeChooser.pipe(Effect.provideService(SharingRules, sharing))
  const { chosen, strategy } = yield* store.transaction(choose(opportunity, matched, sendable, t0))
  return { chosen: chosen.map(({ chatId }) => chatId), strategy }
})

/** Worth 12,000 USDT. */
const scarce = someOpportunity({ size: "0.4", capacity: "0.4", notional: "12000" })

layer(world, { timeout: "60 seconds" })("Choosing recipients", (it) => {
  it.effect("takes all where there is enough for all, as many as can be sent in time, and asks nothing", () =>
    Effect.gen(function* () {
      yield* fresh
      const matched = yield* people("1", "2", "3")
      const idle = Layer.mock(Rotations, {})
      const all = choosing({ minTickets: ["USDT=4000"] }, scarce, matched).pipe(Effect.provide(idle))
      assert.deepStrictEqual(yield* all, { chosen: ["1", "2", "3"], strategy: "broadcast" })
      const few = yield* choosing({}, scarce, matched, 2)
      assert.deepStrictEqual(few, { chosen: ["1", "2"], strategy: "broadcast" })
    }))

  it.effect("shares what is scarce: who was served gives way the next time", () =>
    Effect.gen(function* () {
      yield* fresh
      const matched = yield* people("1", "2", "3")
      const rules = { minTickets: ["USDT=6000"] }
      const first = yield* choosing(rules, scarce, matched)
      const second = yield* choosing(rules, scarce, matched)
      assert.deepStrictEqual([first.strategy, first.chosen.length, second.chosen.length], ["priority", 2, 2])
      const missed = ["1", "2", "3"].find((chat) => !first.chosen.includes(chat)) ?? ""
      assert.include(second.chosen, missed)
    }))

  it.effect("keeps a rotation's place over processes, and gives it back with what failed", () =>
    Effect.gen(function* () {
      yield* fresh
      const matched = yield* people("1", "2", "3", "4")
      const rules = { strategies: ["cross_exchange=round_robin"], minTickets: ["USDT=6000"] }
      const first = yield* choosing(rules, scarce, matched)
      const store = yield* Store
      yield* Effect.flip(store.transaction(Effect.andThen(choosing(rules, scarce, matched), Effect.fail("undone"))))
      const second = yield* choosing(rules, scarce, matched)
      assert.deepStrictEqual([...first.chosen, ...second.chosen].toSorted(), ["1", "2", "3", "4"])
    }))

  it.effect("refuses strategies, types and amounts that nobody knows, naming the variable", () =>
    Effect.gen(function* () {
      const refused = (strategies: ReadonlyArray<string>, minTickets: ReadonlyArray<string>) =>
        Effect.map(Effect.flip(sharingRulesOf({ strategies, minTickets })), ({ message }) => message)
      assert.match(yield* refused(["spot=priority"], []), /ARBEDGE_STRATEGIES is refused: "spot" is no type/)
      assert.match(yield* refused(["funding=fair"], []), /"fair" is no strategy: broadcast, round_robin/)
      assert.match(yield* refused([], ["USDT=none"]), /ARBEDGE_MIN_TICKETS is refused: "USDT=none"/)
    }))
})
