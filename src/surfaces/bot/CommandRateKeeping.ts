/**
 * What people were served within the last minute, in the bucket `rate_limit`, so that a process which takes the bot over
 * goes on counting.
 *
 * In: the counts of CommandRate, once a second; what other processes wrote. Out: `<telegram id>.<date>`, times alone.
 * Promises: nobody waits for it, and nothing is read for an update; while the bus is away each process counts for itself;
 * a kill loses a second of counts; entries last for a day and go with who is erased.
 */
import { Clock, DateTime, Duration, Effect, Layer, Option, Schedule, Schema, Stream } from "effect"
import type { Bus, KeyValue } from "../../layers/Bus.ts"
import { openBucket, PEOPLE_BUCKETS } from "../../streams/Topology.ts"
import { CommandRate, type Counts, make, type Served } from "./CommandRate.ts"

const EVERY = Duration.seconds(1)
const WRITES_AT_A_TIME = 16

const Times = Schema.Array(Schema.Int)
const Entry = Schema.fromJsonString(Schema.Struct({ v: Schema.Literal(1), command: Times, tap: Times }))
const encode = Schema.encodeSync(Entry)
const decode = Schema.decodeUnknownOption(Entry)
const encoder = new TextEncoder(), decoder = new TextDecoder()

/** The day, in UTC. */
const keyOf = (telegramId: string, nowMs: number): string =>
  `${telegramId}.${DateTime.formatIsoDateUtc(DateTime.makeUnsafe(nowMs))}`

const again = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

const write = (bucket: KeyValue, nowMs: number) => ([telegramId, { command, tap }]: readonly [string, Served]) =>
  bucket.put(keyOf(telegramId, nowMs), encoder.encode(encode({ v: 1, command, tap })))

/** What could not be written is written with what is served next. */
const writeOut = (bucket: KeyValue, counts: Counts) =>
  Effect.gen(function* () {
    yield* Effect.sleep(EVERY)
    const nowMs = yield* Clock.currentTimeMillis
    yield* Effect.forEach(counts.takeServed(), write(bucket, nowMs), {
      discard: true,
      concurrency: WRITES_AT_A_TIME,
    }).pipe(Effect.catch(({ reason }) => Effect.logDebug("counts of commands were not kept", reason)))
  }).pipe(Effect.forever)

const hearOthers = (bucket: KeyValue, counts: Counts) =>
  bucket.watch(">").pipe(
    Stream.runForEach(({ entry, key }) =>
      Effect.map(Clock.currentTimeMillis, (nowMs) => {
        const served = Option.flatMap(entry, ({ value }) => decode(decoder.decode(value)))
        const [telegramId = ""] = key.split(".")
        if (Option.isSome(served)) counts.hear(telegramId, served.value, nowMs)
      })
    ),
  )

export const layer: Layer.Layer<never, never, Bus> = Layer.effect(
  CommandRate,
  Effect.gen(function* () {
    const counts = make()
    yield* openBucket(PEOPLE_BUCKETS.rateLimit).pipe(
      Effect.flatMap((bucket) => Effect.raceFirst(hearOthers(bucket, counts), writeOut(bucket, counts))),
      Effect.scoped,
      Effect.tapError(({ reason }) => Effect.logDebug("counts of commands are this process's own", reason)),
      Effect.retry(again),
      Effect.forkScoped,
    )
    return counts
  }),
)
