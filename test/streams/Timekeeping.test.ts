/** Whose time a process lives in: asked of the bus at its start, over the in-process bus. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import type { DataSource } from "../../src/domain/Frame.ts"
import * as Frame from "../../src/domain/Frame.ts"
import * as Subject from "../../src/domain/Subject.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as StreamClock from "../../src/layers/clock/StreamClock.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import * as Timekeeping from "../../src/streams/Timekeeping.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { until } from "../support/actors.ts"
import { framesOf, quote, T0 } from "../support/ticks.ts"

/** As another process does it, which lives in the wall's time. */
/** As another process does it, which lives in the wall's time. */
const publish = (source: DataSource, at: number) =>
  Effect.flatMap(Bus, (bus) =>
    bus.publish({
      subject: Subject.frame(1),
      data: Frame.encode(
        framesOf([quote("a", "BTC/USDT", at - 5, ["1", "2"]), quote("a", "BTC/USDT", at, ["1", "2"])], source),
      ),
      messageId: `${source} ${at}`,
    })).pipe(Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()))

const world = Layer.mergeAll(EmbeddedBus.layer(), StreamClock.layer)

/** Within the moments that the test itself takes. */
const isAbout = (expected: number) =>
  Effect.map(Clock.currentTimeMillis, (nowMs) => Math.abs(nowMs - expected) < 10_000)

describe("A process's time", () => {
  it.live("is the wall's where there is no frame, and after live ones", () =>
    Effect.gen(function* () {
      yield* ensureStreams
      const wall = Clock.Clock.defaultValue().currentTimeMillisUnsafe()
      assert.strictEqual(yield* Timekeeping.begin, 0)
      assert.isTrue(yield* isAbout(wall))
      yield* publish("live", T0)
      assert.strictEqual(yield* Timekeeping.begin, 1)
      assert.isTrue(yield* isAbout(wall))
    }).pipe(Effect.provide(world)))

  it.live("is the newest recorded tick's from the start, and follows", () =>
    Effect.gen(function* () {
      yield* ensureStreams
      yield* publish("recorded", T0)
      const seen = yield* Timekeeping.begin
      assert.strictEqual(seen, 1)
      assert.isTrue(yield* isAbout(T0))
      yield* Effect.forkChild(Timekeeping.follow(seen))
      yield* publish("recorded", T0 + 3_600_000)
      yield* until(isAbout(T0 + 3_600_000))
    }).pipe(Effect.provide(world)))
})
