/** What the archive gives back: the same ticks, history of a market; and every fault that can be in it. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { Clock, Effect, Option, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Layout from "../../src/domain/ArchiveLayout.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import * as TickCodec from "../../src/domain/TickCodec.ts"
import { MarketArchive } from "../../src/layers/MarketArchive.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { playlistOf } from "../../src/programs/ArchiveReplay.ts"
import { isWhole, momentOf, selectionOf } from "../../src/programs/ArchiveSelection.ts"
import { verifyArchive } from "../../src/programs/ArchiveVerify.ts"
import * as History from "../../src/streams/archive/History.ts"
import type { TickQuery } from "../../src/streams/archive/Ticks.ts"
import { archived } from "../support/archiving.ts"
import { data, describeWith } from "../support/available.ts"
import type { Durable } from "../support/memoryArchive.ts"
import { book, gap, heartbeat, quote, T0 } from "../support/ticks.ts"

const ALL: TickQuery = { fromMs: null, toMs: null, venues: [], instruments: [] }
const HOUR = 3_600_000

const replayed = (durable: Durable, query: TickQuery = ALL) =>
  Effect.gen(function* () {
    const { batches, startMs } = yield* playlistOf(query)
    const all = yield* Stream.runCollect(batches)
    return { startMs, ticks: all.flatMap(({ ticks }) => ticks), bad: all.flatMap(({ bad }) => bad) }
  }).pipe(Effect.provide([durable.life(null), RecordingFiles.layer]))

const everything = { ...ALL, families: [] }
const verified = (durable: Durable, wanted = everything) =>
  verifyArchive({ selection: selectionOf(wanted), whole: isWhole(wanted), onProgress: () => Effect.void }).pipe(
    Effect.provide(durable.life(null)),
  )

const lines = (ticks: ReadonlyArray<Tick>): ReadonlyArray<string> => ticks.map(TickCodec.toLine)

/** Two venues, three markets, over the end of an hour: quotes, a book with changes for 40 s, a gap, a heartbeat. */
const made: ReadonlyArray<Tick> = Array.from({ length: 240 }, (_, at): ReadonlyArray<Tick> => {
  const time = T0 + at * 5_000
  return [
    quote("okx", "BTC/USDT", time, ["30000.1", "30000.2"], { seq: at, venueTime: time - 7 }),
    quote("okx", "BTC/USDT:USDT", time, ["30001.1", "30001.2"], { seq: at }),
    book(
      "kraken",
      "BTC/USDT",
      time + 1,
      { bids: [["29999", String(at + 1)]], asks: at === 0 ? [["30000", "1"]] : [] },
      {
        snapshot: at === 0,
        seq: at,
      },
    ),
    ...(at % 100 === 50 ? [heartbeat("kraken", "BTC/USDT", time + 2), gap("okx", "BTC/USDT", time + 3)] : []),
  ]
}).flat()

describe("The archive, replayed", () => {
  it.live("gives the ticks that were ingested, each once, in their order", () =>
    Effect.gen(function* () {
      const durable = yield* archived(made, 6_100)
      const { bad, startMs, ticks } = yield* replayed(durable)
      assert.deepStrictEqual(lines(ticks), lines(made))
      assert.deepStrictEqual([bad, startMs], [[], T0])
      assert.isAbove(new Set([...durable.files.keys()].map((key) => key.slice(0, key.indexOf(".part")))).size, 3)
    }))

  it.live("gives what was asked for: a span, a venue, a market", () =>
    Effect.gen(function* () {
      const durable = yield* archived(made)
      const fromMs = T0 + 300_000, toMs = T0 + 600_000
      const within = ({ ingestTime }: Tick) => ingestTime >= fromMs && ingestTime < toMs
      const okx = yield* replayed(durable, { ...ALL, fromMs, toMs, venues: ["okx"] })
      assert.deepStrictEqual(lines(okx.ticks), lines(made.filter((tick) => within(tick) && tick.venue === "okx")))
      const swap = yield* replayed(durable, { ...ALL, instruments: ["BTC/USDT:USDT"] })
      assert.deepStrictEqual(lines(swap.ticks), lines(made.filter((tick) => tick.instrument === "BTC/USDT:USDT")))
    }))

  it.live("begins in the midst of a book with the book as it was told again", () =>
    Effect.gen(function* () {
      const durable = yield* archived(made)
      const { ticks } = yield* replayed(durable, { ...ALL, fromMs: T0 + 300_000, venues: ["kraken"] })
      const snapshots = ticks.filter((tick) => tick.kind === "book" && tick.snapshot)
      assert.lengthOf(snapshots, 1)
      assert.isBelow(snapshots[0]?.ingestTime ?? 0, T0 + 320_000)
    }))
})

describeWith(data, "The archive of a real recording, replayed", () => {
  it.live("gives the recording, line by line", () =>
    Effect.gen(function* () {
      const file = join(data.path, "recordings/binance-3venues-btc-20240808-quotes-trades.ndjson.gz")
      const ticks = gunzipSync(readFileSync(file)).toString().split("\n", 15_000).flatMap((line) => {
        const tick = TickCodec.fromLine(line)
        return TickCodec.isBad(tick) ? [] : [tick]
      })
      const durable = yield* archived(ticks, 9_000)
      const again = yield* replayed(durable)
      assert.strictEqual(lines(again.ticks).join("\n"), lines(ticks).join("\n"))
      const { faults, records } = yield* verified(durable)
      assert.deepStrictEqual([faults, records], [[], ticks.length])
    }))
})

