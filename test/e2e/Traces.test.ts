/**
 * One trace from the frame to the call of Telegram, over NATS and the database, through three processes.
 *
 * In: a recording of opportunities, an emulated Telegram, a local OTLP/HTTP receiver. Promises: processes, database
 * and streams are the test's own; processes have no more in common than bus and store.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import { freePort } from "../support/freePort.ts"
import { otlpReceiver, type ReceivedSpan } from "../support/otlpReceiver.ts"
import { serviceOn, telegram } from "../support/service.ts"

/** Each is an ancestor of the next. */
const WAY = [
  ["Ingest.publish", "replay"],
  ["Analyse.detect", "detect,distribute"],
  ["Distribute.transition", "detect,distribute"],
  ["OpportunityQueue.enqueue", "detect,distribute"],
  ["Deliver.send", "deliver"],
  ["Telegram.sendMessage", "deliver"],
] as const

/** Again and again, so that a machine that is slow to begin misses the first ones alone. */
const pulses = { assets: ["BTC"], perAsset: 25, everyMs: 2_000, openMs: 1_000 }

const ancestors = (span: ReceivedSpan, all: ReadonlyMap<string, ReceivedSpan>): ReadonlyArray<ReceivedSpan> => {
  const parent = span.parentSpanId === undefined ? undefined : all.get(span.parentSpanId)
  return parent === undefined ? [span] : [...ancestors(parent, all), span]
}

describeWith([nats, postgres], "A message's trace", () => {
  it.live(
    "leads from the frame over detection, distribution and queue to its delivery, in every process",
    () =>
      Effect.gen(function* () {
        const receiver = yield* otlpReceiver
        const where = {
          natsUrl: nats.url,
          postgresUrl: yield* ownDatabase,
          prefix: `traces_${randomBytes(6).toString("hex")}`,
        }
        const { emulator, feed, start } = yield* serviceOn(where, pulses)
        const traced = { ARBEDGE_OTLP_URL: receiver.url, ARBEDGE_OTLP_HEADERS: "x-key=vendor" }
        const member = (roles: string) =>
          Effect.flatMap(freePort, (port) => start(roles, { ...traced, ARBEDGE_CLUSTER_PORT: String(port) }))
        const members = [yield* member("detect,distribute"), yield* member("deliver")]
        // Recorded time passes whether they are there or not.
        yield* eventually(
          Effect.sync(() => members.map(({ stderr }) => stderr())),
          ([detecting = "", delivering = ""]) =>
            detecting.includes("analyses 16") && delivering.includes("listening at"),
          "60 seconds",
        )
        yield* feed("1", traced)

        /** From each message back to where its trace began. */
        const ways = () => {
          const all = new Map(receiver.spans.map((span) => [span.spanId, span]))
          return receiver.spans.filter(({ name }) => name === "Telegram.sendMessage").map((sent) =>
            ancestors(sent, all)
          )
        }
        const passed = (way: ReadonlyArray<ReceivedSpan>) =>
          WAY.map(([name]) => way.find((span) => span.name === name)?.roles)
        const isWhole = (way: ReadonlyArray<ReceivedSpan>) => passed(way).every((roles) => roles !== undefined)
        // Each process hands its spans over once a second: those of the first may come last.
        yield* eventually(
          Effect.sync(() => ways().map((way) => way.map(({ name }) => name).join(" > "))),
          () => ways().some(isWhole),
          "60 seconds",
        )
        assert.deepStrictEqual(receiver.unreadable, [])
        for (const way of ways().filter(isWhole)) {
          assert.deepStrictEqual(passed(way), WAY.map(([, roles]) => roles))
          assert.strictEqual(new Set(way.map(({ traceId }) => traceId)).size, 1)
          assert.strictEqual(new Set(way.map(({ instance }) => instance)).size, 3)
        }
        // What is not of a trace stays at home.
        const roots = receiver.spans.filter(({ parentSpanId }) => parentSpanId === undefined)
        assert.deepStrictEqual([...new Set(roots.map(({ name }) => name))], ["Ingest.publish"])
        assert.notInclude(receiver.spans.map(({ name }) => name), "Topology.ensureStreams")
        const told = receiver.bodies.join("\n")
        for (const secret of [emulator.token, Redacted.value(where.postgresUrl)]) assert.notInclude(told, secret)
      }).pipe(Effect.provide(telegram)),
    180_000,
  )
})
