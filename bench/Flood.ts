/**
 * flood: what a user who sends 1,000 commands costs the others, a hundred a second (flood) or all at once (flood-burst): no
 * app sends faster than the first, and after an outage of ours Telegram hands over as fast as the second. The bot as it runs, polling an emulated Telegram
 * without limits of its own, over an embedded store.
 *
 * Ours: thirty people ask once a second for ten seconds, and somebody else floods meanwhile. Control: the same without, in the same process, one right after the other. What is compared is the others' wait, from their
 * message to the answer in their chat, 99% of them; each of them must be answered, and the flooder told to slow down.
 */
import { Context, Deferred, Effect, Layer, Option, Stream } from "effect"
import * as Pglite from "../src/layers/pglite/Pglite.ts"
import { Users } from "../src/layers/Users.ts"
import { SessionClient } from "../src/actors/Session.ts"
import type { Call } from "../src/simulators/telegram/CallLog.ts"
import { TelegramEmulator } from "../src/simulators/telegram/TelegramEmulator.ts"
import * as CommandRate from "../src/surfaces/bot/CommandRate.ts"
import { polled, surroundings } from "../test/surfaces/bot/running.ts"
import { worldOf } from "../test/suites/StoreWorld.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const PEOPLE = 30
const SECONDS = 10
const FLOOD = 1_000
const FLOOD_AT_MS = 500
const LONGEST_WAIT_MS = 20_000

const person = (n: number): number => 500_000 + n

/** A new one each time: one who was told to slow down costs less the next time. */
let floods = 0
const flooder = (): number => 900_000 + ++floods

const meet = Effect.fnUntraced(function* (id: number) {
  const emulator = yield* TelegramEmulator
  const sessions = yield* SessionClient
  yield* emulator.addPrivateChat({ id, firstName: "Ada" })
  yield* sessions.start({ telegramId: `${id}`, chatId: `${id}`, username: null, firstName: "Ada", languageCode: "en" })
})

/** Everybody but flooders may ask as often as the bench does. */
const populate = Effect.gen(function* () {
  const users = yield* Users
  for (let n = 0; n < PEOPLE; n++) {
    yield* meet(person(n))
    const { userId } = Option.getOrThrow(yield* users.byTelegramId(`${person(n)}`))
    yield* users.setPlan({ userId, tier: "enterprise", role: "user", nowMs: Date.now() })
  }
})

/** Who waits for the next message in a chat; the bench looks at no chat, which would cost more than what it measures. */
class Waiting extends Context.Service<Waiting, Map<number, (text: string) => void>>()("arbedge/bench/FloodWaiting") {
  static readonly layer = Layer.effect(
    Waiting,
    Effect.gen(function* () {
      const { log } = yield* TelegramEmulator
      const waiting = new Map<number, (text: string) => void>()
      const tell = ({ chatId, method, outcome, text }: Call) =>
        Effect.sync(() => {
          if (method === "sendMessage" && outcome.ok && chatId !== null) waiting.get(chatId)?.(text ?? "")
        })
      yield* Effect.forkScoped(Stream.runForEach(log.stream, tell))
      return waiting
    }),
  )
}

/** Says what `speak` says, and answers how long it took until a text in that chat that is wanted. */
const until = (id: number, speak: Effect.Effect<unknown, unknown>, isWanted: (text: string) => boolean) =>
  Effect.gen(function* () {
    const waiting = yield* Waiting
    const answered = yield* Deferred.make<number>()
    let texts = 0
    waiting.set(id, (text) => {
      texts++
      if (isWanted(text)) Deferred.doneUnsafe(answered, Effect.succeed(performance.now()))
    })
    const asked = performance.now()
    yield* Effect.orDie(speak)
    const at = yield* Deferred.await(answered).pipe(Effect.timeout(LONGEST_WAIT_MS), Effect.orDie)
    return { ms: at - asked, texts }
  })

/** Asks once, and answers how long that took. */
const ask = (id: number) =>
  Effect.flatMap(
    TelegramEmulator,
    ({ say }) => Effect.map(until(id, say(id, id, "/session"), () => true), ({ ms }) => ms),
  )

/** Pausing between every two commands; out: how many answers there were up to the word to slow down. */
const flood = Effect.fnUntraced(function* (pauseMs: number) {
  const { say } = yield* TelegramEmulator
  const id = flooder()
  yield* meet(id)
  yield* Effect.sleep(FLOOD_AT_MS)
  const one = Effect.orDie(say(id, id, "/session"))
  const speak = Effect.repeat(pauseMs === 0 ? one : Effect.delay(one, pauseMs), { times: FLOOD - 1 })
  const [{ texts }] = yield* Effect.all([until(id, Effect.void, (text) => text.startsWith("🐢")), speak], {
    concurrency: 2,
  })
  return texts
})

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.ceil(sorted.length * share) - 1] ?? NaN

/** `pauseMs`: between the commands of a flood; null: there is none. */
const pass = (pauseMs: number | null) =>
  Effect.gen(function* () {
    const waits: Array<number> = []
    const others = Effect.forEach(Array.from({ length: PEOPLE }, (_, n) => n), (n) =>
      Effect.gen(function* () {
        yield* Effect.sleep((n * 1_000) / PEOPLE)
        for (let second = 0; second < SECONDS; second++) {
          const wait = yield* ask(person(n))
          waits.push(wait)
          yield* Effect.sleep(Math.max(0, 1_000 - wait))
        }
      }), { concurrency: "unbounded", discard: true })
    const [, flooderAnswers] = yield* Effect.all([others, pauseMs === null ? Effect.succeed(0) : flood(pauseMs)], {
      concurrency: "unbounded",
    })
    const sorted = waits.sort((a, b) => a - b)
    return {
      othersP50Ms: quantile(sorted, 0.5),
      othersP99Ms: quantile(sorted, 0.99),
      othersMaxMs: quantile(sorted, 1),
      flooderAnswers,
    } satisfies Sample
  })

const benchmark = (name: string, how: string, pauseMs: number): Benchmark => ({
  name,
  about: `${PEOPLE} people asking once a second while another sends ${FLOOD} commands, ${how}`,
  control: "the same people without the flood",
  compared: "othersP99Ms",
  targets: [{ figure: "ratio", atMost: 1.5 }],
  prepare: Effect.gen(function* () {
    const bot = Layer.merge(polled, Waiting.layer).pipe(
      Layer.provide(Layer.sync(CommandRate.CommandRate, CommandRate.make)),
      Layer.provideMerge(surroundings()),
      Layer.provideMerge(worldOf(Pglite.layer({ dataDir: Option.none() }))),
    )
    const built = yield* Layer.build(bot)
    yield* Effect.provide(populate, built)
    return {
      ours: Effect.provide(pass(pauseMs), built),
      control: Effect.provide(pass(null), built),
    }
  }),
})

export const flooding: ReadonlyArray<Benchmark> = [
  benchmark("flood", "a hundred a second", 10),
  benchmark("flood-burst", "all at once", 0),
]
