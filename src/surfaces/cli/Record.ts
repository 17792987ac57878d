/**
 * `arbedge record --out FILE`: market data into a recording, ticks or raw frames.
 *
 * In: the frames on the bus, or venues asked directly. Out: the file, and on standard output what is in it, counted at the
 * source and at the file. Promises: the file is complete however it ends, Ctrl-C included (exit 130); an existing file is
 * replaced only with `--overwrite`; what is lost is told with its reason.
 */
import { Console, Duration, Effect, FileSystem, Layer, Option, Result, Stream } from "effect"
import { Command } from "effect/cli"
import { FeedKind } from "../../domain/Feed.ts"
import type { Settings } from "../../domain/Settings.ts"
import type { BusError } from "../../layers/Bus.ts"
import type { ExchangeError } from "../../layers/Exchange.ts"
import { FrameListener } from "../../layers/FrameListener.ts"
import { partPath, type RecordingError, type Rotation } from "../../layers/Recording.ts"
import * as Backends from "../../programs/Backends.ts"
import * as Markets from "../../programs/Markets.ts"
import * as SocketFrames from "../../programs/record/SocketFrames.ts"
import {
  BUS_DISORDER_TICKS,
  fromBus,
  fromVenues,
  rawFrom,
  type SourceBatch,
  VENUES_DISORDER_TICKS,
} from "../../programs/record/Sources.ts"
import * as Tallies from "../../programs/record/Tallies.ts"
import { record as recordTo } from "../../programs/Record.ts"
import { failed, type Failure, usage } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import * as Progress from "./Progress.ts"
import { flags, rotationOf } from "./RecordFlags.ts"

const busFailure = (error: BusError): Failure =>
  error.reason === "stream_missing"
    ? failed("there are no frames: the bus has no stream MD", "start a service with the role `ingest`: `arbedge run`")
    : failed(`the bus: ${error.operation}: ${error.reason} (${error.detail})`, "run `arbedge doctor`")

const venuesFailure = (error: ExchangeError): Failure =>
  failed(`no venue is left to record (${error.reason}: ${error.detail})`)

const fileFailure = ({ detail, path }: RecordingError): Failure =>
  failed(`"${path}" cannot be written: ${detail}`, "check folder, rights and room")

type Words = Option.Option<ReadonlyArray<string>>

/** What to ask venues for, and their Exchange with somebody at its sockets. */
const venuesOf = Effect.fnUntraced(function* (
  settings: Settings,
  chosen: { readonly venues: Words; readonly instruments: Words; readonly kinds: Words },
  sockets: SocketFrames.SocketFrames,
) {
  const words = Option.getOrElse(chosen.kinds, () => settings.feedKinds)
  const kinds = FeedKind.literals.filter((kind) => words.includes(kind))
  const wrong = words.find((word) => !FeedKind.literals.some((kind) => kind === word))
  if (wrong !== undefined) {
    return yield* usage(`"${wrong}" is no kind of market data`, `give ${FeedKind.literals.join(", ")}`)
  }
  const venues = Option.getOrElse(chosen.venues, () => settings.venues)
  const unknown = Markets.unknownVenue(venues)
  if (unknown !== null) return yield* usage(unknown, "correct --venues or ARBEDGE_VENUES")
  const instruments = Option.getOrElse(chosen.instruments, () => settings.instruments)
  const { exchange, requests } = Markets.live({ venues, instruments, kinds, depth: settings.bookDepth })
  const around = Layer.merge(Backends.restBudgetsOf(settings), Layer.succeed(FrameListener, sockets.listener))
  yield* sockets.follow(requests)
  return {
    feeds: fromVenues(requests, (venue, what) => Console.error(`${venue}: ${what}`)),
    exchange: Layer.provide(exchange, around),
  }
})

const account = ({ files, lost, received, socketFrames, written }: Tallies.Account, what: string): string => {
  const losses = Object.entries(lost).map(([reason, count]) => `${reason} ${count}`)
  return [
    `${received} ${what} received, ${written} in the file: ${
      losses.length === 0 ? "nothing is lost" : `LOST: ${losses.join(", ")}`
    }`,
    ...socketFrames === null || what !== "ticks" ? [] : [`${socketFrames} frames at the sockets`],
    ...files.length === 1 ? [] : files.map(({ lines, path }) => `  ${path}: ${lines} lines`),
  ].join("\n")
}

const restText = ({ rest: { answered, asked, written } }: Tallies.RawAccount): string =>
  `${asked} requests asked, ${answered} answered, ${written} answers in the file`

const iso = (ms: number): string => new Date(ms).toISOString()

