/**
 * Replay: a recording through the whole live path, from frames on the bus to messages at the Telegram emulator.
 *
 * In: recordings, the detection configuration, the people, a fault plan. Out: the emulator's log, the opportunity log and
 * a summary. Promises: clock, expiry, windows and limits follow the recording's time, at full speed as well as at its own
 * pace; the same recording, plan and configuration give the same opportunity log, byte by byte, on every bus, store and
 * runtime; users consented at the recording's start.
 */
import { Clock, Duration, Effect, Layer, Option, Redacted, Ref } from "effect"
import type { DetectConfig } from "../../domain/DetectConfig.ts"
import type { Opportunity } from "../../domain/Opportunity.ts"
import { Bus, type BusError } from "../../layers/Bus.ts"
import * as PacedClock from "../../layers/clock/PacedClock.ts"
import * as ReplayClock from "../../layers/clock/ReplayClock.ts"
import * as Cluster from "../../layers/cluster/Cluster.ts"
import { Sessions } from "../../layers/Sessions.ts"
import * as EnvelopeVault from "../../layers/vault/EnvelopeVault.ts"
import * as Migrations from "../../layers/sql/Migrations.ts"
import type { Store, StoreError } from "../../layers/Store.ts"
import * as Client from "../../layers/telegram/Client.ts"
import * as TelegramNotifier from "../../layers/telegram/Notifier.ts"
import type { StreamTime } from "../../layers/StreamTime.ts"
import { Users } from "../../layers/Users.ts"
import { TelegramEmulator } from "../../simulators/telegram/TelegramEmulator.ts"
import type { Figures } from "../../streams/Analysis.ts"
import { needsVenueFrames } from "../../streams/detectors/All.ts"
import { Ingest } from "../../streams/Ingest.ts"
import { rulesOf } from "../../streams/Judge.ts"
import * as Pipeline from "../../streams/Pipeline.ts"
import { MARKET_DATA, removeEverything } from "../../streams/Topology.ts"
import * as Assembly from "../Assembly.ts"
import * as ActorKills from "./ActorKills.ts"
import * as FaultReport from "./FaultReport.ts"
import { FaultTimeline } from "./FaultTimeline.ts"
import { feed, type FeedOptions } from "./Feeding.ts"
import { opportunityLog } from "./OpportunityLog.ts"
import type { RefusedLine } from "./Playlist.ts"
import { preferencesOf, type ReplayUser } from "./ReplayUsers.ts"
import * as Settling from "./Settling.ts"

/** Longer than any recording: whoever is in the file consents to the end. */
const SESSION_TTL = Duration.days(3_650)
/** Messages of frames (64 KB at most each) that wait for the analysis while more are read. */
const MESSAGES_AHEAD = 256

/** `speed`: how many times as fast as recorded; `max`: as fast as it goes, in virtual time. */
export interface ReplayOptions extends FeedOptions {
  readonly config: DetectConfig
  readonly users: ReadonlyArray<ReplayUser>
  /** Unique for each process start. */
  readonly owner: string
  readonly bus: Layer.Layer<Bus, BusError>
  readonly store: Layer.Layer<Store, StoreError>
}

export interface Replayed {
  readonly ticks: number
  /** From the first tick read to the last transition told, of the wall's time. */
  readonly playedMs: number
  readonly bad: ReadonlyArray<RefusedLine>
  /** Ids in the order of their opening. */
  readonly opportunities: ReadonlyArray<string>
  readonly transitions: number
  readonly sent: number
  readonly edited: number
  readonly refused: number
  readonly figures: Option.Option<Figures>
  /** The emulator's log, one JSON object a line. */
  readonly log: string
  /** Every transition, one JSON object a line: the same bytes for the same recording, plan and configuration. */
  readonly opportunityLog: string
  /** What each fault of the plan struck, and what became of it. */
  readonly faults: ReadonlyArray<FaultReport.FaultReport>
}

/** The people get a chat, what they want, and a session from the start on. */
const invite = Effect.fnUntraced(function* (people: ReadonlyArray<ReplayUser>, nowMs: number) {
  const users = yield* Users, sessions = yield* Sessions, emulator = yield* TelegramEmulator
  for (const person of people) {
    const telegramId = String(person.chat)
    const firstName = person.name ?? `user ${telegramId}`
    const isGroup = telegramId.startsWith("-")
    yield* isGroup
      ? emulator.addGroup({ id: Number(person.chat), title: firstName, members: [] })
      : emulator.addPrivateChat({ id: Number(person.chat), firstName, started: true })
    const { role, userId } = yield* users.contact({
      telegramId,
      username: null,
      firstName,
      lastName: null,
      isGroup,
      nowMs,
    })
    if (person.tier !== undefined) yield* users.setPlan({ userId, tier: person.tier, role, nowMs })
    yield* users.setPreferences(userId, preferencesOf(person), nowMs)
    yield* sessions.start({ userId, telegramId, nowMs, ttlMs: Duration.toMillis(SESSION_TTL) })
  }
})

