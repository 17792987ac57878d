/**
 * What people go through, from /start to silence, with everything real but Telegram and the markets: bot, actors, the
 * whole pipeline, one process, embedded.
 *
 * Promises: each test has people and an asset of its own; a second person who is told shows that a silence is meant.
 */
import { assert, layer } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, Option, Redacted } from "effect"
import * as DetectConfig from "../../src/domain/DetectConfig.ts"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import * as Cluster from "../../src/layers/cluster/Cluster.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import * as Pglite from "../../src/layers/pglite/Pglite.ts"
import * as Migrations from "../../src/layers/sql/Migrations.ts"
import * as EnvelopeVault from "../../src/layers/vault/EnvelopeVault.ts"
import { StreamTime } from "../../src/layers/StreamTime.ts"
import * as Client from "../../src/layers/telegram/Client.ts"
import * as TelegramNotifier from "../../src/layers/telegram/Notifier.ts"
import { Users } from "../../src/layers/Users.ts"
import * as Assembly from "../../src/programs/Assembly.ts"
import type { Fault } from "../../src/simulators/telegram/Faults.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { Channel } from "../../src/layers/Store.ts"
import { Audience } from "../../src/streams/Audience.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { rulesOf } from "../../src/streams/Judge.ts"
import * as Pipeline from "../../src/streams/Pipeline.ts"
import * as Bot from "../../src/surfaces/bot/Bot.ts"
import { KeyCheck } from "../../src/layers/KeyCheck.ts"
import { QuoteBoard } from "../../src/streams/QuoteBoard.ts"
import * as Pacing from "../../src/surfaces/bot/Pacing.ts"
import { listenAnew } from "../suites/StoreWorld.ts"
import { eventually } from "../support/eventually.ts"
import { quote } from "../support/ticks.ts"
import { hooked } from "../surfaces/bot/running.ts"

const SETTINGS = {
  fees: { a: { taker: "0" }, b: { taker: "0" } },
  lots: {},
  staleness: null,
  minNetBps: 5,
  hysteresis: false,
}

const roles = Layer.effectDiscard(Effect.gen(function* () {
  const watch = yield* Pipeline.makeWatch
  const config = yield* DetectConfig.fromUnknown(SETTINGS)
  const pipeline = { owner: "journey", config, judging: rulesOf(config), watch }
  const all = [Pipeline.detectRole, Pipeline.distributeRole, Pipeline.deliverRole, Pipeline.jobsRole]
  for (const role of all) yield* Effect.forkScoped(role(pipeline))
}))

const telegram = TelegramNotifier.layer.pipe(
  Layer.provideMerge(Layer.unwrap(Effect.map(
    TelegramEmulator,
    ({ fetch, token, url }) => Client.layer({ token: Redacted.make(token), apiRoot: url, fetch }),
  ))),
  Layer.provideMerge(TelegramEmulator.layerInProcess()),
)

const beneath = Assembly.people({
  owner: "journey",
  sessionTimeout: Duration.days(7),
  vault: EnvelopeVault.ephemeral,
}).pipe(
  Layer.provideMerge(Migrations.layer),
  Layer.provideMerge(Layer.mergeAll(
    EmbeddedBus.layer(),
    Pglite.layer({ dataDir: Option.none() }),
    Cluster.layerOneProcess(),
    Layer.succeed(StreamTime, StreamTime.ignored),
    telegram,
  )),
)

const worldOf = <A, E, R>(bot: Layer.Layer<A, E, R>) =>
  roles.pipe(
    Layer.provideMerge(Ingest.layer({ writer: "journey.0", source: "live", live: false })),
    Layer.provideMerge(
      bot.pipe(Layer.provide([Pacing.layer, QuoteBoard.silent(), KeyCheck.absent("nobody answers in this test")])),
    ),
    Layer.provideMerge(beneath),
  )

const PATIENCE = "20 seconds"

/** For everybody: scarce depth would be shared by turns. */
const ENOUGH = { bidSize: "100", askSize: "100" }

