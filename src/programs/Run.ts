/**
 * Run: a service, with the roles it was given, on the backends the settings ask for, until it is told to stop.
 *
 * In: settings, roles, markets, the surfaces that people and Telegram reach it by. Out: nothing. Promises: roles of one
 * product may be spread over processes; whatever a role lacks is told once at the start and the rest works; on SIGTERM
 * the roles stop first, then actors, then connections.
 *
 * Shutdown, each step when the one before has ended: 1 roles are interrupted: no more analysis, claims or polls; requests
 * in flight end, within 5 s; the HTTP server closes and `service.json` goes · 2 feeds end and give back their leases ·
 * 3 actors end, within 5 s · 4 the cluster is left · 5 the bus closes, then the store
 */
import { Duration, Effect, type FileSystem, Layer, Option, type Redacted } from "effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { RateLimiterClient } from "../actors/RateLimiter.ts"
import type { SessionClient } from "../actors/Session.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { Settings } from "../domain/Settings.ts"
import type { AnalysisResults } from "../layers/AnalysisResults.ts"
import type { Audit } from "../layers/Audit.ts"
import type { Bus, BusError } from "../layers/Bus.ts"
import * as ChannelOutlets from "../layers/channels/Outlets.ts"
import * as ClickLinks from "../layers/ClickLinks.ts"
import * as CcxtNetworks from "../layers/ccxt/CcxtNetworks.ts"
import type { ShardGroup } from "../layers/cluster/Cluster.ts"
import * as StreamClock from "../layers/clock/StreamClock.ts"
import type { Directory } from "../layers/Directory.ts"
import type { KeyCheck } from "../layers/KeyCheck.ts"
import type { Keys } from "../layers/Keys.ts"
import type { Groups } from "../layers/Groups.ts"
import type { Leases } from "../layers/Leases.ts"
import { MarketArchive } from "../layers/MarketArchive.ts"
import type { DeadLetters } from "../layers/DeadLetters.ts"
import type { Onboardings } from "../layers/Onboardings.ts"
import type { PersonalData } from "../layers/PersonalData.ts"
import type { Opportunities } from "../layers/Opportunities.ts"
import type { PriceAlerts } from "../layers/PriceAlerts.ts"
import type { OpportunityQueue } from "../layers/OpportunityQueue.ts"
import type { OpportunityViews } from "../layers/OpportunityViews.ts"
import type { Outbox } from "../layers/Outbox.ts"
import type { Receipts } from "../layers/Receipts.ts"
import type { QueueFigures } from "../layers/QueueFigures.ts"
import type { TrackRecord } from "../layers/TrackRecord.ts"
import type { SealedRecords } from "../layers/SealedRecords.ts"
import type { SessionAnalytics } from "../layers/SessionAnalytics.ts"
import type { Sessions } from "../layers/Sessions.ts"
import * as Migrations from "../layers/sql/Migrations.ts"
import type { Store, StoreError } from "../layers/Store.ts"
import type { Telegram } from "../layers/Telegram.ts"
import * as ProcessMetrics from "../layers/telemetry/ProcessMetrics.ts"
import type { TelegramUpdates } from "../layers/TelegramUpdates.ts"
import * as Client from "../layers/telegram/Client.ts"
import * as TelegramNotifier from "../layers/telegram/Notifier.ts"
import { linksOf } from "../layers/Unsubscribing.ts"
import type { UserChannels } from "../layers/UserChannels.ts"
import type { Users } from "../layers/Users.ts"
import type { UserSchedule } from "../layers/UserSchedule.ts"
import type { Vault } from "../layers/Vault.ts"
import * as ArchiveHistory from "../streams/archive/History.ts"
import { needsVenueFrames } from "../streams/detectors/All.ts"
import { rulesOf } from "../streams/Judge.ts"
import { MarketAccess } from "../streams/MarketAccess.ts"
import { QuoteBoard } from "../streams/QuoteBoard.ts"
import * as ChannelRouting from "../streams/ChannelRouting.ts"
import * as Pipeline from "../streams/Pipeline.ts"
import * as BlackoutFeed from "../layers/blackouts/BlackoutFeed.ts"
import { judging, readModel } from "./Judging.ts"
import * as Timekeeping from "../streams/Timekeeping.ts"
import type { AdministrationServices } from "./Administration.ts"
import { archiveOf, keepingOf } from "./ArchiveBackend.ts"
import * as Assembly from "./Assembly.ts"
import * as Backends from "./Backends.ts"
import type { GaugeNeeds } from "./Gauges.ts"
import type { Markets } from "./Markets.ts"
import type { OnDemandServices } from "./OnDemand.ts"
import * as Partitions from "./Partitions.ts"
import * as Reference from "./Reference.ts"
import type { TraceServices } from "./UserTraces.ts"

