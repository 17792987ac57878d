/** /opportunity: one card in full, by its id or how it begins. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { Users } from "../../../src/layers/Users.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"

const store = (id: string, changes: Parameters<typeof card>[0] = {}) =>
  Opportunities.use((opportunities) => opportunities.upsert(card({ id, expiresAt: t0 + 3_600_000, ...changes }), t0))

const idOf = (start: string) => start.padEnd(32, "0")

layer(world, { timeout: "60 seconds" })("One opportunity", (it) => {
  it.effect("is shown with its details and buttons, whoever is sure which one they mean", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { emulator, say } = yield* conversation
        yield* say(ann, "/start")
        yield* store(idOf("abcdef1"), { fingerprint: "one" })
        yield* store(idOf("abcdef2"), { fingerprint: "two" })
        const shown = yield* say(ann, "/opportunity ABCDEF1")
        assert.include(shown, "levels: 30,000 × 0.4")
        const buttons = (yield* emulator.chat(ann)).messages.at(-1)?.buttons.flat() ?? []
        assert.isAbove(buttons.length, 2)
        assert.include(yield* say(ann, `/opportunity ${idOf("abcdef2")}`), "levels:")
        assert.match(yield* say(ann, "/opportunity abcdef"), /^🤔 Several opportunities begin with abcdef/)
        assert.match(yield* say(ann, "/opportunity 012345"), /^🤔 No opportunity begins with 012345/)
        for (const odd of ["", " abc", " abcde", " abcdef%", " <b>", ` ${"a".repeat(33)}`]) {
          assert.match(yield* say(ann, `/opportunity${odd}`), /^🔎 Say which one/, odd)
        }
      }).pipe(Effect.provide(Layer.provideMerge(polled, surroundings())))
    }))

  it.effect("is not shown where the plan does not include its kind, and counts against the plan once", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const { say } = yield* conversation
        const users = yield* Users
        yield* say(ann, "/start")
        yield* store(idOf("aaaaaa"), { type: "triangular" })
        assert.match(yield* say(ann, "/opportunity aaaaaa"), /^🔒 Your plan \(free\) does not include this kind/)
        for (const at of [1, 2, 3, 4, 5, 6]) yield* store(idOf(`bbbbbb${at}`), { fingerprint: `f${at}` })
        for (const at of [1, 2, 3, 4, 5, 5, 1]) {
          assert.include(yield* say(ann, `/opportunity bbbbbb${at}`), "levels:", `${at}`)
        }
        assert.notInclude(yield* say(ann, "/opportunity bbbbbb6"), "levels:", "five an hour")
        const { userId } = Option.getOrThrow(yield* users.byTelegramId(`${ann}`))
        yield* users.setPlan({ userId, tier: "basic", role: "user", nowMs: t0 })
        assert.include(yield* say(ann, "/opportunity bbbbbb6"), "levels:")
      }).pipe(Effect.provide(Layer.provideMerge(polled, surroundings())))
    }))
})
