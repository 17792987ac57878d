/** The cluster runtime in one process: ready at once, one activation a key, a cap on residents, passivation, its end. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Ref, Schema, Scope } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import * as Rpc from "effect/rpc/Rpc"
import { TestClock } from "effect/testing"
import * as Cluster from "../../../src/layers/cluster/Cluster.ts"
import { until } from "../../support/actors.ts"

const Counter = Entity.make("Counter", [
  Rpc.make("Next", { success: Schema.Int }),
]).annotate(ClusterSchema.ShardGroup, () => "users")

let activations = 0
const counting = Counter.toLayer(
  Effect.gen(function* () {
    activations++
    const total = yield* Ref.make(0)
    return Counter.of({ Next: () => Ref.updateAndGet(total, (value) => value + 1) })
  }),
  { maxIdleTime: "10 seconds" },
)

const cluster = (options: Cluster.ClusterOptions = {}) =>
  counting.pipe(Layer.provideMerge(Cluster.layerOneProcess({ simulateRemoteSerialization: true, ...options })))

describe("The cluster in one process", () => {
  it.effect("answers at once, without the clock moving", () =>
    Effect.gen(function* () {
      const counter = (yield* Counter.client)("a")
      assert.deepStrictEqual([yield* counter.Next(), yield* counter.Next()], [1, 2])
    }).pipe(Effect.provide(cluster())))

  it.effect("has one activation a key however many calls arrive at once", () =>
    Effect.gen(function* () {
      activations = 0
      const client = yield* Counter.client
      const answers = yield* Effect.forEach(Array.from({ length: 50 }), () => client("b").Next(), {
        concurrency: "unbounded",
      })
      assert.strictEqual(activations, 1)
      assert.strictEqual(new Set(answers).size, 50)
    }).pipe(Effect.provide(cluster())))

  it.effect("refuses an actor over the cap with MailboxFull and keeps serving those it has", () =>
    Effect.gen(function* () {
      const client = yield* Counter.client
      yield* client("a").Next()
      const refused = yield* Effect.flip(client("b").Next())
      assert.strictEqual(refused._tag, "MailboxFull")
      assert.strictEqual(yield* client("a").Next(), 2)
    }).pipe(Effect.provide(cluster({ maxResidentEntities: 1 }))))

  it.effect("passivates an idle actor", () =>
    Effect.gen(function* () {
      const client = yield* Counter.client
      yield* client("a").Next()
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* client("a").Next(), 1)
    }).pipe(Effect.provide(cluster())))

  it.effect("ends its actors with itself, and gives a question that is under way 5 seconds", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const note = (line: string) => Effect.sync(() => void log.push(line))
      const leaving = Counter.toLayer(Effect.gen(function* () {
        const { entityId } = yield* Entity.CurrentAddress
        yield* Effect.addFinalizer(() => note(`${entityId} ends`))
        const slow = Effect.andThen(note("asked"), Effect.onInterrupt(Effect.never, () => note("given up")))
        return Counter.of({ Next: () => entityId === "busy" ? slow : Effect.succeed(1) })
      }))
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(leaving.pipe(Layer.provideMerge(Cluster.layerOneProcess())), scope)
      const client = yield* Effect.provide(Counter.client, context)
      yield* client("idle").Next()
      yield* Effect.forkChild(client("busy").Next())
      yield* until(Effect.sync(() => log.includes("asked")))
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* until(Effect.sync(() => log.includes("idle ends")))
      yield* TestClock.adjust("4999 millis")
      assert.deepStrictEqual(log, ["asked", "idle ends"])
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(log, ["asked", "idle ends", "given up", "busy ends"])
    }))
})
