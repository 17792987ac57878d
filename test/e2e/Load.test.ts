/**
 * A load scenario by the command line, embedded and on NATS and Postgres: nothing is lost, both find the same, the report is
 * there, and the exit code says whether the objectives were kept.
 *
 * Promises: no figure of time is held to a limit that a slow machine breaks.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { lostOf, ScenarioReport } from "../../src/domain/ScenarioReport.ts"
import { arbedge, arbedgeDone } from "../support/arbedge.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { eventually } from "../support/eventually.ts"
import * as InProcess from "../surfaces/cli/inProcess.ts"

const SCENARIO = {
  name: "short",
  seed: 7,
  durationMs: 1_200,
  drainMs: 20_000,
  sampleEveryMs: 500,
  source: { kind: "simulator", ticksPerSecond: 1_000, dislocationEveryMs: 600 },
  users: { count: 2, preferences: [{ weight: 1, wants: { pairs: ["ETH"] } }] },
}

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(ScenarioReport))

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-load-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)
/** The arguments, with the scenario and the objectives as files of a folder. */
const argumentsOf = (path: string, scenario: object, slo: object) => {
  writeFileSync(join(path, "scenario.json"), JSON.stringify(scenario))
  writeFileSync(join(path, "slo.json"), JSON.stringify(slo))
  return ["load", join(path, "scenario.json"), "--assert", join(path, "slo.json"), "--json"]
}

/** What both worlds must find. */
const sound = (report: ScenarioReport) => {
  assert.isTrue(report.finished)
  assert.strictEqual(lostOf(report), 0)
  assert.strictEqual(report.hops.find(({ hop }) => hop === "messages")?.duplicates, 0)
  assert.isAbove(report.totals.ticks, 1_000)
  assert.isAbove(report.totals.opportunities, 0)
  assert.isAbove(report.latencyMs.total.count, 0)
  assert.strictEqual(report.latencyMs.feed_lag.count, report.totals.ticks)
}

/** Of `SCENARIO`: worked out once, and the same on every machine, bus, store and runtime. */
const DIGEST = "ab2c4c71d8f9cc7184c1a3003fabb33e"

describe("A load run", () => {
  it.live("ends with 3 where an objective was not kept, and leaves its report", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const slo = { loss: 0, ticks: { min: 1_000_000 } }
      const args = argumentsOf(path, SCENARIO, slo)
      const ran = yield* arbedgeDone([...args, "--report", join(path, "report")])
      assert.strictEqual(ran.code, 3, ran.stderr)
      assert.match(ran.stderr, /ticks +>= 1000000 +\d+ +broken/)
      assert.include(ran.stderr, "1 of 2 objectives were not kept")
      const report = decode(readFileSync(join(path, "report", "report.json"), "utf8"))
      sound(report)
      assert.deepStrictEqual(report, decode(ran.stdout))
      assert.strictEqual(report.opportunitiesDigest, DIGEST)
      const page = readFileSync(join(path, "report", "report.html"), "utf8")
      for (const text of ["Load: short", "Objectives", "SIMULATED DATA", "<svg", "broken"]) assert.include(page, text)
      assert.notInclude(page, "NOT FINISHED")
    }).pipe(Effect.scoped), 240_000)

  it.live("is refused with 2 for what is wrong in its files, with the path", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const wrong = yield* InProcess.arbedge(argumentsOf(path, { ...SCENARIO, durationMs: "long" }, { loss: 0 }))
      assert.strictEqual(wrong.code, 2)
      assert.include(wrong.stderr, `["durationMs"]`)
      const asked = yield* InProcess.arbedge(argumentsOf(path, SCENARIO, { latencyMs: { total: { p98: 1 } } }))
      assert.strictEqual(asked.code, 2)
      assert.include(asked.stderr, `["latencyMs"]["total"]["p98"]`)
      const elsewhere = { ...SCENARIO, source: { kind: "recordings", files: ["none.ndjson"] } }
      const missing = yield* InProcess.arbedge(argumentsOf(path, elsewhere, { loss: 0 }))
      assert.strictEqual(missing.code, 2)
      assert.include(missing.stderr, join(path, "none.ndjson"))
    }).pipe(Effect.scoped))
})