const play = (options: ReplayOptions) =>
  Effect.gen(function* () {
    const { faults, playlist: { startMs }, speed } = options
    const bus = yield* Bus, emulator = yield* TelegramEmulator, kills = yield* ActorKills.ActorKills
    yield* Effect.addFinalizer(() => removeEverything)
    yield* invite(options.users, startMs)
    const watch = yield* Pipeline.makeWatch
    const { nextInstant, settle } = yield* Settling.make(watch)
    const jump = Option.match(yield* Effect.serviceOption(ReplayClock.ReplayClock), {
      // At a pace time comes by itself.
      onNone: () => (atMs: number) =>
        Effect.flatMap(Clock.currentTimeMillis, (nowMs) => Effect.sleep(Duration.millis(Math.max(0, atMs - nowMs)))),
      onSome: (clock) => clock.jumpTo,
    })

    const timeline = new FaultTimeline(faults, startMs, { emulator, kills })

    /** Everything that is due up to then happens first, at its own instant. */
    const advanceTo = (targetMs: number) =>
      Effect.gen(function* () {
        while (true) {
          yield* settle
          const next = Math.min(timeline.nextAt, Option.getOrElse(yield* nextInstant, () => Infinity))
          if (next > targetMs) break
          yield* jump(next)
          yield* timeline.strike(next)
        }
        yield* jump(targetMs)
      })

    /** By id and revision: a repeat after a restart is the same one. */
    const told = new Map<string, Opportunity>()
    let newestMs = startMs
    const before = (transition: Opportunity) =>
      Effect.gen(function* () {
        told.set(`${transition.id}:${transition.revision}`, transition)
        newestMs = Math.max(newestMs, transition.at)
        if (speed === "max") yield* advanceTo(transition.at).pipe(Effect.orDie)
      })

    const { config, owner } = options
    const pipeline = { owner, config, judging: rulesOf(config), before, watch }
    yield* Effect.forEach([
      Pipeline.detectRole(pipeline),
      Pipeline.distributeRole(pipeline),
      Pipeline.deliverRole(pipeline),
      Pipeline.jobsRole(pipeline),
    ], (role) =>
      Effect.forkScoped(role), { discard: true })

    if (speed !== "max") {
      yield* Effect.forkScoped(timeline.run)
    }
    const wall = Clock.Clock.defaultValue(), begunMs = wall.currentTimeMillisUnsafe()
    /** Until at most so many messages of frames wait for the analysis. */
    const analysedBut = (messages: number) =>
      Effect.gen(function* () {
        const { lastSequence } = yield* bus.streamState(MARKET_DATA.name)
        yield* Settling.until(Effect.gen(function* () {
          const known = Option.getOrNull(yield* Ref.get(watch.analysed)), sequence = known?.sequence ?? 0
          if (sequence >= lastSequence - messages) {
            return null
          }
          // Told with the time: one batch of frames may hold more transitions than are told in a long while.
          return `frame ${sequence + 1} of ${lastSequence} to be analysed at ${yield* Clock.currentTimeMillis}`
        }))
      })
    const fed = yield* feed(options, analysedBut(MESSAGES_AHEAD))
    yield* analysedBut(0)
    yield* advanceTo(newestMs)
    while (true) {
      yield* settle
      const next = yield* nextInstant
      if (Option.isNone(next)) {
        break
      }
      yield* jump(next.value)
    }

    const calls = yield* emulator.log.calls
    const count = (method: string) =>
      calls.filter((call) =>
        call.method === method && call.outcome.ok
      ).length
    const figures = Option.map(yield* Ref.get(watch.analysed), (known) => known.figures)
    const replayed: Replayed = {
      ticks: fed.ticks,
      playedMs: wall.currentTimeMillisUnsafe() - begunMs,
      bad: fed.bad,
      opportunities: [...new Set([...told.values()].map(({ id }) => id))],
      transitions: told.size,
      sent: count("sendMessage"),
      edited: count("editMessageText"),
      refused: calls.filter((call) => !call.outcome.ok).length,
      figures,
      log: yield* emulator.log.ndjson,
      opportunityLog: yield* opportunityLog([...told.values()]),
      faults: FaultReport.of(faults, {
        ticks: fed.faults,
        happened: timeline.struck,
        kills: yield* kills.counts,
        calls,
        rejected: Option.match(figures, { onNone: () => ({}), onSome: (known) => known.rejected }),
      }),
    }
    return replayed
  })

export const replay = Effect.fn("Replay.replay")(function* (options: ReplayOptions) {
  const { startMs } = options.playlist
  const telegram = TelegramNotifier.layer.pipe(
    Layer.provide(
      Layer.unwrap(
        Effect.map(
          TelegramEmulator,
          ({ fetch, token, url }) => Client.layer({ token: Redacted.make(token), apiRoot: url, fetch }),
        ),
      ),
    ),
    Layer.provideMerge(TelegramEmulator.layerInProcess()),
  )
  const clock: Layer.Layer<StreamTime> = options.speed === "max"
    ? ReplayClock.layer(startMs)
    : PacedClock.layer(startMs, options.speed)
  const world = Layer.mergeAll(
    Assembly.people({ owner: options.owner, sessionTimeout: SESSION_TTL, vault: EnvelopeVault.ephemeral }),
    Ingest.layer({
      writer: `${options.owner}.0`,
      source: "recorded",
      live: false,
      venues: needsVenueFrames(options.config),
    }),
    telegram,
  ).pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(
      Layer.mergeAll(options.bus, options.store, ActorKills.layer.pipe(Layer.provide(Cluster.layerOneProcess()))),
    ),
    Layer.provideMerge(clock),
  )
  return yield* Effect.scoped(play(options)).pipe(Effect.provide(world))
})
