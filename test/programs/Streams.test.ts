/** Streams and buckets on a real server: planned, applied twice, drifted, and stood in the way of. */
import { assert, describe, it } from "@effect/vitest"
import { jetstreamManager, StorageType } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Effect } from "effect"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import * as Streams from "../../src/programs/Streams.ts"
import { SHIPPED } from "../../src/streams/Topology.ts"
import { isUpToDate } from "../../src/streams/TopologyPlan.ts"
import { topologyOf } from "../../src/streams/TopologySettings.ts"
import { arbedge } from "../surfaces/cli/inProcess.ts"
import { describeWith, nats } from "../support/available.ts"
import { ownPrefix, removeAll } from "../support/jetstream.ts"

/** A prefix of its own, removed afterwards; somebody else's hand on the server. */
const server = Effect.gen(function* () {
  const prefix = ownPrefix()
  yield* Effect.addFinalizer(() => Effect.promise(() => removeAll(nats.url, prefix)))
  const connection = yield* Effect.acquireRelease(
    Effect.promise(() => connect({ servers: nats.url })),
    (open) => Effect.promise(() => open.close()),
  )
  const manager = yield* Effect.promise(() => jetstreamManager(connection))
  const environment = { ARBEDGE_NATS_URL: nats.url, ARBEDGE_STREAM_PREFIX: prefix, ARBEDGE_DATA_DIR: "memory" }
  return {
    prefix,
    manager,
    environment,
    bus: NatsBus.layer({ url: nats.url, streamPrefix: prefix, subjectPrefix: prefix }),
  }
})

const actions = (plan: { readonly items: ReadonlyArray<{ readonly action: string }> }) =>
  new Set(plan.items.map(({ action }) => action))

describeWith(nats, "Streams and buckets on NATS", () => {
  it.live("are created by the first apply, and left alone by the second", () =>
    Effect.gen(function* () {
      const { bus } = yield* server
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(actions(yield* Streams.plan(SHIPPED)), new Set(["create"]))
        const first = yield* Streams.apply(SHIPPED)
        assert.deepStrictEqual([first.refused, isUpToDate(first.left)], [[], true])
        const second = yield* Streams.apply(SHIPPED)
        assert.isTrue(isUpToDate(second.plan))
        const listed = yield* Streams.list(SHIPPED)
        assert.strictEqual(listed.length, SHIPPED.streams.length + SHIPPED.buckets.length)
        assert.strictEqual(listed.find(({ found }) => found.name === "session")?.found.kept.storage, "memory")
      }).pipe(Effect.provide(bus))
    }))

  it.live("are brought back where somebody changed them, and to what the operator sets", () =>
    Effect.gen(function* () {
      const { bus, manager, prefix } = yield* server
      yield* Effect.gen(function* () {
        yield* Streams.apply(SHIPPED)
        yield* Effect.promise(() => manager.streams.update(`${prefix}MD`, { max_bytes: 1_000_000, max_msgs: 7 }))
        const drifted = (yield* Streams.plan(SHIPPED)).items.filter(({ action }) => action !== "none")
        assert.deepStrictEqual(
          drifted.map(({ changes, name }) => [name, changes.map(({ field, from }) => [field, from])]),
          [["MD", [["maxBytes", 1_000_000], ["maxMessages", 7]]]],
        )
        const { topology } = topologyOf({ streamLimits: ["EVT=64MiB/2h", "analysis=/1m"], streamReplicas: 1 })
        const applied = yield* Streams.apply(topology)
        assert.isTrue(isUpToDate(applied.left))
        const { config } = yield* Effect.promise(() => manager.streams.info(`${prefix}EVT`))
        assert.deepStrictEqual([config.max_bytes, config.max_age], [64 * 1024 * 1024, 7_200_000_000_000])
      }).pipe(Effect.provide(bus))
    }))

  it.live("say what cannot be changed in place and whose stream stands in the way, and do the rest", () =>
    Effect.gen(function* () {
      const { bus, manager, prefix } = yield* server
      yield* Effect.promise(() =>
        manager.streams.add({ name: `${prefix}OPP`, subjects: [`${prefix}.opp.v1.>`], storage: StorageType.Memory })
      )
      yield* Effect.promise(() => manager.streams.add({ name: `${prefix}MINE`, subjects: [`${prefix}.evt.v1.*.*`] }))
      yield* Effect.gen(function* () {
        const { left, refused } = yield* Streams.apply(SHIPPED)
        assert.deepStrictEqual(refused.map(({ name, reason }) => [name, reason]), [["EVT", "rejected"]])
        const due = left.items.filter(({ action }) => action !== "none")
        assert.deepStrictEqual(due.map(({ action, name }) => [name, action]), [["OPP", "recreate"], ["EVT", "create"]])
        assert.deepStrictEqual(due[0]?.changes.map(({ field }) => field), ["storage"])
        assert.deepStrictEqual(left.foreign, [{ name: "MINE", subjects: ["evt.v1.*.*"], overlaps: ["EVT"] }])
      }).pipe(Effect.provide(bus))
    }))

  it.live("are planned, applied and listed from the command line, by exit codes a script can use", () =>
    Effect.gen(function* () {
      const { environment } = yield* server
      const asked = (...args: ReadonlyArray<string>) => arbedge(["streams", ...args], environment)
      const before = yield* asked("plan")
      assert.strictEqual(before.code, 3)
      assert.include(before.stdout, "+ stream MD  would be created")
      const applied = yield* asked("apply")
      assert.strictEqual(applied.code, 0)
      assert.include(applied.stdout, "created bucket opportunity")
      const after = yield* asked("plan", "--json")
      assert.strictEqual(after.code, 0)
      assert.include(after.stdout, '"upToDate":true')
      const listed = yield* asked("ls", "--json")
      assert.strictEqual(listed.stdout.trim().split("\n").length, SHIPPED.streams.length + SHIPPED.buckets.length)
      const smaller = yield* arbedge(["streams", "plan"], { ...environment, ARBEDGE_STREAM_LIMITS: "MD=512MiB/12h" })
      assert.strictEqual(smaller.code, 3)
      assert.include(smaller.stdout, "size: 1 GiB -> 512 MiB")
    }))
})

describe("Streams and buckets without a server", () => {
  it.live("have nothing to be planned, and a limit nobody can read is wrong usage", () =>
    Effect.gen(function* () {
      const embedded = yield* arbedge(["streams", "plan"], { ARBEDGE_DATA_DIR: "memory" })
      assert.strictEqual(embedded.code, 0)
      assert.include(embedded.stderr, "ARBEDGE_NATS_URL is not set")
      const wrong = yield* arbedge(["streams", "apply"], { ARBEDGE_STREAM_LIMITS: "MD=8GB" })
      assert.strictEqual(wrong.code, 2)
      assert.include(wrong.stderr, 'ARBEDGE_STREAM_LIMITS: "MD=8GB"')
      const away = yield* arbedge(["streams", "ls"], { ARBEDGE_NATS_URL: "nats://127.0.0.1:1" })
      assert.strictEqual(away.code, 1)
      assert.include(away.stderr, "arbedge doctor")
    }))
})