/** What the bot may use. */
export type BotNeeds =
  | AnalysisResults
  | Audit
  | Bus
  | Directory
  | Groups
  | KeyCheck
  | Keys
  | Leases
  | OnDemandServices
  | Onboardings
  | Opportunities
  | OpportunityQueue
  | OpportunityViews
  | Outbox
  | PersonalData
  | PriceAlerts
  | QuoteBoard
  | RateLimiterClient
  | Receipts
  | SessionAnalytics
  | SessionClient
  | Sessions
  | Store
  | Telegram
  | TelegramUpdates
  | TraceServices
  | UserChannels
  | UserSchedule
  | Users
  | Vault

/** What a surface may use. */
export type SurfaceNeeds = BotNeeds | ServiceNeeds

/** What the service's own HTTP server answers from. */
export type ServiceNeeds =
  | AdministrationServices
  | TraceServices
  | Directory
  | SealedRecords
  | Vault
  | DeadLetters
  | OpportunityQueue
  | Opportunities
  | QueueFigures
  | Receipts
  | Sessions
  | TrackRecord
  | UserChannels
  | FileSystem.FileSystem
  | GaugeNeeds

export interface RunOptions<E> {
  readonly settings: Settings
  readonly bus: Layer.Layer<Bus, BusError>
  readonly store: Layer.Layer<Store | SqlClient.SqlClient, StoreError>
  /** Those of `workable`. */
  readonly roles: ReadonlyArray<Pipeline.Role>
  readonly owner: string
  readonly config: DetectConfig
  readonly markets: Markets
  /** The service's own HTTP server; always there. */
  readonly service: (
    watch: Pipeline.Watch,
  ) => Layer.Layer<never, E, ServiceNeeds>
  /** The bot and how it is fed; only with a token and the role `bot`. */
  readonly bot: (watch: Pipeline.Watch) => Layer.Layer<never, E, SurfaceNeeds>
}

/** Hosted by every process, whatever its roles: who is called most should be near. */
const PEOPLE_GROUPS: ReadonlyArray<ShardGroup> = ["users", "market", "delivery"]

const NEED_TELEGRAM: ReadonlyArray<Pipeline.Role> = ["deliver", "bot"]

/** Roles that cannot work are left out, and that is told. */
export const workable = Effect.fnUntraced(
  function* (named: ReadonlyArray<Pipeline.Role>, { archive, telegramToken }: Settings) {
    const roles = named.filter((role) => role !== "archive" || Option.isSome(archive))
    if (roles.length < named.length) {
      yield* Effect.logInfo("nothing is archived: set ARBEDGE_ARCHIVE to a folder or s3://bucket")
    }
    if (Option.isSome(telegramToken)) return roles
    for (const role of roles.filter((role) => NEED_TELEGRAM.includes(role))) {
      yield* Effect.logWarning(`role ${role} is left out: set ARBEDGE_TELEGRAM_TOKEN to the bot's token`)
    }
    return roles.filter((role) => !NEED_TELEGRAM.includes(role))
  },
)

/** Telegram, with the operator's other channels behind the same notifier. */
const telegramOf = (token: Redacted.Redacted, settings: Settings) =>
  ChannelRouting.layer.pipe(
    Layer.provide(TelegramNotifier.layer),
    Layer.provideMerge(Client.layer({ token, apiRoot: settings.telegramApiRoot })),
    Layer.provideMerge(ChannelOutlets.layer(settings, linksOf(settings.publicUrl, settings.telegramToken).urlOf)),
  )

