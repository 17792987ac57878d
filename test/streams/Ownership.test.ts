/** Ownership: one process works, the others stand by; work that fails or whose lease is lost begins anew elsewhere. */
import { assert, layer } from "@effect/vitest"
import { Clock, Data, Effect, Fiber, Layer, Option } from "effect"
import { Leases } from "../../src/layers/Leases.ts"
import { whileOwner } from "../../src/streams/Ownership.ts"
import { fresh, until, world } from "../support/actors.ts"

class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

/** Work that notes who does it, and goes on for ever. */
const noting = (log: Array<string>, owner: string) =>
  Effect.sync(() => void log.push(`${owner} begins`)).pipe(
    Effect.andThen(Effect.never),
    Effect.onInterrupt(() => Effect.sync(() => void log.push(`${owner} stops`))),
  )
const logged = (log: ReadonlyArray<string>, line: string) => until(Effect.sync(() => log.includes(line)))

layer(world, { timeout: "60 seconds" })("Work with one owner", (it) => {
  it.effect("is done by the first and taken over as soon as it stops", () =>
    Effect.gen(function* () {
      yield* fresh
      const log: Array<string> = []
      const one = yield* Effect.forkScoped(whileOwner({ name: "work", owner: "one" }, noting(log, "one")))
      yield* logged(log, "one begins")
      yield* Effect.forkScoped(whileOwner({ name: "work", owner: "two" }, noting(log, "two")))
      yield* Fiber.interrupt(one)
      yield* logged(log, "two begins")
      assert.deepStrictEqual(log, ["one begins", "one stops", "two begins"])
    }))

  it.effect("begins again after it failed, with a higher epoch", () =>
    Effect.gen(function* () {
      yield* fresh
      let terms = 0
      const failing = Effect.suspend(() =>
        ++terms < 3 ? Effect.fail(new Broken({ message: "the bus is away" })) : Effect.never
      )
      yield* Effect.forkScoped(whileOwner({ name: "work", owner: "one" }, failing))
      yield* until(Effect.sync(() => terms === 3))
      const lease = Option.getOrThrow(yield* Leases.use((leases) => leases.current("work")))
      assert.isAtLeast(lease.epoch, 3)
    }))

  it.effect("is interrupted when somebody else took the lease", () =>
    Effect.gen(function* () {
      yield* fresh
      const log: Array<string> = []
      yield* Effect.forkScoped(whileOwner({ name: "work", owner: "one" }, noting(log, "one")))
      yield* logged(log, "one begins")
      // The lease ran out unnoticed (a stalled process), and another has it.
      const nowMs = (yield* Effect.provideService(Clock.currentTimeMillis, Clock.Clock, Clock.Clock.defaultValue())) +
        60_000
      const taken = yield* Leases.use((leases) =>
        leases.acquire({ name: "work", owner: "thief", nowMs, ttlMs: 60_000 })
      )
      assert.isTrue(Option.isSome(taken))
      yield* logged(log, "one stops")
      assert.deepStrictEqual(log, ["one begins", "one stops"])
    }))

  it.effect("stops before its lease ends when the store does not answer", () =>
    Effect.gen(function* () {
      yield* fresh
      const log: Array<string> = []
      const silent = Layer.effect(Leases, Effect.map(Leases, (leases) => ({ ...leases, renew: () => Effect.never })))
      yield* whileOwner({ name: "work", owner: "one" }, noting(log, "one")).pipe(
        Effect.provide(silent),
        Effect.forkScoped,
      )
      yield* logged(log, "one begins")
      const { expiresAt } = Option.getOrThrow(yield* Leases.use((leases) => leases.current("work")))
      yield* logged(log, "one stops")
      const stoppedAt = yield* Effect.provideService(Clock.currentTimeMillis, Clock.Clock, Clock.Clock.defaultValue())
      assert.isBelow(stoppedAt, expiresAt)
    }))
})
