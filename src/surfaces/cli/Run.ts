/**
 * `arbedge run`: the service.
 *
 * In: settings (environment) and the roles of this process. Out: nothing on standard output; logs on standard error, with
 * --json an object a line. It runs until SIGTERM or Ctrl-C and then stops in the order that programs/Run.ts names.
 */
import { Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { type DetectConfig, detectorsFor } from "../../domain/DetectConfig.ts"
import { FeedKind } from "../../domain/Feed.ts"
import type { Settings } from "../../domain/Settings.ts"
import * as Backends from "../../programs/Backends.ts"
import * as Health from "../../programs/Health.ts"
import * as Markets from "../../programs/Markets.ts"
import { run as runService, workable } from "../../programs/Run.ts"
import { sharingRulesOf } from "../../programs/SharingSettings.ts"
import * as Telemetry from "../../programs/Telemetry.ts"
import { SharingRules } from "../../streams/Choose.ts"
import { EligibilityPolicy } from "../../layers/EligibilityPolicy.ts"
import { eligibilityRules } from "./EligibilitySettings.ts"
import { Role, type Watch } from "../../streams/Pipeline.ts"
import { Topology } from "../../streams/Topology.ts"
import * as Bot from "../bot/Bot.ts"
import * as CommandRateKeeping from "../bot/CommandRateKeeping.ts"
import * as Pacing from "../bot/Pacing.ts"
import * as Unsubscribing from "../../layers/Unsubscribing.ts"
import * as Metrics from "../http/Metrics.ts"
import * as Redirect from "../http/Redirect.ts"
import * as TelegramWebhook from "../http/TelegramWebhook.ts"
import * as Unsubscribe from "../http/Unsubscribe.ts"
import * as Service from "../rpc/Server.ts"
import { failed, usage } from "./Failure.ts"
import { readDetectConfig, tableConfig } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import * as Owner from "./Owner.ts"
import { streamTopology } from "./StreamSettings.ts"
import { enforce } from "./TiersInForce.ts"
import { VERSION } from "./Version.ts"

const roles = Flag.String("roles").pipe(
  Flag.withDescription(`Which of ${Role.literals.join(", ")} this process has, separated by commas; all by default`),
  Flag.withDefault(Role.literals.join(",")),
)
const config = Flag.String("config").pipe(
  Flag.withDescription("Detection configuration, before ARBEDGE_DETECT_CONFIG"),
  Flag.optional,
)
const simulate = Flag.Boolean("simulate").pipe(
  Flag.withDescription("Simulated markets instead of real venues; marked as such everywhere"),
  Flag.withDefault(false),
)

const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Log JSON on standard error, one object a line"),
  Flag.withDefault(false),
)

const isOneOf = <A extends string>(known: ReadonlyArray<A>) => (text: string): text is A =>
  known.some((one) => one === text)

/** A comma-separated list of known words. */
const words = <A extends string>(text: ReadonlyArray<string>, known: ReadonlyArray<A>, where: string) => {
  const wrong = text.find((word) => !isOneOf(known)(word))
  return wrong === undefined
    ? Effect.succeed(text.filter(isOneOf(known)))
    : Effect.fail(usage(`"${wrong}" in ${where} is not one of ${known.join(", ")}`, "correct it"))
}

const split = (text: string): ReadonlyArray<string> =>
  text.split(",").map((word) => word.trim()).filter((word) => word !== "")

const marketsOf = Effect.fnUntraced(function* (settings: Settings, simulated: boolean) {
  const kinds = yield* words(settings.feedKinds, FeedKind.literals, "ARBEDGE_FEED_KINDS")
  const { bookDepth: depth, instruments, venues } = settings
  if (simulated) {
    // The simulated markets are spot: they have no funding.
    const spot = [...new Set(kinds)].filter((kind) => kind !== "funding")
    return Markets.simulated(spot.length === 0 ? {} : { kinds: spot, depth: Math.min(depth, 200) })
  }
  const unknown = Markets.unknownVenue(venues)
  if (unknown !== null) return yield* usage(unknown, "correct ARBEDGE_VENUES")
  return Markets.live({ venues, instruments, kinds, depth })
})

/** Basis points a square root of a second: what real markets reach only in a crash. */
const CALM = { minBps: 0, maxBps: 50 }

