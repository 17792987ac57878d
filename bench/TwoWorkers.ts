/**
 * two-workers: frames that lie in JetStream -> two processes that share their partitions -> transitions.
 *
 * The markets: 32 assets, two in each of the 16 asset partitions, as 20-level order books on eight simulated venues, in
 * two loops of 10 s at 20,000 updates a second, so that nearly all the work is detection. Of each pass: the workers are
 * there and have agreed who has which shard before the clock starts; then all read from the first frame, and the clock
 * stops when the last one has told and checkpointed everything. Every pass must tell the same opportunities. Control: one such
 * process with every shard. CPU of the workers and of nats-server is told beside the wall time, Postgres' is not.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect, Layer, Option, Redacted, Schema, Stream } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import * as Instrument from "../src/domain/Instrument.ts"
import { OpportunityJson } from "../src/domain/Opportunity.ts"
import * as Subject from "../src/domain/Subject.ts"
import { Bus } from "../src/layers/Bus.ts"
import { Leases } from "../src/layers/Leases.ts"
import * as NatsBus from "../src/layers/nats/Bus.ts"
import * as Postgres from "../src/layers/postgres/Postgres.ts"
import { configure } from "../src/simulators/venues/Config.ts"
import { simulate } from "../src/simulators/venues/Simulation.ts"
import * as Venues from "../src/simulators/venues/Venues.ts"
import { NAME } from "../src/streams/Analyse.ts"
import { shardOf, SHARDS } from "../src/streams/Lane.ts"
import { Framing } from "../src/streams/Framing.ts"
import { OPPORTUNITIES } from "../src/streams/Topology.ts"
import { ownDatabase } from "../test/layers/postgres/ownDatabase.ts"
import { postgres } from "../test/support/available.ts"
import { removeAll } from "../test/support/jetstream.ts"
import { worldOf } from "../test/suites/StoreWorld.ts"
import { cpuSecondsOf } from "./Meter.ts"
import type { Benchmark, Sample } from "./Paired.ts"
import { type OwnServer, ownServer, withStreams } from "./Servers.ts"
import { shifted } from "./Workload.ts"

const LOOPS = 2
const ASSETS_EACH = 2
const MESSAGE_BYTES = 64 * 1024
const SETTLE_TRIES = 200

/** So many assets of each partition that no process has more to do than another. */
const assets = (): ReadonlyArray<string> => {
  const known = new Map<number, Array<string>>()
  const isFull = () => known.size === SHARDS && [...known.values()].every(({ length }) => length === ASSETS_EACH)
  for (let n = 1; !isFull(); n++) {
    const partition = Instrument.partitionOf(`A${n}`), list = known.get(partition) ?? []
    if (list.length < ASSETS_EACH) known.set(partition, [...list, `A${n}`])
  }
  return [...known.values()].flat()
}

const simulation = configure({
  venues: ["binance", "okx", "bybit", "kraken", "coinbase", "gate", "kucoin", "htx"],
  assets: assets(),
  kinds: ["book"],
  depth: 20,
  ticksPerSecond: 20_000,
  durationMs: 10_000,
  dislocations: { everyMs: 2_000 },
})

/** What the workers detect by. */
export const CONFIG = { fees: Venues.fees(simulation), lots: Venues.lots(simulation), minNetBps: 5 }

const Finished = Schema.fromJsonString(Schema.Struct({ cpuSeconds: Schema.Finite }))

/** A worker process: waits at the gate, and says when it has analysed up to where it was told. */
class Worker {
  readonly owner: string
  readonly ready: Promise<void>
  readonly finished: Promise<typeof Finished.Type>
  readonly #child: ChildProcess

