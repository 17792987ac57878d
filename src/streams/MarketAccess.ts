/**
 * MarketAccess: market data for a venue and an instrument, from whoever can tell it soonest.
 *
 *   what the stream told this process -> the bucket market_data -> the venue's API      (history: the archive)
 *
 * In: queries. Out: ticks, with their source and age. Promises: an answer or `DataUnavailable` within a second; never
 * empty, never older than its kind allows; what is past its best is told at once and renewed in the background.
 */
import {
  Array as Arr,
  Clock,
  Context,
  Deferred,
  Duration,
  Effect,
  Layer,
  Metric,
  Option,
  Result,
  Schema,
  type Scope,
} from "effect"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import type { DataSource } from "../domain/Frame.ts"
import { entryOf, type MarketEntry } from "../domain/MarketEntry.ts"
import {
  answers,
  type HistoryQuery,
  isWorthRetrying,
  keyOf,
  type MarketAnswer,
  type MarketQuery,
  type MarketSource,
  SourceFailure,
  type SourceReason,
  type TickFor,
  type VenueQuery,
} from "../domain/MarketQuery.ts"
import type { Bus } from "../layers/Bus.ts"
import { MarketArchive } from "../layers/MarketArchive.ts"
import type { VenueApi } from "../layers/VenueApi.ts"
import { type BreakerState, makeApiCalls, stateOf } from "./ApiCalls.ts"
import { follow, LatestMarkets } from "./LatestMarkets.ts"
import { openMarketCache } from "./MarketCache.ts"
import { type SourceFigures, SourceHealth } from "./SourceHealth.ts"

const STREAM_FRESH_MS = 2_000
const CACHE_BUDGET = Duration.millis(150)
const API_BUDGET = Duration.millis(700)
const ARCHIVE_BUDGET = Duration.millis(900)
const CACHE_FAILURES_IN_A_ROW = 5
const CACHE_REST = Duration.seconds(5)
const CACHE = "the cache"

const answered = Metric.counter("market_answers_total", {
  description: "Questions for market data that were answered, by kind and source",
})
const unanswered = Metric.counter("market_unanswered_total", {
  description: "Questions for market data that no source could answer, by kind",
})

/** No source is left. `failures` says of each that was asked why it had nothing, in the order of asking. */
export class DataUnavailable extends Schema.TaggedError<DataUnavailable>()("DataUnavailable", {
  reason: Schema.Literal("data_unavailable"),
  kind: Schema.String,
  venue: Schema.String,
  instrument: Schema.String,
  failures: Schema.Array(SourceFailure),
}) {
  get retryable(): boolean {
    return this.failures.every(({ reason, source }) => source !== "api" || isWorthRetrying(reason)) &&
      this.failures.some(({ reason }) => isWorthRetrying(reason))
  }

  override get message(): string {
    const why = this.failures.map(({ detail, reason, source }) => `${source}: ${reason} (${detail})`).join("; ")
    return `no ${this.kind} of ${this.instrument} on ${this.venue}: ${why}`
  }
}

const nobodyKnows = (kind: string, venue: string, instrument: string): DataUnavailable =>
  new DataUnavailable({ reason: "data_unavailable", kind, venue, instrument, failures: [] })

export interface SourceState extends SourceFigures {
  /** Of `cache` and `api`; the others have none. */
  readonly breaker: BreakerState | null
}

export interface MarketAccessOptions {
  /** What the market data of this process are; entries of another kind are not told. */
  readonly data: DataSource
}

export class MarketAccess extends Context.Service<MarketAccess, {
  readonly ask: <Q extends VenueQuery>(query: Q) => Effect.Effect<MarketAnswer<TickFor<Q>>, DataUnavailable>
  readonly history: (query: HistoryQuery) => Effect.Effect<MarketAnswer, DataUnavailable>
  readonly health: Effect.Effect<ReadonlyArray<SourceState>>
}>()("arbedge/MarketAccess") {
  static readonly layer = (
    options: MarketAccessOptions,
  ): Layer.Layer<MarketAccess, never, Bus | VenueApi | MarketArchive> => Layer.effect(MarketAccess, make(options))

  /** For processes that nobody asks: it knows nothing. */
  static readonly absent: Layer.Layer<MarketAccess> = Layer.succeed(MarketAccess, {
    ask: ({ instrument, kind, venue }) => Effect.fail(nobodyKnows(kind, venue, instrument)),
    history: ({ instrument, kind, venue }) => Effect.fail(nobodyKnows(kind, venue, instrument)),
    health: Effect.succeed([]),
  })
}

/** What a source has, before its age is looked at. */
interface Held<Q extends VenueQuery> {
  readonly source: MarketSource
  readonly entry: MarketEntry
  readonly ticks: readonly [TickFor<Q>, ...ReadonlyArray<TickFor<Q>>]
  /** From then on it is past its best, from `entry.expiresAt` on of no use. */
  readonly freshUntil: number
}

