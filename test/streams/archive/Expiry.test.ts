/** What is too old leaves the archive, and nothing else; whatever step it is killed at, what is left verifies. */
import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Clock, Duration, Effect, Fiber, Layer, Metric, References, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Layout from "../../../src/domain/ArchiveLayout.ts"
import * as FolderArchive from "../../../src/layers/archive/FolderArchive.ts"
import * as Member from "../../../src/layers/ArchiveMember.ts"
import { ArchiveStore, type ArchiveStoreError } from "../../../src/layers/ArchiveStore.ts"
import { listArchive } from "../../../src/programs/ArchiveSelection.ts"
import { verifyArchive } from "../../../src/programs/ArchiveVerify.ts"
import { expire, type Keeping, keepTo } from "../../../src/streams/archive/Expiry.ts"
import { inWallTime } from "../../../src/streams/Ownership.ts"
import { eventually } from "../../support/eventually.ts"
import { Durable } from "../../support/memoryArchive.ts"
import { s3Archive } from "../../support/s3Server.ts"

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 21, 15, 30)
const TODAY = Layout.dayOf(NOW)

const keeping: Keeping = {
  "market-data": Duration.days(365),
  analytics: Duration.days(2_557),
  "audit-logs": Duration.days(2_557),
}

const everything = { fromMs: null, toMs: null, wanted: () => true }
const quiet = Layer.succeed(References.MinimumLogLevel, "None")

const kraken = (atMs: number) => Layout.marketGroup("kraken-btc-usdt", atMs)
const okx = (atMs: number) => Layout.marketGroup("okx-btc-usdt", atMs)

interface MadeBatch {
  readonly stream: "MD" | "EVT"
  readonly batch: number
  readonly closedAt: number
  /** A record in each of these groups, of that time. */
  readonly records: ReadonlyArray<readonly [group: string, atMs: number]>
}

/** As the writer puts it, one record a file. */
const put = ({ batch, closedAt, records, stream }: MadeBatch, isFinal = false) =>
  Effect.forEach(records, ([group, atMs]) =>
    Effect.gen(function* () {
      const store = yield* ArchiveStore
      const generation = stream.toLowerCase()
      const line = `{"event_id":"${generation}-${batch}-0","timestamp":${atMs}}\n`
      const about = {
        stream,
        generation,
        batch,
        first: batch,
        last: batch,
        files: records.length,
        closedAt,
        records: 1,
      }
      const member = yield* Member.pack(about, new TextEncoder().encode(line))
      yield* store.put(isFinal ? Layout.finalOf(group) : Layout.partOf(group, batch), member)
    }), { discard: true })

/** The last hour of one day and the first of the next, told of in one batch. */
const across = (batch: number, midnightMs: number): MadeBatch => ({
  stream: "MD",
  batch,
  closedAt: midnightMs + 60_000,
  records: [[kraken(midnightMs - 1), midnightMs - 1], [kraken(midnightMs), midnightMs], [okx(midnightMs), midnightMs]],
})

const event = (batch: number, atMs: number): MadeBatch => ({
  stream: "EVT",
  batch,
  closedAt: atMs + 1_000,
  records: (["session-analytics", "compliance-logs"] as const).map((
    family,
  ) => [Layout.familyGroup(family, atMs), atMs]),
})

/** The first day that may still be asked for. */
const LIMIT = TODAY - 365 * DAY
const AUDIT_LIMIT = TODAY - 2_557 * DAY

const batches: ReadonlyArray<MadeBatch> = [
  ...[-2, -1, 0, 1].map((day, at) => across(at + 1, LIMIT + day * DAY)),
  ...[-1, 0].map((day, at) => event(at + 1, AUDIT_LIMIT + day * DAY)),
  event(3, LIMIT - 100 * DAY),
  event(4, NOW - DAY),
]

const filled = Effect.forEach(batches, (batch) => put(batch), { discard: true })

const keys = Effect.map(listArchive(everything), (files) => files.map(({ key }) => key))

