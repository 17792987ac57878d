/**
 * Pipeline: the one place where stages become roles, and roles a running process.
 *
 *   ingest      venues -> MarketData actors -> Ingest ==> MD stream, live ticks, quarantine
 *   detect      MD stream ==> Analyse (Detect -> Validate -> Score -> Dedup) ==> OPP stream
 *   distribute  OPP stream ==> Coordinator -> Distribute -> queue rows -> UserQueue (when?); live ticks -> PriceAlerts
 *   deliver     due rows -> RateLimiter -> Deliver -> Notifier; alerts that fired -> AlertNotices; AdminAlerts -> queue rows
 *   jobs        outbox -> Relay ==> EVT stream; OPP stream, live ticks -> buckets; sessions close; schemas are served
 *   archive     MD, OPP and EVT streams ==> Archive -> files
 *
 * In: its roles. Promises: they speak only by bus, store and actors, in one process or many; one that fails begins again.
 */
import { Duration, Effect, Layer, Option, Ref, Schedule, Schema } from "effect"
import { CoordinatorClient } from "../actors/Coordinator.ts"
import { FeedSink, MarketDataClient } from "../actors/MarketData.ts"
import { UserQueueClient } from "../actors/UserQueue.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { FeedRequest } from "../domain/Feed.ts"
import type { DataSource } from "../domain/Frame.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import { LOOK_EVERY, makeVenueReadings, observe, watchQueue } from "./AdminAlerts.ts"
import { sendAlerts } from "./AlertNotices.ts"
import { analyse, type AnalyseProgress } from "./Analyse.ts"
import { archive, type ArchiveOptions } from "./Archive.ts"
import { deliver } from "./Deliver.ts"
import { distribute } from "./Distribute.ts"
import { freshen, FRESHEN_EVERY } from "./FollowedMarkets.ts"
import { Ingest } from "./Ingest.ts"
import { keepOpportunities } from "./KeepOpportunities.ts"
import { keepAnalysing } from "./MarketAnalyses.ts"
import type { SourceState } from "./MarketAccess.ts"
import type { JudgeRules } from "./Judge.ts"
import { hearCuts } from "./OperatorCuts.ts"
import { watchAlerts } from "./PriceAlerts.ts"
import { sendDigests } from "./QuietDigests.ts"
import { relay } from "./Relay.ts"
import { forgetOld } from "./Retention.ts"
import { serveSchemas } from "./SchemaService.ts"
import { closeExpired } from "./SessionCleanup.ts"
import { tellEndingSessions } from "./SessionNotices.ts"
import { keepTrue } from "./UserCaching.ts"
import { tellWeek } from "./WeeklyFigures.ts"

export const Role = Schema.Literals(["ingest", "detect", "distribute", "deliver", "bot", "jobs", "archive"])
export type Role = typeof Role.Type

export interface PipelineOptions {
  /** Unique for each process start: names it in leases. */
  readonly owner: string
  readonly config: DetectConfig
  /** What levels 2 and 4 of validation go by. */
  readonly judging: JudgeRules
  /** Runs before each transition is told: a replay at full speed brings the clock there. */
  readonly before?: (transition: Opportunity) => Effect.Effect<void>
  readonly watch: Watch
}

/** What an onlooker of this process may read at any time. */
export interface Watch {
  readonly analysed: Ref.Ref<Option.Option<AnalyseProgress>>
  /** Stream sequence of the last transition worked off. */
  readonly distributed: Ref.Ref<number>
  /** Deliveries under way: rows claimed and not yet settled, and looks at the queue. */
  readonly delivering: Ref.Ref<number>
  /** How each source of market data is doing; empty without the role `ingest`. */
  readonly sources: Ref.Ref<ReadonlyArray<SourceState>>
}

export const makeWatch: Effect.Effect<Watch> = Effect.all({
  analysed: Ref.make<Option.Option<AnalyseProgress>>(Option.none()),
  distributed: Ref.make(0),
  delivering: Ref.make(0),
  sources: Ref.make<ReadonlyArray<SourceState>>([]),
})

const ENSURE_EVERY = Duration.seconds(2)
const SWEEP_EVERY = Duration.seconds(1)
const CLEANUP_EVERY = Duration.minutes(1)

/** What the MarketData actors hand over goes to Ingest. */
export const feedSink: Layer.Layer<FeedSink, never, Ingest> = Layer.effect(
  FeedSink,
  Effect.map(Ingest, (ingest) => ({ accept: (events) => ingest.accept(events) })),
)

