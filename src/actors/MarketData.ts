/**
 * The one owner of a venue's feed over all processes. An actor a venue, shard group `feeds`; it lives while somebody
 * calls `ensure`, which the ingest role does every 2 seconds for each venue.
 *
 *   (activation) --> standby
 *   standby --lease "venue:<venue>" acquired: epoch + 1--> feeding; a gap (owner_lost) for each subscription if anybody
 *                                                          owned the venue before, in this process or another
 *   feeding --feed fails or ends--> backing off (1 s doubling to 30 s, jittered) --> a gap (disconnect), then feeding
 *   feeding --venue or instrument unknown: no retry mends it--> failed --5 minutes--> feeding
 *   feeding | backing off | failed --lease lost, or not renewed in time--> standby, at once
 *   any --1 minute without `ensure`, shard moved, shutdown, defect--> (stopped): the lease is given back
 *
 * In: feed requests, from configuration. Out: feed events to the FeedSink, each batch with the owner's epoch. Promises:
 * one feed a venue: the lease is given to one owner at a time and a feed never outlives it, so an owner that froze is
 * not joined by its successor, and what it still hands over carries an old epoch. A killed owner is followed within the
 * lease's 12 s. Mailbox: 16; the next `ensure` is told `full`, which does no harm.
 */
import {
  Cause,
  Clock,
  Context,
  Duration,
  Effect,
  Exit,
  Layer,
  Metric,
  Option,
  Random,
  Ref,
  Schedule,
  Schema,
  Stream,
} from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import type { FeedEvent, FeedRequest } from "../domain/Feed.ts"
import type { GapReason, TickOf } from "../domain/Tick.ts"
import { Exchange } from "../layers/Exchange.ts"
import { type Lease, Leases } from "../layers/Leases.ts"
import { type ActorUnavailable, makeAsking, restarting } from "./Asking.ts"

/** `unconfigured`: no feed request names the venue. */
export const FeedStatus = Schema.Literals(["standby", "feeding", "backing_off", "failed", "unconfigured"])
export type FeedStatus = typeof FeedStatus.Type

export const MarketDataEntity = Entity.make("MarketData", [
  Rpc.make("Ensure", { success: FeedStatus }),
]).annotate(ClusterSchema.ShardGroup, () => "feeds")

/** Who hands events over: later owners of a venue have higher epochs. */
export interface FeedOwner {
  readonly venue: string
  readonly epoch: number
}

/** Where the events of the venues that this process owns go; the Ingest stage. It may make the feed wait. */
export class FeedSink extends Context.Service<FeedSink, {
  readonly accept: (events: ReadonlyArray<FeedEvent>, owner: FeedOwner) => Effect.Effect<void>
}>()("arbedge/FeedSink") {}

export interface MarketDataOptions {
  /** What to subscribe, one request a venue; the same in every process. */
  readonly requests: ReadonlyArray<FeedRequest>
  /** Who holds the leases: unique for each process. */
  readonly owner: string
  /** How long an owner that fell silent keeps its venue. 12 seconds. */
  readonly leaseTtl?: Duration.Duration
  /** How often the lease is renewed, and asked for by whoever waits for it. 4 seconds, and 1. */
  readonly leaseRefresh?: Duration.Duration
}

const feedEnds = Metric.counter("market_data_feed_ends_total", { description: "Feeds that ended, by venue and why" })
const owners = Metric.counter("market_data_owners_total", { description: "Leases of venues acquired" })

const ASK_AGAIN = Duration.seconds(1)
const FAILED_REST_MS = 300_000
/** Before the lease ends: what is being handed over must be through by then. */
const SAFETY_MS = 2_000

/** How long a feed rests after it ended so many times in a row (ms), before jitter; a calm minute begins anew. */
const restMs = (ends: number): number => Math.min(1_000 * 2 ** Math.min(ends - 1, 10), 30_000)
const CALM_MS = 60_000

const gaps = (request: FeedRequest, reason: GapReason, ingestTime: number): FeedEvent => ({
  _tag: "Ticks",
  ticks: request.instruments.map((instrument): TickOf<"gap"> => ({
    v: 1,
    venue: request.venue,
    instrument,
    venueTime: null,
    ingestTime,
    kind: "gap",
    reason,
  })),
})

/** What follows on the venue's markets is somebody else's to tell. */
const released = (venue: string, ingestTime: number): FeedEvent => ({
  _tag: "State",
  venue,
  state: "released",
  detail: "this process no longer owns its feed",
  ingestTime,
})

/** Renews until the lease is lost, or can no longer be known to be held. */
const keepLease = (leases: Leases["Service"], acquired: Lease, ttl: Duration.Duration, refresh: Duration.Duration) =>
  Effect.gen(function* () {
    let held = acquired
    const renew = Effect.gen(function* () {
      return yield* leases.renew(held, yield* Clock.currentTimeMillis, Duration.toMillis(ttl))
    })
    while (true) {
      yield* Effect.sleep(refresh)
      const leftMs = held.expiresAt - SAFETY_MS - (yield* Clock.currentTimeMillis)
      held = yield* renew.pipe(
        Effect.retry({ while: (error) => error._tag === "StoreError", schedule: Schedule.spaced("500 millis") }),
        Effect.timeout(Duration.millis(Math.max(leftMs, 0))),
      )
    }
  })

