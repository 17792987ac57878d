/**
 * MarketCache: the bucket `market_data`, where the newest of each market is kept for a minute at most.
 *
 * In: entries under `MarketQuery.keyOf`. Out: the same, checked. Promises: an entry that has expired or does not decode
 * is never told; while the bucket cannot be opened callers wait, so each call is made under a deadline of the caller's.
 */
import { Deferred, Effect, Option, Schedule, Schema, type Scope } from "effect"
import * as Entry from "../domain/MarketEntry.ts"
import type { Bus, BusError, KeyValue } from "../layers/Bus.ts"
import { MARKET_BUCKET, openBucket } from "./Topology.ts"

/** What stands under a key is no entry: somebody else wrote it. Not worth retrying. */
export class NotAnEntry extends Schema.TaggedError<NotAnEntry>()("NotAnEntry", { key: Schema.String }) {
  readonly retryable: boolean = false

  override get message(): string {
    return `${this.key} holds no entry of market data`
  }
}

export interface MarketCache {
  /** None: nothing is kept there, or it has expired at `nowMs`. */
  readonly read: (
    key: string,
    nowMs: number,
  ) => Effect.Effect<Option.Option<Entry.MarketEntry>, BusError | NotAnEntry>
  readonly write: (key: string, entry: Entry.MarketEntry) => Effect.Effect<void, BusError>
}

const again = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

/** Opens the bucket in the background, as often as it takes. */
export const openMarketCache: Effect.Effect<MarketCache, never, Bus | Scope.Scope> = Effect.gen(function* () {
  const opened = yield* Deferred.make<KeyValue>()
  yield* openBucket(MARKET_BUCKET).pipe(
    Effect.tapError((error) =>
      Effect.logWarning("the bucket market_data cannot be opened", error.reason, error.detail)
    ),
    Effect.retry(again),
    Effect.flatMap((bucket) => Deferred.succeed(opened, bucket)),
    Effect.orDie,
    Effect.forkScoped,
  )
  return {
    read: Effect.fnUntraced(function* (key, nowMs) {
      const found = yield* (yield* Deferred.await(opened)).get(key)
      if (Option.isNone(found)) return Option.none()
      const entry = Entry.decode(found.value.value)
      if (Option.isNone(entry)) return yield* new NotAnEntry({ key })
      return Option.filter(entry, ({ expiresAt }) => expiresAt > nowMs)
    }),
    write: (key, entry) =>
      Effect.flatMap(Deferred.await(opened), (bucket) => Effect.asVoid(bucket.put(key, Entry.encode(entry)))),
  }
})
