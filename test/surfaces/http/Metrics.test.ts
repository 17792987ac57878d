/**
 * `/metrics` as Prometheus meets it: who is shown it, that it can be read, and what it says after known ticks.
 *
 * Comes in: a real HTTP server, an embedded store and bus, a registry of metrics of each test's own.
 */
import { assert, layer } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { Effect, Layer, Metric, Option, Redacted, Ref } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { LABELS } from "../../../src/domain/MetricNames.ts"
import * as EmbeddedBus from "../../../src/layers/embedded/Bus.ts"
import * as HttpListener from "../../../src/layers/HttpListener.ts"
import { OpportunityQueue } from "../../../src/layers/OpportunityQueue.ts"
import { Sessions } from "../../../src/layers/Sessions.ts"
import { Bus } from "../../../src/layers/Bus.ts"
import { StreamTime } from "../../../src/layers/StreamTime.ts"
import { analyse, type AnalyseProgress } from "../../../src/streams/Analyse.ts"
import { Ingest } from "../../../src/streams/Ingest.ts"
import { rulesOf } from "../../../src/streams/Judge.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import { noteQueued } from "../../../src/streams/StageLatencies.ts"
import { ensureStreams } from "../../../src/streams/Topology.ts"
import * as Metrics from "../../../src/surfaces/http/Metrics.ts"
import { minute, queueItem, someUser, t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import * as Exposition from "../../support/exposition.ts"
import { configOf, quote, T0 } from "../../support/ticks.ts"

const TOKEN = "letmein"
const streams = Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(EmbeddedBus.layer()))
const bus = Layer.mergeAll(
  Ingest.layer({ writer: "test.1", source: "recorded", live: false }),
  Layer.succeed(StreamTime, StreamTime.ignored),
).pipe(Layer.provideMerge(streams))

const served = (token: Option.Option<Redacted.Redacted>) =>
  Layer.unwrap(
    Effect.map(Pipeline.makeWatch, (watch) =>
      HttpRouter.serve(Metrics.layer({ token, watch }), { disableListenLog: true, disableLogger: true }).pipe(
        Layer.provideMerge(HttpListener.layer({ port: 0, host: "127.0.0.1" })),
      )),
  )

const scrape = (authorization?: string) =>
  Effect.gen(function* () {
    const root = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
    return yield* Effect.promise(async () => {
      const headers = { connection: "close", ...authorization === undefined ? {} : { authorization } }
      const response = await fetch(`${root}/metrics`, { headers })
      return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
    })
  })

/** The clock jumps to the test's beginning before anything that sleeps is there. */
const running = <A, E, R>(token: string | null, body: Effect.Effect<A, E, R>) =>
  Effect.andThen(
    fresh,
    body.pipe(
      Effect.provide(served(Option.map(Option.fromNullishOr(token), (text) => Redacted.make(text)))),
      Effect.provide(bus),
      Effect.provideService(Metric.MetricRegistry, new Map()),
    ),
  )

