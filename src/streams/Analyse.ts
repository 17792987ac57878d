/**
 * Analyse: the stream wrapper of the lanes. Reads frames, has transitions told, remembers how far each partition came.
 *
 *   standby --shards are free--> reading its partitions --shards gained or given up--> reading those it has now
 *                                                       --a lease or a checkpoint is another's--> standby
 *
 * In: `md.frame.<p>` and `md.venue.<v>` of the shards this process has, through one reader, from the stored checkpoints.
 * Out: transitions on `opp.v1.>`, each once by message id, and checkpoints, neither ahead of the other (Telling.ts).
 * Promises: a partition has one owner, fenced by its checkpoint's epoch; a kill or a change of owner loses no transition
 * and changes no id. One process alone has every shard.
 */
import { Clock, Effect, Latch, Metric, Option, Ref, Semaphore, Stream } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type * as Frame from "../domain/Frame.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import * as Subject from "../domain/Subject.ts"
import type { AssetIdentities } from "../layers/AssetIdentities.ts"
import { Bus, type BusError, type StoredMessage } from "../layers/Bus.ts"
import { Checkpoints } from "../layers/Checkpoints.ts"
import type { Leases } from "../layers/Leases.ts"
import type { Fenced, StoreError } from "../layers/Store.ts"
import { StreamTime } from "../layers/StreamTime.ts"
import type { TrackRecord } from "../layers/TrackRecord.ts"
import { type Figures, sumOf } from "./Analysis.ts"
import type { JudgeRules } from "./Judge.ts"
import * as Journal from "./Journal.ts"
import { type Fail, Lane, parsePartition, partitionName, shardOf, SHARDS } from "./Lane.ts"
import { forEver, inWallTime } from "./Ownership.ts"
import { gauging } from "./PartitionGauges.ts"
import { portionsOf } from "./Portions.ts"
import { type ShardWork, share } from "./Shards.ts"
import { raise } from "./Suspicions.ts"
import * as Telling from "./Telling.ts"
import { MARKET_DATA } from "./Topology.ts"

/** Leases and checkpoints are called `analyse.<...>`. */
export const NAME = "analyse"
const PREFIX = `${NAME}.`
const CHECKPOINT_EVERY_MS = 1_000
/** How often the places of partitions that nothing comes of are brought up to the others'. */
const PASS_EVERY_MS = 10_000
const FRAMES_AHEAD = 1_024
/** Nothing has come for so long: whatever waits for other writers waits no more. */
const SILENCE_MS = 50

const passedOverTotal = Metric.counter("analyse_messages_passed_over_total", { description: "Frames nobody can read" })
const ticksTotal = Metric.counter("analyse_ticks_total", { description: "Ticks analysed" })
const newestSeconds = Metric.gauge("analyse_newest_tick_timestamp_seconds", {
  description: "Ingest time of the newest tick analysed, since the epoch",
})
const lateTotal = Metric.counter("merge_late_ticks_total", {
  description: "Ticks that came after the watermark of several ingest processes",
})

/** What others may look at while it runs. */
export interface AnalyseProgress {
  /** Last stream sequence analysed and told. */
  readonly sequence: number
  readonly figures: Figures
}

export interface AnalyseOptions {
  readonly config: DetectConfig
  /** What levels 2 and 4 of validation go by. */
  readonly judging: JudgeRules
  /** Who holds the leases: unique for each process. */
  readonly owner: string
  readonly progress: Ref.Ref<Option.Option<AnalyseProgress>>
  /** Runs before each transition is told, after the one before it was. */
  readonly before?: (transition: Opportunity) => Effect.Effect<void>
}

/** Spans have the wall's time, whatever time is analysed. */
const wall = Clock.Clock.defaultValue()

type Needs = AssetIdentities | Bus | Checkpoints | StreamTime | TrackRecord