describe("History from the archive", () => {
  const ask = (
    durable: Durable,
    changes: { readonly venue?: string; readonly fromMs?: number; readonly toMs?: number },
  ) =>
    Effect.result(
      Effect.flatMap(MarketArchive, ({ read }) =>
        read({ kind: "history", venue: "okx", instrument: "BTC/USDT", fromMs: T0, toMs: T0 + 60_000, ...changes })),
    ).pipe(
      Effect.provide(History.layer),
      Effect.provide(durable.life(null)),
    )

  it.live("is every tick of the market and span, in order of time", () =>
    Effect.gen(function* () {
      const found = yield* ask(yield* archived(made), {})
      const wanted = made.filter(({ ingestTime, instrument, venue }) =>
        venue === "okx" && instrument === "BTC/USDT" && ingestTime < T0 + 60_000
      )
      assert.deepStrictEqual(lines(Result.getOrThrow(found)), lines(wanted))
    }))

  it.live("is empty or malformed, never a part of the truth", () =>
    Effect.gen(function* () {
      const durable = yield* archived(made)
      const none = yield* ask(durable, { venue: "bybit" })
      assert.isTrue(Result.isFailure(none) && none.failure.reason === "empty")
      for (const [key, bytes] of durable.files) durable.files.set(key, bytes.with(bytes.length - 20, 0))
      const broken = yield* ask(durable, {})
      assert.isTrue(Result.isFailure(broken) && broken.failure.reason === "malformed")
    }))
})

describe("Verify", () => {
  const kindsAfter = (harm: (files: Map<string, Uint8Array>, key: string, bytes: Uint8Array) => void) =>
    Effect.gen(function* () {
      const durable = yield* archived(made, 6_100)
      const [key = "", bytes = new Uint8Array()] = [...durable.files].toSorted()[2] ?? []
      // Long enough ago that nothing is being written any more.
      harm(durable.files, key, bytes)
      const { faults } = yield* verified(durable)
      return [...new Set(faults.map(({ kind }) => kind))].sort()
    })
  const joined = (...parts: ReadonlyArray<Uint8Array>) => new Uint8Array(Buffer.concat(parts))

  const cases: ReadonlyArray<readonly [string, Parameters<typeof kindsAfter>[0], ReadonlyArray<string>]> = [
    ["finds nothing in an archive that is whole", () => undefined, []],
    ["finds a byte that changed", (files, key, bytes) => files.set(key, bytes.with(bytes.length - 30, 7)), ["changed"]],
    ["finds a file that was cut", (files, key, bytes) => files.set(key, bytes.slice(0, -9)), ["truncated"]],
    ["finds a file that is none of ours", (files, key) => files.set(key, new Uint8Array(80)), ["not_a_member"]],
    ["finds an empty file", (files, key) => files.set(key, new Uint8Array()), ["not_a_member"]],
    ["finds a batch that is twice in one file", (files, key, bytes) => files.set(key, joined(bytes, bytes)), [
      "duplicate",
    ]],
    ["passes over a batch that is being merged", (files, key, bytes) => {
      files.set(Layout.finalOf(Option.getOrThrow(Layout.parse(key)).group), bytes)
    }, []],
    ["finds records that lie in another hour", (files, key, bytes) => {
      const { group, market, fromMs, part } = Option.getOrThrow(Layout.parse(key))
      const elsewhere = Layout.marketGroup(market ?? "", fromMs + 5 * HOUR)
      files.delete(key)
      files.set(Layout.partOf(elsewhere, part ?? 0), bytes)
      assert.notStrictEqual(group, elsewhere)
    }, ["misplaced"]],
  ]
  for (const [name, harm, kinds] of cases) {
    it.live(name, () => Effect.map(kindsAfter(harm), (found) => assert.deepStrictEqual(found, kinds)))
  }

  it.effect("finds a file that is missing, once its batch is no longer being written", () =>
    Effect.gen(function* () {
      // Here it is 1970: every batch was closed in the future, and so may be under way.
      const durable = yield* Effect.provideService(archived(made), Clock.Clock, Clock.Clock.defaultValue())
      const [lost = ""] = durable.files.keys()
      durable.files.delete(lost)
      assert.deepStrictEqual((yield* verified(durable)).faults, [])
      yield* TestClock.setTime(Date.now() + 2 * HOUR)
      assert.deepStrictEqual((yield* verified(durable)).faults.map(({ kind }) => kind), ["missing"])
      const part = yield* verified(durable, { ...everything, venues: ["okx"] })
      assert.deepStrictEqual(part.faults, [], "of a part nobody can tell")
    }))
})

describe("Moments that people write", () => {
  it("are days, hours and times, in UTC where no zone is named", () => {
    const at = (text: string) => Option.getOrNull(momentOf(text))
    assert.strictEqual(at("2026-11-21"), Date.UTC(2026, 10, 21))
    assert.strictEqual(at("2026-11-21T18"), Date.UTC(2026, 10, 21, 18))
    assert.strictEqual(at("2026-11-21T18:30"), Date.UTC(2026, 10, 21, 18, 30))
    assert.strictEqual(at("2026-11-21T18:30:05.250+01:00"), Date.UTC(2026, 10, 21, 17, 30, 5, 250))
    assert.isNull(at("yesterday"))
  })
})
