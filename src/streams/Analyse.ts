/**
 * Analyse: the stream wrapper of Merge and Analysis. Reads frames, publishes transitions, remembers how far it came.
 *
 *   standby --lease "analyse"--> rewinding (muted, up to the checkpoint) --> following --lease lost--> standby
 *
 * In: `md.frame.*` from the stored checkpoint. Out: transitions on `opp.v1.>`, each once by message id. Promises: a
 * checkpoint is saved only after the transitions before it are stored, so a kill loses none and changes no id; one
 * process at a time follows, fenced by the checkpoint's epoch.
 */
import { Clock, Effect, Latch, Metric, Option, Ref, Schema, Semaphore, Stream } from "effect"
import { described, Header, type StageTimes } from "../domain/contract/Headers.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import * as Frame from "../domain/Frame.ts"
import { type Opportunity, OpportunityJson } from "../domain/Opportunity.ts"
import * as Subject from "../domain/Subject.ts"
import type { AssetIdentities } from "../layers/AssetIdentities.ts"
import { Bus, type BusError, type OutgoingMessage, type StartAt, type StoredMessage } from "../layers/Bus.ts"
import { type Checkpoint, Checkpoints } from "../layers/Checkpoints.ts"
import type { Leases } from "../layers/Leases.ts"
import type { Fenced, StoreError } from "../layers/Store.ts"
import { StreamTime } from "../layers/StreamTime.ts"
import type { TrackRecord } from "../layers/TrackRecord.ts"
import { Analysis, AnalysisState, type Figures } from "./Analysis.ts"
import type { JudgeRules } from "./Judge.ts"
import * as Journal from "./Journal.ts"
import { beginOf, Merge, type Merged, MergeState } from "./Merge.ts"
import { whileOwner } from "./Ownership.ts"
import { raise } from "./Suspicions.ts"
import { MARKET_DATA } from "./Topology.ts"

const NAME = "analyse"
const CHECKPOINT_EVERY_MS = 1_000
const FRAMES_AHEAD = 1_024
/** Nothing has come for so long: whatever waits for other writers waits no more. */
const SILENCE_MS = 50

const transitionsTotal = Metric.counter("opportunity_transitions_total", { description: "Transitions by state" })
const passedOverTotal = Metric.counter("analyse_messages_passed_over_total", { description: "Frames nobody can read" })
const ticksTotal = Metric.counter("analyse_ticks_total", { description: "Ticks analysed" })
const lateTotal = Metric.counter("merge_late_ticks_total", {
  description: "Ticks that came after the watermark of several ingest processes",
})

const encoder = new TextEncoder()
const encodeOpportunity = Schema.encodeEffect(OpportunityJson)
const decodeState = Schema.decodeUnknownOption(Schema.Struct({
  ...AnalysisState.fields,
  /** Absent from checkpoints of versions that did not merge. */
  merge: MergeState.pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
}))

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
  /** Who holds the lease: unique for each process. */
  readonly owner: string
  readonly progress: Ref.Ref<Option.Option<AnalyseProgress>>
  /** Runs before each transition is told. */
  readonly before: (transition: Opportunity) => Effect.Effect<void>
}

export const SOURCE_HEADER = Header.dataSource

/** `times`: of the stages before this one. */
const messageOf = (transition: Opportunity, source: Frame.DataSource, times: StageTimes) =>
  Effect.gen(function* () {
    const json = yield* Effect.orDie(encodeOpportunity(transition))
    const publish = yield* Clock.currentTimeMillis
    const message: OutgoingMessage = {
      subject: Subject.opportunity(transition),
      data: encoder.encode(json),
      messageId: `${transition.id}:${transition.revision}`,
      headers: { [Header.dataSource]: source, ...described({ ...times, publish }) },
    }
    return message
  })

/** Where to begin: the checkpoint, unless the stream was made anew since (then its sequences mean nothing). */
const resume = (bus: Bus["Service"], checkpoint: Checkpoint, { config, judging }: AnalyseOptions) =>
  Effect.gen(function* () {
    const { firstSequence, lastSequence } = yield* bus.streamState(MARKET_DATA.name)
    const analysis = new Analysis(config, judging), merge = new Merge()
    const state = decodeState(checkpoint.snapshot)
    const usable = bus.kind === "jetstream" && Option.isSome(state) && checkpoint.position <= lastSequence
    if (!usable) return { analysis, merge, position: 0, from: { _tag: "First" } satisfies StartAt }
    analysis.restore(state.value)
    merge.restore(state.value.merge)
    const next = checkpoint.position + 1
    const begin = Math.min(state.value.rewindTo ?? next, Option.getOrElse(beginOf(state.value.merge), () => next))
    if (begin < firstSequence) {
      yield* Effect.logWarning("frames since the checkpoint were discarded", { begin, firstSequence })
    }
    const from: StartAt = { _tag: "Sequence", sequence: Math.max(begin, firstSequence, 1) }
    return { analysis, merge, position: checkpoint.position, from }
  })

const follow = (
  options: AnalyseOptions,
): Effect.Effect<
  void,
  BusError | StoreError | Fenced,
  AssetIdentities | Bus | Checkpoints | StreamTime | TrackRecord
> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const checkpoints = yield* Checkpoints
    const streamTime = yield* StreamTime
    const checkpoint = yield* checkpoints.open(NAME, yield* Clock.currentTimeMillis)
    const { analysis, from, merge, position } = yield* resume(bus, checkpoint, options)
    let savedAt = yield* Clock.currentTimeMillis
    let rewinding = position > 0
    /** The last message read. */
    let read = from._tag === "Sequence" ? from.sequence - 1 : 0
    const journal = yield* Journal.make
    const turn = yield* Semaphore.make(1)
    /** Open while ticks wait for those of other writers. */
    const waiting = yield* Latch.make(false)

    const analysed = ({ frames, sequence }: Merged): ReadonlyArray<Opportunity> => {
      if (!rewinding) return analysis.frames(frames, sequence)
      analysis.rewind(frames, sequence)
      return []
    }

    /** Up to the checkpoint everything has been read again. */
    const goOn = () => {
      merge.rewound().forEach(analysed)
      analysis.resume()
      rewinding = false
    }

    const take = (message: StoredMessage): void => {
      if (rewinding && message.sequence > position) goOn()
      const frames = Frame.decode(message.data)
      const bad = "_tag" in frames ? frames : merge.push(frames, message)
      if (bad !== null) throw new Error(`${bad.reason}: ${bad.detail}`)
    }

    /** A message that no ingest of ours wrote must not stop those behind it: it is told, counted and passed over. */
    const attempt = (sequence: number, work: () => ReadonlyArray<Opportunity>) =>
      Effect.try({ try: work, catch: (cause) => cause }).pipe(
        Effect.catch((cause) =>
          Effect.logError("a message of frames is passed over", sequence, cause).pipe(
            Effect.andThen(Metric.update(passedOverTotal, 1)),
            Effect.as([]),
          )
        ),
      )

    /** What has left the merge, analysed. */
    const released = Effect.suspend(() =>
      Effect.forEach(merge.take(), (merged) => attempt(merged.sequence, () => analysed(merged)))
    ).pipe(Effect.map((transitions) => transitions.flat()))

    const one = (message: StoredMessage) =>
      attempt(message.sequence, () => {
        take(message)
        return []
      }).pipe(Effect.andThen(released))

    /** A repeat after a restart has the same message id. */
    const tell = (transition: Opportunity, source: Frame.DataSource, detect: number) =>
      options.before(transition).pipe(
        Effect.andThen(messageOf(transition, source, { ...analysis.origins.of(transition), detect })),
        Effect.flatMap(bus.publish),
        Effect.andThen(Metric.update(Metric.withAttributes(transitionsTotal, { state: transition.state }), 1)),
      )

    const save = Effect.gen(function* () {
      savedAt = yield* Clock.currentTimeMillis
      // What was found before the checkpoint is not found again after it.
      yield* journal.flush
      const snapshot = { ...analysis.snapshot(), merge: merge.snapshot() }
      yield* checkpoints.save({ ...checkpoint, position: read, snapshot }, savedAt)
    })

    const told = (transitions: ReadonlyArray<Opportunity>) =>
      Effect.gen(function* () {
        // Before the first tick nobody knows whose time it is.
        if (analysis.now > 0) yield* streamTime.observe(analysis.source, analysis.now)
        const detect = yield* Clock.currentTimeMillis
        yield* Effect.forEach(transitions, (transition) => tell(transition, analysis.source, detect), { discard: true })
        yield* raise(analysis.takeSuspicions())
        yield* journal.add(analysis.findings())
        const nowMs = yield* Clock.currentTimeMillis
        const due = transitions.length > 0 || nowMs - savedAt >= CHECKPOINT_EVERY_MS
        if (read > position && due) yield* save
        const figures = analysis.figures
        const before = yield* Ref.get(options.progress)
        const ticksBefore = Option.match(before, { onNone: () => 0, onSome: (known) => known.figures.ticks })
        yield* Metric.update(ticksTotal, Math.max(0, figures.ticks - ticksBefore))
        yield* Metric.update(lateTotal, merge.takeLate())
        yield* Ref.set(options.progress, Option.some({ sequence: merge.settled(read), figures }))
        yield* merge.waiting > 0 ? waiting.open : waiting.close
      })

    const batch = (messages: ReadonlyArray<StoredMessage>) =>
      Effect.gen(function* () {
        const transitions = (yield* Effect.forEach(messages, one)).flat()
        read = messages.at(-1)?.sequence ?? read
        yield* told(transitions)
      })

    /** That what waits leaves now is no matter of the stream: it is stored first, or a restart might tell otherwise. */
    const silence = Effect.gen(function* () {
      if (rewinding) goOn()
      merge.silence()
      yield* save
      yield* told(yield* released)
    })

    const listening = Effect.gen(function* () {
      yield* waiting.await
      const before = read
      yield* Effect.sleep(SILENCE_MS)
      const due = () => read === before && read >= position && merge.waiting > 0
      yield* turn.withPermits(1)(Effect.suspend(() => due() ? silence : Effect.void))
    })

    const reading = bus.consume({ stream: MARKET_DATA.name, subjects: [], start: from, capacity: FRAMES_AHEAD }).pipe(
      Stream.runForEach((messages) => turn.withPermits(1)(batch(messages))),
    )
    yield* Effect.raceFirst(reading, Effect.forever(listening))
  }).pipe(Effect.scoped)

/** Follows for ever; whatever ends a term is told and a new one begins. */
export const analyse = (
  options: AnalyseOptions,
): Effect.Effect<never, never, AssetIdentities | Bus | Checkpoints | Leases | StreamTime | TrackRecord> =>
  whileOwner({ name: NAME, owner: options.owner }, follow(options))