  constructor(owner: string, args: ReadonlyArray<string>) {
    this.owner = owner
    const program = fileURLToPath(new URL("./TwoWorkersProcess.ts", import.meta.url))
    const runtime = process.versions["deno"] === undefined ? [program] : ["run", "-A", program]
    this.#child = spawn(process.execPath, [...runtime, ...args, owner], { stdio: ["pipe", "pipe", "inherit"] })
    if (this.#child.stdout === null) throw new Error(`${owner} has no output`)
    const lines = createInterface({ input: this.#child.stdout })
    const said = (begin: string) =>
      new Promise<string>((resolve, reject) => {
        this.#child.once("exit", (code) => reject(new Error(`${owner} ended with ${code}`)))
        lines.on("line", (line) => {
          if (line.startsWith(begin)) resolve(line)
          // What it logs stands between. A worker that lost its shards begins again, and nothing can be compared.
          if (line.includes("stands still")) reject(new Error(`${owner}: ${line}`))
        })
      })
    this.ready = said("ready").then(() => {})
    this.finished = said("{").then(Schema.decodeSync(Finished))
  }

  go(sequence: number): void {
    this.#child.stdin?.write(`${sequence}\n`)
  }

  end(): void {
    this.#child.kill("SIGKILL")
  }
}

/** Last sequence in the stream of each shard's frames, and what lies there. */
interface Stored {
  readonly lastOf: ReadonlyMap<number, number>
  readonly ticks: number
}

const publish = Effect.gen(function* () {
  const bus = yield* Bus
  const market = [...simulate(simulation)]
  const framing = new Framing("bench.0", "simulated")
  const lastOf = new Map<number, number>()
  let ticks = 0
  for (let loop = 0; loop < LOOPS; loop++) {
    for (const tick of shifted(market, loop)) framing.push(tick)
    if (loop === LOOPS - 1) framing.flush()
    for (const { data, id, partition } of Frame.pack(framing.take(), MESSAGE_BYTES)) {
      const { sequence } = yield* bus.publish({ subject: Subject.frame(partition), data, messageId: id })
      lastOf.set(shardOf(partition), sequence)
    }
    ticks += market.length
  }
  return { lastOf, ticks } satisfies Stored
})

const decoder = new TextDecoder()
/** What is told, in any order, and nothing twice. */
const told = Effect.gen(function* () {
  const bus = yield* Bus
  const { lastSequence } = yield* bus.streamState(OPPORTUNITIES.name)
  if (lastSequence === 0) return yield* Effect.fail(new Error("nothing was told"))
  const start = { _tag: "First" } as const
  const messages = yield* bus.consume({ stream: OPPORTUNITIES.name, subjects: [], start, capacity: 1_024 }).pipe(
    Stream.flattenIterable,
    Stream.takeUntil(({ sequence }) => sequence >= lastSequence),
    Stream.runCollect,
  )
  return messages.filter(({ subject }) => !Subject.isExpired(subject)).map(({ data }) => {
    const { id, revision, state } = Schema.decodeUnknownSync(OpportunityJson)(decoder.decode(data))
    return `${id} ${revision} ${state}`
  }).toSorted().join("\n")
})

/** Who has which shard, once everybody has as many as the others. */
const settled = (workers: number) =>
  Effect.gen(function* () {
    const leases = yield* Leases
    for (let tries = 0; tries < SETTLE_TRIES; tries++) {
      const nowMs = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      const held = (yield* leases.list(`${NAME}.shard.`)).filter(({ expiresAt }) => expiresAt > nowMs)
      const shares = Map.groupBy(held, ({ owner }) => owner)
      const even = [...shares.values()].every(({ length }) => length === SHARDS / workers)
      if (shares.size === workers && even) {
        return new Map(
          [...shares].map(([owner, own]) => [owner, own.map(({ name }) => Number(name.split(".").at(-1)))]),
        )
      }
      yield* Effect.sleep("100 millis")
    }
    return yield* Effect.fail(new Error("the workers did not agree on their shares"))
  })

/** The stream MD stays; what is told and remembered goes with the pass. */
const pass = (server: OwnServer, prefix: string, stored: Stored, answers: { first?: string }, count: number) =>
  Effect.gen(function* () {
    const url = yield* ownDatabase
    const store = worldOf(Postgres.layer({ url, maxConnections: 2 }))
    return yield* Effect.gen(function* () {
      yield* Bus.use((bus) => bus.removeStream(OPPORTUNITIES.name))
      yield* Bus.use((bus) => bus.ensureStream(OPPORTUNITIES))
      const workers = yield* Effect.forEach(
        Array.from({ length: count }, (_, n) => `worker-${n}`),
        (owner) =>
          Effect.acquireRelease(
            Effect.sync(() => new Worker(owner, [server.url, prefix, Redacted.value(url)])),
            (worker) => Effect.sync(() => worker.end()),
          ),
      )
      yield* Effect.promise(() => Promise.all(workers.map(({ ready }) => ready)))
      const shares = yield* settled(count)
      const serverBefore = cpuSecondsOf(server.pid), before = performance.now()
      for (const worker of workers) {
        const shards = shares.get(worker.owner) ?? []
        worker.go(Math.max(...shards.map((shard) => stored.lastOf.get(shard) ?? 0)))
      }
      const finished = yield* Effect.promise(() => Promise.all(workers.map((worker) => worker.finished)))
      const seconds = (performance.now() - before) / 1_000
      const answer = yield* told
      answers.first ??= answer
      if (answer !== answers.first || answer === "") throw new Error("another set of opportunities was told")
      const cores = finished.map(({ cpuSeconds }) => cpuSeconds / seconds)
      return {
        ticksPerS: stored.ticks / seconds,
        seconds,
        workerCoresLeast: Math.min(...cores),
        workerCoresMost: Math.max(...cores),
        ticksPerCoreS: stored.ticks / finished.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
        natsCores: (cpuSecondsOf(server.pid) - serverBefore) / seconds,
      } satisfies Sample
    }).pipe(Effect.provide(store))
  }).pipe(Effect.scoped)

export const twoWorkers: ReadonlyArray<Benchmark> = [{
  name: "two-workers",
  about: "frames of 256 order books in JetStream -> opportunities, by two processes",
  control: "one process",
  compared: "ticksPerS",
  targets: [{ figure: "ratio", atLeast: 1.6 }],
  prepare: Effect.gen(function* () {
    if (!postgres.available) return yield* Effect.fail(new Error(postgres.why))
    const server = yield* ownServer
    const prefix = `bench-${randomUUID().slice(0, 8)}-`
    yield* Effect.addFinalizer(() => Effect.promise(() => removeAll(server.url, prefix)))
    const bus = yield* Layer.build(
      withStreams(NatsBus.layer({ url: server.url, streamPrefix: prefix, subjectPrefix: prefix })),
    )
    const stored = yield* Effect.provide(publish, bus)
    const answers: { first?: string } = {}
    const of = (count: number) => Effect.provide(pass(server, prefix, stored, answers, count), bus)
    return { ours: of(2), control: of(1) }
  }),
}]
