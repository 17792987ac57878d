/** Raw recordings of venues played again: the same ticks as live, the same twice, and what is not in them is named. */
import { assert, describe, it } from "@effect/vitest"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, FileSystem, Layer, Redacted, Stream } from "effect"
import process from "node:process"
import { afterAll } from "vitest"
import { NO_FAULTS } from "../../../src/domain/FaultPlan.ts"
import type { FeedKind } from "../../../src/domain/Feed.ts"
import { type Tick } from "../../../src/domain/Tick.ts"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import * as EmbeddedBus from "../../../src/layers/embedded/Bus.ts"
import * as NatsBus from "../../../src/layers/nats/Bus.ts"
import * as RawFile from "../../../src/layers/recording/RawFile.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import { Recording } from "../../../src/layers/Recording.ts"
import { fromBus } from "../../../src/programs/record/Sources.ts"
import * as Playlist from "../../../src/programs/replay/Playlist.ts"
import * as RawRecording from "../../../src/programs/replay/RawRecording.ts"
import { replayToBus } from "../../../src/programs/replay/ReplayToBus.ts"
import { EVERYTHING } from "../../../src/programs/replay/Selection.ts"
import { data, describeWith, nats } from "../../support/available.ts"
import { until } from "../../support/actors.ts"
import { removeAll } from "../../support/jetstream.ts"
import { cases } from "../../support/venues/cases.ts"
import { fakeVenue } from "../../support/venues/FakeVenue.ts"
import { everything, rawRecording } from "../../support/venues/rawRecording.ts"

const raw = RawRecording.layer({ patienceMs: 300 }).pipe(Layer.provide(RecordingFiles.layer))

const readBack = (path: string) =>
  Recording.use((recording) => Stream.runCollect(recording.read(path))).pipe(
    Effect.map((batches) => ({
      ticks: batches.flatMap(({ ticks }) => ticks),
      bad: batches.flatMap(({ bad }) => bad),
      progress: batches.at(-1)?.progress,
    })),
    Effect.provide(raw),
  )

/** What frames and answers say; heartbeats are the clock's, and a tick may be made a millisecond after its frame was heard. */
const said = (ticks: ReadonlyArray<Tick>) =>
  ticks.filter(({ kind }) => kind !== "heartbeat").map((tick) => TickCodec.toLine({ ...tick, ingestTime: 0 }))

const lineOf = (atMs: number, payload: object) =>
  JSON.stringify({ ts: atMs, exchange: "kraken", channel: "raw", symbol: null, payload })

const fileOf = (rows: ReadonlyArray<string>) =>
  FileSystem.FileSystem.use((files) =>
    Effect.gen(function* () {
      const path = `${yield* files.makeTempDirectoryScoped({ prefix: "arbedge-raw-" })}/raw.ndjson`
      yield* files.writeFileString(path, rows.map((row) => `${row}\n`).join(""))
      return path
    })
  ).pipe(Effect.provide(NodeServices.layer))

const follow = lineOf(1_000, {
  dir: "follow",
  instruments: ["BTC/USD"],
  kinds: ["quote"] satisfies Array<FeedKind>,
  depth: 10,
})

/** Each tick of a recording is stored once. */
const toTheBus = Effect.gen(function* () {
  const { channels, id, instruments, script } = cases.find((one) => one.id === "bybit") ?? assert.fail()
  const venue = yield* fakeVenue(script(data.path))
  const request = { venue: id, instruments, kinds: ["book" as const, "quote" as const], depth: 20 }
  const { path } = yield* rawRecording(venue, request, everything(venue, channels.slice(0, 2), 1))
  const { ticks } = yield* readBack(path)
  const playlist = yield* Playlist.open([path], EVERYTHING)
  const onProgress = () => Effect.void
  const fed = yield* replayToBus({ playlist, speed: 10, faults: NO_FAULTS, onProgress, owner: "raw-test" })
  assert.strictEqual(fed.ticks, ticks.length)
  const batches = yield* Stream.runCollect(fromBus("stored"))
  const byTime = (some: ReadonlyArray<Tick>) =>
    some.toSorted((a, b) => (a.venueTime ?? 0) - (b.venueTime ?? 0) || a.kind.localeCompare(b.kind))
  assert.deepStrictEqual(byTime(batches.flatMap((batch) => batch.ticks)), byTime(ticks))
}).pipe(Effect.scoped)