/** Without a configuration of its own a service on real markets looks for all that its feeds can show, and is strict. */
const live = ({ feedKinds, feeTiers }: Settings) =>
  Effect.map(tableConfig(feeTiers), (config): DetectConfig => ({
    ...config,
    detectors: detectorsFor(feedKinds),
    validation: {
      minSuccessRate: 0.6,
      minConfidence: 0.7,
      volatility: { cross_exchange: CALM, triangular: CALM, funding: CALM, technical: CALM },
    },
  }))

const configOf = (path: Option.Option<string>, markets: Markets.Markets, settings: Settings) =>
  Option.match(path, {
    onSome: readDetectConfig,
    onNone: () => markets.source === "live" ? live(settings) : Effect.succeed(markets.config),
  })

/** Polling, or where a webhook is set, the route on the service's server and its registration with Telegram. */
const surfaces = (settings: Settings, roles: ReadonlyArray<Role>, simulated: boolean, owner: string) => {
  const { httpHost: host, httpPort: port, telegramWebhookSecret, telegramWebhookUrl } = settings
  const service = (watch: Watch) => ({
    version: VERSION,
    roles,
    simulated,
    watch,
    host,
    port,
    dataDir: Backends.dataFolder(settings),
  })
  const unsubscribe = Unsubscribe.layer.pipe(
    Layer.provide(Unsubscribing.layer(Unsubscribing.linksOf(settings.publicUrl, settings.telegramToken))),
  )
  const routes = (watch: Watch) =>
    Layer.mergeAll(unsubscribe, Redirect.layer, Metrics.layer({ token: settings.metricsToken, watch }))
  const hook = Option.all([telegramWebhookUrl, telegramWebhookSecret])
  if (Option.isNone(hook) || !roles.includes("bot")) {
    return {
      service: (watch: Watch) => Service.layer(service(watch), routes(watch)),
      bot: (watch: Watch) =>
        Bot.layerPolling({ owner }).pipe(Layer.provide([Pacing.layer, CommandRateKeeping.layer, Health.layer(watch)])),
    }
  }
  const [url, secret] = hook.value
  const path = "/telegram/webhook"
  return {
    service: () => Layer.empty,
    bot: (watch: Watch) =>
      Service.layer(service(watch), Layer.merge(TelegramWebhook.layer({ path, secret }), routes(watch))).pipe(
        Layer.merge(Layer.effectDiscard(TelegramWebhook.register(url, secret))),
        Layer.provide(Bot.layer(owner)),
        Layer.provide([Pacing.layer, CommandRateKeeping.layer, Health.layer(watch)]),
      ),
  }
}

export const run = Command.make(
  "run",
  { roles, config, simulate, json },
  Effect.fn("Cli.run")(function* (options) {
    const settings = yield* OperatorSettings.read
    yield* enforce(settings)
    const named = yield* words(split(options.roles), Role.literals, "--roles")
    const chosen = yield* workable(named, settings)
    const markets = yield* marketsOf(settings, options.simulate)
    const configuration = yield* configOf(Option.orElse(options.config, () => settings.detectConfig), markets, settings)
    const sharing = yield* Effect.mapError(
      sharingRulesOf(settings),
      (error) => usage(error.message, "see docs/guides/settings.md"),
    )
    const eligibility = yield* eligibilityRules(settings)
    const topology = yield* streamTopology(settings)
    const owner = yield* Owner.make
    yield* runService({
      settings,
      bus: Backends.busOf(settings),
      store: Backends.storeOf(settings),
      roles: chosen,
      owner,
      config: configuration,
      markets,
      ...surfaces(settings, chosen, markets.source === "simulated", owner),
    }).pipe(
      Effect.provideService(SharingRules, sharing),
      Effect.provideService(EligibilityPolicy, eligibility),
      Effect.provideService(Topology, topology),
      Effect.provide(Telemetry.tracingOf(settings, { instance: owner, roles: chosen, version: VERSION })),
      Effect.mapError((error) => failed(`the service stopped: ${error.message}`, "run `arbedge doctor`")),
    )
  }, (running, options) => Effect.provide(running, options.json ? Telemetry.jsonLogs : Layer.empty)),
).pipe(Command.withDescription("Run the service, or some of its roles"))
