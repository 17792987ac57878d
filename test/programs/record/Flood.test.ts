/** Venues recorded under a flood: every frame counted at the socket stands in the file, and raw frames can be played again. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, FileSystem, Layer, Option, Stream } from "effect"
import * as CcxtExchange from "../../../src/layers/ccxt/CcxtExchange.ts"
import * as EmbeddedRestBudgets from "../../../src/layers/embedded/RestBudgets.ts"
import { FrameListener } from "../../../src/layers/FrameListener.ts"
import type { Exchange, ExchangeError } from "../../../src/layers/Exchange.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import { Recording, type RecordingError } from "../../../src/layers/Recording.ts"
import * as RawRows from "../../../src/programs/record/RawRows.ts"
import * as SocketFrames from "../../../src/programs/record/SocketFrames.ts"
import { fromVenues, rawFrom } from "../../../src/programs/record/Sources.ts"
import * as Tallies from "../../../src/programs/record/Tallies.ts"
import { record } from "../../../src/programs/Record.ts"
import { data, describeWith } from "../../support/available.ts"
import { binance } from "../../support/venues/binance.ts"
import { type FakeVenue, fakeVenue, type Step } from "../../support/venues/FakeVenue.ts"
import { quickly } from "../../support/venues/FeedProbe.ts"
import { asJson, asList, readCapture } from "../../support/venues/VenueScript.ts"

const FLOOD = 20_000
const CHANNEL = "nknusdt@bookTicker"
const request = { venue: "binance", instruments: ["NKN/USDT"], kinds: ["quote" as const], depth: 5 }

type Told = Tallies.Account & Partial<Tallies.RawAccount>

/** A recording of the fake venue, raw or as ticks, while `play` happens; ends once `enough` were taken. */
const recorded = Effect.fnUntraced(
  function* (venue: FakeVenue, raw: boolean, enough: number, play: Effect.Effect<unknown>) {
    const files = yield* FileSystem.FileSystem
    const path = `${yield* files.makeTempDirectoryScoped({ prefix: "arbedge-flood-" })}/out.ndjson.gz`
    const sockets = yield* SocketFrames.make(raw)
    const exchange = CcxtExchange.layer({ ...quickly, baseUrls: { binance: venue.origin } }).pipe(
      Layer.provide(Layer.merge(EmbeddedRestBudgets.layer, Layer.succeed(FrameListener, sockets.listener))),
    )
    const full = yield* Deferred.make<void>()
    const feeds = fromVenues([request], () => Effect.void)
    yield* sockets.follow([request])
    const around = {
      path,
      rotation: Option.none(),
      duration: Option.none(),
      onProgress: (_share: number | null, taken: number) =>
        taken >= enough ? Deferred.succeed(full, undefined) : Effect.void,
      shareOf: () => null,
    }
    const done = yield* Deferred.make<Told>()
    const onDone = (account: Told) => Effect.asVoid(Deferred.succeed(done, account))
    const run: Effect.Effect<unknown, ExchangeError | RecordingError, Exchange | Recording> = raw
      ? record({ ...around, source: rawFrom(feeds, sockets), tally: Tallies.rawFrames(sockets), onDone })
      : record({ ...around, source: feeds, tally: Tallies.ticks(0, sockets.counts), onDone })
    const running = yield* Effect.forkChild(Effect.asVoid(run).pipe(Effect.provide(exchange)))
    yield* Effect.promise(() => venue.subscribed([CHANNEL]))
    yield* play
    // The last of them is counted when the next batch comes: a frame more makes sure that one does.
    yield* Effect.forkChild(
      Effect.promise(() => venue.play([{ kind: "say", channel: CHANNEL, text: "{}" }])).pipe(
        Effect.andThen(Effect.sleep("20 millis")),
        Effect.forever,
      ),
    )
    yield* Deferred.await(full)
    yield* Fiber.interrupt(running)
    return { account: yield* Deferred.await(done), path }
  },
  Effect.provide([NodeServices.layer, RecordingFiles.layer]),
)