describeWith(data, "A raw recording of a venue", () => {
  for (const { book, channels, id, instruments, kinds, script } of cases) {
    it.live(`gives the ticks again that ${id} gave live, and gives them twice`, () =>
      Effect.gen(function* () {
        const venue = yield* fakeVenue(script(data.path))
        const request = { venue: id, instruments, kinds, depth: 20 }
        const { account, live, path } = yield* rawRecording(
          venue,
          request,
          everything(venue, channels, book === undefined ? 0 : 1),
        )
        assert.deepStrictEqual(account.lost, {})
        assert.strictEqual(account.rest.written, account.rest.answered)
        const first = yield* readBack(path), second = yield* readBack(path)
        assert.strictEqual(first.progress, 1)
        assert.isAbove(said(first.ticks).length, 0)
        assert.deepStrictEqual(said(first.ticks).slice(0, said(live).length), said(live))
        assert.deepStrictEqual(first.ticks.map(TickCodec.toLine), second.ticks.map(TickCodec.toLine))
        assert.deepStrictEqual(first.bad, second.bad)
      }), 60_000)
  }

  it.live("holds the loss of a connection, and what came over the next one", () =>
    Effect.gen(function* () {
      const { channels, id, instruments, script } = cases.find((one) => one.id === "okx") ?? assert.fail()
      const venue = yield* fakeVenue(script(data.path))
      const request = { venue: id, instruments, kinds: ["quote" as const, "book" as const], depth: 20 }
      const chosen = channels.filter((channel) => /^(books|bbo-tbt):/.test(channel))
      const { live, path } = yield* rawRecording(venue, request, (live, heard) =>
        Effect.gen(function* () {
          yield* Effect.promise(() => venue.subscribed(chosen))
          yield* everything(venue, chosen, 1)(live, heard)
          yield* Effect.promise(() => venue.play([{ kind: "cut" }]))
          yield* Effect.promise(() => venue.subscribed(chosen, 2))
          const books = () => live.filter((tick) => tick.kind === "book" && tick.snapshot).length
          const [before, gaps] = [books(), () => live.some(({ kind }) => kind === "gap")]
          yield* until(Effect.sync(() => gaps() && books() > before))
        }))
      assert.isTrue((yield* linesOf(path)).some((line) => line.includes(`"dir":"lost"`)))
      const { ticks } = yield* readBack(path)
      assert.deepStrictEqual(said(ticks).slice(0, said(live).length), said(live))
      const kinds = ticks.map(({ kind }) => kind)
      assert.include(kinds, "gap")
      assert.isTrue(ticks.slice(kinds.lastIndexOf("gap")).some((tick) => tick.kind === "book" && tick.snapshot))
      assert.deepStrictEqual((yield* readBack(path)).ticks, ticks)
    }), 60_000)

  it.live("holds nothing of a key, should its client ever be given one", () =>
    Effect.gen(function* () {
      const CANARY = "CANARY-71c0e5aa"
      const { book, channels, id, instruments, kinds, script } = cases.find((one) => one.id === "kraken") ??
        assert.fail()
      const venue = yield* fakeVenue(script(data.path))
      const { account, path } = yield* rawRecording(
        venue,
        { venue: id, instruments, kinds, depth: 20 },
        everything(venue, channels, book === undefined ? 0 : 1),
        {
          wire: (_venue, exchange) => {
            for (const name of ["apiKey", "secret", "password", "token"]) Reflect.set(exchange, name, CANARY)
          },
        },
      )
      assert.isAbove(account.received, 0)
      assert.deepStrictEqual(account.rest, { asked: 0, answered: 0, written: 0 })
      assert.notInclude((yield* linesOf(path)).join("\n"), CANARY)
    }), 60_000)

  it.live(
    "goes to the bus at its pace, each tick once",
    () => toTheBus.pipe(Effect.provide([raw, NodeServices.layer, EmbeddedBus.layer()])),
    60_000,
  )

  it.live("without an answer that is asked for is refused with the request's name", () =>
    Effect.gen(function* () {
      const { channels, id, instruments, script } = cases.find((one) => one.id === "binance") ?? assert.fail()
      const venue = yield* fakeVenue(script(data.path))
      const request = { venue: id, instruments, kinds: ["book" as const], depth: 20 }
      const { path } = yield* rawRecording(venue, request, everything(venue, channels.slice(0, 1), 1))
      const lines = yield* linesOf(path)
      const without = (part: string) =>
        lines.filter((line) =>
          !(line.includes(part) && (line.includes(`"dir":"http"`) || line.includes(`"dir":"ask"`)))
        )
      const failure = (part: string) => Effect.flatMap(fileOf(without(part)), (path) => Effect.flip(readBack(path)))
      const snapshot = yield* failure("/depth?")
      assert.strictEqual(snapshot.reason, "incomplete")
      assert.include(snapshot.detail, "binance is asked GET /api/v3/depth?")
      const markets = yield* failure("/exchangeInfo")
      assert.include(markets.detail, "binance is asked GET /api/v3/exchangeInfo")
    }), 60_000)
})