const worker = (options: AnalyseOptions) =>
  Effect.gen(function* () {
    const bus = yield* Bus, checkpoints = yield* Checkpoints, streamTime = yield* StreamTime
    const needs = yield* Effect.context<Needs>()
    const journal = yield* Journal.make, telling = yield* Telling.make({ journal, before: options.before })
    /** One batch, or one change of shards, at a time. */
    const turn = (yield* Semaphore.make(1)).withPermits(1)
    const shards = new Set<number>()
    const lanes = new Map<Frame.Partition, Lane>()
    const partitions = new Map<string, Frame.Partition | null>()
    yield* Effect.forkScoped(gauging(() => lanes.values()))
    /** Open while ticks wait for those of other writers. */
    const waiting = yield* Latch.make(false)
    /** Open once shards have come or gone since the reader began. */
    const changed = yield* Latch.make(false)
    let reader = 0
    /** The last message read. */
    let read = 0
    let savedAt = yield* Clock.currentTimeMillis, passedAt = savedAt
    let now = 0, source: Frame.DataSource = "live"

    const partitionOf = (subject: string): Frame.Partition | null => {
      const known = partitions.get(subject)
      if (known !== undefined) return known
      const partition = Option.getOrNull(Subject.parseFrame(subject))
      partitions.set(subject, partition)
      return partition
    }

    /** Fences whoever had these partitions before. New ones begin behind `position`. */
    const open = Effect.fnUntraced(function* (wanted: ReadonlyArray<Frame.Partition>, position: number) {
      const nowMs = yield* Clock.currentTimeMillis
      const named = new Map(wanted.map((partition) => [PREFIX + partitionName(partition), partition]))
      const opened = yield* checkpoints.open([...named.keys()].map((name) => ({ name, position })), nowMs)
      const stream = { ...yield* bus.streamState(MARKET_DATA.name), durable: bus.kind === "jetstream" }
      for (const checkpoint of opened) {
        const partition = named.get(checkpoint.name)
        if (partition === undefined) continue
        lanes.set(partition, new Lane({ ...options, partition }, checkpoint, stream, nowMs))
      }
    })

    /** A venue nobody has heard of before comes in at its first message. */
    const meetNew = (messages: ReadonlyArray<StoredMessage>) =>
      Effect.forEach(messages, ({ sequence, subject }) => {
        const partition = partitionOf(subject)
        const isNew = partition !== null && !lanes.has(partition) && shards.has(shardOf(partition))
        return isNew ? open([partition], sequence - 1) : Effect.void
      }, { discard: true })

    /** A message that no ingest of ours wrote must not stop those behind it: it is told, counted and passed over. */
    const bad: Array<readonly [sequence: number, cause: unknown]> = []
    const fail: Fail = (sequence, cause) => void bad.push([sequence, cause])
    const tellBad = Effect.suspend(() =>
      Effect.forEach(bad.splice(0), ([sequence, cause]) =>
        Effect.andThen(
          Effect.logError("a message of frames is passed over", sequence, cause),
          Metric.update(passedOverTotal, 1),
        ), { discard: true })
    )

    /** Lanes that nothing came of stand where the reader does. */
    const pass = Effect.fnUntraced(function* (nowMs: number) {
      passedAt = nowMs
      yield* telling.saved
      yield* checkpoints.advance(
        [...lanes.values()].filter((lane) => lane.pass(read)).map((lane) => lane.place()),
        nowMs,
      )
    })

    /** Everything read is told. */
    const report = Effect.suspend(() => {
      const waiting = [...lanes.values()].filter((lane) => lane.waiting > 0)
      const all = [...lanes.values()].map(({ analysis }) => analysis)
      const told: AnalyseProgress = {
        sequence: Math.min(read, ...waiting.map(({ settled }) => settled)),
        get figures() {
          return sumOf(all)
        },
      }
      return Ref.set(options.progress, Option.some(told))
    })

    /** Tells what was found; where a place is just being saved, the rest gather until it is. */
    const told = Effect.fnUntraced(function* (found: ReadonlyArray<Telling.Found>, touched: Iterable<Lane>) {
      yield* tellBad
      let ticks = 0, late = 0
      for (const lane of touched) {
        const { analysis } = lane
        if (analysis.now > 0) source = analysis.source
        if (analysis.now > now) now = analysis.now
        ticks += lane.takeTicks()
        late += lane.takeLate()
      }
      // Before the first tick nobody knows whose time it is.
      if (now > 0) {
        yield* streamTime.observe(source, now)
        yield* Metric.update(newestSeconds, now / 1_000)
      }
      telling.add(found, yield* Clock.currentTimeMillis)
      for (const { analysis } of touched) {
        yield* raise(analysis.takeSuspicions())
        yield* journal.add(analysis.findings())
      }
      yield* Metric.update(ticksTotal, ticks)
      yield* Metric.update(lateTotal, late)
      yield* !telling.mayGather() ? settle : telling.isOwed() ? telling.gather : report
      const waits = [...lanes.values()].some((lane) => lane.waiting > 0)
      yield* waits ? waiting.open : waiting.close
    })

    /** Tells what there is, and saves: at once who told something, all once a second. */
    const settle = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const isDue = nowMs - savedAt >= CHECKPOINT_EVERY_MS
      if (isDue) savedAt = nowMs
      yield* telling.save(isDue ? [...lanes.values()] : [], nowMs)
      if (nowMs - passedAt >= PASS_EVERY_MS) yield* pass(nowMs)
      yield* report
    })

    const batch = Effect.fnUntraced(function* (messages: ReadonlyArray<StoredMessage>) {
      const last = messages.at(-1)
      if (last === undefined) return
      yield* meetNew(messages)
      const found: Array<Telling.Found> = [], touched = new Set<Lane>()
      for (const message of messages) {
        const partition = partitionOf(message.subject)
        if (partition === null) fail(message.sequence, `no partition of ours: ${message.subject}`)
        const lane = partition === null ? undefined : lanes.get(partition)
        if (lane === undefined || message.sequence <= lane.read) continue
        const begunAt = wall.currentTimeNanosUnsafe()
        const transitions = lane.take(message, fail)
        touched.add(lane)
        if (transitions.length > 0) found.push({ lane, transitions, headers: message.headers, begunAt })
      }
      read = last.sequence
      for (const lane of lanes.values()) {
        if (lane.waiting === 0 || !lane.hasRewound) continue
        touched.add(lane)
        const begunAt = wall.currentTimeNanosUnsafe()
        found.push({ lane, transitions: lane.passed(last.storedAtMs, fail), headers: last.headers, begunAt })
      }
      yield* told(found, touched)
    })

    /** That what waits leaves now is no matter of the stream: it is stored first, or a restart might tell otherwise. */
    const silence = Effect.gen(function* () {
      const silent = [...lanes.values()].filter((lane) => lane.waiting > 0 && lane.hasRewound && read >= lane.read)
      const begunAt = wall.currentTimeNanosUnsafe()
      for (const lane of silent) lane.silence()
      yield* telling.save(silent, yield* Clock.currentTimeMillis)
      yield* told(silent.map((lane) => ({ lane, transitions: lane.released(fail), headers: {}, begunAt })), silent)
    })

    const listening = Effect.gen(function* () {
      yield* waiting.await
      const before = read
      yield* Effect.sleep(SILENCE_MS)
      yield* turn(Effect.suspend(() => read === before ? silence : Effect.void))
    })

    const catchingUp = Effect.gen(function* () {
      yield* telling.due
      yield* turn(Effect.suspend(() => telling.isOwed() ? settle : Effect.void))
    })

    /** The stream rests: what came last is saved all the same. */
    const resting = Effect.andThen(
      inWallTime(Effect.sleep(CHECKPOINT_EVERY_MS)),
      turn(Effect.gen(function* () {
        yield* telling.save([...lanes.values()], yield* Clock.currentTimeMillis)
        yield* report
      })),
    )

    /** One reader of all partitions it has now; of every partition, if it has them all. A later reader ends it. */
    const reading = Effect.suspend(() => {
      changed.closeUnsafe()
      const mine = ++reader
      if (lanes.size === 0) return changed.await
      const begin = Math.min(...[...lanes.values()].map((lane) => lane.read)) + 1
      const subjects = shards.size === SHARDS ? [] : [...shards].map(Subject.frame).concat(Subject.ALL_VENUE_FRAMES)
      read = begin - 1
      const start = { _tag: "Sequence", sequence: begin } as const
      return bus.consume({ stream: MARKET_DATA.name, subjects, start, capacity: FRAMES_AHEAD }).pipe(
        Stream.runForEach((messages) =>
          Effect.forEach(
            portionsOf(messages),
            (portion) =>
              // Leases, timers and sockets have their turn between two portions.
              Effect.andThen(
                turn(Effect.suspend(() => mine === reader ? batch(portion) : Effect.void)),
                Effect.yieldNow,
              ),
            { discard: true },
          )
        ),
        Effect.raceFirst(changed.await),
      )
    })

    /** Between two batches; the next one is another reader's. */
    const change = <E, R>(work: Effect.Effect<void, E, R>) =>
      turn(Effect.tap(work, () => {
        reader++
        return changed.open
      })).pipe(Effect.provide(needs))

    const work: ShardWork<BusError | StoreError | Fenced, never> = {
      run: Effect.raceAllFirst([reading, listening, catchingUp, resting].map((loop) => Effect.forever(loop))).pipe(
        Effect.provide(needs),
      ),
      gained: (gained) =>
        change(Effect.gen(function* () {
          const known = yield* checkpoints.list(PREFIX)
          const venues = known.flatMap(({ name }) => Option.toArray(parsePartition(name.slice(PREFIX.length))))
            .filter((partition) => typeof partition === "string" && gained.includes(shardOf(partition)))
          if (read > 0) yield* pass(yield* Clock.currentTimeMillis)
          yield* open([...gained, ...venues], 0)
          for (const shard of gained) shards.add(shard)
          yield* Effect.logInfo(`analyses ${shards.size} of ${SHARDS} shards`)
        })),
      giveUp: (given) =>
        change(Effect.gen(function* () {
          const nowMs = yield* Clock.currentTimeMillis
          const leaving = [...lanes.values()].filter(({ partition }) => given.includes(shardOf(partition)))
          yield* telling.save(leaving, nowMs)
          yield* pass(nowMs)
          for (const { partition } of leaving) lanes.delete(partition)
          for (const shard of given) shards.delete(shard)
          yield* Effect.logInfo(`analyses ${shards.size} of ${SHARDS} shards`)
        })),
    }
    return work
  })

/** Takes part in the analysis for ever; whatever ends a term is told and a new one begins at the checkpoints. */
export const analyse = (options: AnalyseOptions): Effect.Effect<never, never, Needs | Leases> =>
  forEver(
    NAME,
    Effect.scoped(
      Effect.flatMap(worker(options), (work) => share({ name: NAME, owner: options.owner, shards: SHARDS }, work)),
    ),
  )
