/**
 * Demo: the whole product in one process, on simulated or real markets, with three people in an emulated Telegram.
 *
 * In: markets, how long, the bot. Out: what the people see, as it happens, and figures. Promises: the stages, actors and
 * the bot are those of a real service; only what lies under them is embedded; it ends by itself.
 */
import { Clock, Duration, Effect, Layer, Option, Redacted, Ref, Schedule, Schema, Stream } from "effect"
import { SessionClient } from "../actors/Session.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import { DeliverySettled } from "../domain/Fact.ts"
import type { FeedRequest } from "../domain/Feed.ts"
import type { DataSource } from "../domain/Frame.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "../domain/Preferences.ts"
import * as Subject from "../domain/Subject.ts"
import type { Tier } from "../domain/Tier.ts"
import { Bus } from "../layers/Bus.ts"
import * as Cluster from "../layers/cluster/Cluster.ts"
import * as EmbeddedBus from "../layers/embedded/Bus.ts"
import type { Exchange } from "../layers/Exchange.ts"
import { KeyCheck } from "../layers/KeyCheck.ts"
import { MarketArchive } from "../layers/MarketArchive.ts"
import { OpportunityQueue } from "../layers/OpportunityQueue.ts"
import * as Pglite from "../layers/pglite/Pglite.ts"
import { VenueApi } from "../layers/VenueApi.ts"
import type { RestBudgets } from "../layers/RestBudgets.ts"
import * as Migrations from "../layers/sql/Migrations.ts"
import { StreamTime } from "../layers/StreamTime.ts"
import * as Client from "../layers/telegram/Client.ts"
import * as TelegramNotifier from "../layers/telegram/Notifier.ts"
import { Users } from "../layers/Users.ts"
import { renderMessage } from "../simulators/telegram/Render.ts"
import { TelegramEmulator, type VisibleMessage } from "../simulators/telegram/TelegramEmulator.ts"
import { needsVenueFrames } from "../streams/detectors/All.ts"
import { rulesOf } from "../streams/Judge.ts"
import { MarketAccess } from "../streams/MarketAccess.ts"
import * as Pipeline from "../streams/Pipeline.ts"
import { QuoteBoard } from "../streams/QuoteBoard.ts"
import { FACTS } from "../streams/Topology.ts"
import * as EnvelopeVault from "../layers/vault/EnvelopeVault.ts"
import * as Assembly from "./Assembly.ts"
import type { BotNeeds } from "./Run.ts"

export interface Person {
  readonly id: number
  readonly name: string
  readonly about: string
  readonly languageCode: string
  readonly tier: Tier
  readonly wants: Partial<Preferences>
}

/** Three people who want different things. */
export const PEOPLE: ReadonlyArray<Person> = [
  {
    id: 1001,
    name: "Ana",
    about: "premium, every opportunity, around the clock",
    languageCode: "en",
    tier: "premium",
    wants: { activeHoursStart: 0, activeHoursEnd: 0, maxPerHour: 20, maxPerDay: 50 },
  },
  {
    id: 1002,
    name: "Борис",
    about: "Russian, from 40 bps, at most two an hour",
    languageCode: "ru",
    tier: "free",
    wants: { activeHoursStart: 0, activeHoursEnd: 0, minNetBps: 40, maxPerHour: 2, language: "ru" },
  },
  {
    id: 1003,
    name: "Chen",
    about: "Bitcoin alone, between binance and okx, each at once",
    languageCode: "en",
    tier: "basic",
    wants: {
      activeHoursStart: 0,
      activeHoursEnd: 0,
      venues: ["binance", "okx"],
      pairs: ["BTC"],
      batchNotifications: false,
    },
  },
]

/** A message as its reader sees it. */
export interface SeenMessage {
  readonly person: Person
  readonly messageId: number
  readonly text: string
  readonly edited: boolean
  /** When it was sent or last edited, ms. */
  readonly atMs: number
  /** Text and buttons in a box, for a terminal. */
  readonly card: string
}

const CARD_COLUMNS = 60

const seen = (person: Person, message: VisibleMessage, edited: boolean): SeenMessage => ({
  person,
  messageId: message.messageId,
  text: message.text,
  edited,
  atMs: message.editedAtMs ?? message.sentAtMs,
  card: renderMessage(message, { columns: CARD_COLUMNS }),
})

