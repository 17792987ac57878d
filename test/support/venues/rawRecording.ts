/**
 * A raw recording of one fake venue, with the ticks that the feed made meanwhile.
 *
 * In: a fake venue and what is followed of it. Out: the path of the recording, its account, and the live ticks. Promises:
 * everything that the venue's script plays is in it; the recorder is the product's own.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Deferred, Effect, Fiber, FileSystem, Layer, Option, Stream } from "effect"
import type { FeedRequest } from "../../../src/domain/Feed.ts"
import type { Tick } from "../../../src/domain/Tick.ts"
import * as CcxtExchange from "../../../src/layers/ccxt/CcxtExchange.ts"
import type { CcxtSettings } from "../../../src/layers/ccxt/Settings.ts"
import * as EmbeddedRestBudgets from "../../../src/layers/embedded/RestBudgets.ts"
import { FrameListener } from "../../../src/layers/FrameListener.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import * as SocketFrames from "../../../src/programs/record/SocketFrames.ts"
import { fromVenues, rawFrom } from "../../../src/programs/record/Sources.ts"
import * as Tallies from "../../../src/programs/record/Tallies.ts"
import { record } from "../../../src/programs/Record.ts"
import { until } from "../actors.ts"
import type { FakeVenue, Step } from "./FakeVenue.ts"
import { quickly } from "./FeedProbe.ts"

export const rawRecording = Effect.fnUntraced(
  function* (
    venue: FakeVenue,
    request: FeedRequest,
    play: (live: ReadonlyArray<Tick>, heard: ReadonlySet<string>) => Effect.Effect<unknown>,
    settings: Partial<CcxtSettings> = {},
  ) {
    const files = yield* FileSystem.FileSystem
    const path = `${yield* files.makeTempDirectoryScoped({ prefix: "arbedge-raw-" })}/raw.ndjson.gz`
    const sockets = yield* SocketFrames.make(true), live: Array<Tick> = [], heard = new Set<string>()
    const listener: FrameListener["Service"] = {
      ...sockets.listener,
      heard: (frame) => {
        sockets.listener.heard(frame)
        if (frame.text !== null) heard.add(frame.text)
      },
    }
    const exchange = CcxtExchange.layer({ ...quickly, ...settings, baseUrls: { [venue.script.id]: venue.origin } })
      .pipe(
        Layer.provide(Layer.merge(EmbeddedRestBudgets.layer, Layer.succeed(FrameListener, listener))),
      )
    yield* sockets.follow([request])
    const feeds = fromVenues([request], () => Effect.void).pipe(
      Stream.tap(({ ticks }) => Effect.sync(() => void live.push(...ticks))),
    )
    const done = yield* Deferred.make<Tallies.RawAccount>()
    const running = yield* record({
      path,
      rotation: Option.none(),
      duration: Option.none(),
      source: rawFrom(feeds, sockets),
      tally: Tallies.rawFrames(sockets),
      shareOf: () => null,
      onProgress: () => Effect.void,
      onDone: (account) => Effect.asVoid(Deferred.succeed(done, account)),
    }).pipe(Effect.provide(exchange), Effect.forkChild)
    yield* play(live, heard)
    yield* Fiber.interrupt(running)
    return { path, account: yield* Deferred.await(done), live }
  },
  Effect.provide([NodeServices.layer, RecordingFiles.layer]),
)

/** Waits for the channels, plays a few frames, and the rest once every book has come whole. */
export const everything =
  (venue: FakeVenue, channels: ReadonlyArray<string>, books: number) =>
  (live: ReadonlyArray<Tick>, heard: ReadonlySet<string>) =>
    Effect.gen(function* () {
      yield* Effect.promise(() => venue.subscribed(channels))
      const steps = venue.script.frames
        .filter(({ channel }) => channels.includes(channel))
        .map((frame): Step => ({ kind: "send", frame }))
      yield* Effect.promise(() => venue.play(steps.slice(0, 20)))
      const whole = () => new Set(live.flatMap((tick) => tick.kind === "book" && tick.snapshot ? tick.instrument : []))
      yield* until(Effect.sync(() => whole().size >= books))
      yield* Effect.promise(() => venue.play(steps.slice(20)))
      const last = steps.at(-1)
      yield* until(Effect.sync(() => last === undefined || last.kind !== "send" || heard.has(last.frame.text)))
    })