const youngOf = ({ records }: MadeBatch): ReadonlyArray<string> =>
  records.flatMap(([group, atMs]) => atMs >= (group.includes("market-data") ? LIMIT : AUDIT_LIMIT) ? [group] : [])

const kept = batches.flatMap((batch) => youngOf(batch).map((group) => Layout.partOf(group, batch.batch)))

const faults = Effect.map(
  verifyArchive({ selection: everything, whole: true, onProgress: () => Effect.void }),
  (verified) => verified.faults,
)

/** Of each section, as counted. */
const removedFiles = Effect.map(Metric.snapshot, (all) =>
  Layout.SECTIONS.map((section) => {
    const counted = all.find(({ attributes, id }) =>
      id === "archive_removed_files_total" && attributes?.["kind"] === section
    )
    return counted?.type === "Counter" ? Number(counted.state.count) : 0
  }))

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-expiry-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** Time goes on, 6 hours at a step, while something is waited for. */
const driven = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const moving = Effect.andThen(TestClock.adjust("6 hours"), TestClock.withLive(Effect.sleep("20 millis")))
    const driving = yield* Effect.forkChild(Effect.forever(moving))
    return yield* Effect.ensuring(effect, Fiber.interrupt(driving))
  })

/** The store's requests take the wall's time, whatever time it is for who makes them. */
const inWallTimes = (archive: Layer.Layer<ArchiveStore>): Layer.Layer<ArchiveStore> =>
  Layer.effect(
    ArchiveStore,
    Effect.map(ArchiveStore, ({ join, list, put, read, remove, where }) => ({
      where,
      list: (prefix) => Stream.provideService(list(prefix), Clock.Clock, Clock.Clock.defaultValue()),
      read: (key, range) => inWallTime(read(key, range)),
      put: (key, data) => inWallTime(put(key, data)),
      join: (key, sources) => inWallTime(join(key, sources)),
      remove: (key) => inWallTime(remove(key)),
    })),
  ).pipe(Layer.provide(archive))

const expirySuite = (name: string, archive: () => Layer.Layer<ArchiveStore>) => {
  describe(name, () => {
    it.effect("loses whole days that are older than what is kept, and nothing younger; what is left verifies", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(NOW)
        yield* filled
        assert.deepStrictEqual(yield* faults, [])
        const before = yield* removedFiles
        yield* expire(keeping)
        assert.deepStrictEqual(yield* keys, [...kept].sort())
        assert.deepStrictEqual(yield* faults, [])
        const after = yield* removedFiles
        assert.deepStrictEqual(Layout.SECTIONS.map((section, at) => [section, (after[at] ?? 0) - (before[at] ?? 0)]), [
          ["market-data", 7],
          ["analytics", 1],
          ["audit-logs", 1],
        ])
        yield* expire(keeping)
        assert.deepStrictEqual(yield* keys, [...kept].sort())
      }).pipe(Effect.provide([archive(), quiet])))

    it.effect("keeps a day of years ago of which something was written lately, with all that is in it", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(NOW)
        const old = kraken(LIMIT - 900 * DAY), other = okx(LIMIT - 900 * DAY)
        const day = LIMIT - 900 * DAY
        yield* put({ stream: "MD", batch: 1, closedAt: day + 1, records: [[old, day]] }, true)
        yield* put({ stream: "MD", batch: 2, closedAt: day + 2, records: [[other, day]] }, true)
        yield* put({ stream: "MD", batch: 3, closedAt: NOW - DAY, records: [[old, day]] })
        yield* expire(keeping)
        assert.deepStrictEqual(yield* keys, [Layout.finalOf(old), Layout.partOf(old, 3)])
      }).pipe(Effect.provide([archive(), quiet])))

    it.effect("goes on day by day, and is not heard of while there is nothing to remove", () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(NOW)
        const store = yield* ArchiveStore
        yield* put({ stream: "MD", batch: 1, closedAt: LIMIT + 1, records: [[kraken(LIMIT), LIMIT], [okx(NOW), NOW]] })
        const fiber = yield* Effect.forkChild(keepTo(keeping, (effect) => effect))
        const left = TestClock.withLive(
          eventually(Effect.map(keys, (found) => found.length), (count) => count < 2, "20 seconds"),
        )
        assert.strictEqual((yield* Effect.result(store.read(Layout.RETENTION)))._tag, "Failure")
        assert.strictEqual(yield* driven(left), 1)
        assert.deepStrictEqual(yield* faults, [])
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.provide([archive(), quiet])))
  })
}