describe("A load run in which people ask the bot", () => {
  it.live(
    "counts what they asked and what was answered, and finds what it finds without them",
    () =>
      Effect.gen(function* () {
        const path = yield* folder
        // More people than questions a second: a chat gets one message a second.
        const users = { ...SCENARIO.users, count: 12 }
        const commands = { perSecond: 10, weights: { opportunities: 1, session: 1, price: 1, market: 1, tap: 1 } }
        const args = argumentsOf(path, { ...SCENARIO, users, commands }, { loss: 0, replies: { min: 5 } })
        const ran = yield* InProcess.arbedge(args)
        assert.strictEqual(ran.code, 0, ran.stderr)
        const report = decode(ran.stdout)
        sound(report)
        assert.strictEqual(report.opportunitiesDigest, DIGEST)
        assert.isAtLeast(report.totals.commands, 5)
        assert.strictEqual(report.totals.replies, report.totals.commands)
        assert.strictEqual(report.latencyMs.reply.count, report.totals.replies)
        const hop = report.hops.find(({ hop }) => hop === "commands")
        assert.deepStrictEqual([hop?.entered, hop?.lost], [report.totals.commands, 0])
        assert.deepStrictEqual(report.errors.filter(({ where }) => where === "people" || where === "bot"), [])
      }).pipe(Effect.scoped),
    240_000,
  )

  it.live("has their taps on cards answered as well", () =>
    Effect.gen(function* () {
      const path = yield* folder
      // Few questions: what is asked where no card is yet takes the place of one in its chat.
      const users = { ...SCENARIO.users, count: 3 }
      const commands = { perSecond: 1, weights: { tap: 1 } }
      const args = argumentsOf(path, { ...SCENARIO, durationMs: 8_000, users, commands }, { loss: 0 })
      const ran = yield* InProcess.arbedge(args)
      assert.strictEqual(ran.code, 0, ran.stderr)
      const { errors, totals } = decode(ran.stdout)
      assert.isAtLeast(totals.replies, 5)
      assert.deepStrictEqual(errors.filter(({ where }) => where === "people" || where === "bot"), [])
    }).pipe(Effect.scoped), 240_000)
})

describe("A soak that is killed", () => {
  it.live("leaves a report that can be read and says that it is not finished", () =>
    Effect.gen(function* () {
      const path = yield* folder, report = join(path, "report")
      const args = argumentsOf(path, { ...SCENARIO, durationMs: 600_000 }, { loss: 0 })
      const running = yield* arbedge([...args, "--soak", "10m", "--report", report])
      const page = join(report, "report.html")
      yield* eventually(Effect.sync(() => existsSync(page)), (there) => there, "100 seconds")
      yield* running.kill
      const left = decode(readFileSync(join(report, "report.json"), "utf8"))
      assert.deepStrictEqual([left.finished, left.soak], [false, true])
      assert.include(readFileSync(page, "utf8"), "NOT FINISHED")
    }).pipe(Effect.scoped), 240_000)
})

describeWith([nats, postgres], "A load run on NATS and Postgres", () => {
  it.live("finds the same; an objective on what it did not measure fails it with 1", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const ran = yield* InProcess.arbedge(argumentsOf(path, SCENARIO, { loss: 0, flat: ["rssMiB"] }), {
        ARBEDGE_NATS_URL: nats.url,
        ARBEDGE_POSTGRES_URL: postgres.url,
      })
      assert.strictEqual(ran.code, 1, ran.stderr)
      assert.match(ran.stderr, /flat\.rssMiB +flat +not measured +unmeasured/)
      const report = decode(ran.stdout)
      sound(report)
      assert.deepStrictEqual([report.world["bus"], report.world["store"]], ["NATS", "Postgres"])
      assert.strictEqual(report.opportunitiesDigest, DIGEST)
    }).pipe(Effect.scoped), 240_000)
})
