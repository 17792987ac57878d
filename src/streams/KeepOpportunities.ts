/**
 * KeepOpportunities: the newest revision of every opportunity in the bucket `opportunity`, and what was last found of each
 * type and instrument in `analysis`.
 *
 * In: `opp.v1.>` in batches that carry their ack, shared by processes. Out: entries that any NATS client reads. Promises: a
 * revision never takes the place of a newer one, whatever comes again or out of order; a transition is acknowledged after
 * it was written, or when the bucket has no room for it; the value of `opportunity` is the message itself.
 */
import { Clock, Duration, Effect, Metric, Option, Schedule, Schema, Stream } from "effect"
import { analysisOf, InstrumentAnalysisJson } from "../domain/InstrumentAnalysis.ts"
import { type Opportunity, OpportunityJson } from "../domain/Opportunity.ts"
import { Bus, type BusError, type Delivery, type KeyValue } from "../layers/Bus.ts"
import { ANALYSIS_BUCKET, openBucket, OPPORTUNITIES, OPPORTUNITY_BUCKET } from "./Topology.ts"

const DURABLE = "keep-opportunities"
const ACK_WAIT = Duration.seconds(10)
const RETRY_AFTER = Duration.seconds(1)
const BATCH = 256
const WRITES_AT_A_TIME = 16
/** Others wrote the same key in between: looked at again so often at most, then the message comes again. */
const ATTEMPTS = 8

const keptTotal = Metric.counter("opportunities_kept_total", {
  description: "Entries of the buckets opportunity and analysis, by bucket and outcome: written, older, refused",
})

const encoder = new TextEncoder(), decoder = new TextDecoder()
const decodeOpportunity = Schema.decodeUnknownOption(OpportunityJson)
const decodeAnalysis = Schema.decodeUnknownOption(InstrumentAnalysisJson)
const encodeAnalysis = Schema.encodeSync(InstrumentAnalysisJson)

interface Entry {
  readonly bucket: "opportunity" | "analysis"
  readonly key: string
  readonly value: Uint8Array
  /** Whether it may take the place of what stands there; what cannot be read gives way. */
  readonly isNewer: (text: string) => boolean
}

const entriesOf = (opportunity: Opportunity, data: Uint8Array): ReadonlyArray<Entry> => {
  const { at, id, revision } = opportunity
  const whole: Entry = {
    bucket: "opportunity",
    key: id,
    value: data,
    isNewer: (text) =>
      Option.match(decodeOpportunity(text), { onNone: () => true, onSome: (old) => revision > old.revision }),
  }
  return [
    whole,
    ...Option.toArray(analysisOf(opportunity)).map(({ key, value }): Entry => ({
      bucket: "analysis",
      key,
      value: encoder.encode(encodeAnalysis(value)),
      isNewer: (text) =>
        Option.match(decodeAnalysis(text), {
          onNone: () => true,
          onSome: (old) => old.opportunityId === id ? revision > old.revision : at >= old.at,
        }),
    })),
  ]
}

/** Compared and set by the bus, so that two who write at once leave the newer. */
const put = (bucket: KeyValue, { isNewer, key, value }: Entry): Effect.Effect<"written" | "older", BusError> =>
  Effect.gen(function* () {
    const there = yield* bucket.get(key)
    if (Option.isNone(there)) yield* bucket.create(key, value)
    else if (!isNewer(decoder.decode(there.value.value))) return "older" as const
    else yield* bucket.update(key, value, there.value.revision)
    return "written" as const
  }).pipe(Effect.retry({ times: ATTEMPTS, while: (error) => error.reason === "revision_conflict" }))

/** No room in the bucket: the next transition may find some. */
const isHopeless = ({ reason }: BusError): boolean => reason === "rejected" || reason === "too_large"

const make = Effect.gen(function* () {
  const buckets = {
    opportunity: yield* openBucket(OPPORTUNITY_BUCKET),
    analysis: yield* openBucket(ANALYSIS_BUCKET),
  }

  const keep = (entry: Entry) =>
    put(buckets[entry.bucket], entry).pipe(
      Effect.catchIf(isHopeless, ({ detail }) =>
        Effect.as(
          Effect.logWarning("an opportunity was not kept", entry.bucket, entry.key, detail),
          "refused" as const,
        )),
      Effect.flatMap((outcome) =>
        Metric.update(Metric.withAttributes(keptTotal, { bucket: entry.bucket, outcome }), 1)
      ),
    )

  /** Of several revisions in a batch only the last counts. */
  const newest = (deliveries: ReadonlyArray<Delivery>): ReadonlyArray<Entry> => {
    const entries = new Map<string, Entry>()
    for (const { data } of deliveries) {
      const opportunity = decodeOpportunity(decoder.decode(data))
      if (Option.isNone(opportunity)) continue
      for (const entry of entriesOf(opportunity.value, data)) entries.set(`${entry.bucket}/${entry.key}`, entry)
    }
    return [...entries.values()]
  }

  const answer = (deliveries: ReadonlyArray<Delivery>, how: (delivery: Delivery) => Effect.Effect<void, BusError>) =>
    Effect.forEach(deliveries, how, { discard: true, concurrency: WRITES_AT_A_TIME })

  return (deliveries: ReadonlyArray<Delivery>) =>
    Effect.forEach(newest(deliveries), keep, { discard: true, concurrency: WRITES_AT_A_TIME }).pipe(
      Effect.andThen(answer(deliveries, ({ ack }) => ack)),
      Effect.catch((error) =>
        Effect.andThen(
          Effect.logDebug("opportunities are kept later", error.reason, error.detail),
          answer(deliveries, ({ nak }) => nak(RETRY_AFTER)),
        )
      ),
    )
})

const again = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

/** Runs until interrupted. A first start begins as far back as the buckets keep. */
export const keepOpportunities: Effect.Effect<never, never, Bus> = Effect.gen(function* () {
  const bus = yield* Bus
  const keepAll = yield* make
  const reachMs = Option.match(OPPORTUNITY_BUCKET.timeToLive, { onNone: () => 0, onSome: Duration.toMillis })
  return yield* bus.work({
    stream: OPPORTUNITIES.name,
    subjects: [],
    durable: DURABLE,
    start: { _tag: "Time", atMs: (yield* Clock.currentTimeMillis) - reachMs },
    ackWait: ACK_WAIT,
    maxDeliver: 100,
    maxAckPending: BATCH,
    batchSize: BATCH,
  }).pipe(Stream.runForEach(keepAll))
}).pipe(
  Effect.scoped,
  Effect.tapError((error) => Effect.logWarning("opportunities are not kept", error.reason, error.detail)),
  Effect.retry(again),
  Effect.andThen(Effect.never),
  Effect.orDie,
)
