/**
 * Load: a scenario through the real stages, from ticks to messages at the Telegram emulator, counted and timed at each hop.
 *
 * In: a scenario, the detection configuration, bus and store. Out: a report, every so often and at the end. Promises: the
 * stages and actors are those of the service; ticks, people and faults follow from the scenario and its seed alone, so
 * two runs find the same opportunities; time is the wall's pace from a fixed instant, so a late tick is late, not lost.
 */
import { Cause, Clock, Duration, Effect, Fiber, Layer, Logger, Option, Redacted, Ref, Schedule } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { DataSource } from "../domain/Frame.ts"
import type { FaultPlan } from "../domain/FaultPlan.ts"
import { sampleEveryMs, type Scenario } from "../domain/Scenario.ts"
import type { Sample, ScenarioReport } from "../domain/ScenarioReport.ts"
import { usersOf } from "../domain/ScenarioUsers.ts"
import { Bus, type BusError } from "../layers/Bus.ts"
import * as PacedClock from "../layers/clock/PacedClock.ts"
import * as Cluster from "../layers/cluster/Cluster.ts"
import * as Migrations from "../layers/sql/Migrations.ts"
import type { Store, StoreError } from "../layers/Store.ts"
import * as Client from "../layers/telegram/Client.ts"
import * as TelegramNotifier from "../layers/telegram/Notifier.ts"
import * as EnvelopeVault from "../layers/vault/EnvelopeVault.ts"
import { TelegramEmulator } from "../simulators/telegram/TelegramEmulator.ts"
import { needsVenueFrames } from "../streams/detectors/All.ts"
import { Ingest } from "../streams/Ingest.ts"
import { rulesOf } from "../streams/Judge.ts"
import * as Pipeline from "../streams/Pipeline.ts"
import { removeEverything, Topology } from "../streams/Topology.ts"
import * as Assembly from "./Assembly.ts"
import * as Asking from "./load/Asking.ts"
import { invite, SESSION_TTL } from "./load/Crowd.ts"
import * as Feeding from "./load/Feeding.ts"
import * as Gauges from "./load/Gauges.ts"
import { Ledger } from "./load/Ledger.ts"
import * as Onlooker from "./load/Onlooker.ts"
import { reportOf } from "./load/Reporting.ts"
import * as Resources from "./load/Resources.ts"
import { type Market, ticksOf } from "./load/Source.ts"
import * as ActorKills from "./replay/ActorKills.ts"
import { FaultTimeline } from "./replay/FaultTimeline.ts"
import type { BotNeeds } from "./Run.ts"

export interface LoadOptions<E> {
  readonly scenario: Scenario
  readonly market: Market
  readonly config: DetectConfig
  /** Unique for each process start. */
  readonly owner: string
  readonly bus: Layer.Layer<Bus, BusError>
  readonly store: Layer.Layer<Store, StoreError>
  /** For people: what it runs on. */
  readonly world: Readonly<Record<string, string>>
  /** The bot of the product, fed by polling; there only where people ask something of it. */
  readonly bot: Layer.Layer<never, never, BotNeeds>
  /** People who are there so far, before the first tick. */
  readonly onInvited: (people: number, of: number) => Effect.Effect<void>
  /** With each sample. */
  readonly onReport: (report: ScenarioReport) => Effect.Effect<void, E>
}

const REST_LOOKS = Schedule.spaced("50 millis")
/** What is told once the roles have ended. */
const FACTS_WITHIN = Duration.seconds(2)

const sourceOf = ({ source }: Scenario): DataSource => source.kind === "simulator" ? "simulated" : "recorded"

/** What an embedded bus keeps of each stream in a soak: its memory comes to rest within a minute or two. */
const SOAK_STREAM_BYTES = 4 * 1024 * 1024
/** What the emulated Telegram remembers: it is read at once, and a soak's memory must be that of the product. */
const REMEMBERED = { callsKept: 1_000, wordsKeptMs: Duration.toMillis(Duration.minutes(3)) }
/** How often a soak collects garbage right before a sample: in each stretch that its trends are judged by at least once. */
const COLLECTIONS = 60