export interface DemoFigures {
  readonly ticks: number
  readonly checks: number
  readonly opportunities: number
  readonly rejected: Readonly<Record<string, number>>
  readonly sent: number
  readonly edited: number
  readonly accepted: ReadonlyArray<Accepted>
}

/** A notification that the messenger accepted. */
export interface Accepted {
  readonly atMs: number
  /** From the triggering tick to the acceptance, both waits taken out. */
  readonly latencyMs: number
  readonly limiterWaitMs: number
  /** For others to leave with it. */
  readonly scheduledWaitMs: number
}

export interface DemoOptions<E> {
  readonly owner: string
  readonly source: DataSource
  readonly duration: Duration.Duration
  readonly config: DetectConfig
  readonly requests: ReadonlyArray<FeedRequest>
  readonly people: ReadonlyArray<Person>
  readonly exchange: Layer.Layer<Exchange, never, RestBudgets>
  /** The bot of the product, fed by polling. */
  readonly bot: Layer.Layer<never, never, BotNeeds>
  /** A message appeared in somebody's chat, or changed there. */
  readonly onMessage: (message: SeenMessage) => Effect.Effect<void, E>
  /** Four times a second. */
  readonly onFigures: (figures: DemoFigures, elapsed: Duration.Duration) => Effect.Effect<void, E>
}

const FIGURES_EVERY = Duration.millis(250)
const decodeSettled = Schema.decodeUnknownOption(Schema.fromJsonString(DeliverySettled))
const decoder = new TextDecoder()

/** Each person says /start to the bot, as people do; once it has answered, what they want is set. */
const begin = Effect.fnUntraced(function* (people: ReadonlyArray<Person>) {
  const emulator = yield* TelegramEmulator, users = yield* Users, sessions = yield* SessionClient
  for (const { id, languageCode, name, tier, wants } of people) {
    yield* emulator.addPrivateChat({ id, firstName: name, languageCode })
    yield* emulator.say(id, id, "/start")
    yield* sessions.look(String(id)).pipe(
      Effect.repeat({ until: ({ verdict }) => verdict === "valid", schedule: Schedule.spaced("20 millis") }),
    )
    const user = yield* users.byTelegramId(String(id))
    if (Option.isNone(user)) continue
    const nowMs = yield* Clock.currentTimeMillis
    yield* users.setPlan({ userId: user.value.userId, tier, role: "user", nowMs })
    yield* users.setPreferences(
      user.value.userId,
      { ...DEFAULT_PREFERENCES, ...wants },
      nowMs,
    )
  }
})

/** What the facts say of deliveries: the outgoing side, as every onlooker reads it. */
const followDeliveries = (settled: Ref.Ref<ReadonlyArray<DeliverySettled>>) =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const subjects = [Subject.fact("delivery", "settled")]
    yield* bus.consume({ stream: FACTS.name, subjects, start: { _tag: "First" }, capacity: 1_024 }).pipe(
      Stream.runForEach((messages) => {
        const facts = messages.flatMap(({ data }) => Option.toArray(decodeSettled(decoder.decode(data))))
        return Ref.update(settled, (before) => [...before, ...facts])
      }),
    )
  })

