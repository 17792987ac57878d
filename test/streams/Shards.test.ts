/** Shards: shared evenly by whoever is there, one owner each, given up and taken over as members come and go. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Clock, Effect, Fiber, Option, Result } from "effect"
import { Leases } from "../../src/layers/Leases.ts"
import { inWallTime } from "../../src/streams/Ownership.ts"
import { share, shareOf } from "../../src/streams/Shards.ts"
import { fresh, until, world } from "../support/actors.ts"
import { integers } from "../support/generators.ts"

const SHARDS = 5

describe("Shares", () => {
  it.prop("add up to all shards and differ by one at most", [integers(1, 40), integers(1, 12)], ([shards, members]) => {
    const shares = Array.from({ length: members }, (_, rank) => shareOf(shards, members, rank))
    assert.strictEqual(shares.reduce((sum, one) => sum + one, 0), shards)
    assert.isAtMost(Math.max(...shares) - Math.min(...shares), 1)
  })
})

/** A member that notes what it has. `held` is what it works on, `log` what happened. */
const member = Effect.fnUntraced(function* (owner: string, log: Array<string> = []) {
  const held = new Set<number>()
  const fiber = yield* share({ name: "work", owner, shards: SHARDS }, {
    run: Effect.never,
    gained: (shards) =>
      Effect.sync(() => {
        for (const shard of shards) held.add(shard)
        log.push(`${owner} gains ${shards.join(" ")}`)
      }),
    giveUp: (shards) =>
      Effect.sync(() => {
        for (const shard of shards) held.delete(shard)
        log.push(`${owner} gives up ${shards.join(" ")}`)
      }),
  }).pipe(Effect.result, Effect.forkScoped)
  return {
    fiber,
    has: (...wanted: ReadonlyArray<number>) => until(Effect.sync(() => [...held].join() === wanted.join())),
  }
})

layer(world, { timeout: "60 seconds" })("Shards of some work", (it) => {
  it.effect("are one member's, then shared as others join, and taken over when one stops", () =>
    Effect.gen(function* () {
      yield* fresh
      const log: Array<string> = []
      const one = yield* member("one", log)
      yield* one.has(0, 1, 2, 3, 4)
      const two = yield* member("two", log)
      yield* two.has(3, 4)
      yield* one.has(0, 1, 2)
      yield* Fiber.interrupt(one.fiber)
      yield* two.has(3, 4, 0, 1, 2)
      assert.deepStrictEqual(log, ["one gains 0 1 2 3 4", "one gives up 3 4", "two gains 3 4", "two gains 0 1 2"])
    }))

  it.effect("end a member's term when one of them was taken", () =>
    Effect.gen(function* () {
      yield* fresh
      const one = yield* member("one")
      yield* one.has(0, 1, 2, 3, 4)
      // A stalled process: its leases ran out unnoticed, and another has one of them.
      const nowMs = (yield* inWallTime(Clock.currentTimeMillis)) + 60_000
      const names = ["work.shard.2"]
      yield* Leases.use((leases) => leases.acquireAll({ names, owner: "thief", nowMs, ttlMs: 60_000 }))
      const ended = yield* Fiber.join(one.fiber)
      assert.strictEqual(Result.isFailure(ended) && ended.failure._tag, "Fenced")
      const left = yield* Leases.use((leases) => leases.current("work.shard.1"))
      assert.isBelow(Option.getOrThrow(left).expiresAt, nowMs)
      assert.strictEqual(
        Option.getOrThrow(yield* Leases.use((leases) => leases.current("work.shard.2"))).owner,
        "thief",
      )
    }))
})
