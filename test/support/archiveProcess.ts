/**
 * An archive's writer in a process of its own, for a test that kills it: batches of 30 ms, merged at once and all the time.
 *
 * In: arguments `natsUrl postgresUrl prefix folder`. Out: files in the folder; on stdout "ready". It ends when it is killed.
 */
import "../../src/layers/denoFibers.ts"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Duration, Effect, Layer, Redacted } from "effect"
import process from "node:process"
import * as FolderArchive from "../../src/layers/archive/FolderArchive.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import * as CheckpointsSql from "../../src/layers/sql/CheckpointsSql.ts"
import { mergeGroup } from "../../src/streams/archive/Compaction.ts"
import { write } from "../../src/streams/archive/Writer.ts"
import { MARKET_DATA } from "../../src/streams/Topology.ts"

const [natsUrl = "", postgresUrl = "", prefix = "", folder = ""] = process.argv.slice(2)

const touched = new Set<string>()

const merging = Effect.suspend(() => Effect.forEach([...touched], mergeGroup, { discard: true })).pipe(
  Effect.andThen(Effect.sleep("5 millis")),
  Effect.forever,
)

const work = Effect.gen(function* () {
  process.stdout.write("ready\n")
  const writing = write({
    stream: MARKET_DATA.name,
    content: "frames",
    batchFor: Duration.millis(30),
    mostRecords: 6_200,
    lookEvery: Duration.millis(10),
    onWritten: (groups) => Effect.sync(() => groups.forEach((group) => touched.add(group))),
  })
  yield* Effect.all([writing, merging], { concurrency: 2, discard: true })
})

NodeRuntime.runMain(work.pipe(Effect.provide([
  NatsBus.layer({ url: Redacted.make(natsUrl), streamPrefix: prefix, subjectPrefix: prefix }),
  CheckpointsSql.layer.pipe(
    Layer.provide(Postgres.layer({ url: Redacted.make(postgresUrl), maxConnections: 2 })),
  ),
  FolderArchive.layer(folder),
])))