const linesOf = (path: string) =>
  Effect.promise(async () => {
    const { readFile } = await import("node:fs/promises")
    const { gunzipSync } = await import("node:zlib")
    return gunzipSync(await readFile(path)).toString().trimEnd().split("\n")
  })

describe("A raw recording", () => {
  it.live("that does not say what was followed is refused with the line", () =>
    Effect.gen(function* () {
      const path = yield* fileOf([lineOf(1_000, { dir: "recv", conn: "x", url: "wss://ws.kraken.com/v2", frame: {} })])
      const failure = yield* Effect.flip(readBack(path))
      assert.strictEqual(failure.reason, "incomplete")
      assert.include(failure.detail, "line 1 is of kraken")
    }))

  it.live("of a venue that there is not is refused", () =>
    Effect.gen(function* () {
      const path = yield* fileOf([follow.replaceAll("kraken", "atlantis")])
      const failure = yield* Effect.flip(readBack(path))
      assert.include(failure.detail, "the feed of atlantis ended: unknown_venue")
    }))

  it.live("that is none gives each line back as refused", () =>
    Effect.gen(function* () {
      const path = yield* fileOf([`{"v":1}`, "no json"])
      const { bad, ticks } = yield* readBack(path)
      assert.deepStrictEqual(ticks, [])
      assert.deepStrictEqual(bad.map(({ line, reason }) => [line, reason]), [[1, "wrong_type"], [2, "wrong_type"]])
    }))

  it.live("in parts is read from the part that was given on, its frames as they came", () =>
    Effect.gen(function* () {
      const row =
        `{"ts":5,"exchange":"kraken","channel":"raw","symbol":null,"payload":{"dir":"recv","conn":"a","url":"wss://x/v2","frame":{"p":1.10, "q":1e2}}}`
      const first = yield* fileOf([row])
      const folder = first.slice(0, first.lastIndexOf("/"))
      yield* FileSystem.FileSystem.use((files) =>
        Effect.all([
          files.writeFileString(`${folder}/day-0001.ndjson`, `${row}\n`),
          files.writeFileString(`${folder}/day-0002.ndjson`, `${row.replace(`{"p":1.10, "q":1e2}`, `"pong"`)}\n`),
          files.writeFileString(`${folder}/day-0004.ndjson`, `${row}\n`),
        ])
      ).pipe(Effect.provide(NodeServices.layer))
      const texts: Array<string | null> = []
      yield* Effect.promise(async () => {
        for await (const { rows } of RawFile.read(`${folder}/day-0001.ndjson`)) {
          texts.push(...rows.map(({ text }) => text))
        }
      })
      assert.deepStrictEqual(texts, [`{"p":1.10, "q":1e2}`, "pong"])
    }))
})

describeWith(data, "A raw recording, with NATS there,", () => {
  describeWith(nats, "and its own streams", () => {
    const prefix = `raw_test_${process.pid}_`
    afterAll(() => removeAll(nats.url, prefix))

    it.live("goes to the bus at its pace, each tick once", () =>
      toTheBus.pipe(
        Effect.provide([
          raw,
          NodeServices.layer,
          NatsBus.layer({ url: Redacted.make(nats.url), streamPrefix: prefix, subjectPrefix: prefix }),
        ]),
      ), 60_000)
  })
})