expirySuite(
  "The archive in a folder, grown old",
  () => Layer.unwrap(Effect.map(folder, (path) => FolderArchive.layer(path))),
)
expirySuite("The archive in S3, grown old", () => inWallTimes(s3Archive()))

describe("Expiry", () => {
  it.effect("leaves an archive that verifies, killed before or after any of its steps, and is ended by the next pass", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(NOW)
      const whole = new Durable()
      yield* Effect.provide(filled, whole.life(null))
      const unbroken = new Durable()
      for (const [key, bytes] of whole.files) unbroken.files.set(key, bytes)
      yield* Effect.provide(expire(keeping), unbroken.life(null))
      const { steps } = unbroken
      // Each file, and a note of each section.
      assert.strictEqual(steps, whole.files.size - kept.length + Layout.SECTIONS.length)
      for (let step = 1; step <= steps; step++) {
        for (const when of ["before", "after"] as const) {
          const durable = new Durable(), label = `killed ${when} step ${step}`
          for (const [key, bytes] of whole.files) durable.files.set(key, bytes)
          yield* Effect.exit(Effect.provide(expire(keeping), durable.life({ step, when })))
          assert.deepStrictEqual(yield* Effect.provide(faults, durable.life(null)), [], label)
          assert.isTrue(kept.every((key) => durable.files.has(key)), label)
          yield* Effect.provide(expire(keeping), durable.life(null))
          assert.deepStrictEqual(yield* Effect.provide(keys, durable.life(null)), [...kept].sort(), label)
        }
      }
    }).pipe(Effect.provide(quiet)))

  it.effect("does not hide what is missing of batches that are younger than it", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(NOW)
      const durable = new Durable()
      yield* Effect.provide(Effect.andThen(filled, expire(keeping)), durable.life(null))
      const lost = [...durable.files.keys()].filter((key) => /okx.*part-0004|session.*part-0004/.test(key))
      assert.lengthOf(lost, 2)
      for (const key of lost) durable.files.delete(key)
      const found = yield* Effect.provide(faults, durable.life(null))
      assert.deepStrictEqual(found.map(({ kind }) => kind), ["missing", "missing"])
    }).pipe(Effect.provide(quiet)))

  it.effect("does not take back what it noted when more is to be kept", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(NOW)
      const durable = new Durable()
      yield* Effect.provide(Effect.andThen(filled, expire(keeping)), durable.life(null))
      const longer = { ...keeping, "market-data": Duration.days(500) }
      const late = across(9, LIMIT - 300 * DAY)
      yield* Effect.provide(Effect.andThen(put(late), expire(longer)), durable.life(null))
      assert.deepStrictEqual(yield* Effect.provide(faults, durable.life(null)), [])
    }).pipe(Effect.provide(quiet)))

  it.live("leaves no empty folders behind", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const remove = Effect.flatMap(ArchiveStore, (store) => store.remove(Layout.partOf(kraken(NOW), 1)))
      const filling: Effect.Effect<void, ArchiveStoreError, ArchiveStore> = put({
        stream: "MD",
        batch: 1,
        closedAt: NOW,
        records: [[kraken(NOW), NOW], [kraken(NOW - 40 * DAY), NOW - 40 * DAY]],
      })
      yield* Effect.provide(Effect.andThen(filling, remove), FolderArchive.layer(path))
      const names = readdirSync(path, { recursive: true, encoding: "utf8" })
      assert.isTrue(names.some((name) => name.includes("month=10")))
      assert.isFalse(names.some((name) => name.includes("month=11")))
    }))
})