/** Feeds the sink for ever, one life of the feed after another. `broken`: what separates the first from what was. */
const feedFor = Effect.fnUntraced(function* (
  request: FeedRequest,
  owner: FeedOwner,
  broken: GapReason | null,
  status: Ref.Ref<FeedStatus>,
) {
  const exchange = yield* Exchange
  const sink = yield* FeedSink
  const { venue } = request
  const life = Effect.fnUntraced(function* (gap: GapReason | null) {
    if (gap !== null) yield* sink.accept([gaps(request, gap, yield* Clock.currentTimeMillis)], owner)
    yield* Ref.set(status, "feeding")
    yield* Stream.runForEach(exchange.feed(request), (events) => sink.accept(events, owner))
  })
  let gap = broken
  let ends = 0
  while (true) {
    const beganMs = yield* Clock.currentTimeMillis
    const exit = yield* Effect.exit(life(gap))
    const error = Exit.isFailure(exit) ? Option.getOrNull(Cause.findErrorOption(exit.cause)) : null
    const isHopeless = error !== null && !error.retryable
    ends = (yield* Clock.currentTimeMillis) - beganMs >= CALM_MS ? 1 : ends + 1
    gap = "disconnect"
    yield* Metric.update(Metric.withAttributes(feedEnds, { venue, reason: error?.reason ?? "ended" }), 1)
    yield* Effect.logWarning(`the feed of ${venue} ended`, exit)
    yield* Ref.set(status, isHopeless ? "failed" : "backing_off")
    const rest = isHopeless ? FAILED_REST_MS : restMs(ends)
    yield* Effect.sleep(Duration.millis(rest * (yield* Random.nextBetween(0.8, 1.2))))
  }
})

/** The actor itself. */
export const behaviour = (
  options: MarketDataOptions,
): Layer.Layer<never, never, Exchange | FeedSink | Leases | Sharding> => {
  const ttl = options.leaseTtl ?? Duration.seconds(12)
  const refresh = options.leaseRefresh ?? Duration.seconds(4)

  /** Waits for the lease, feeds while it is held, gives it back. */
  const term = Effect.fnUntraced(function* (request: FeedRequest, status: Ref.Ref<FeedStatus>) {
    const leases = yield* Leases
    const { venue } = request
    const acquire = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      return yield* leases.acquire({
        name: `venue:${venue}`,
        owner: options.owner,
        nowMs,
        ttlMs: Duration.toMillis(ttl),
      })
    })
    const found = yield* acquire.pipe(Effect.repeat({ until: Option.isSome, schedule: Schedule.spaced(ASK_AGAIN) }))
    if (Option.isNone(found)) return
    const lease = found.value
    yield* Metric.update(Metric.withAttributes(owners, { venue }), 1)
    yield* Effect.raceFirst(
      feedFor(request, { venue, epoch: lease.epoch }, lease.epoch > 1 ? "owner_lost" : null, status),
      keepLease(leases, lease, ttl, refresh),
    ).pipe(
      Effect.ensuring(Effect.gen(function* () {
        yield* Ref.set(status, "standby")
        yield* (yield* FeedSink).accept([released(venue, yield* Clock.currentTimeMillis)], {
          venue,
          epoch: lease.epoch,
        })
        yield* Effect.ignore(leases.release(lease, yield* Clock.currentTimeMillis))
      })),
    )
  })

  return MarketDataEntity.toLayer(
    Effect.gen(function* () {
      const venue = (yield* Entity.CurrentAddress).entityId
      const request = options.requests.find((candidate) => candidate.venue === venue)
      const status = yield* Ref.make<FeedStatus>(request === undefined ? "unconfigured" : "standby")
      if (request !== undefined) {
        yield* term(request, status).pipe(
          Effect.tapCause((cause) => Effect.logWarning(`this process no longer owns ${venue}`, cause)),
          Effect.sandbox,
          Effect.ignore,
          Effect.andThen(Effect.sleep(ASK_AGAIN)),
          Effect.forever,
          Effect.forkScoped,
        )
      }
      return MarketDataEntity.of({ Ensure: () => Ref.get(status) })
    }),
    { maxIdleTime: "1 minute", mailboxCapacity: 16, defectRetryPolicy: restarting },
  )
}

export class MarketDataClient extends Context.Service<MarketDataClient, {
  /** Keeps the venue's feed alive in one process of the cluster: call it every 2 seconds. Out: how it is. */
  readonly ensure: (venue: string) => Effect.Effect<FeedStatus, ActorUnavailable>
}>()("arbedge/MarketDataClient") {
  /** Asks the venue's actor wherever it lives. */
  static readonly layer: Layer.Layer<MarketDataClient, never, Sharding> = Layer.effect(
    MarketDataClient,
    Effect.gen(function* () {
      const actorOf = yield* MarketDataEntity.client
      const asking = yield* makeAsking("MarketData", "3 seconds")
      return {
        ensure: Effect.fn("MarketDataClient.ensure")((venue: string) => asking(venue)(actorOf(venue).Ensure())),
      }
    }),
  )
}