/** Bounds what an embedded bus keeps; whatever bus it is, it is left as it was found. */
const prepare = Effect.fnUntraced(function* (scenario: Scenario) {
  const bus = yield* Bus
  yield* Effect.addFinalizer(() => removeEverything)
  if (!scenario.soak || bus.kind !== "embedded") return
  yield* Effect.forEach(
    (yield* Topology).streams,
    (spec) => bus.ensureStream({ ...spec, maxBytes: Math.min(spec.maxBytes, SOAK_STREAM_BYTES) }),
    { discard: true },
  )
})

/** The first line of what a part of a log entry says. */
const said = (part: unknown): string => {
  const text = Cause.isCause(part) ? Cause.pretty(part) : part instanceof Error ? part.message : String(part)
  return text.split("\n")[0] ?? ""
}

/** Warnings and errors of the product, counted by what they say. */
const counting = (ledger: Ledger): Layer.Layer<never> =>
  Logger.layer([Logger.make<unknown, void>(({ cause, logLevel, message }) => {
    if (logLevel !== "Warn" && logLevel !== "Error" && logLevel !== "Fatal") return
    const parts: ReadonlyArray<unknown> = Array.isArray(message) ? message : [message]
    const why = cause.reasons.length === 0 ? [] : [cause]
    ledger.logged(logLevel.toLowerCase(), [...parts, ...why].map(said).join(": "))
  })])

/** How often each kind of fault struck, whether by the tick or by the clock. */
const injectedBy = (plan: FaultPlan, struck: ReadonlyArray<number>, happened: ReadonlyMap<number, number>) => {
  const counts: Record<string, number> = {}
  for (const [at, { kind }] of plan.faults.entries()) {
    counts[kind] = (counts[kind] ?? 0) + (struck[at] ?? 0) + (happened.get(at) ?? 0)
  }
  return counts
}

