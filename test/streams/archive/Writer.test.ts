/** The archive's writer: whatever step it is killed at, each record is there exactly once, and nothing half. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, References } from "effect"
import * as Layout from "../../../src/domain/ArchiveLayout.ts"
import * as Frame from "../../../src/domain/Frame.ts"
import * as Subject from "../../../src/domain/Subject.ts"
import { Bus } from "../../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../../src/layers/embedded/Bus.ts"
import { verifyArchive } from "../../../src/programs/ArchiveVerify.ts"
import { mergeGroup } from "../../../src/streams/archive/Compaction.ts"
import { write } from "../../../src/streams/archive/Writer.ts"
import { ensureStreams, MARKET_DATA } from "../../../src/streams/Topology.ts"
import { idOf, linesOf, recordOf } from "../../support/archived.ts"
import { eventually } from "../../support/eventually.ts"
import { type Death, Durable } from "../../support/memoryArchive.ts"
import { framesOf, quote, T0 } from "../../support/ticks.ts"

const VENUES = ["kraken", "okx", "bybit"]
const MESSAGES = 5

/** A few quotes of each venue; the last ones of the next hour. */
const ticks = Array.from(
  { length: MESSAGES },
  (_, at) =>
    VENUES.map((venue, k) =>
      quote(venue, "BTC/USDT", T0 + at * 20 + k + (at > MESSAGES - 2 ? 3_600_000 : 0), ["1", "2"], { seq: at })
    ),
)
const records = ticks.flat().map((tick) => JSON.stringify(tick)).sort()

const publish = (from: number, to: number) =>
  Effect.gen(function* () {
    const bus = yield* Bus
    for (const some of ticks.slice(from, to)) {
      const frames = framesOf(some)
      yield* bus.publish({ subject: Subject.frame(frames[0]?.p ?? 0), data: Frame.encode(frames) })
    }
  })

const bus = Layer.effectDiscard(ensureStreams).pipe(
  Layer.provideMerge(EmbeddedBus.layer()),
  Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "None")),
)

/** One message a batch, or what comes within a moment: both ways to close one. */
const writing = (durable: Durable, mostRecords: number, death: Death | null) =>
  write({
    stream: MARKET_DATA.name,
    content: "frames",
    batchFor: Duration.zero,
    mostRecords,
    onWritten: () => Effect.void,
  }).pipe(Effect.provide(durable.life(death)))

const positionOf = (durable: Durable) => Effect.sync(() => durable.checkpoints.get("archive.MD")?.position ?? 0)

/** Lives until everything published is archived, or it dies. */
const live = (durable: Durable, upTo: number, death: Death | null) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(writing(durable, 1, death))
    const dies = Fiber.await(fiber)
    const ends = eventually(positionOf(durable), (position) => position >= upTo, "20 seconds")
    yield* Effect.raceFirst(dies, ends)
    yield* Fiber.interrupt(fiber)
  })

const everything = (durable: Durable): ReadonlyArray<string> =>
  [...durable.files.values()].flatMap((bytes) => linesOf(bytes))

const verified = (durable: Durable) =>
  verifyArchive({
    selection: { fromMs: null, toMs: null, wanted: () => true },
    whole: true,
    onProgress: () => Effect.void,
  }).pipe(Effect.provide(durable.life(null)))

const groupsOf = (durable: Durable): ReadonlyArray<string> => [
  ...new Set([...durable.files.keys()].map((key) => key.replace(/(\.part-\d+)?\.json\.gz$/, ""))),
]

const asserted = (durable: Durable, label: string) =>
  Effect.gen(function* () {
    const lines = everything(durable)
    assert.deepStrictEqual(lines.map((line) => JSON.stringify(recordOf(line))).sort(), records, label)
    assert.strictEqual(new Set(lines.map(idOf)).size, lines.length, label)
    const { faults } = yield* verified(durable)
    assert.deepStrictEqual(faults, [], label)
  })

