/**
 * A service under trial: people in an emulated Telegram, rows for them in a database, a recording fed over the bus by one
 * process, and the service itself as others, which a test kills and starts as it likes.
 *
 * In: where bus and database are, and the recording. Out: processes, and what came of it: who was sent what, what is
 * still owed, which ids were opened. Promises: streams and files go with the scope.
 */
import { assert } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, Redacted, Schema, Stream } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DetectConfig from "../../src/domain/DetectConfig.ts"
import { OpportunityJson } from "../../src/domain/Opportunity.ts"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Users } from "../../src/layers/Users.ts"
import { type Emulator, TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import { OPPORTUNITIES, removeEverything } from "../../src/streams/Topology.ts"
import { worldOf } from "../suites/StoreWorld.ts"
import { arbedge } from "./arbedge.ts"
import { eventually } from "./eventually.ts"
import { CONFIG, durationMs, type Pulses, recording, ticks } from "./pulses.ts"
import { framesOf, T0 } from "./ticks.ts"

export const CHATS = [501, 502, 503] as const

const decoder = new TextDecoder()
const decodeOpportunity = Schema.decodeUnknownEffect(OpportunityJson)

/** Ids in the order of their opening, as one process finds them that nothing interrupts. */
export const expectedIds = (pulses: Pulses): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(Effect.orDie(DetectConfig.fromUnknown(CONFIG)), (config) => {
    const analysis = new Analysis(config)
    const transitions = [...analysis.frames(framesOf(ticks(pulses)), 1), ...analysis.finish()]
    return transitions.filter(({ revision, state }) => revision === 1 && state === "opened").map(({ id }) => id)
  })

/** Everybody has a session for good, hears everything, and may be told a thousand times a day. */
const invite = Effect.gen(function* () {
  const users = yield* Users, sessions = yield* Sessions, emulator = yield* TelegramEmulator
  for (const chat of CHATS) {
    yield* emulator.addPrivateChat({ id: chat, firstName: `user ${chat}`, started: true })
    const telegramId = String(chat)
    const contact = { telegramId, username: null, firstName: `user ${chat}`, lastName: null, isGroup: false }
    const { role, userId } = yield* users.contact({ ...contact, nowMs: T0 })
    yield* users.setPlan({ userId, tier: "enterprise", role, nowMs: T0 })
    const around = {
      activeHoursStart: 0,
      activeHoursEnd: 0,
      maxPerHour: 100,
      maxPerDay: 1_000,
      batchNotifications: false,
    }
    yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, ...around }, T0)
    yield* sessions.start({ userId, telegramId, nowMs: T0, ttlMs: Duration.toMillis(Duration.days(3_650)) })
  }
})

export interface Where {
  readonly natsUrl: string
  readonly postgresUrl: Redacted.Redacted
  readonly prefix: string
}

/** How often each chat was sent each opportunity, and which of its messages say that it is over. */
const tellings = Effect.fnUntraced(function* (emulator: Emulator) {
  const sent = new Map<string, number>(), closed = new Set<string>()
  let lastAtMs = 0
  const idOf = (replyMarkup: unknown) => /[a-z]\.([0-9a-f]{32})/.exec(JSON.stringify(replyMarkup ?? null))?.[1] ?? "?"
  for (const { at, chatId, method, outcome, replyMarkup, text } of yield* emulator.log.calls) {
    lastAtMs = at
    if (!outcome.ok) continue
    const key = `${chatId} ${idOf(replyMarkup)}`
    if (method === "sendMessage") sent.set(key, (sent.get(key) ?? 0) + 1)
    // What was sent when all was over says so at once.
    if (text?.includes("Gone: it lived")) closed.add(key)
  }
  return { sent, closed, lastAtMs }
})