export const run = Effect.fn("Run.run")(function* <E>(options: RunOptions<E>) {
  const { config, markets, owner, roles, settings } = options
  const has = (role: Pipeline.Role) => roles.includes(role)
  const model = yield* Effect.transposeOption(Option.map(settings.model, readModel))
  const archive = yield* Effect.transposeOption(Option.map(archiveOf(settings), Effect.fromResult))
  const keeping = yield* Effect.fromResult(keepingOf(settings))
  const watch = yield* Pipeline.makeWatch
  const pipeline = { owner, config, judging: rulesOf(config), watch }

  const schema = Backends.isEmbedded(settings) ? Migrations.layer : Migrations.checked
  const people = Assembly.people({
    owner,
    sessionTimeout: Duration.days(settings.sessionDays),
    vault: Backends.vaultOf(settings),
  }).pipe(
    Layer.provideMerge(schema),
    Layer.provideMerge(Backends.clusterOf(settings, has("ingest") ? [...PEOPLE_GROUPS, "feeds"] : PEOPLE_GROUPS)),
    Layer.provideMerge(options.bus),
    Layer.provideMerge(Layer.mergeAll(options.store, StreamClock.layer, ProcessMetrics.layer)),
  )

  /** A process that speaks to venues asks them first; the others know what was kept. */
  const asked = Effect.gen(function* () {
    yield* Reference.askMarkets(markets.requests)
    if (markets.source !== "live" || !config.modes.includes("transfer")) return
    yield* Effect.provide(Reference.askNetworks(markets.requests.map(({ venue }) => venue)), CcxtNetworks.layer())
  })
  const askedAgain = Effect.forever(Effect.delay(asked, Reference.ASK_EVERY))
  const detection = Reference.following(config, (known) =>
    Effect.scoped(
      Effect.flatMap(
        judging(known, model),
        (rules) => Pipeline.detectRole({ ...pipeline, config: known, judging: rules }),
      ),
    )).pipe(Effect.provide(BlackoutFeed.layer(settings.blackouts)))

  const core = Effect.all([
    ...(has("distribute") ? [Pipeline.distributeRole(pipeline), Pipeline.alertsRole(markets.source)] : []),
    ...(has("jobs") ? [Pipeline.jobsRole(pipeline), Pipeline.analysesRole(owner, markets.source)] : []),
    ...(has("archive")
      ? Option.toArray(archive).map((store) => Effect.provide(Pipeline.archiveRole({ owner, keeping }), store))
      : []),
    Effect.never,
  ], { concurrency: "unbounded", discard: true })

  const board = QuoteBoard.layer(markets.requests)
  const withTelegram = Option.map(settings.telegramToken, (token) =>
    Effect.gen(function* () {
      const deliver = has("deliver")
        ? Effect.all([
          Pipeline.deliverRole(pipeline),
          Pipeline.alertNoticesRole(owner),
          Pipeline.digestsRole,
          Pipeline.queueAlertsRole,
        ], { concurrency: "unbounded" })
        : Effect.never
      const bot = has("bot") ? Layer.launch(Layer.provide(options.bot(watch), [board, markets.keyCheck])) : Effect.never
      return yield* Effect.all([deliver, bot], { concurrency: "unbounded", discard: true })
    }).pipe(Effect.provide(telegramOf(token, settings))))

  const stages = Effect.gen(function* () {
    const time = has("ingest") ? Effect.never : Timekeeping.follow(yield* Timekeeping.begin)
    yield* Effect.logInfo(`running ${roles.join(", ")} on ${has("ingest") ? markets.what : "what arrives on the bus"}`)
    return yield* Effect.all([
      time,
      core,
      Option.getOrElse(withTelegram, () => Effect.never),
      Layer.launch(options.service(watch)),
    ], { concurrency: "unbounded", discard: true })
  })
  // Feeds are around the roles, so that they end after them.
  const feeds = Assembly.feeds({
    owner,
    requests: markets.requests,
    source: markets.source,
    venues: needsVenueFrames(config),
  }).pipe(
    Layer.provideMerge(markets.exchange),
  )
  const history = Option.match(archive, {
    onNone: () => MarketArchive.absent,
    onSome: (store) => Layer.provide(ArchiveHistory.layer, store),
  })
  const access = has("ingest") || has("bot")
    ? MarketAccess.layer({ data: markets.source }).pipe(Layer.provide([markets.api, history]))
    : MarketAccess.absent
  const venues = markets.requests.map(({ venue }) => venue)
  const ingesting = Effect.all([
    stages,
    Pipeline.ingestRole(venues),
    Pipeline.venueAlertsRole(owner, venues),
    Pipeline.freshenRole(markets.requests, watch),
    Effect.andThen(asked, has("detect") ? Effect.all([askedAgain, detection], { concurrency: 2 }) : askedAgain),
  ], { concurrency: "unbounded", discard: true })
  const work = has("ingest")
    ? Effect.provide(ingesting, feeds)
    : Effect.all([stages, has("detect") ? detection : Effect.never], { concurrency: "unbounded", discard: true })
  return yield* work.pipe(
    Effect.provide(access),
    Effect.provide(Partitions.layer(owner)),
    Effect.provide(people),
    Effect.provide(ClickLinks.layerOf(settings.publicUrl, settings.telegramToken)),
  )
})
