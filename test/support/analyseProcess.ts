/**
 * One of several processes that analyse, for tests that kill one: the role `detect` alone, over NATS and Postgres.
 *
 * In: arguments `natsUrl prefix postgresUrl owner`. Out: "ready" on stdout once its bus and store are there. It goes on
 * until it is killed.
 */
import "../../src/layers/denoFibers.ts"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Option, Redacted, Ref } from "effect"
import process from "node:process"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import * as Repositories from "../../src/layers/sql/Repositories.ts"
import { StreamTime } from "../../src/layers/StreamTime.ts"
import * as EnvelopeVault from "../../src/layers/vault/EnvelopeVault.ts"
import { analyse, type AnalyseProgress } from "../../src/streams/Analyse.ts"
import { rulesOf } from "../../src/streams/Judge.ts"
import { config } from "./manyBases.ts"

const [natsUrl = "", prefix = "", postgresUrl = "", owner = ""] = process.argv.slice(2)

const live = Repositories.layer.pipe(
  Layer.provideMerge(EnvelopeVault.ephemeral),
  Layer.provideMerge(Postgres.layer({ url: Redacted.make(postgresUrl), maxConnections: 2 })),
  Layer.merge(NatsBus.layer({ url: natsUrl, streamPrefix: prefix, subjectPrefix: prefix })),
  Layer.merge(Layer.succeed(StreamTime, StreamTime.ignored)),
)

const analysing = Effect.gen(function* () {
  const progress = yield* Ref.make(Option.none<AnalyseProgress>())
  yield* Effect.sync(() => process.stdout.write("ready\n"))
  return yield* analyse({ config, judging: rulesOf(config), owner, progress })
})

NodeRuntime.runMain(Effect.provide(analysing, live))
