/**
 * two-workers: frames that lie in JetStream -> two processes that share their partitions -> transitions.
 *
 * The markets: 32 assets, two in each of the 16 asset partitions, as 20-level order books on eight simulated venues, in
 * eighteen loops of 10 s at 20,000 updates a second, so that nearly all the work is detection. A worker has one core,
 * to which it is pinned; the servers share what the workers leave. Of each pass: the workers are there and have agreed
 * who has which shard before the clock starts; then all read from the first frame, and the clock stops when the last
 * partition has told all it found and saved its place, which is up to a second after it was there. Every pass must tell
 * the same opportunities. Control: one such process with every shard. CPU of the workers and of nats-server is told
 * beside the wall time, Postgres' is not.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Effect, Layer, Redacted, Schema, Stream } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import * as Instrument from "../src/domain/Instrument.ts"
import { OpportunityJson } from "../src/domain/Opportunity.ts"
import * as Subject from "../src/domain/Subject.ts"
import { Bus } from "../src/layers/Bus.ts"
import { Checkpoints } from "../src/layers/Checkpoints.ts"
import { Leases } from "../src/layers/Leases.ts"
import * as NatsBus from "../src/layers/nats/Bus.ts"
import * as Postgres from "../src/layers/postgres/Postgres.ts"
import { configure } from "../src/simulators/venues/Config.ts"
import { simulate } from "../src/simulators/venues/Simulation.ts"
import * as Venues from "../src/simulators/venues/Venues.ts"
import { NAME } from "../src/streams/Analyse.ts"
import { partitionName, SHARDS } from "../src/streams/Lane.ts"
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

const LOOPS = 18
const ASSETS_EACH = 2
const MESSAGE_BYTES = 64 * 1024
/** 50 ms each: 30 s, and ten minutes. */
const SHARE_LOOKS = 600
const DONE_LOOKS = 12_000

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
  // Short and spread over all assets: what is told costs more than what is compared, and must not make one share the heavier.
  dislocations: { everyMs: 300, minMs: 50, maxMs: 150 },
})

/** What the workers detect by. */
export const CONFIG = { fees: Venues.fees(simulation), lots: Venues.lots(simulation), minNetBps: 5 }

/** A worker process, which waits at the gate. */
class Worker {
  readonly ready: Promise<void>
  readonly #child: ChildProcess

  /** On a core of its own, where the system can pin it to one (Linux). */
  constructor(core: number, args: ReadonlyArray<string>) {
    const program = fileURLToPath(new URL("./TwoWorkersProcess.ts", import.meta.url))
    const runtime = process.versions["deno"] === undefined ? [program] : ["run", "-A", program]
    const pinned = process.platform === "linux" ? ["taskset", "-c", String(core)] : []
    const [command = process.execPath, ...rest] = [...pinned, process.execPath, ...runtime, ...args]
    this.#child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] })
    this.ready = new Promise((resolve, reject) => {
      this.#child.once("exit", (code) => reject(new Error(`a worker ended with ${code}`)))
      this.#child.stdout?.on("data", () => resolve())
    })
  }

  get cpuSeconds(): number {
    return cpuSecondsOf(this.#child.pid ?? -1)
  }

  go(): void {
    this.#child.stdin?.write("go\n")
  }

  end(): void {
    this.#child.kill("SIGKILL")
  }
}

/** Last sequence in the stream of each partition's frames, by its checkpoint's name, and how much lies there. */
interface Stored {
  readonly lastOf: ReadonlyMap<string, number>
  readonly ticks: number
}

const publish = Effect.gen(function* () {
  const bus = yield* Bus
  const market = [...simulate(simulation)]
  const framing = new Framing("bench.0", "simulated")
  const lastOf = new Map<string, number>()
  let ticks = 0
  for (let loop = 0; loop < LOOPS; loop++) {
    for (const tick of shifted(market, loop)) framing.push(tick)
    if (loop === LOOPS - 1) framing.flush()
    for (const { data, id, partition } of Frame.pack(framing.take(), MESSAGE_BYTES)) {
      const { sequence } = yield* bus.publish({ subject: Subject.frame(partition), data, messageId: id })
      lastOf.set(`${NAME}.${partitionName(partition)}`, sequence)
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

/** Looks, in real time, until it holds; fails after so many looks. */
const until = <E, R>(what: string, holds: Effect.Effect<boolean, E, R>, looks: number) =>
  Effect.gen(function* () {
    for (let look = 0; look < looks; look++) {
      if (yield* holds) return
      yield* Effect.sleep("50 millis")
    }
    return yield* Effect.fail(new Error(`${what} did not happen`))
  })

/** Everybody has as many shards as the others. */
const isShared = (workers: number) =>
  Effect.gen(function* () {
    const nowMs = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    const leases = yield* Leases.use((leases) => leases.list(`${NAME}.shard.`))
    const shares = Map.groupBy(leases.filter(({ expiresAt }) => expiresAt > nowMs), ({ owner }) => owner)
    return shares.size === workers && [...shares.values()].every(({ length }) => length === SHARDS / workers)
  })

/** Every partition has told all it found and saved its place at the end. */
const isDone = ({ lastOf }: Stored) =>
  Effect.map(
    Checkpoints.use((checkpoints) => checkpoints.list(`${NAME}.`)),
    (places) => {
      const positions = new Map(places.map(({ name, position }) => [name, position]))
      return [...lastOf].every(([name, sequence]) => (positions.get(name) ?? 0) >= sequence)
    },
  )

/** The stream MD stays; what is told and remembered goes with the pass. */
const pass = (server: OwnServer, prefix: string, stored: Stored, answers: { first?: string }, count: number) =>
  Effect.gen(function* () {
    const url = yield* ownDatabase
    const store = worldOf(Postgres.layer({ url, maxConnections: 2 }))
    return yield* Effect.gen(function* () {
      yield* Bus.use((bus) => bus.removeStream(OPPORTUNITIES.name))
      yield* Bus.use((bus) => bus.ensureStream(OPPORTUNITIES))
      const workers = yield* Effect.forEach(
        Array.from({ length: count }, (_, n) => n),
        (n) =>
          Effect.acquireRelease(
            Effect.sync(() => new Worker(n, [server.url, prefix, Redacted.value(url), `worker-${n}`])),
            (worker) => Effect.sync(() => worker.end()),
          ),
      )
      yield* Effect.promise(() => Promise.all(workers.map(({ ready }) => ready)))
      yield* until("an even share for each worker", isShared(count), SHARE_LOOKS)
      const cpuBefore = workers.map(({ cpuSeconds }) => cpuSeconds)
      const serverBefore = cpuSecondsOf(server.pid), before = performance.now()
      for (const worker of workers) worker.go()
      yield* until("the end of the frames", isDone(stored), DONE_LOOKS)
      const seconds = (performance.now() - before) / 1_000
      const cpu = workers.map(({ cpuSeconds }, n) => cpuSeconds - (cpuBefore[n] ?? NaN))
      const answer = yield* told
      answers.first ??= answer
      if (answer !== answers.first || answer === "") throw new Error("another set of opportunities was told")
      return {
        ticksPerS: stored.ticks / seconds,
        seconds,
        workerCoresLeast: Math.min(...cpu) / seconds,
        workerCoresMost: Math.max(...cpu) / seconds,
        ticksPerCoreS: stored.ticks / cpu.reduce((sum, used) => sum + used, 0),
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