const failing = (source: MarketSource, reason: SourceReason, detail: string): SourceFailure => ({
  source,
  reason,
  detail,
})

const hold = <Q extends VenueQuery>(
  query: Q,
  source: MarketSource,
  entry: MarketEntry,
): Result.Result<Held<Q>, SourceFailure> => {
  const fitting = entry.ticks.filter(answers<Q>(query))
  const ticks = query.kind === "candle" ? fitting.slice(-query.limit) : fitting
  if (!Arr.isReadonlyArrayNonEmpty(ticks)) return Result.fail(failing(source, "malformed", `no ${query.kind} in it`))
  const freshUntil = source === "stream"
    ? entry.asOf + STREAM_FRESH_MS
    : entry.asOf + (entry.expiresAt - entry.asOf) / 2
  return Result.succeed({ source, entry, ticks, freshUntil })
}

const ageMs = ({ entry }: { readonly entry: MarketEntry }, nowMs: number): number => Math.max(0, nowMs - entry.asOf)

const isUsable = <Q extends VenueQuery>(held: Held<Q>, query: Q, nowMs: number): boolean =>
  nowMs < held.entry.expiresAt && ageMs(held, nowMs) <= (query.maxAgeMs ?? Infinity)

const answerOf = <Q extends VenueQuery>(held: Held<Q>, nowMs: number, stale: boolean): MarketAnswer<TickFor<Q>> => {
  const { entry: { asOf, data }, source, ticks } = held
  return { source, data, asOf, ageMs: ageMs(held, nowMs), stale, ticks }
}

const make = ({ data }: MarketAccessOptions): Effect.Effect<
  MarketAccess["Service"],
  never,
  Bus | VenueApi | MarketArchive | Scope.Scope