describe("The archive's writer", () => {
  it.live("writes each record once, into the file of its market and hour", () =>
    Effect.gen(function* () {
      const durable = new Durable()
      yield* publish(0, MESSAGES)
      yield* live(durable, MESSAGES, null)
      yield* asserted(durable, "unbroken")
      for (const [key, bytes] of durable.files) {
        const place = key.slice(key.lastIndexOf("/") + 1)
        for (const line of linesOf(bytes)) {
          const { ingestTime, venue } = recordOf(line)
          const group = Layout.marketGroup(Layout.marketName(String(venue), "BTC/USDT"), Number(ingestTime))
          assert.isTrue(key.startsWith(`${group}.part-`), `${place} holds a record of ${group}`)
        }
      }
    }).pipe(Effect.provide(bus)))

  it.live("loses nothing and repeats nothing, killed before or after any of its steps", () =>
    Effect.gen(function* () {
      yield* publish(0, MESSAGES)
      const unbroken = new Durable()
      yield* live(unbroken, MESSAGES, null)
      const { steps } = unbroken
      assert.strictEqual(steps, MESSAGES * (VENUES.length + 2))
      for (let step = 1; step <= steps; step++) {
        for (const when of ["before", "after"] as const) {
          const durable = new Durable()
          yield* live(durable, MESSAGES, { step, when })
          // A second death in what the next life makes again.
          yield* live(durable, MESSAGES, { step: 1 + step % 3, when })
          yield* live(durable, MESSAGES, null)
          yield* asserted(durable, `killed ${when} step ${step}`)
        }
      }
    }).pipe(Effect.provide(bus)))

  it.live("begins a new generation when the stream began anew, and numbers its parts on", () =>
    Effect.gen(function* () {
      const durable = new Durable()
      yield* Effect.andThen(publish(0, 2), live(durable, 2, null)).pipe(Effect.provide(bus, { local: true }))
      const before = new Set(durable.files.keys())
      // Another bus, whose sequences count from 1 again and have come further.
      yield* Effect.andThen(
        publish(2, MESSAGES),
        Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(writing(durable, 1, null))
          yield* eventually(
            Effect.sync(() => everything(durable).length),
            (count) => count === records.length,
            "20 seconds",
          )
          yield* Fiber.interrupt(fiber)
        }),
      ).pipe(Effect.provide(bus, { local: true }))
      yield* asserted(durable, "two streams")
      assert.isTrue([...before].every((key) => durable.files.has(key)))
    }))

  it.live("tells what the stream dropped before it was archived as a hole", () =>
    Effect.gen(function* () {
      const durable = new Durable()
      yield* publish(0, MESSAGES)
      yield* live(durable, MESSAGES, null)
      const lost = [...durable.files.keys()].filter((key) => /part-000[23]/.test(key))
      for (const key of lost) durable.files.delete(key)
      const { faults } = yield* verified(durable)
      assert.deepStrictEqual(faults.map(({ kind }) => kind), ["hole"])
    }).pipe(Effect.provide(bus)))
})

describe("Compaction", () => {
  it.live("merges parts into the final file, killed before or after any of its steps", () =>
    Effect.gen(function* () {
      yield* publish(0, MESSAGES)
      const whole = new Durable()
      yield* live(whole, MESSAGES, null)
      const [group = ""] = groupsOf(whole)
      for (const when of ["before", "after"] as const) {
        for (let step = 1; step <= 10; step++) {
          const durable = new Durable()
          for (const [key, bytes] of whole.files) durable.files.set(key, bytes)
          // A pass writes the final file, the next one removes what it finds in it.
          const passes = Effect.andThen(mergeGroup(group), mergeGroup(group))
          yield* Effect.exit(Effect.provide(passes, durable.life({ step, when })))
          const { faults, records: seen } = yield* verified(durable)
          assert.deepStrictEqual([faults, seen], [[], records.length], `${when} step ${step}`)
          yield* Effect.provide(Effect.andThen(passes, mergeGroup(group)), durable.life(null))
          yield* asserted(durable, `${when} step ${step}`)
          const left = [...durable.files.keys()].filter((key) => key.startsWith(`${group}.`))
          assert.deepStrictEqual(left, [Layout.finalOf(group)])
        }
      }
    }).pipe(Effect.provide(bus)))

  it.live("leaves a broken part where it is, and merges a late one behind the others", () =>
    Effect.gen(function* () {
      const durable = new Durable()
      yield* publish(0, MESSAGES)
      yield* live(durable, MESSAGES, null)
      const [group = ""] = groupsOf(durable)
      const parts = [...durable.files.keys()].filter((key) => key.startsWith(`${group}.`)).sort()
      const [late = ""] = parts.slice(-1), bytes = durable.files.get(late) ?? new Uint8Array()
      const broken = `${group}.part-0999.json.gz`
      durable.files.delete(late)
      durable.files.set(broken, bytes.slice(0, 40))
      const merge = Effect.provide(mergeGroup(group), durable.life(null))
      yield* Effect.andThen(merge, merge)
      durable.files.set(late, bytes)
      yield* Effect.andThen(merge, merge)
      assert.deepStrictEqual([...durable.files.keys()].filter((key) => key.startsWith(`${group}.`)).sort(), [
        Layout.finalOf(group),
        broken,
      ])
      const ids = linesOf(durable.files.get(Layout.finalOf(group)) ?? new Uint8Array()).map(idOf)
      assert.lengthOf(ids, parts.length)
      const { faults } = yield* verified(durable)
      assert.deepStrictEqual(faults.map(({ kind, where }) => [kind, where]), [["not_a_member", `${broken}, byte 0`]])
    }).pipe(Effect.provide(bus)))
})
