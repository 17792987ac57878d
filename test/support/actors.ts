/**
 * Where actors are tested: one process's cluster with simulated transport, over an embedded store emptied per test.
 *
 * In: the actors of a test. Out: layers and small steps. Promises: every test begins at `t0` with no rows, its cluster
 * is its own, and virtual time stands still unless the test moves it.
 */
import { layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import type { Sharding } from "effect/cluster/Sharding"
import { TestClock } from "effect/testing"
import * as Cluster from "../../src/layers/cluster/Cluster.ts"
import * as Pglite from "../../src/layers/pglite/Pglite.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { empty, type Suite, t0, worldOf } from "../suites/StoreWorld.ts"
import { describeWith, postgres } from "./available.ts"

/** The embedded store with every repository. */
export const world = worldOf(Pglite.layer({ dataDir: Option.none() }))

const onPostgres = Layer.unwrap(Effect.map(ownDatabase, (url) => worldOf(Postgres.layer({ url, maxConnections: 6 }))))

const timeout = "60 seconds"

/** The same tests over the embedded store and, where there is one, over Postgres. */
export const overBothStores = (name: string, suite: Suite): void => {
  layer(world, { timeout })(`${name}, over the embedded store`, suite)
  describeWith(postgres, `${name}, over Postgres`, () => layer(onPostgres, { timeout })(suite))
}

/** No rows, and the clock at t0. */
export const fresh = Effect.andThen(empty, TestClock.setTime(t0))

/** A process: actors and their clients on a cluster of their own, which ends with the scope of whoever is provided. */
export const processOf = <A, E, R>(
  actors: Layer.Layer<A, E, R | Sharding>,
  options: Cluster.ClusterOptions = {},
): Layer.Layer<A | Sharding, E, Exclude<R, Sharding>> =>
  actors.pipe(Layer.provideMerge(Cluster.layerOneProcess({ simulateRemoteSerialization: true, ...options })))

/** Waits, in real time and without moving the clock, until `ready` holds; gives up after some 20 seconds. */
export const until = <E, R>(ready: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.gen(function* () {
    for (let tries = 0; tries < 4_000; tries++) {
      if (yield* ready) return
      yield* Effect.promise(() => new Promise((done) => setTimeout(done, 5)))
    }
    return yield* Effect.die(new Error("what was waited for did not happen within 20 seconds"))
  })
