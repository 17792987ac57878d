/**
 * Two members of one cluster over one Postgres, in one process: they share keys, and one that leaves hands its own over.
 * How a member that is killed is followed is test/chaos/TwoProcesses.test.ts.
 */
import { assert, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Schema, Scope } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import { createServer } from "node:net"
import * as Cluster from "../../../src/layers/cluster/Cluster.ts"
import * as Postgres from "../../../src/layers/postgres/Postgres.ts"
import { until } from "../../support/actors.ts"
import { describeWith, postgres } from "../../support/available.ts"
import { ownDatabase } from "../postgres/ownDatabase.ts"

const Where = Entity.make("Where", [Rpc.make("Are", { success: Schema.String })])
  .annotate(ClusterSchema.ShardGroup, () => "users")

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

const keys = Array.from({ length: 24 }, (_, index) => `key ${index}`)

describeWith(postgres, "A cluster of several processes", () => {
  it.live(
    "shares keys among its members, and one that leaves hands its own over at once",
    () =>
      Effect.gen(function* () {
        const url = yield* ownDatabase
        const join = Effect.fnUntraced(function* (name: string) {
          const scope = yield* Scope.fork(yield* Scope.Scope)
          const member = Where.toLayer({ Are: () => Effect.succeed(name) }).pipe(
            Layer.provideMerge(Cluster.layerManyProcesses({
              host: "127.0.0.1",
              port: yield* freePort,
              poll: Duration.millis(200),
            })),
            Layer.provide(Postgres.layer({ url, maxConnections: 4 })),
          )
          const context = yield* Layer.buildWithMemoMap(member, yield* Layer.makeMemoMap, scope)
          const where = yield* Effect.provideService(Where.client, Sharding, Context.get(context, Sharding))
          const ask = Effect.forEach(keys, (key) => where(key).Are(), { concurrency: "unbounded" })
          return { ask, leave: Scope.close(scope, Exit.void) }
        })

        const one = yield* join("one")
        assert.deepStrictEqual(new Set(yield* one.ask), new Set(["one"]))
        const two = yield* join("two")
        yield* until(Effect.map(two.ask, (names) => names.includes("two") && names.includes("one")))
        assert.deepStrictEqual(yield* one.ask, yield* two.ask)
        yield* one.leave
        assert.deepStrictEqual(new Set(yield* two.ask), new Set(["two"]))
      }),
    60_000,
  )
})
