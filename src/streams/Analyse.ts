/**
 * Analyse: the stream wrapper of Analysis. Reads frames in order, publishes transitions, remembers how far it came.
 *
 *   standby --lease "analyse"--> rewinding (muted, up to the checkpoint) --> following --lease lost--> standby
 *
 * In: `md.frame.*` from the stored checkpoint. Out: transitions on `opp.v1.>`, each once by message id. Promises: a
 * checkpoint is saved only after the transitions before it are stored, so a kill loses none and changes no id; one
 * process at a time follows, fenced by the checkpoint's epoch.
 */
import { Clock, Effect, Metric, Option, Ref, Schema, Stream } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import * as Frame from "../domain/Frame.ts"
import { type Opportunity, OpportunityJson } from "../domain/Opportunity.ts"
import * as Subject from "../domain/Subject.ts"
import { Bus, type BusError, type OutgoingMessage, type StartAt, type StoredMessage } from "../layers/Bus.ts"
import { type Checkpoint, Checkpoints } from "../layers/Checkpoints.ts"
import type { Leases } from "../layers/Leases.ts"
import type { Fenced, StoreError } from "../layers/Store.ts"
import { StreamTime } from "../layers/StreamTime.ts"
import { Analysis, AnalysisState, type Figures } from "./Analysis.ts"
import { whileOwner } from "./Ownership.ts"
import { MARKET_DATA } from "./Topology.ts"

const NAME = "analyse"
const CHECKPOINT_EVERY_MS = 1_000
const FRAMES_AHEAD = 1_024

const transitionsTotal = Metric.counter("opportunity_transitions_total", { description: "Transitions by state" })
const passedOverTotal = Metric.counter("analyse_messages_passed_over_total", { description: "Frames nobody can read" })
const ticksTotal = Metric.counter("analyse_ticks_total", { description: "Ticks analysed" })

const encoder = new TextEncoder()
const encodeOpportunity = Schema.encodeEffect(OpportunityJson)
const decodeState = Schema.decodeUnknownOption(AnalysisState)

/** What others may look at while it runs. */
export interface AnalyseProgress {
  /** Last stream sequence analysed and told. */
  readonly sequence: number
  readonly figures: Figures
}

export interface AnalyseOptions {
  readonly config: DetectConfig
  /** Who holds the lease: unique for each process. */
  readonly owner: string
  readonly progress: Ref.Ref<Option.Option<AnalyseProgress>>
  /** Runs before each transition is told. */
  readonly before: (transition: Opportunity) => Effect.Effect<void>
}

/** Of a transition's message: where its data came from, by domain/Frame.ts. */
export const SOURCE_HEADER = "Data-Source"

const messageOf = (transition: Opportunity, source: Frame.DataSource) =>
  Effect.map(Effect.orDie(encodeOpportunity(transition)), (json): OutgoingMessage => ({
    subject: Subject.opportunity(transition),
    data: encoder.encode(json),
    messageId: `${transition.id}:${transition.revision}`,
    headers: { [SOURCE_HEADER]: source },
  }))

/** Where to begin: the checkpoint, unless the stream was made anew since (then its sequences mean nothing). */
const resume = (bus: Bus["Service"], checkpoint: Checkpoint, config: DetectConfig) =>
  Effect.gen(function* () {
    const { firstSequence, lastSequence } = yield* bus.streamState(MARKET_DATA.name)
    const analysis = new Analysis(config)
    const state = decodeState(checkpoint.snapshot)
    const usable = bus.kind === "jetstream" && Option.isSome(state) && checkpoint.position <= lastSequence
    if (!usable) return { analysis, position: 0, from: { _tag: "First" } satisfies StartAt }
    analysis.restore(state.value)
    const begin = state.value.rewindTo ?? checkpoint.position + 1
    if (begin < firstSequence) {
      yield* Effect.logWarning("frames since the checkpoint were discarded", { begin, firstSequence })
    }
    const from: StartAt = { _tag: "Sequence", sequence: Math.max(begin, firstSequence, 1) }
    return { analysis, position: checkpoint.position, from }
  })

const follow = (
  options: AnalyseOptions,
): Effect.Effect<void, BusError | StoreError | Fenced, Bus | Checkpoints | StreamTime> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const checkpoints = yield* Checkpoints
    const streamTime = yield* StreamTime
    const checkpoint = yield* checkpoints.open(NAME, yield* Clock.currentTimeMillis)
    const { analysis, from, position } = yield* resume(bus, checkpoint, options.config)
    let savedAt = yield* Clock.currentTimeMillis
    let resumed = position === 0

    const worked = (message: StoredMessage): ReadonlyArray<Opportunity> => {
      const frames = Frame.decode(message.data)
      if ("_tag" in frames) throw new Error(`${frames.reason}: ${frames.detail}`)
      if (message.sequence <= position) {
        analysis.rewind(frames, message.sequence)
        return []
      }
      if (!resumed) {
        analysis.resume()
        resumed = true
      }
      return analysis.frames(frames, message.sequence)
    }

    /** A message that no ingest of ours wrote must not stop those behind it: it is told, counted and passed over. */
    const one = (message: StoredMessage) =>
      Effect.try({ try: () => worked(message), catch: (cause) => cause }).pipe(
        Effect.catch((cause) =>
          Effect.logError("a message of frames is passed over", message.sequence, cause).pipe(
            Effect.andThen(Metric.update(passedOverTotal, 1)),
            Effect.as([]),
          )
        ),
      )

    /** A repeat after a restart has the same message id. */
    const tell = (transition: Opportunity, source: Frame.DataSource) =>
      options.before(transition).pipe(
        Effect.andThen(messageOf(transition, source)),
        Effect.flatMap(bus.publish),
        Effect.andThen(Metric.update(Metric.withAttributes(transitionsTotal, { state: transition.state }), 1)),
      )

    const batch = (messages: ReadonlyArray<StoredMessage>) =>
      Effect.gen(function* () {
        const last = messages.at(-1)
        if (last === undefined) return
        const transitions = (yield* Effect.forEach(messages, one)).flat()
        yield* streamTime.observe(analysis.source, analysis.now)
        yield* Effect.forEach(transitions, (transition) => tell(transition, analysis.source), { discard: true })
        const nowMs = yield* Clock.currentTimeMillis
        const due = transitions.length > 0 || nowMs - savedAt >= CHECKPOINT_EVERY_MS
        if (last.sequence > position && due) {
          yield* checkpoints.save({ ...checkpoint, position: last.sequence, snapshot: analysis.snapshot() }, nowMs)
          savedAt = nowMs
        }
        const figures = analysis.figures
        const before = yield* Ref.get(options.progress)
        const ticksBefore = Option.match(before, { onNone: () => 0, onSome: (known) => known.figures.ticks })
        yield* Metric.update(ticksTotal, Math.max(0, figures.ticks - ticksBefore))
        yield* Ref.set(options.progress, Option.some({ sequence: last.sequence, figures }))
      })

    yield* bus.consume({ stream: MARKET_DATA.name, subjects: [], start: from, capacity: FRAMES_AHEAD }).pipe(
      Stream.runForEach(batch),
    )
  })

/** Follows for ever; whatever ends a term is told and a new one begins. */
export const analyse = (
  options: AnalyseOptions,
): Effect.Effect<never, never, Bus | Checkpoints | Leases | StreamTime> =>
  whileOwner({ name: NAME, owner: options.owner }, follow(options))
