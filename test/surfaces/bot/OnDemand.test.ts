/** /opportunities under the limits of a tier, as a person in the chat meets them. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"

const HOUR_MS = 3_600_000

/** Open for hours, each on a route of its own. */
const open = (from: number, count: number) =>
  Opportunities.use((store) =>
    Effect.forEach(
      Array.from({ length: count }, (_, n) => from + n),
      (n) =>
        store.upsert(
          card({
            id: `${n}`.padStart(32, "0"),
            fingerprint: `route-${n}`,
            // Who comes later is better, and shown first.
            netBps: `${100 + n}.0000`,
            expiresAt: t0 + 5 * HOUR_MS,
          }),
          t0,
        ),
      { discard: true },
    )
  )

layer(world, { timeout: "60 seconds" })("What a person asks to see", (it) => {
  it.effect("stays free once seen; beyond the tier's hour it is kept back, with when there is room and who has more", () =>
    Effect.andThen(
      fresh,
      Effect.gen(function* () {
        const { say } = yield* conversation
        yield* say(ann, "/start")
        yield* open(0, 4)
        const four = yield* say(ann, "/opportunities")
        assert.match(four, /^4 opportunities fit you now:/)
        assert.strictEqual(yield* say(ann, "/opportunities"), four)
        yield* open(10, 1)
        const five = yield* say(ann, "/opportunities")
        assert.notInclude(five, "⏳")
        yield* open(20, 5)
        const limited = yield* say(ann, "/opportunities")
        assert.match(limited, /⏳ \d more not shown: the free plan's limit for one hour is reached\./)
        assert.match(limited, /The next one: 15\.06 16:06 \(UTC\)\./)
        assert.match(limited, /The basic plan has more\.$/)
        yield* TestClock.adjust("61 minutes")
        assert.notInclude(yield* say(ann, "/opportunities"), "⏳")
      }).pipe(Effect.provide(Layer.provideMerge(polled, surroundings()))),
    ))
})
