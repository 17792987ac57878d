/**
 * A recording through the whole path by the command line: what the emulated Telegram is sent, embedded and on NATS and
 * Postgres, is exactly what the people's rows admit.
 *
 * Promises: expectations are constants or worked out by test/support/episodes.ts; nothing stays on the servers.
 */
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { databasesOf } from "../layers/postgres/ownDatabase.ts"
import { arbedgeDone } from "../support/arbedge.ts"
import { data, describeWith, nats, postgres } from "../support/available.ts"
import { episodesOf, type Message, messagesFor, type Person } from "../support/episodes.ts"
import { eventually } from "../support/eventually.ts"
import * as Pulses from "../support/pulses.ts"

const QUOTES = join(data.path, "recordings", "binance-3venues-btc-20240808-quotes-trades.ndjson.gz")
const SERVERS = { ARBEDGE_NATS_URL: nats.url, ARBEDGE_POSTGRES_URL: postgres.url }

const Summary = Schema.fromJsonString(Schema.Struct({
  ticks: Schema.Int,
  opportunities: Schema.Array(Schema.String),
  sent: Schema.Int,
  edited: Schema.Int,
  refused: Schema.Int,
}))
const Call = Schema.fromJsonString(Schema.Struct({
  at: Schema.Int,
  method: Schema.String,
  chatId: Schema.NullOr(Schema.Int),
  messageId: Schema.NullOr(Schema.Int),
  text: Schema.NullOr(Schema.String),
  replyMarkup: Schema.Unknown,
  outcome: Schema.Struct({ ok: Schema.Boolean }),
}))
type Call = typeof Call.Type

const configOf = (taker: Readonly<Record<string, string>>, changes: object = {}) => ({
  fees: Object.fromEntries(Object.entries(taker).map(([venue, fee]) => [venue, { taker: fee }])),
  lots: {},
  contractSizes: {},
  staleness: null,
  minNetBps: 0,
  detectors: ["cross_exchange"],
  hysteresis: false,
  parity: { "USDT/USD": "1" },
  ...changes,
})

interface Run {
  readonly file: string
  readonly config: object
  readonly users: ReadonlyArray<object>
  readonly speed?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs the command in a folder of its own; out: its summary and the emulator's log. */
const replayed = Effect.fnUntraced(function* ({ config, environment = {}, file, speed = "max", users }: Run) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-replay-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true })),
  )
  const path = (name: string, content: object) => {
    writeFileSync(join(folder, name), JSON.stringify(content))
    return join(folder, name)
  }
  const log = join(folder, "log.ndjson")
  const { code, stderr, stdout } = yield* arbedgeDone([
    ...["replay", file, "--config", path("config.json", config), "--users", path("users.json", users)],
    ...["--log", log, "--speed", speed, "--json"],
  ], environment)
  assert.strictEqual(code, 0, stderr)
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").filter((line) => line !== "")
  return {
    summary: Schema.decodeUnknownSync(Summary)(stdout),
    calls: lines.map((line) => Schema.decodeUnknownSync(Call)(line)),
  }
}, Effect.scoped)

const idOf = (call: Call): string => /[a-z]\.([0-9a-f]{32})/.exec(JSON.stringify(call.replyMarkup))?.[1] ?? ""

/** Chats are served side by side: what they are sent at one instant has no order among them. */
const inOrder = <A>(items: ReadonlyArray<A>): ReadonlyArray<string> =>
  items.map((item) => JSON.stringify(item)).toSorted()

const seenOf = (calls: ReadonlyArray<Call>) =>
  inOrder(calls.map((call) => [call.at, call.chatId, call.messageId, call.method, idOf(call), call.text]))