/** The asset can be bought on `a` and sold dearer on `b`, or not. */
const offer = (asset: string, isOpen: boolean) =>
  Effect.gen(function* () {
    const ingest = yield* Ingest
    const at = yield* Clock.currentTimeMillis
    yield* ingest.ticks([
      quote("a", `${asset}/USDT`, at, ["99.99", "100"], ENOUGH),
      quote("b", `${asset}/USDT`, at, isOpen ? ["100.3", "100.31"] : ["99.99", "100"], ENOUGH),
    ])
  })

const said = (chat: number) =>
  Effect.flatMap(
    TelegramEmulator,
    (emulator) => Effect.map(emulator.chat(chat), ({ messages }) => messages.filter(({ fromBot }) => fromBot)),
  )

const about = (chat: number, asset: string) =>
  Effect.map(said(chat), (messages) => messages.filter(({ text }) => text.includes(`${asset}/USDT`)))

const sees = (chat: number, asset: string, what: string) =>
  eventually(about(chat, asset), (messages) => messages.some(({ text }) => text.includes(what)), PATIENCE)

const says = Effect.fnUntraced(function* (chat: number, text: string, answer: string) {
  const emulator = yield* TelegramEmulator
  yield* emulator.say(chat, chat, text)
  yield* eventually(said(chat), (messages) => messages.some((message) => message.text.includes(answer)), PATIENCE)
})

/** Says /start and may be told at any hour. */
const joins = Effect.fnUntraced(function* (chat: number) {
  const emulator = yield* TelegramEmulator, users = yield* Users
  yield* emulator.addPrivateChat({ id: chat, firstName: `Person ${chat}` })
  yield* says(chat, "/start", "Welcome to ArbEdge")
  const user = Option.getOrThrow(yield* users.byTelegramId(String(chat)))
  const nowMs = yield* Clock.currentTimeMillis
  const around = { activeHoursStart: 0, activeHoursEnd: 0, maxPerHour: 5, batchNotifications: false }
  yield* users.setPreferences(user.userId, { ...DEFAULT_PREFERENCES, ...around }, nowMs)
  // What was told before is heard before: then the audience knows them as they are.
  yield* Effect.scoped(listenAnew(Channel.audience))
  yield* Effect.flatMap(Audience, ({ caughtUp }) => caughtUp)
})

/** Every attempt to tell the chat of the asset, whatever became of it. */
const sendsTo = (chat: number, asset: string) =>
  Effect.map(
    TelegramEmulator.use(({ log }) => log.calls),
    (calls) =>
      calls.filter(({ chatId, method, text }) =>
        method === "sendMessage" && chatId === chat && text?.includes(`${asset}/USDT`)
      ),
  )

const trouble = (fault: Fault) => TelegramEmulator.use(({ faults }) => faults.inject(fault))

const feedings = {
  polling: worldOf(Bot.layerPolling({ owner: "test", holdSeconds: 1 })),
  webhook: worldOf(hooked),
} as const

const options = { timeout: "90 seconds", excludeTestServices: true } as const
const LIMIT_MS = 90_000

for (const [name, world] of Object.entries(feedings)) {
  layer(world, options)(`People of a bot fed by ${name}`, (it) => {
    it.effect(
      "are told, look closer, see it close, and hear nothing after they log out",
      () =>
        Effect.gen(function* () {
          const [ann, witness] = [11, 12]
          const emulator = yield* TelegramEmulator
          yield* joins(ann)
          yield* joins(witness)
          yield* offer("BTC", true)
          const card = (yield* sees(ann, "BTC", "Net +30 bps")).at(-1)
          assert.include(card?.text, "Buy a BTC/USDT at 100")
          yield* emulator.tap(ann, card?.messageId ?? 0, "Details")
          yield* sees(ann, "BTC", "levels:")
          yield* offer("BTC", false)
          // The edit is the coordinator's doing: without it the card would stay as it was.
          const [closed, ...others] = yield* sees(ann, "BTC", "Gone: it lived")
          assert.deepStrictEqual([closed?.messageId, others.length], [card?.messageId, 0])
          assert.isNotNull(closed?.editedAtMs)
          yield* says(ann, "/session", "Session active")
          yield* says(ann, "/logout", "You are logged out")
          yield* offer("ETH", true)
          yield* sees(witness, "ETH", "Net +30 bps")
          yield* offer("ETH", false)
          yield* sees(witness, "ETH", "Gone: it lived")
          assert.deepStrictEqual(yield* about(ann, "ETH"), [])
        }),
      LIMIT_MS,
    )
  })
}

