/**
 * ApiCalls: what is asked of the venues' APIs, as seldom as can be.
 *
 * In: queries that neither the stream nor the cache could answer, or whose answer is past its best. Out: entries, which
 * are cached as well. Promises: who asks the same at once shares one call; a call goes on for 10 s, also when whoever
 * asked has given up, so that the next who asks finds its result; a venue that failed five times in a row is left alone
 * for 5 s, doubling to 2 min; 256 calls at a time, then `busy`.
 */
import { Clock, Deferred, Duration, Effect, Exit, Option, Schedule, type Scope } from "effect"
import * as CircuitBreaker from "effect/persistence/CircuitBreaker"
import type { DataSource } from "../domain/Frame.ts"
import { entryOf, type MarketEntry } from "../domain/MarketEntry.ts"
import type { SourceFailure, SourceReason, VenueQuery } from "../domain/MarketQuery.ts"
import { VenueApi } from "../layers/VenueApi.ts"
import type { MarketCache } from "./MarketCache.ts"
import type { SourceHealth } from "./SourceHealth.ts"

const MAX_CALLS = 256
const CALL_DEADLINE = Duration.seconds(10)
const WRITE_DEADLINE = Duration.seconds(1)
const FAILURES_IN_A_ROW = 5
const REST = Schedule.min([Schedule.exponential("5 seconds"), Schedule.spaced("2 minutes")])

/** What says that the venue, and not the question, is at fault. */
const COUNTS: ReadonlySet<SourceReason> = new Set(["unreachable", "timeout", "malformed"])

const failure = (reason: SourceReason, detail: string): SourceFailure => ({ source: "api", reason, detail })

const outcomeOf = (exit: Exit.Exit<unknown, SourceFailure>): CircuitBreaker.Outcome =>
  Exit.isSuccess(exit)
    ? CircuitBreaker.success
    : Option.exists(Exit.findErrorOption(exit), ({ reason }) => COUNTS.has(reason))
    ? CircuitBreaker.failure()
    : CircuitBreaker.ignored

const breakerOpen = (error: CircuitBreaker.CircuitBreakerError): SourceFailure =>
  failure(
    "breaker_open",
    error.reason._tag === "CircuitOpen"
      ? `failed too often: left alone for another ${Duration.format(error.reason.retryAfter)}`
      : "failed too often: one call tries it just now",
  )

export type BreakerState = "closed" | "open" | "half_open"

export const stateOf = (breaker: CircuitBreaker.CircuitBreaker, key: string): Effect.Effect<BreakerState> =>
  breaker.state(key).pipe(
    Effect.map(({ _tag }): BreakerState => _tag === "Open" ? "open" : _tag === "HalfOpen" ? "half_open" : "closed"),
    Effect.orDie,
  )

export interface ApiCalls {
  /** Begins the call, or joins the one under way. `before`: what was known of it until now. */
  readonly begin: (
    query: VenueQuery,
    key: string,
    before: MarketEntry | null,
  ) => Effect.Effect<Deferred.Deferred<MarketEntry, SourceFailure>, SourceFailure>
  readonly state: (venue: string) => Effect.Effect<BreakerState>
}

export const makeApiCalls = (options: {
  readonly data: DataSource
  readonly cache: MarketCache
  readonly health: SourceHealth
}): Effect.Effect<ApiCalls, never, VenueApi | Scope.Scope> =>
  Effect.gen(function* () {
    const { cache, data, health } = options
    const api = yield* VenueApi, scope = yield* Effect.scope
    const underWay = new Map<string, Deferred.Deferred<MarketEntry, SourceFailure>>()
    const breaker = yield* CircuitBreaker.make({
      tripPolicy: CircuitBreaker.consecutive(FAILURES_IN_A_ROW),
      openDuration: REST,
    }).pipe(Effect.provide(CircuitBreaker.layerStoreMemory()))

    const attempt = (query: VenueQuery) =>
      Effect.gen(function* () {
        const beganMs = yield* Clock.currentTimeMillis
        const exit = yield* api.fetch(query).pipe(
          Effect.mapError(({ detail, reason }) => failure(reason, detail)),
          Effect.timeoutOrElse({
            duration: CALL_DEADLINE,
            orElse: () => Effect.fail(failure("timeout", `no answer within ${Duration.format(CALL_DEADLINE)}`)),
          }),
          Effect.exit,
        )
        const nowMs = yield* Clock.currentTimeMillis
        const error = Exit.findErrorOption(exit)
        const outcome = Option.isSome(error)
          ? { _tag: "failed" as const, reason: error.value.reason, detail: error.value.detail }
          : { _tag: "answered" as const }
        yield* health.record("api", query.venue, outcome, nowMs - beganMs, nowMs)
        return yield* exit
      })

    const call = Effect.fn("ApiCalls.call")(function* (query: VenueQuery, key: string, before: MarketEntry | null) {
      const ticks = yield* breaker.execute(attempt(query), { key: query.venue, classify: outcomeOf }).pipe(
        Effect.catchTag("CircuitBreakerError", (error) => Effect.fail(breakerOpen(error))),
      )
      const asOf = yield* Clock.currentTimeMillis
      const entry = entryOf(query, { data, source: "api", asOf, ticks }, before)
      // Nobody waits for the cache; what it does not take is asked again later.
      yield* cache.write(key, entry).pipe(
        Effect.timeout(WRITE_DEADLINE),
        Effect.catch((error) => Effect.logDebug("an answer was not cached", key, error.message)),
        Effect.forkIn(scope),
      )
      return entry
    })

    // Looked up and noted in one step, and nobody's interruption comes between that and the call's own fiber.
    const begin: ApiCalls["begin"] = (query, key, before) =>
      Effect.suspend(() => {
        const known = underWay.get(key)
        if (known !== undefined) return Effect.succeed(known)
        if (underWay.size >= MAX_CALLS) return Effect.fail(failure("busy", `${MAX_CALLS} calls are under way`))
        const result = Deferred.makeUnsafe<MarketEntry, SourceFailure>()
        underWay.set(key, result)
        return Effect.interruptible(call(query, key, before)).pipe(
          Effect.ensuring(Effect.sync(() => underWay.delete(key))),
          Deferred.into(result),
          Effect.forkIn(scope),
          Effect.as(result),
        )
      }).pipe(Effect.uninterruptible)

    return { begin, state: (venue) => stateOf(breaker, venue) }
  })
