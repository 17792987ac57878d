/**
 * The analysis shared by processes that come, go and are killed: what is told is what one alone would have told.
 *
 * Comes in: NATS, a database of its own, three child processes (test/support/analyseProcess.ts).
 * Promises: the children end with the test, streams with the file.
 */
import { assert, it } from "@effect/vitest"
import { Clock, Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"
import * as Frame from "../../src/domain/Frame.ts"
import { OpportunityJson } from "../../src/domain/Opportunity.ts"
import type { Outcome } from "../../src/domain/Outcome.ts"
import * as Subject from "../../src/domain/Subject.ts"
import { Bus } from "../../src/layers/Bus.ts"
import { Leases } from "../../src/layers/Leases.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import { TrackRecord } from "../../src/layers/TrackRecord.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import * as Partitions from "../../src/programs/Partitions.ts"
import { worldOf } from "../suites/StoreWorld.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { until } from "../support/actors.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { ownPrefix, removeAll } from "../support/jetstream.ts"
import { frames, named, unbroken } from "../support/manyBases.ts"

const program = fileURLToPath(new URL("../support/analyseProcess.ts", import.meta.url))
const command = "Deno" in globalThis ? ["run", "-A", program] : [program]

/** Starts a worker; returns once it is there. The scope's end kills it. */
const workerOf = (postgresUrl: Redacted.Redacted, prefix: string, owner: string) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<ChildProcess>((resolve, reject) => {
        const child = spawn(process.execPath, [...command, nats.url, prefix, Redacted.value(postgresUrl), owner], {
          stdio: ["ignore", "pipe", "inherit"],
        })
        child.once("exit", (code) => reject(new Error(`the worker ended with ${code}`)))
        child.stdout?.once("data", () => resolve(child))
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL")),
  )

/** Message by message, some of them with several frames, as ingest packs them. */
const publish = (some: ReadonlyArray<Frame.Frame>) =>
  Bus.use((bus) =>
    bus.publishAll(
      Frame.pack(some, 4_096).map(({ data, id, partition }) => ({
        subject: Subject.frame(partition),
        data,
        messageId: id,
      })),
    )
  )

const decoder = new TextDecoder()
const told = Effect.gen(function* () {
  const bus = yield* Bus
  const { lastSequence } = yield* bus.streamState("OPP")
  if (lastSequence === 0) return []
  const messages = yield* bus.consume({ stream: "OPP", subjects: [], start: { _tag: "First" }, capacity: 256 }).pipe(
    Stream.flattenIterable,
    Stream.takeUntil(({ sequence }) => sequence >= lastSequence),
    Stream.runCollect,
  )
  return messages.filter(({ subject }) => !Subject.isExpired(subject))
    .map(({ data }) => named(Schema.decodeUnknownSync(OpportunityJson)(decoder.decode(data))))
})

const byId = (a: Outcome, b: Outcome): number => a.opportunityId < b.opportunityId ? -1 : 1
const recorded = Effect.map(
  TrackRecord.use((record) =>
    record.outcomes({ sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER / 1_000, after: Option.none(), limit: 10_000 })
  ),
  (outcomes) => outcomes.toSorted(byId),
)

/** How many shards each worker holds, greatest first. */
const held = Effect.gen(function* () {
  const nowMs = yield* Clock.currentTimeMillis
  const leases = yield* Leases.use((leases) => leases.list("analyse.shard."))
  const owners = leases.filter(({ expiresAt }) => expiresAt > nowMs).map(({ owner }) => owner)
  return [...Map.groupBy(owners, (owner) => owner)].map(([owner, { length }]) => `${owner} ${length}`).toSorted()
})
const share = (...wanted: ReadonlyArray<string>) => until(Effect.map(held, (shares) => shares.join() === wanted.join()))

describeWith([nats, postgres], "An analysis shared by processes", () => {
  const prefix = ownPrefix()
  afterAll(() => removeAll(nats.url, prefix))

  it.live(
    "tells what one alone would have told, each once, while they join and one is killed",
    () =>
      Effect.gen(function* () {
        const url = yield* ownDatabase
        const bus = NatsBus.layer({ url: nats.url, streamPrefix: prefix, subjectPrefix: prefix })
        const world = Layer.merge(
          Layer.provideMerge(Layer.effectDiscard(ensureStreams), bus),
          worldOf(Postgres.layer({ url, maxConnections: 2 })),
        )
        yield* Effect.gen(function* () {
          const all = frames()
          const { outcomes, toldAfter, transitions } = unbroken(all)
          const expected = transitions.map(named).toSorted()
          const part = (n: number) => publish(all.slice(all.length * n / 4, all.length * (n + 1) / 4))
          const soFar = (n: number) => toldAfter(Math.floor(all.length * n / 4))
          const toldAtLeast = (count: number) => until(Effect.map(told, ({ length }) => length >= count))

          const one = yield* workerOf(url, prefix, "one")
          yield* part(0)
          yield* toldAtLeast(soFar(1))
          yield* share("one 16")

          yield* workerOf(url, prefix, "two")
          yield* part(1)
          yield* share("one 8", "two 8")
          yield* workerOf(url, prefix, "three")
          yield* share("one 6", "three 5", "two 5")

          yield* part(2)
          yield* toldAtLeast(soFar(2))
          one.kill("SIGKILL")
          yield* part(3)
          yield* toldAtLeast(expected.length)
          yield* share("three 8", "two 8")
          assert.deepStrictEqual((yield* told).toSorted(), expected)
          assert.isAbove(outcomes.length, 100)
          yield* until(Effect.map(recorded, ({ length }) => length === outcomes.length))
          assert.deepStrictEqual(yield* recorded, outcomes.toSorted(byId))

          const states = yield* Effect.provide(Effect.flatten(Partitions.Partitions), Partitions.layer("two"))
          assert.deepStrictEqual(
            states.map(({ partition }) => partition).slice(15),
            ["15", "venue.binance", "venue.kraken", "venue.okx"],
          )
          yield* until(
            Effect.map(Effect.provide(Effect.flatten(Partitions.Partitions), Partitions.layer("two")), (now) =>
              now.every(({ lagMessages, owner }) => lagMessages === 0 && owner !== null)),
          )
        }).pipe(Effect.provide(world))
      }),
    90_000,
  )
})