> =>
  Effect.gen(function* () {
    const archive = yield* MarketArchive
    const table = new LatestMarkets(), health = new SourceHealth()
    const cache = yield* openMarketCache
    const calls = yield* makeApiCalls({ data, cache, health })
    const cacheBreaker = yield* CircuitBreaker.make({
      tripPolicy: CircuitBreaker.consecutive(CACHE_FAILURES_IN_A_ROW),
      openDuration: CACHE_REST,
    }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()))
    yield* Effect.forkScoped(follow(table))

    const fromStream = <Q extends VenueQuery>(query: Q): Result.Result<Held<Q>, SourceFailure> => {
      if (query.kind === "candle") return Result.fail(failing("stream", "nothing_known", "it carries no candles"))
      const latest = table.get(query.kind, query.venue, query.instrument)
      if (latest === undefined) return Result.fail(failing("stream", "nothing_known", "nothing was heard of it"))
      const { asOf, tick } = latest
      return hold(query, "stream", entryOf(query, { data, source: "stream", asOf, ticks: [tick] }, null))
    }

    const fromCache = <Q extends VenueQuery>(query: Q, key: string, nowMs: number) =>
      cache.read(key, nowMs).pipe(
        Effect.mapError((error) =>
          error._tag === "NotAnEntry"
            ? failing("cache", "malformed", "what is kept of it is no entry")
            : failing("cache", error.reason === "timeout" ? "timeout" : "unreachable", error.detail)
        ),
        Effect.timeoutOrElse({
          duration: CACHE_BUDGET,
          orElse: () => Effect.fail(failing("cache", "timeout", `no answer within ${Duration.format(CACHE_BUDGET)}`)),
        }),
        cacheBreaker.execute({ key: CACHE }),
        Effect.catchTag("CircuitBreakerError", () => Effect.fail(failing("cache", "breaker_open", "failed too often"))),
        Effect.flatMap((entry) =>
          Effect.fromResult(
            Option.isNone(entry)
              ? Result.fail(failing("cache", "nothing_known", "nothing is kept of it"))
              : entry.value.data === data
              ? hold(query, "cache", entry.value)
              : Result.fail(failing("cache", "nothing_known", `what is kept of it is ${entry.value.data}`)),
          )
        ),
      )

    /** The account of one attempt; out: why it does not help, if it does not. */
    const settle = Effect.fnUntraced(function* <Q extends VenueQuery>(
      source: MarketSource,
      query: Q,
      result: Result.Result<Held<Q>, SourceFailure>,
      beganMs: number,
    ) {
      const nowMs = yield* Clock.currentTimeMillis
      const why = Result.isFailure(result)
        ? result.failure
        : isUsable(result.success, query, nowMs)
        ? null
        : failing(source, "too_old", `${ageMs(result.success, nowMs)} ms old`)
      const outcome = why === null
        ? { _tag: "answered" as const }
        : why.reason === "nothing_known" || why.reason === "too_old"
        ? { _tag: "missed" as const }
        : { _tag: "failed" as const, reason: why.reason, detail: why.detail }
      if (why?.reason !== "breaker_open") yield* health.record(source, null, outcome, nowMs - beganMs, nowMs)
      return why
    })

    const unavailable = (query: MarketQuery, failures: ReadonlyArray<SourceFailure>) =>
      Effect.andThen(
        Metric.update(Metric.withAttributes(unanswered, { kind: query.kind }), 1),
        Effect.fail(
          new DataUnavailable({
            reason: "data_unavailable",
            kind: query.kind,
            venue: query.venue,
            instrument: query.instrument,
            failures,
          }),
        ),
      )

    const told = <A extends MarketAnswer>(query: MarketQuery, answer: A): Effect.Effect<A> =>
      Effect.as(Metric.update(Metric.withAttributes(answered, { kind: query.kind, source: answer.source }), 1), answer)

    const ask = Effect.fn("MarketAccess.ask")(function* <Q extends VenueQuery>(query: Q) {
      const key = Option.getOrUndefined(keyOf(query))
      if (key === undefined) {
        return yield* unavailable(query, [failing("stream", "unknown_instrument", "not a canonical name")])
      }
      const failures: Array<SourceFailure> = []
      let stale: Held<Q> | null = null, before: MarketEntry | null = null
      const beganMs = yield* Clock.currentTimeMillis
      const sources = [
        ["stream", Effect.suspend(() => Effect.fromResult(fromStream(query)))],
        ["cache", fromCache(query, key, beganMs)],
      ] as const
      for (const [source, attempt] of sources) {
        const result = yield* Effect.result(attempt)
        const why = yield* settle(source, query, result, beganMs)
        if (why !== null) failures.push(why)
        if (Result.isFailure(result)) continue
        const held: Held<Q> = result.success, nowMs = yield* Clock.currentTimeMillis
        if (before === null || held.entry.asOf > before.asOf) before = held.entry
        if (why !== null) continue
        if (nowMs < held.freshUntil) return yield* told(query, answerOf(held, nowMs, false))
        if (stale === null || held.entry.asOf > stale.entry.asOf) stale = held
      }
      if (stale !== null) {
        yield* Effect.ignore(calls.begin(query, key, stale.entry))
        return yield* told(query, answerOf(stale, yield* Clock.currentTimeMillis, true))
      }
      const fetched = yield* calls.begin(query, key, before).pipe(
        Effect.flatMap(Deferred.await),
        Effect.timeoutOrElse({
          duration: API_BUDGET,
          orElse: () => Effect.fail(failing("api", "timeout", `no answer within ${Duration.format(API_BUDGET)}`)),
        }),
        Effect.flatMap((entry) => Effect.fromResult(hold(query, "api", entry))),
        Effect.catch((failure) => unavailable(query, [...failures, failure])),
      )
      return yield* told(query, answerOf(fetched, yield* Clock.currentTimeMillis, false))
    })

    const history = Effect.fn("MarketAccess.history")(function* (query: HistoryQuery) {
      const beganMs = yield* Clock.currentTimeMillis
      const result = yield* archive.read(query).pipe(
        Effect.mapError(({ detail, reason }) =>
          failing("archive", reason === "empty" ? "nothing_known" : reason, detail)
        ),
        Effect.timeoutOrElse({
          duration: ARCHIVE_BUDGET,
          orElse: () =>
            Effect.fail(failing("archive", "timeout", `no answer within ${Duration.format(ARCHIVE_BUDGET)}`)),
        }),
        Effect.result,
      )
      const nowMs = yield* Clock.currentTimeMillis, tookMs = nowMs - beganMs
      if (Result.isFailure(result)) {
        const { detail, reason } = result.failure
        yield* health.record("archive", null, { _tag: "failed", reason, detail }, tookMs, nowMs)
        return yield* unavailable(query, [result.failure])
      }
      const ticks = result.success, asOf = ticks[ticks.length - 1]?.ingestTime ?? query.fromMs
      yield* health.record("archive", null, { _tag: "answered" }, tookMs, nowMs)
      const answer: MarketAnswer = { source: "archive", data, asOf, ageMs: nowMs - asOf, stale: false, ticks }
      return yield* told(query, answer)
    })

    const breakerOf = ({ source, venue }: SourceFigures): Effect.Effect<SourceState["breaker"]> => {
      if (source === "api") return calls.state(venue ?? "")
      return source === "cache" ? stateOf(cacheBreaker, CACHE) : Effect.succeed(null)
    }

    return {
      ask,
      history,
      health: Effect.suspend(() =>
        Effect.forEach(
          health.figures(),
          (figures) => Effect.map(breakerOf(figures), (breaker): SourceState => ({ ...figures, breaker })),
        )
      ),
    }
  })