layer(world, { timeout: "60 seconds" })("The metrics of a process", (it) => {
  it.effect("are shown to nobody while no token is set", () =>
    running(
      null,
      Effect.gen(function* () {
        for (const answer of [yield* scrape(), yield* scrape("Bearer "), yield* scrape(`Bearer ${TOKEN}`)]) {
          assert.strictEqual(answer.status, 404)
          assert.strictEqual(answer.text, "set ARBEDGE_METRICS_TOKEN to be shown metrics\n")
        }
      }),
    ))

  it.effect("are shown to nobody without the token, or with another", () =>
    running(
      TOKEN,
      Effect.gen(function* () {
        for (const header of [undefined, TOKEN, `Bearer ${TOKEN}x`, "Basic bGV0bWVpbg=="]) {
          const { status, text } = yield* scrape(header)
          assert.strictEqual(status, 401)
          assert.notInclude(text, TOKEN)
        }
      }),
    ))

  it.effect("say after known ticks what became of them, and how queue, sessions and streams stand", () =>
    running(
      TOKEN,
      Effect.gen(function* () {
        const config = configOf({ hysteresis: true, minNetBps: 5 })
        const progress = yield* Ref.make(Option.none<AnalyseProgress>())
        yield* Effect.forkScoped(
          analyse({ config, judging: rulesOf(config), owner: "one", progress, before: () => Effect.void }),
        )
        const { drain, ticks } = yield* Ingest
        yield* ticks([quote("a", "BTC/USDT", T0, ["9990", "10000"])])
        yield* ticks([
          quote("b", "BTC/USDT", T0 + 1, ["10006", "10999"]),
          quote("b", "BTC/USDT", T0 + 2, ["10009", "10999"]),
        ])
        yield* drain
        yield* until(Effect.map(Bus.use((bus) => bus.streamState("OPP")), ({ messages }) => messages === 2))
        yield* until(Effect.map(Ref.get(progress), Option.isSome))
        const { userId } = yield* someUser("100")
        yield* Sessions.use((sessions) => sessions.start({ userId, telegramId: "100", nowMs: t0, ttlMs: minute }))
        yield* OpportunityQueue.use((queue) =>
          queue.enqueue([
            queueItem({ userId, scheduledAt: t0 - 5_000 }),
            queueItem({ userId, opportunityId: "opp-2", scheduledAt: t0 }),
          ], t0 - 5_000)
        )

        const { status, text, type } = yield* scrape(`Bearer ${TOKEN}`)
        assert.deepStrictEqual([status, type], [200, "text/plain; version=0.0.4; charset=utf-8"])
        const families = Exposition.read(text)
        const value = (name: string, labels: Readonly<Record<string, string>> = {}) =>
          families.get(`arbedge_${name}`)?.samples.find((sample) =>
            Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted)
          )?.value
        assert.strictEqual(value("ingest_ticks_total"), 3)
        assert.strictEqual(value("analyse_ticks_total"), 3)
        assert.strictEqual(value("opportunity_transitions_total", { state: "opened" }), 1)
        assert.strictEqual(value("opportunity_transitions_total", { state: "improved" }), 1)
        assert.strictEqual(value("ingest_last_tick_timestamp_seconds", { venue: "b" }), (T0 + 2) / 1_000)
        assert.strictEqual(value("analyse_newest_tick_timestamp_seconds"), (T0 + 2) / 1_000)
        assert.strictEqual(value("queue_depth_rows", { channel: "telegram" }), 2)
        assert.strictEqual(value("queue_oldest_age_seconds", { channel: "telegram" }), 5)
        assert.strictEqual(value("sessions_live"), 1)
        assert.strictEqual(value("stream_messages", { stream: "OPP" }), 2)
        for (const dependency of ["bus", "store"]) assert.strictEqual(value("dependency_up", { dependency }), 1)
        for (const { samples } of families.values()) {
          for (const { labels } of samples) {
            for (const label of Object.keys(labels)) assert.isTrue(label === "le" || LABELS.has(label), label)
          }
        }
        assert.notInclude(text, userId)
        const promtool = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })
        if (promtool.error === undefined) assert.strictEqual(promtool.stdout + promtool.stderr, "")
      }),
    ))

  it.effect("time the stages of what is live, never those of a recording", () =>
    running(
      TOKEN,
      Effect.gen(function* () {
        const headers = { "Stage-Times": `venue=${t0 - 100},receive=${t0 - 60},detect=${t0 - 20},publish=${t0 - 15}` }
        yield* noteQueued({ headers: { ...headers, "Data-Source": "live" } })
        yield* noteQueued({ headers: { ...headers, "Data-Source": "recorded" } })
        yield* noteQueued({ headers: {} })
        const found = Exposition.read(yield* Metrics.exposition).get("arbedge_stage_latency_seconds")
        const sums = found?.samples.filter(({ name }) => name.endsWith("_sum")) ?? []
        assert.deepStrictEqual(
          sums.map(({ labels, value }) => [labels["stage"], value]),
          [["venue_to_receive", 0.04], ["receive_to_detect", 0.04], ["detect_to_publish", 0.005], [
            "publish_to_queue",
            0.015,
          ]],
        )
        const counts = found?.samples.filter(({ name }) => name.endsWith("_count")).map(({ value }) => value)
        assert.deepStrictEqual(counts, [1, 1, 1, 1])
      }),
    ))

  it.effect("leave out whatever could name a person or grow without end", () =>
    running(
      TOKEN,
      Effect.gen(function* () {
        const counter = Metric.counter("x_total", { description: "X" })
        yield* Metric.update(Metric.withAttributes(counter, { chatId: "100" }), 1)
        yield* Metric.update(Metric.withAttributes(counter, { venue: 'a"b\\c\nd' }), 1)
        const gauge = Metric.gauge("y_rows", { description: "Y" })
        for (let n = 0; n < 1_100; n++) yield* Metric.update(Metric.withAttributes(gauge, { venue: `v${n}` }), n)
        const mailbox = Metric.gauge("effect_cluster_entity_mailbox_size", { description: "Of one actor" })
        yield* Metric.update(Metric.withAttributes(mailbox, { type: "Session" }), 1)
        yield* Metric.update(Metric.withAttributes(Metric.gauge("effect_cluster_entities"), { type: "Session" }), 7)
        const families = Exposition.read(yield* Metrics.exposition)
        assert.deepStrictEqual([...families.keys()], ["arbedge_x_total", "arbedge_y_rows", "arbedge_actors_resident"])
        assert.deepStrictEqual(families.get("arbedge_x_total")?.samples.map(({ labels }) => labels), [{
          venue: 'a"b\\c\nd',
        }])
        assert.strictEqual(families.get("arbedge_y_rows")?.samples.length, 1_000)
      }),
    ))
})