layer(feedings.polling, options)("A chat in trouble", (it) => {
  it.effect("that blocked the bot is told nothing more", () =>
    Effect.gen(function* () {
      const [gone, witness] = [21, 22]
      yield* joins(gone)
      yield* joins(witness)
      const description = "Forbidden: bot was blocked by the user"
      yield* trouble({ trouble: { _tag: "refuse", errorCode: 403, description }, chatId: gone, times: Infinity })
      yield* offer("SOL", true)
      yield* sees(witness, "SOL", "Net +30 bps")
      const reachable = Users.use((users) =>
        Effect.map(users.byTelegramId(String(gone)), (user) => Option.getOrThrow(user).isActive)
      )
      yield* eventually(reachable, (isActive) => !isActive, PATIENCE)
      yield* offer("XRP", true)
      yield* sees(witness, "XRP", "Net +30 bps")
      assert.deepStrictEqual([(yield* sendsTo(gone, "SOL")).length, (yield* sendsTo(gone, "XRP")).length], [1, 0])
    }), LIMIT_MS)

  it.effect("that must wait holds nobody else up, and is told afterwards", () =>
    Effect.gen(function* () {
      const [slow, other] = [31, 32]
      yield* joins(slow)
      yield* joins(other)
      yield* trouble({ trouble: { _tag: "retryAfter", seconds: 4 }, method: "sendMessage", chatId: slow })
      yield* offer("ADA", true)
      const [late] = yield* sees(slow, "ADA", "Net +30 bps")
      const [early] = yield* sees(other, "ADA", "Net +30 bps")
      assert.isAtLeast((late?.sentAtMs ?? 0) - (early?.sentAtMs ?? 0), 3_000)
      const calls = yield* sendsTo(slow, "ADA")
      assert.deepStrictEqual(calls.map(({ outcome }) => outcome.ok), [false, true])
      assert.isAtLeast((calls[1]?.at ?? 0) - (calls[0]?.at ?? 0), 4_000)
    }), LIMIT_MS)

  it.effect("whose replies are lost is sent the same once more, and never a third time", () =>
    Effect.gen(function* () {
      const [once, twice] = [41, 42]
      yield* joins(once)
      yield* joins(twice)
      const lost = { trouble: { _tag: "loseReply" }, method: "sendMessage" } as const
      yield* trouble({ ...lost, chatId: once })
      yield* trouble({ ...lost, chatId: twice, times: 2 })
      const before = yield* OpportunityQueue.use(({ counts }) => counts)
      yield* offer("DOT", true)
      yield* eventually(sendsTo(once, "DOT"), (calls) => calls.length === 2, PATIENCE)
      yield* eventually(sendsTo(twice, "DOT"), (calls) => calls.length === 2, PATIENCE)
      yield* eventually(
        OpportunityQueue.use(({ counts }) => counts),
        ({ failed, pending, sending, unknown }) => failed === before.failed + 1 && pending + sending + unknown === 0,
        PATIENCE,
      )
      // Its opportunity closes: only the message that is known can be edited.
      yield* offer("DOT", false)
      yield* sees(once, "DOT", "Gone: it lived")
      assert.strictEqual((yield* sendsTo(once, "DOT")).length, 2)
      assert.strictEqual((yield* sendsTo(twice, "DOT")).length, 2)
    }), LIMIT_MS)
})