const play = <E>(options: LoadOptions<E>, ledger: Ledger) =>
  Effect.gen(function* () {
    const { config, market, owner, scenario } = options, { startMs } = market
    const wall = Clock.Clock.defaultValue()
    yield* prepare(scenario)
    const people = usersOf(scenario.users)
    yield* invite(people, startMs, (done) => options.onInvited(done, people.length))

    const watch = yield* Pipeline.makeWatch
    const positions = yield* Onlooker.watch(ledger)
    const gauges = yield* Gauges.make({ ledger, positions, watch })
    const feeding = yield* Feeding.make(scenario.faults, ledger)
    const hands = { emulator: yield* TelegramEmulator, kills: yield* ActorKills.ActorKills }
    const timeline = new FaultTimeline(scenario.faults, startMs, hands)

    const pipeline = { owner, config, judging: rulesOf(config), watch }
    yield* Effect.forkScoped(Pipeline.jobsRole(pipeline))
    /** These end before the last look, as at a shutdown: what has left learns its answer. */
    const roles = [
      Pipeline.detectRole(pipeline),
      Pipeline.distributeRole(pipeline),
      Pipeline.alertsRole(sourceOf(scenario)),
      Pipeline.deliverRole(pipeline),
      Pipeline.alertNoticesRole(owner),
    ]

    const asking = scenario.commands === undefined ? Effect.void : yield* Asking.make({
      commands: scenario.commands,
      people,
      requests: market.requests,
      source: sourceOf(scenario),
      startMs,
      durationMs: scenario.durationMs,
      ledger,
      bot: options.bot,
    })

    const samples: Array<Sample> = []
    const fedUntil = yield* Ref.make(Option.none<number>())
    const startedAt = wall.currentTimeMillisUnsafe()
    yield* (yield* PacedClock.Pace).start

    const collectEveryMs = scenario.soak ? scenario.durationMs / COLLECTIONS : Infinity
    let collectedMs = startMs
    const report = (finished: boolean) =>
      Effect.gen(function* () {
        const lookMs = yield* Clock.currentTimeMillis
        if (lookMs - collectedMs >= collectEveryMs) {
          collectedMs = lookMs
          Resources.collectGarbage()
        }
        const standing = yield* gauges.standing
        // The last look comes right behind another: too soon for rates.
        if (!finished || samples.length === 0) {
          samples.push(yield* gauges.sample(standing, startMs))
        }
        const nowMs = yield* Clock.currentTimeMillis
        const figures = Option.map(yield* Ref.get(watch.analysed), (known) => known.figures)
        const { durationMs, name, seed, soak } = scenario
        return reportOf({
          scenario: { name, seed, what: market.what, durationMs },
          simulated: scenario.source.kind === "simulator",
          soak,
          startedAt,
          world: options.world,
          injected: injectedBy(scenario.faults, yield* feeding.struck, timeline.struck),
          rejected: Option.match(figures, {
            onNone: () => ({}),
            onSome: ({ rejected }) => rejected,
          }),
          finished,
          elapsedMs: nowMs - startMs,
          ledger,
          standing,
          samples,
          feedingMs: Option.getOrElse(yield* Ref.get(fedUntil), () => nowMs) - startMs,
        })
      })

    const telling = Effect.sleep(Duration.millis(sampleEveryMs(scenario))).pipe(
      Effect.andThen(report(false)),
      Effect.flatMap(options.onReport),
      Effect.forever,
    )
    const until = (isSo: (now: Gauges.Standing) => boolean, most: Duration.Duration) =>
      gauges.standing.pipe(
        Effect.repeat({ until: isSo, schedule: REST_LOOKS }),
        Effect.timeoutOption(most),
      )
    const feeds = Effect.gen(function* () {
      const askers = yield* Effect.forkScoped(asking)
      yield* feeding.feed(ticksOf(scenario, market))
      yield* Ref.set(fedUntil, Option.some(yield* Clock.currentTimeMillis))
      yield* Fiber.interrupt(askers)
      yield* until((now) => Gauges.atRest(now, ledger), Duration.millis(scenario.drainMs))
    })
    yield* Effect.scoped(Effect.gen(function* () {
      yield* Effect.forEach([...roles, timeline.run], (role) => Effect.forkScoped(role), { discard: true })
      yield* Effect.raceFirst(feeds, telling)
    }))
    yield* until(Gauges.factsAtRest, FACTS_WITHIN)
    const last = yield* report(true)
    yield* options.onReport(last)
    return last
  })

export const load = Effect.fn("Load.load")(function* <E>(options: LoadOptions<E>) {
  const { config, market: { startMs }, owner, scenario } = options
  const ledger = new Ledger(startMs)
  const telegram = TelegramNotifier.layer.pipe(
    Layer.provideMerge(Layer.unwrap(Effect.map(
      TelegramEmulator,
      ({ fetch, token, url }) => Client.layer({ token: Redacted.make(token), apiRoot: url, fetch }),
    ))),
    Layer.provideMerge(TelegramEmulator.layerInProcess(REMEMBERED)),
  )
  const world = Layer.mergeAll(
    Assembly.people({ owner, sessionTimeout: SESSION_TTL, vault: EnvelopeVault.ephemeral }),
    Ingest.layer({ writer: `${owner}.0`, source: sourceOf(scenario), live: true, venues: needsVenueFrames(config) }),
    telegram,
  ).pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(ActorKills.layer.pipe(Layer.provide(Cluster.layerOneProcess()))),
    Layer.provideMerge(Layer.merge(options.bus, options.store)),
    Layer.provideMerge(PacedClock.layer(startMs, 1)),
    Layer.provideMerge(counting(ledger)),
  )
  return yield* Effect.scoped(play(options, ledger)).pipe(Effect.provide(world))
})