/** A role never ends: what it could not handle is told, and it begins again. */
const restarted = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")])
const role = <A, E, R>(name: Role, effect: Effect.Effect<A, E, R>): Effect.Effect<never, never, R> =>
  effect.pipe(
    Effect.sandbox,
    Effect.tapError((cause) => Effect.logError(`role ${name} begins again`, cause)),
    Effect.retry(restarted),
    Effect.andThen(Effect.never),
    Effect.orDie,
    Effect.annotateLogs("role", name),
  )

const every = <E extends { readonly message: string }, R>(
  pause: Duration.Duration,
  name: string,
  effect: Effect.Effect<unknown, E, R>,
): Effect.Effect<never, never, R> =>
  effect.pipe(
    Effect.catch((error) => Effect.logWarning(`${name} did not work`, error.message)),
    Effect.andThen(Effect.sleep(pause)),
    Effect.forever,
  )

/** Keeps one owner somewhere in the cluster for each venue. */
export const ingestRole = (venues: ReadonlyArray<string>) =>
  Effect.flatMap(
    MarketDataClient,
    (marketData) =>
      role(
        "ingest",
        every(ENSURE_EVERY, "keeping feeds alive", Effect.forEach(venues, marketData.ensure, { discard: true })),
      ),
  )

/** Beside the feeds, once they had time to begin: what they are silent about is asked for. */
export const freshenRole = (requests: ReadonlyArray<FeedRequest>, { sources }: Watch) =>
  role(
    "ingest",
    Effect.andThen(
      Effect.sleep(FRESHEN_EVERY),
      every(FRESHEN_EVERY, "asking for silent markets", freshen(requests, sources)),
    ),
  )

export const detectRole = ({ watch, ...options }: PipelineOptions) =>
  role("detect", analyse({ ...options, progress: watch.analysed }))

export const distributeRole = ({ watch }: PipelineOptions) =>
  Effect.gen(function* () {
    const coordinators = yield* CoordinatorClient, userQueues = yield* UserQueueClient
    return yield* Effect.all([
      role("distribute", distribute({ progress: watch.distributed })),
      role("distribute", every(SWEEP_EVERY, "sweeping user queues", userQueues.sweep)),
      role("distribute", every(SWEEP_EVERY, "sweeping coordinators", coordinators.sweep)),
    ], { concurrency: "unbounded", discard: true })
  })

export const deliverRole = ({ owner, watch }: PipelineOptions) =>
  role("deliver", deliver({ owner, underWay: watch.delivering }))

/** Beside `distribute`: price alerts fire from live ticks, which are of this kind. */
export const alertsRole = (source: DataSource) => role("distribute", watchAlerts(source))

/** Beside `deliver`, where there is Telegram: alerts that fired are told. */
export const alertNoticesRole = (owner: string) => role("deliver", sendAlerts(owner))

/** Beside `deliver`, where there is Telegram: digests of quiet times. */
export const digestsRole = role("deliver", sendDigests)

/** Beside `deliver`: admins are told when the queue stands or deliveries fail. */
export const queueAlertsRole = role("deliver", every(LOOK_EVERY, "watching the queue for admins", watchQueue))

/** Beside the feeds: admins are told when a venue falls silent. */
export const venueAlertsRole = (owner: string, venues: ReadonlyArray<string>) =>
  Effect.flatMap(
    makeVenueReadings(owner, venues),
    (readings) => role("ingest", every(LOOK_EVERY, "watching venues for admins", Effect.flatMap(readings, observe))),
  )

/** Beside `jobs`: how markets stand and who moves first, from live ticks, which are of this kind. */
export const analysesRole = (owner: string, source: DataSource) => role("jobs", keepAnalysing(owner, source))

/** Everything that goes over the bus, into the archive that is provided. */
export const archiveRole = (options: ArchiveOptions) => role("archive", archive(options))

export const jobsRole = ({ owner }: PipelineOptions) =>
  Effect.all([
    role("jobs", relay({ owner })),
    role("jobs", serveSchemas),
    role("jobs", keepOpportunities),
    role("jobs", keepTrue(owner)),
    role("jobs", every(CLEANUP_EVERY, "closing sessions past their time", closeExpired)),
    role("jobs", every(CLEANUP_EVERY, "telling of sessions that end soon", tellEndingSessions)),
    role("jobs", every(Duration.hours(1), "telling admins of the week", tellWeek)),
    role("jobs", every(Duration.hours(1), "forgetting what nothing reads any more", forgetOld)),
    role("jobs", hearCuts),
  ], { concurrency: "unbounded", discard: true })
