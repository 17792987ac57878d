/**
 * One worker of the benchmark two-workers: the role `detect` alone, over NATS and Postgres.
 *
 * In: arguments `natsUrl prefix postgresUrl owner`; a line on stdin opens the gate. Out: "ready" on stdout once its bus and
 * store are there. Promises: before the gate it takes its share of the shards and reads nothing; it goes on until it is
 * killed.
 */
import "../src/layers/denoFibers.ts"
import process from "node:process"
import { Effect, Layer, Option, Redacted, Ref, Stream } from "effect"
import * as DetectConfig from "../src/domain/DetectConfig.ts"
import { Bus } from "../src/layers/Bus.ts"
import * as NatsBus from "../src/layers/nats/Bus.ts"
import * as Postgres from "../src/layers/postgres/Postgres.ts"
import * as Repositories from "../src/layers/sql/Repositories.ts"
import { StreamTime } from "../src/layers/StreamTime.ts"
import * as EnvelopeVault from "../src/layers/vault/EnvelopeVault.ts"
import { analyse, type AnalyseProgress } from "../src/streams/Analyse.ts"
import { rulesOf } from "../src/streams/Judge.ts"
import { CONFIG } from "./TwoWorkers.ts"

const [natsUrl = "", prefix = "", postgresUrl = "", owner = ""] = process.argv.slice(2)

const gate = new Promise<void>((resolve) => void process.stdin.once("data", () => resolve()))

const gated = Layer.effect(
  Bus,
  Effect.map(Bus, (bus) =>
    Bus.of({
      ...bus,
      consume: (options) => Stream.unwrap(Effect.as(Effect.promise(() => gate), bus.consume(options))),
    })),
).pipe(Layer.provide(NatsBus.layer({ url: natsUrl, streamPrefix: prefix, subjectPrefix: prefix })))

const live = Repositories.layer.pipe(
  Layer.provideMerge(EnvelopeVault.ephemeral),
  Layer.provideMerge(Postgres.layer({ url: Redacted.make(postgresUrl), maxConnections: 2 })),
  Layer.merge(gated),
  Layer.merge(Layer.succeed(StreamTime, StreamTime.ignored)),
)

const program = Effect.gen(function* () {
  const config = yield* DetectConfig.fromUnknown(CONFIG)
  const progress = yield* Ref.make(Option.none<AnalyseProgress>())
  yield* Effect.sync(() => process.stdout.write("ready\n"))
  return yield* analyse({ config, judging: rulesOf(config), owner, progress })
})

await Effect.runPromise(Effect.provide(program, live))