export const serviceOn = Effect.fnUntraced(function* (where: Where, pulses: Pulses) {
  const emulator = yield* TelegramEmulator
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-chaos-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true })),
  )
  const file = join(folder, "pulses"), config = join(folder, "config.json")
  writeFileSync(file, recording(pulses))
  writeFileSync(config, JSON.stringify(CONFIG))

  const store = Postgres.layer({ url: where.postgresUrl, maxConnections: 3 })
  const context = yield* Layer.build(worldOf(store))
  yield* Effect.provide(invite, context)
  const busLayer = NatsBus.layer({
    url: Redacted.make(where.natsUrl),
    streamPrefix: where.prefix,
    subjectPrefix: where.prefix,
  })
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.provide(removeEverything, busLayer)))

  const environment = {
    ARBEDGE_NATS_URL: where.natsUrl,
    ARBEDGE_POSTGRES_URL: Redacted.value(where.postgresUrl),
    ARBEDGE_STREAM_PREFIX: where.prefix,
    ARBEDGE_DATA_DIR: folder,
    ARBEDGE_TELEGRAM_TOKEN: emulator.token,
    ARBEDGE_TELEGRAM_API_ROOT: emulator.url,
  }

  /** Ids opened on the stream, in its order. */
  const openedIds = Effect.gen(function* () {
    const bus = yield* Bus
    const { lastSequence } = yield* bus.streamState(OPPORTUNITIES.name)
    if (lastSequence === 0) return []
    const messages = yield* bus.consume({
      stream: OPPORTUNITIES.name,
      subjects: [],
      start: { _tag: "First" },
      capacity: 1_024,
    }).pipe(
      Stream.flattenIterable,
      Stream.takeUntil(({ sequence }) => sequence >= lastSequence),
      Stream.runCollect,
    )
    const transitions = yield* Effect.forEach(messages, ({ data }) => decodeOpportunity(decoder.decode(data)))
    return transitions.filter(({ revision, state }) => revision === 1 && state === "opened").map(({ id }) => id)
  }).pipe(Effect.provide(busLayer))

  const rows = OpportunityQueue.use((queue) => queue.counts).pipe(Effect.provide(context))

  return {
    emulator,
    environment,
    /** The bus that the service is on. */
    bus: busLayer,
    /** Starts the roles in a process. */
    start: (roles: string, more: Readonly<Record<string, string>> = {}) =>
      arbedge(["run", "--roles", roles, "--config", config], { ...environment, ...more }),
    /** Plays the recording to the bus, at its own pace. */
    feed: (speed: string, more: Readonly<Record<string, string>> = {}) =>
      arbedge(["replay", file, "--to", "bus", "--speed", speed, "--json"], { ...environment, ...more }),
    tellings: tellings(emulator),
    openedIds,
    rows,
    playMs: durationMs(pulses),
  }
})
export type Service = Effect.Success<ReturnType<typeof serviceOn>>

export interface Trial {
  readonly sent: number
  /** Messages that came twice. */
  readonly repeated: number
  /** Messages that do not say that it is over: who sent them died before it heard their id. */
  readonly unclosed: number
}

/** Nothing has been called for so long: what has not come will not come. */
const QUIET_MS = 20_000

/** Waits until everything owed has been sent and closed, then holds the log to the ids of an unbroken run. */
export const settled = Effect.fnUntraced(function* (service: Service, pulses: Pulses) {
  const ids = yield* expectedIds(pulses)
  const wanted = ids.flatMap((id) => CHATS.map((chat) => `${chat} ${id}`)).toSorted()
  const look = Effect.gen(function* () {
    const { closed, lastAtMs, sent } = yield* service.tellings
    const rows = yield* Effect.orElseSucceed(service.rows, () => null)
    return {
      isQuiet: (yield* Clock.currentTimeMillis) - lastAtMs >= QUIET_MS,
      open: rows === null ? 1 : rows.pending + rows.sending + rows.unknown,
      rows,
      unsent: wanted.filter((key) => !sent.has(key)),
      unclosed: wanted.filter((key) => !closed.has(key)),
      sent,
    }
  })
  const seen = yield* eventually(
    look,
    ({ isQuiet, open, unclosed, unsent }) => open === 0 && unsent.length === 0 && (unclosed.length === 0 || isQuiet),
    "60 seconds",
  )
  assert.deepStrictEqual([...new Set(yield* service.openedIds)].toSorted(), ids.toSorted())
  assert.deepStrictEqual([...seen.sent.keys()].toSorted(), wanted)
  const times = [...seen.sent.values()]
  assert.isAtMost(Math.max(...times), 2)
  const repeated = times.filter((count) => count > 1).length
  const trial: Trial = { sent: times.length, repeated, unclosed: seen.unclosed.length }
  return trial
})

/** An emulated Telegram that other processes reach. */
export const telegram = TelegramEmulator.layer()