const ticksText = (path: string, recorded: Tallies.RecordedTicks): string => {
  const { bad, firstAt, lastAt, simulated, ticks } = recorded
  const refused = Object.entries(bad).map(([reason, count]) => `${reason} ${count}`)
  const span = firstAt === null || lastAt === null ? "" : `, ${iso(firstAt)} to ${iso(lastAt)}`
  return [
    `${path}: ${ticks} ticks${span}`,
    account(recorded, "ticks"),
    `refused: ${refused.length === 0 ? "none" : refused.join(", ")}`,
    ...simulated > 0 ? [`SIMULATED: ${simulated} of the ticks are invented`] : [],
  ].join("\n")
}

const parseRotation = (text: Option.Option<string>): Effect.Effect<Option.Option<Rotation>, Failure> =>
  Option.match(text, {
    onNone: () => Effect.succeedNone,
    onSome: (given) =>
      Result.match(rotationOf(given), {
        onSuccess: (rotation) => Effect.succeedSome(rotation),
        onFailure: (why) => Effect.fail(usage(`--rotate: ${why}`, "give a size, a time, or both: 100MB,10m")),
      }),
  })

export const record = Command.make(
  "record",
  { ...flags, json },
  Effect.fn("Cli.record")(function* (options) {
    const settings = yield* OperatorSettings.read
    const files = yield* FileSystem.FileSystem
    const rotation = yield* parseRotation(options.rotate)
    const first = Option.isSome(rotation) ? partPath(options.out, 1) : options.out
    const exists = yield* Effect.orElseSucceed(files.exists(first), () => false)
    if (exists && !options.overwrite) return yield* usage(`"${first}" exists`, "give another --out, or --overwrite")
    const fromTheBus = options.from === "bus"
    if (fromTheBus && options.raw) {
      return yield* usage("the bus carries ticks, no raw frames", "use --raw with --from venues")
    }
    if (fromTheBus && Option.isNone(settings.natsUrl)) {
      return yield* usage(
        "without ARBEDGE_NATS_URL the bus is inside the service's process and cannot be read from here",
        "set ARBEDGE_NATS_URL, or use --from venues",
      )
    }
    const progress = yield* Progress.make("record")
    const around = {
      path: options.out,
      rotation,
      duration: Option.map(options.seconds, Duration.seconds),
      onProgress: (share: number | null, taken: number) => {
        const text = `${taken} ${options.raw ? "frames" : "ticks"}`
        return share === null ? progress.count(`${text}, Ctrl-C ends`) : progress.show(share, text)
      },
    }
    const tell = <A extends Tallies.Account>(text: (recorded: A) => string) => (recorded: A) =>
      Effect.andThen(
        progress.done,
        Console.log(options.json ? JSON.stringify({ path: options.out, ...recorded }) : text(recorded)),
      )
    const ticksOf = (
      source: Stream.Stream<SourceBatch, Failure>,
      disorderTicks: number,
      sockets: () => SocketFrames.SocketCounts | null,
    ) =>
      recordTo({
        ...around,
        source,
        tally: Tallies.ticks(disorderTicks, sockets),
        shareOf: ({ share }) => share,
        onDone: tell((recorded: Tallies.RecordedTicks) => ticksText(options.out, recorded)),
      })

    if (fromTheBus) {
      const source = fromBus(options.stored ? "stored" : "new").pipe(
        Stream.provide(Backends.busOf(settings)),
        Stream.mapError(busFailure),
      )
      return yield* Effect.catchTag(
        ticksOf(source, BUS_DISORDER_TICKS, () => null),
        "RecordingError",
        (error) => Effect.fail(fileFailure(error)),
      )
    }
    const sockets = yield* SocketFrames.make(options.raw)
    const { exchange, feeds } = yield* venuesOf(settings, options, sockets)
    const recording = options.raw
      ? Effect.asVoid(recordTo({
        ...around,
        source: rawFrom(feeds, sockets).pipe(Stream.provide(exchange), Stream.mapError(venuesFailure)),
        tally: Tallies.rawFrames(sockets),
        shareOf: () => null,
        onDone: tell((recorded: Tallies.RawAccount) =>
          `${options.out}: ${account(recorded, "frames")}\n${restText(recorded)}`
        ),
      }))
      : Effect.asVoid(ticksOf(
        feeds.pipe(Stream.provide(exchange), Stream.mapError(venuesFailure)),
        VENUES_DISORDER_TICKS,
        sockets.counts,
      ))
    yield* Effect.catchTag(recording, "RecordingError", (error) => Effect.fail(fileFailure(error)))
  }, Effect.scoped),
).pipe(Command.withDescription("Record market data from the bus or from venues, ticks or raw frames"))