/** Waits until the facts tell of all that was sent, 2 s at most. */
const heardOfAll = (settled: Ref.Ref<ReadonlyArray<DeliverySettled>>) =>
  Effect.gen(function* () {
    const { sent } = yield* (yield* OpportunityQueue).counts
    const told = yield* Ref.get(settled)
    return told.filter(({ status }) => status === "sent").length >= sent
  }).pipe(
    Effect.repeat({ until: (all) => all, schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOption("2 seconds"),
  )

const play = <E>(options: DemoOptions<E>) =>
  Effect.gen(function* () {
    const emulator = yield* TelegramEmulator
    const watch = yield* Pipeline.makeWatch
    const settled = yield* Ref.make<ReadonlyArray<DeliverySettled>>([])
    const opened = yield* Ref.make(0)

    const figures = Effect.gen(function* () {
      const deliveries = yield* Ref.get(settled)
      const accepted = deliveries.flatMap((
        { at, latencyMs, limiterWaitMs, scheduledWaitMs },
      ): ReadonlyArray<Accepted> =>
        latencyMs === null
          ? []
          : [{ atMs: at, latencyMs: latencyMs - limiterWaitMs - scheduledWaitMs, limiterWaitMs, scheduledWaitMs }]
      )
      const analysed = Option.map(yield* Ref.get(watch.analysed), (known) => known.figures)
      const calls = (yield* emulator.log.calls).filter((call) => call.outcome.ok)
      const shown: DemoFigures = {
        ticks: Option.match(analysed, { onNone: () => 0, onSome: ({ ticks }) => ticks }),
        checks: Option.match(analysed, { onNone: () => 0, onSome: ({ checks }) => checks }),
        opportunities: yield* Ref.get(opened),
        rejected: Option.match(analysed, { onNone: () => ({}), onSome: ({ rejected }) => rejected }),
        sent: deliveries.filter(({ purpose, status }) => purpose === "notify" && status === "sent").length,
        edited: calls.filter(({ method }) => method === "editMessageText").length,
        accepted,
      }
      return shown
    })

    const showMessages = emulator.log.stream.pipe(
      Stream.filter(({ method, outcome }) => outcome.ok && (method === "sendMessage" || method === "editMessageText")),
      Stream.runForEach((call) =>
        Effect.gen(function* () {
          const person = options.people.find(({ id }) => id === call.chatId)
          if (person === undefined) return
          const chat = yield* Effect.orDie(emulator.chat(person.id))
          const message = chat.messages.find(({ messageId }) => messageId === call.messageId)
          if (message !== undefined) yield* options.onMessage(seen(person, message, call.method === "editMessageText"))
        })
      ),
    )

    yield* begin(options.people)
    const startedMs = yield* Clock.currentTimeMillis
    const { config, owner } = options
    const pipeline = {
      owner,
      config,
      judging: rulesOf(config),
      watch,
      before: (transition: Opportunity) =>
        transition.state === "opened" && transition.revision === 1 ? Ref.update(opened, (n) => n + 1) : Effect.void,
    }
    const elapsed = Effect.map(Clock.currentTimeMillis, (nowMs) => Duration.millis(nowMs - startedMs))
    const showFigures = Effect.gen(function* () {
      yield* options.onFigures(yield* figures, yield* elapsed)
      yield* Effect.sleep(FIGURES_EVERY)
    }).pipe(Effect.forever)

    const working = Effect.raceAllFirst([
      Effect.sleep(options.duration),
      Pipeline.ingestRole(options.requests.map(({ venue }) => venue)),
      Pipeline.detectRole(pipeline),
      Pipeline.distributeRole(pipeline),
      Pipeline.deliverRole(pipeline),
      Pipeline.alertsRole(options.source),
      Pipeline.alertNoticesRole(owner),
      showFigures,
    ])
    // Onlookers stay until they have heard of what left at the end.
    yield* Effect.raceAllFirst([
      Effect.andThen(working, heardOfAll(settled)),
      Pipeline.jobsRole(pipeline),
      Effect.orDie(followDeliveries(settled)),
      showMessages,
    ])
    return yield* figures
  })

export const demo = Effect.fn("Demo.demo")(<E>(options: DemoOptions<E>) => {
  const { exchange, owner, requests, source } = options
  const client = Layer.unwrap(
    Effect.map(
      TelegramEmulator,
      ({ fetch, token, url }) => Client.layer({ token: Redacted.make(token), apiRoot: url, fetch }),
    ),
  )
  const telegram = TelegramNotifier.layer.pipe(
    Layer.provideMerge(client),
    Layer.provideMerge(TelegramEmulator.layerInProcess()),
  )
  const board = QuoteBoard.layer(requests).pipe(
    Layer.provide(MarketAccess.layer({ data: source })),
    Layer.provide([VenueApi.absent("the demo asks no venue"), MarketArchive.absent]),
  )
  const world = options.bot.pipe(
    Layer.provide([board, KeyCheck.absent("the demo asks no venue")]),
    Layer.provideMerge(Assembly.feeds({ owner, requests, source, venues: needsVenueFrames(options.config) })),
    Layer.provideMerge(exchange),
    Layer.provideMerge(Assembly.people({ owner, sessionTimeout: Duration.days(7), vault: EnvelopeVault.ephemeral })),
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Layer.mergeAll(
      EmbeddedBus.layer(),
      Pglite.layer({ dataDir: Option.none() }),
      Cluster.layerOneProcess(),
      Layer.succeed(StreamTime, StreamTime.ignored),
      telegram,
    )),
  )
  return play(options).pipe(Effect.provide(world))
})
