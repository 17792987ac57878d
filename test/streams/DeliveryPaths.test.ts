/**
 * Every answer of the messenger takes the path that docs/delivery.md tells: the guide's table, row by row, by the real
 * client against the emulated Telegram; and the guide's table of regions.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Ref, Schema } from "effect"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { RateLimiterClient } from "../../src/actors/RateLimiter.ts"
import { DeliverySettled } from "../../src/domain/Fact.ts"
import { VENUE_ZONES } from "../../src/domain/VenueRegions.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Outbox, type OutboxFact } from "../../src/layers/Outbox.ts"
import { Store } from "../../src/layers/Store.ts"
import * as Client from "../../src/layers/telegram/Client.ts"
import * as TelegramNotifier from "../../src/layers/telegram/Notifier.ts"
import type { Trouble } from "../../src/simulators/telegram/Faults.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { deliver } from "../../src/streams/Deliver.ts"
import { unlimited } from "../simulators/telegram/support.ts"
import { minute, queueItem, someOpportunity, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"

const guide = readFileSync(fileURLToPath(new URL("../../docs/delivery.md", import.meta.url)), "utf8")

const refuse = (errorCode: number, description: string) => ({ _tag: "refuse", errorCode, description } as const)

/** The guide's words, what happens, and how the row's error begins; null: none. */
const PATHS: ReadonlyArray<readonly [answer: string, trouble: Trouble | null, status: string, error: RegExp | null]> = [
  ["accepted", null, "sent", null],
  ["403 blocked, kicked, deactivated", refuse(403, "Forbidden: bot was blocked by the user"), "failed", /^chat_gone/],
  ["400 chat not found", refuse(400, "Bad Request: chat not found"), "failed", /^chat_gone/],
  [
    "400 with a new chat id",
    { ...refuse(400, "Bad Request: group chat was upgraded"), parameters: { migrate_to_chat_id: -1002 } },
    "cancelled",
    /^the chat moved$/,
  ],
  ["400 anything else", refuse(400, "Bad Request: message is too long"), "failed", /^refused: .*too long/],
  ["429 with retry_after", { _tag: "retryAfter", seconds: 10_072 }, "pending", /^retry_after/],
  ["5xx in JSON", { _tag: "status", status: 502, html: false }, "pending", /./],
  ["5xx in HTML", { _tag: "status", status: 500 }, "pending", /./],
  ["200 in HTML", { _tag: "status", status: 200 }, "unknown", /./],
  ["connection lost after the request", { _tag: "loseReply" }, "unknown", /./],
]

const telegram = Layer.unwrap(Effect.map(
  TelegramEmulator,
  ({ fetch, token, url }) =>
    TelegramNotifier.layer.pipe(
      Layer.provide(Client.layer({ token: Redacted.make(token), apiRoot: url, fetch })),
    ),
)).pipe(Layer.provideMerge(TelegramEmulator.layerInProcess(unlimited)))

const limiter = Layer.mock(RateLimiterClient)({
  acquireAll: (requests) => Effect.succeed(requests.map(() => ({ _tag: "Granted" as const, number: 1 }))),
  landed: () => Effect.void,
  paused: () => Effect.void,
})

const facts = Effect.gen(function* () {
  const all: Array<OutboxFact> = []
  const outbox = yield* Outbox
  yield* outbox.relayBatch({ limit: 100, nowMs: t0, publish: (some) => Effect.sync(() => void all.push(...some)) })
  const decode = Schema.decodeUnknownSync(DeliverySettled)
  return all.filter(({ subject }) => subject === "evt.v1.delivery.settled").map((fact) => decode(fact.payload))
})

layer(world, { timeout: "60 seconds" })("An answer of the messenger", (it) => {
  for (const [answer, trouble, status, error] of PATHS) {
    it.effect(`leaves the row ${status}: ${answer}`, () =>
      Effect.gen(function* () {
        assert.match(guide, new RegExp(`^\\| ${answer} \\| ${status} \\|`, "m"))
        yield* fresh
        yield* someUser("100")
        const emulator = yield* TelegramEmulator
        yield* emulator.addPrivateChat({ id: 100, firstName: "Ada", started: true })
        if (trouble !== null) yield* emulator.faults.inject({ trouble, method: "sendMessage" })
        const payload = { opportunity: someOpportunity(), language: "en" }
        yield* OpportunityQueue.use((queue) =>
          queue.enqueue([queueItem({ payload, expiresAt: t0 + 300 * minute })], t0)
        )
        const underWay = yield* Ref.make(0)
        yield* deliver({ owner: "test", underWay }).pipe(Effect.provide(limiter), Effect.forkScoped)
        const { sql } = yield* Store
        yield* until(Effect.map(
          sql`select 1 from outbox where subject = 'evt.v1.delivery.settled'`,
          (rows) => rows.length > 0,
        ))
        const [first] = yield* facts
        assert.strictEqual(first?.status, status)
        if (error === null) assert.isNull(first?.error)
        else assert.match(first?.error ?? "", error)
        if (trouble?._tag !== "retryAfter") return
        const [row] = yield* sql<
          { readonly due: number }
        >`select (extract(epoch from scheduled_at) * 1000)::float8 as due
          from opportunity_distribution_queue`
        assert.strictEqual(row?.due, t0 + 10_072_000)
      }).pipe(Effect.provide(telegram, { local: true })))
  }
})

describe("The guide to delivery", () => {
  it("tells every path that is tested, and no other", () => {
    const table = guide.split("| What Telegram answers |")[1]?.split("\n\n")[0] ?? ""
    const told = [...table.matchAll(/^\| ([^|-][^|]*) \| (\w+) \|/gm)].map(([, answer, status]) => [answer, status])
    assert.deepStrictEqual(told, PATHS.map(([answer, , status]) => [answer, status]))
  })

  it("lists the regions of venues as the program knows them", () => {
    const told = [...guide.matchAll(/^\| (\w+\/\w+) \| ([^|]+) \|$/gm)].flatMap(([, zone = "", venues = ""]) =>
      venues.split(", ").map((venue) => [venue, zone] as const)
    )
    assert.deepStrictEqual(
      Object.fromEntries(told.toSorted(([a], [b]) => a < b ? -1 : 1)),
      Object.fromEntries(Object.entries(VENUE_ZONES).toSorted(([a], [b]) => a < b ? -1 : 1)),
    )
  })
})
