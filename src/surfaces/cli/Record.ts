/**
 * `arbedge record --out FILE`: market data into a recording.
 *
 * In: the frames on the bus, or venues asked directly. Out: the file, and on standard output what is in it. Promises: the
 * file is complete however it ends, Ctrl-C included (exit 130); an existing file is replaced only with `--overwrite`.
 */
import { Console, Duration, Effect, FileSystem, Layer, Option, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { FeedKind } from "../../domain/Feed.ts"
import type { Settings } from "../../domain/Settings.ts"
import type { BusError } from "../../layers/Bus.ts"
import * as Backends from "../../programs/Backends.ts"
import * as Markets from "../../programs/Markets.ts"
import {
  BUS_DISORDER_TICKS,
  fromBus,
  fromVenues,
  type SourceBatch,
  VENUES_DISORDER_TICKS,
} from "../../programs/record/Sources.ts"
import { record as recordTo, type Recorded } from "../../programs/Record.ts"
import { failed, type Failure, usage } from "./Failure.ts"
import { json } from "./Input.ts"
import * as OperatorSettings from "./OperatorSettings.ts"
import * as Progress from "./Progress.ts"

const out = Flag.String("out").pipe(Flag.withDescription("The file to write; gzipped if its name ends with .gz"))
const from = Flag.Literals("from", ["bus", "venues"]).pipe(
  Flag.withDescription("`bus`: what the service ingests; `venues`: ask them directly, without a service"),
  Flag.withDefault("bus" as const),
)
const stored = Flag.Boolean("stored").pipe(
  Flag.withDescription("With --from bus: everything that is stored now, instead of what comes from now on"),
  Flag.withDefault(false),
)
const seconds = Flag.Finite("seconds").pipe(
  Flag.withDescription("How long; without it until Ctrl-C"),
  Flag.filter((value) => value > 0, (value) => `${value} is not above 0`),
  Flag.optional,
)
const overwrite = Flag.Boolean("overwrite").pipe(
  Flag.withDescription("Replace the file if it exists"),
  Flag.withDefault(false),
)
const list = (name: string, what: string) =>
  Flag.String(name).pipe(
    Flag.withDescription(`With --from venues: ${what}, separated by commas`),
    Flag.map((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== "")),
    Flag.optional,
  )
const venues = list("venues", "which, instead of ARBEDGE_VENUES")
const instruments = list("instruments", "which, instead of ARBEDGE_INSTRUMENTS")
const kinds = list("kinds", "quote, book, trade or funding, instead of ARBEDGE_FEED_KINDS")

type Source = Stream.Stream<SourceBatch, Failure>

const busFailure = (error: BusError): Failure =>
  error.reason === "stream_missing"
    ? failed("there are no frames: the bus has no stream MD", "start a service with the role `ingest`: `arbedge run`")
    : failed(`the bus: ${error.operation}: ${error.reason} (${error.detail})`, "run `arbedge doctor`")

const busSource = (settings: Settings, what: "new" | "stored"): Effect.Effect<Source, Failure> =>
  Option.isNone(settings.natsUrl)
    ? Effect.fail(usage(
      "without ARBEDGE_NATS_URL the bus is inside the service's process and cannot be read from here",
      "set ARBEDGE_NATS_URL, or use --from venues",
    ))
    : Effect.succeed(fromBus(what).pipe(Stream.provide(Backends.busOf(settings)), Stream.mapError(busFailure)))

const venuesSource = Effect.fnUntraced(function* (settings: Settings, chosen: {
  readonly venues: Option.Option<ReadonlyArray<string>>
  readonly instruments: Option.Option<ReadonlyArray<string>>
  readonly kinds: Option.Option<ReadonlyArray<string>>
}) {
  const words = Option.getOrElse(chosen.kinds, () => settings.feedKinds)
  const known = FeedKind.literals.filter((kind) => words.includes(kind))
  const wrong = words.find((word) => !FeedKind.literals.some((kind) => kind === word))
  if (wrong !== undefined) {
    return yield* usage(`"${wrong}" is no kind of market data`, `give ${FeedKind.literals.join(", ")}`)
  }
  const venues = Option.getOrElse(chosen.venues, () => settings.venues)
  const unknown = Markets.unknownVenue(venues)
  if (unknown !== null) return yield* usage(unknown, "correct --venues or ARBEDGE_VENUES")
  const { exchange, requests } = Markets.live({
    venues,
    instruments: Option.getOrElse(chosen.instruments, () => settings.instruments),
    kinds: known,
    depth: settings.bookDepth,
  })
  const source: Source = fromVenues(requests, (venue, what) => Console.error(`${venue}: ${what}`)).pipe(
    Stream.provide(Layer.provide(exchange, Backends.restBudgetsOf(settings))),
    Stream.mapError((error) => failed(`no venue is left to record (${error.reason}: ${error.detail})`)),
  )
  return source
})

const text = (path: string, { bad, firstAt, lastAt, simulated, ticks }: Recorded): string => {
  const refused = Object.entries(bad).map(([reason, count]) => `${reason} ${count}`)
  const span = firstAt === null || lastAt === null
    ? ""
    : `, ${new Date(firstAt).toISOString()} to ${new Date(lastAt).toISOString()}`
  return [
    `${path}: ${ticks} ticks${span}`,
    `refused: ${refused.length === 0 ? "none" : refused.join(", ")}`,
    ...simulated > 0 ? [`SIMULATED: ${simulated} of the ticks are invented`] : [],
  ].join("\n")
}

export const record = Command.make(
  "record",
  { out, from, stored, seconds, overwrite, venues, instruments, kinds, json },
  Effect.fn("Cli.record")(function* (options) {
    const settings = yield* OperatorSettings.read
    const files = yield* FileSystem.FileSystem
    const exists = yield* Effect.orElseSucceed(files.exists(options.out), () => false)
    if (exists && !options.overwrite) {
      return yield* usage(`"${options.out}" exists`, "give another --out, or --overwrite")
    }
    const source = options.from === "bus"
      ? yield* busSource(settings, options.stored ? "stored" : "new")
      : yield* venuesSource(settings, options)
    const progress = yield* Progress.make("record")
    yield* recordTo({
      path: options.out,
      source,
      disorderTicks: options.from === "bus" ? BUS_DISORDER_TICKS : VENUES_DISORDER_TICKS,
      duration: Option.map(options.seconds, Duration.seconds),
      onProgress: (share, ticks) =>
        share === null ? progress.count(`${ticks} ticks, Ctrl-C ends`) : progress.show(share, `${ticks} ticks`),
      onDone: (recorded) =>
        Effect.andThen(
          progress.done,
          Console.log(options.json ? JSON.stringify({ path: options.out, ...recorded }) : text(options.out, recorded)),
        ),
    }).pipe(Effect.catchTag(
      "RecordingError",
      ({ detail, path }) =>
        Effect.fail(failed(`"${path}" cannot be written: ${detail}`, "check folder, rights and room")),
    ))
  }),
).pipe(Command.withDescription("Record market data from the bus or from venues"))