/** Databases and streams that a replay makes for itself. */
const leftBehind = Effect.gen(function* () {
  const databases = yield* databasesOf("arbedge_replay_")
  const streams = yield* Effect.promise(async () => {
    const connection = await connect({ servers: nats.url })
    const names: Array<string> = []
    for await (const name of (await jetstreamManager(connection)).streams.names()) names.push(name)
    await connection.close()
    return names.filter((name) => /^(KV_)?run_/.test(name))
  })
  return [...databases, ...streams]
})

/** The same on the servers, which are then as they were before. */
const onServers = (run: Run) =>
  Effect.gen(function* () {
    const before = yield* leftBehind
    const made = yield* replayed({ ...run, environment: SERVERS })
    yield* eventually(leftBehind, (now) => now.every((name) => before.includes(name)), "20 seconds")
    return made
  })

const FEES = { binance: "0.001", binanceusdm: "0.0005", binancecoinm: "0.0005" }
const OPENED = 1_723_161_501_069
const ONLY = "e4bff8dc2d4ac3d7df89a78310175908"
const one: Run = {
  file: QUOTES,
  config: configOf(FEES),
  // It is 23:58 in UTC, 08:58 in Tokyo, 19:58 in New York.
  users: [
    { chat: 1, hours: [0, 24] },
    { chat: 2, hours: [8, 22] },
    { chat: 3, timeZone: "Asia/Tokyo", hours: [8, 22] },
    { chat: 4, timeZone: "America/New_York", hours: [20, 8] },
    { chat: 5, timeZone: "America/New_York", hours: [19, 20] },
    { chat: 6, hours: [0, 24], minNetBps: 1.5 },
    { chat: 7, hours: [0, 24], minNetBps: 1.6 },
    { chat: 8, hours: [0, 24], caps: { perHour: 0 } },
    { chat: 9, hours: [0, 24], venues: ["binance", "binanceusdm"] },
    { chat: 10, hours: [22, 8], caps: { perHour: 1, perDay: 1 } },
  ],
}
const ADMITTED = [1, 3, 5, 6, 10]

const holdsTheOnly = ({ calls, summary }: Effect.Success<ReturnType<typeof replayed>>) => {
  assert.deepStrictEqual(summary.opportunities, [ONLY])
  assert.strictEqual(summary.ticks, 146_621)
  assert.isTrue(calls.every((call) => call.outcome.ok && idOf(call) === ONLY))
  const of = (method: string) => calls.filter((call) => call.method === method)
  assert.strictEqual(calls.length, 2 * ADMITTED.length)
  for (const method of ["sendMessage", "editMessageText"]) {
    assert.sameMembers(of(method).map(({ chatId }) => chatId), ADMITTED)
  }
  for (const { at, text } of of("sendMessage")) {
    assert.strictEqual(at, OPENED)
    assert.include(text, "Net <b>+1.58 bps</b> = <b>+34.246 USDT</b>")
  }
  for (const { text } of of("editMessageText")) assert.include(text, "it lived 12 ms")
}

const NO_FEES = { binance: "0", binanceusdm: "0", binancecoinm: "0" }
const THRESHOLD_BPS = 4
/** SHA-256 over the ids in the order of their opening, one a line. */
const MANY_IDS = "b36332ce45f6224aaa342c703ad202f06f171134e27a9abdaa2eddc264e7319c"
const everything: Omit<Person, "chat"> = { isAwake: true, minNetBps: 0, perHour: 3, perDay: 20, venues: [] }
const people: ReadonlyArray<Person & { readonly user: object }> = [
  { ...everything, chat: 1, user: { hours: [0, 24] } },
  { ...everything, chat: 2, isAwake: false, user: { hours: [8, 22] } },
  { ...everything, chat: 3, perHour: 5, user: { timeZone: "Asia/Tokyo", caps: { perHour: 9 }, tier: "free" } },
  { ...everything, chat: 4, minNetBps: 6, user: { hours: [0, 24], minNetBps: 6 } },
  // Not more than can be sent before it expires: two a second would be owed.
  {
    ...everything,
    chat: 5,
    perHour: 10,
    user: { hours: [0, 24], caps: { perHour: 10 }, tier: "enterprise" },
  },
  { ...everything, chat: 6, perDay: 2, user: { hours: [0, 24], caps: { perDay: 2 } } },
  {
    ...everything,
    chat: 7,
    venues: ["binance", "binancecoinm"],
    user: { hours: [0, 24], venues: ["binance", "binancecoinm"] },
  },
]
const many: Run = {
  file: QUOTES,
  config: configOf(NO_FEES, { minNetBps: THRESHOLD_BPS }),
  users: people.map(({ chat, user }) => ({ chat, ...user })),
}

