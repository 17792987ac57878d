/**
 * One worker of the benchmark two-workers: the role `detect` alone, over NATS and Postgres.
 *
 * In: arguments `natsUrl prefix postgresUrl owner`; on stdin the last sequence of its frames, which opens the gate. Out:
 * "ready" on stdout once its bus and store are there, then `{ cpuSeconds }` of the time from the gate to that sequence.
 * Promises: before the gate it takes its share of the shards and reads nothing.
 */
import process from "node:process"
import { createInterface } from "node:readline"
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

/** The first line on stdin: where its frames end. */
const gate = new Promise<number>((resolve) => {
  createInterface({ input: process.stdin }).once("line", (line) => resolve(Number(line)))
})

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

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))

const program = Effect.gen(function* () {
  const config = yield* DetectConfig.fromUnknown(CONFIG)
  const progress = yield* Ref.make(Option.none<AnalyseProgress>())
  yield* say("ready")
  const reporting = Effect.gen(function* () {
    const last = yield* Effect.promise(() => gate)
    const before = process.cpuUsage()
    const isThere = Effect.map(Ref.get(progress), Option.exists(({ sequence }) => sequence >= last))
    while (!(yield* isThere)) yield* Effect.sleep("5 millis")
    const { system, user } = process.cpuUsage(before)
    yield* say(JSON.stringify({ cpuSeconds: (user + system) / 1_000_000 }))
    return yield* Effect.never
  })
  const analysing = analyse({ config, judging: rulesOf(config), owner, progress, before: () => Effect.void })
  return yield* Effect.raceFirst(analysing, reporting)
})

await Effect.runPromise(Effect.provide(program, live))