describeWith(data, "A recording from a venue that floods us", () => {
  const flood = Effect.gen(function* () {
    const venue = yield* fakeVenue(binance(data.path))
    const first = venue.script.frames.find(({ channel }) => channel === CHANNEL)?.text ?? "{}"
    const texts = Array.from({ length: FLOOD }, (_, u) => JSON.stringify({ ...asJson(JSON.parse(first)), u }))
    const steps = texts.map((text): Step => ({ kind: "say", channel: CHANNEL, text }))
    return { venue, texts, play: Effect.promise(() => venue.play(steps)) }
  })

  it.live("holds every frame that the socket gave, as it came, and can be played again", () =>
    Effect.gen(function* () {
      const { play, texts, venue } = yield* flood
      const { account, path } = yield* recorded(venue, true, FLOOD + 2, play)
      assert.deepStrictEqual(account.lost, {})
      assert.strictEqual(account.written, account.received)
      assert.isAtLeast(account.received, FLOOD)

      const slash = path.lastIndexOf("/")
      const rows = readCapture(path.slice(0, slash), path.slice(slash + 1))
      const played = rows.filter(({ dir, frame }) => dir === "recv" && asJson(frame)["u"] !== undefined)
      const digest = (lines: ReadonlyArray<string>) => createHash("sha256").update(lines.join("\n")).digest("hex")
      assert.strictEqual(digest(played.map(({ frame }) => JSON.stringify(frame))), digest(texts))
      // Character by character, not only value by value.
      assert.include(gunzipSync(readFileSync(path)).toString(), `"frame":${texts[7]}}}`)
      assert.isTrue(rows.some(({ dir, frame }) => dir === "send" && JSON.stringify(frame).includes(CHANNEL)))

      // And what was asked over REST, with what was answered.
      const { asked, answered, written } = account.rest ?? assert.fail("no account of REST")
      const answers = rows.filter(({ dir }) => dir === "http"), asks = rows.filter(({ dir }) => dir === "ask")
      assert.deepStrictEqual([asks.length, answers.length, answers.length], [asked, answered, written])
      assert.strictEqual(asked, venue.restRequests.length)
      assert.deepStrictEqual(
        answers.map(({ url }) => new URL(url)).map(({ pathname, search }) => pathname + search),
        venue.restRequests,
      )
      assert.isAtLeast(asList(asJson(answers[0]?.body)["symbols"]).length, 1)
      assert.strictEqual(rows[0]?.dir, "follow")
    }), 60_000)

  it.live("holds every tick that was made of them", () =>
    Effect.gen(function* () {
      const { play, venue } = yield* flood
      const { account, path } = yield* recorded(venue, false, FLOOD, play)
      assert.deepStrictEqual(account.lost, {})
      assert.strictEqual(account.written, account.received)
      assert.isAtLeast(account.socketFrames ?? 0, FLOOD)
      const ticks = yield* Recording.use((recording) => Stream.runCollect(recording.read(path))).pipe(
        Effect.map((batches) => batches.flatMap(({ ticks }) => ticks)),
        Effect.provide(RecordingFiles.layer),
      )
      const quotes = ticks.flatMap((tick) => tick.kind === "quote" ? [tick.seq] : [])
      assert.deepStrictEqual(quotes, Array.from({ length: FLOOD }, (_, u) => u))
    }), 60_000)
})

describe("Frames that the file is too slow for", () => {
  it.effect("are dropped beyond 65,536, and counted", () =>
    Effect.gen(function* () {
      const sockets = yield* SocketFrames.make(true)
      const frame = { venue: "okx", direction: "recv" as const, url: "wss://x", text: "{}", atMs: 1 }
      for (let n = 0; n < 65_540; n++) sockets.listener.heard(frame)
      const answer = { venue: "okx", method: "GET", url: "https://x/", askedAtMs: 1, atMs: 2, status: 200, body: "{}" }
      sockets.listener.asked(answer)
      sockets.listener.answered(answer)
      assert.deepStrictEqual(sockets.counts(), {
        received: 65_540,
        framesDropped: 4,
        ticksDropped: 0,
        asked: 1,
        answered: 1,
        answersDropped: 1,
      })
      const tally = Tallies.rawFrames(sockets)
      yield* sockets.arrived
      const lines = tally.take().length
      const { lost, received, written } = tally.recorded({ lines, files: [] }, false)
      assert.deepStrictEqual({ lost, received, written }, {
        lost: { file_too_slow: 5 },
        received: 65_540,
        written: 65_536,
      })
    }))

  it("stand in a line as they came where they are JSON, else as text", () => {
    const frame = { venue: "okx", direction: "recv" as const, url: "wss://x", atMs: 5 }
    const of = (text: string | null) => RawRows.frameRow({ ...frame, text }, "okx.ws.1")
    const head = `{"ts":5,"exchange":"okx","channel":"raw","symbol":null,` +
      `"payload":{"dir":"recv","conn":"okx.ws.1","url":"wss://x","frame":`
    assert.strictEqual(of(`{"p":1.10, "q":1e2}`), `${head}{"p":1.10, "q":1e2}}}`)
    assert.strictEqual(of("pong"), `${head}"pong"}}`)
    assert.strictEqual(of("{\n}"), `${head}"{\\n}"}}`)
    assert.strictEqual(of(null), `${head}null}}`)
  })
})
