/**
 * The report of a load run: what went in, what came out, how long it took, what it cost.
 *
 * In: what was counted. Out: one JSON object by this Schema (docs/guides/load.md). Promises: what was not measured is null,
 * never 0; times are milliseconds unless a name says otherwise; times of a stage are counted from when a tick was due,
 * so a load that comes too late makes latencies longer, not rarer.
 */
import { Schema } from "effect"

const Count = Schema.Int
const Known = Schema.NullOr(Schema.Finite)

/**
 * What a notification passes, each named by its end; `total`: from the tick's arrival to the messenger's acceptance;
 * `limiter_wait`: what the messenger's rate limits cost, in none of those before; `feed_lag`: how late ticks were handed in;
 * `reply`: from when a person's command was due to the messenger's acceptance of the reply, waits for rate limits included.
 */
export const LatencyStage = Schema.Literals([
  "receive",
  "detect",
  "validate",
  "queue",
  "accepted",
  "total",
  "limiter_wait",
  "feed_lag",
  "reply",
])
export type LatencyStage = typeof LatencyStage.Type

export const Percentiles = Schema.Struct({
  count: Count,
  mean: Known,
  p50: Known,
  p90: Known,
  p99: Known,
  p999: Known,
  max: Known,
})
export type Percentiles = typeof Percentiles.Type

/** `upToMs` is the greatest value of the bucket. */
export const LatencyFigures = Schema.Struct({
  ...Percentiles.fields,
  buckets: Schema.Array(Schema.Struct({ upToMs: Schema.Finite, count: Count })),
})
export type LatencyFigures = typeof LatencyFigures.Type

/** What went into a hop and what came out; `waiting` was under way at the end; `lost` is what nothing accounts for. */
export const Hop = Schema.Struct({
  hop: Schema.Literals(["ticks", "frames", "transitions", "rows", "messages", "commands"]),
  entered: Count,
  /** Null: it cannot be seen from here. */
  arrived: Schema.NullOr(Count),
  waiting: Count,
  lost: Schema.NullOr(Count),
  duplicates: Schema.NullOr(Count),
})
export type Hop = typeof Hop.Type

export const Sample = Schema.Struct({
  /** Since the first tick was due. */
  atMs: Schema.Finite,
  ticksPerS: Schema.Finite,
  framesPerS: Schema.Finite,
  opportunitiesPerS: Schema.Finite,
  notificationsPerS: Schema.Finite,
  repliesPerS: Schema.Finite,
  /** Frames stored and not yet analysed; null: analysed elsewhere. */
  lagFrames: Known,
  /** Transitions published and not yet distributed. */
  lagTransitions: Schema.Finite,
  /** Rows that wait or are being sent. */
  queueDepth: Schema.Finite,
  /** Facts not yet published. */
  outboxDepth: Schema.Finite,
  /** Of one core: 1 is one core fully used. */
  cpuCores: Known,
  heapMiB: Known,
  rssMiB: Known,
  handles: Known,
})
export type Sample = typeof Sample.Type

export const Trend = Schema.Struct({
  figure: Schema.Literals(["heapMiB", "rssMiB", "handles", "lagFrames", "lagTransitions", "queueDepth"]),
  /** Null: too few samples, or too short a time. */
  perHour: Known,
  low: Known,
  high: Known,
  grows: Schema.NullOr(Schema.Boolean),
})
export type Trend = typeof Trend.Type

export const ScenarioReport = Schema.Struct({
  v: Schema.Literal(1),
  /** False: written while the run went on. */
  finished: Schema.Boolean,
  scenario: Schema.Struct({ name: Schema.String, seed: Schema.Int, what: Schema.String, durationMs: Count }),
  simulated: Schema.Boolean,
  soak: Schema.Boolean,
  /** Wall clock. */
  startedAt: Schema.Int,
  elapsedMs: Schema.Finite,
  /** `runtime`, `cores`, `bus`, `store`, `processes`. */
  world: Schema.Record(Schema.String, Schema.String),
  totals: Schema.Struct({
    ticks: Count,
    frames: Count,
    wireMB: Schema.Finite,
    transitions: Count,
    opportunities: Count,
    notifications: Count,
    edits: Count,
    /** Asked by people, and answered. */
    commands: Count,
    replies: Count,
  }),
  /** Means over the time in which ticks came. */
  rates: Schema.Struct({
    ticksPerS: Known,
    framesPerS: Known,
    opportunitiesPerS: Known,
    notificationsPerS: Known,
    repliesPerS: Known,
    wireMBPerS: Known,
  }),
  hops: Schema.Array(Hop),
  /** Queue rows by their status: sent, expired, cancelled, ... */
  rows: Schema.Record(Schema.String, Count),
  latencyMs: Schema.Record(LatencyStage, LatencyFigures),
  errors: Schema.Array(Schema.Struct({ where: Schema.String, reason: Schema.String, count: Count })),
  /** Checks turned down by detection, by reason: no errors. */
  rejected: Schema.Record(Schema.String, Count),
  /** What was done to the load on purpose, by kind. */
  injected: Schema.Record(Schema.String, Count),
  resources: Schema.Struct({ cpuCores: Known, peakHeapMiB: Known, peakRssMiB: Known, peakHandles: Known }),
  samples: Schema.Array(Sample),
  trends: Schema.Array(Trend),
  /** Of the ids of all opportunities, whatever their order: the same scenario and seed give the same. */
  opportunitiesDigest: Schema.String,
})
export type ScenarioReport = typeof ScenarioReport.Type

/** Null where a hop cannot be seen. */
export const lostOf = ({ hops }: ScenarioReport): number | null =>
  hops.reduce<number | null>((sum, { lost }) => sum === null || lost === null ? null : sum + lost, 0)

/** Messages that people got twice; what comes twice inside and is recognised is told with its hop. */
export const duplicatesOf = ({ hops }: ScenarioReport): number | null =>
  hops.find(({ hop }) => hop === "messages")?.duplicates ?? null

export const errorsOf = ({ errors }: ScenarioReport): number => errors.reduce((sum, { count }) => sum + count, 0)