const holdsMany = Effect.fnUntraced(function* ({ calls, summary }: Effect.Success<ReturnType<typeof replayed>>) {
  const episodes = yield* Effect.promise(() => episodesOf(QUOTES, THRESHOLD_BPS))
  const openAt = new Map(summary.opportunities.map((id, index) => [id, episodes[index]?.openAt ?? 0]))
  assert.strictEqual(openAt.size, episodes.length)
  assert.strictEqual(createHash("sha256").update(summary.opportunities.join("\n")).digest("hex"), MANY_IDS)
  assert.isTrue(calls.every(({ outcome }) => outcome.ok))
  const seen = calls.map((call): Message => ({
    at: call.at,
    chat: call.chatId ?? 0,
    kind: call.method === "sendMessage" ? "open" : "close",
    openAt: openAt.get(idOf(call)) ?? 0,
  }))
  assert.deepStrictEqual(inOrder(seen), inOrder(people.flatMap((person) => messagesFor(person, episodes))))
})

describeWith(data, "A replay of the quotes, embedded,", () => {
  it.live(
    "tells the one opportunity there is, to those whose rows admit it, and closes it",
    () => Effect.map(replayed(one), holdsTheOnly),
    180_000,
  )
})

describeWith([data, nats, postgres], "A replay of the quotes, embedded and on NATS and Postgres,", () => {
  it.live(
    "tells the one opportunity there is, to those whose rows admit it, on the servers as well",
    () => Effect.map(onServers(one), holdsTheOnly),
    180_000,
  )

  it.live(
    "tells of many what hours, caps and the messenger's limits let through, the same on both",
    () =>
      Effect.gen(function* () {
        const embedded = yield* replayed(many)
        yield* holdsMany(embedded)
        const served = yield* onServers(many)
        assert.deepStrictEqual(served.summary.opportunities, embedded.summary.opportunities)
        assert.deepStrictEqual(seenOf(served.calls), seenOf(embedded.calls))
      }),
    300_000,
  )
})

describe("A replay at a pace", () => {
  it.live("sends the same at four times the speed as at once", () =>
    Effect.gen(function* () {
      const pulses = { assets: ["BTC"], perAsset: 1, everyMs: 14_000, openMs: 12_000 }
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-replay-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true })),
      )
      const file = join(folder, "pulses")
      writeFileSync(file, Pulses.recording(pulses))
      const run = {
        file,
        config: Pulses.CONFIG,
        users: [{ chat: 1, hours: [0, 24] }, { chat: 2, minNetBps: 50, hours: [0, 24] }],
      }
      const atOnce = yield* replayed(run)
      const paced = yield* replayed({ ...run, speed: "4" })
      assert.deepStrictEqual(paced.summary.opportunities, atOnce.summary.opportunities)
      assert.strictEqual(atOnce.summary.opportunities.length, Pulses.count(pulses))
      const told = (calls: ReadonlyArray<Call>) => calls.map((call) => [call.chatId, call.method, idOf(call)])
      assert.deepStrictEqual(told(paced.calls), told(atOnce.calls))
      assert.deepStrictEqual(told(atOnce.calls).map(([chat, method]) => [chat, method]), [
        [1, "sendMessage"],
        [1, "editMessageText"],
      ])
    }).pipe(Effect.scoped), 120_000)
})
