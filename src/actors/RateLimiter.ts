/**
 * The limiter of one messenger: who may send now, over all processes. One actor, "telegram", shard group `delivery`.
 *
 *   (activation) --> counting
 *   counting --Acquire, all windows have room--> counting: the grant is written, then Granted
 *   counting --Acquire, else--> counting: Wait until when, and which limit it was (nothing is reserved)
 *   counting --Landed--> counting: these calls arrive no later than now; written with the next grants, or after 1 s
 *   counting --Paused(chat)--> counting: that chat waits (retry_after), all others go on; written
 *   counting --idle 10 minutes, shutdown, defect--> (passivated): nothing is lost, all that counts is in rows
 *
 * In: requests to send, when their calls have landed (answered, failed, or not made: until then they may still arrive),
 * and the waits that the messenger asked for. Out: grants. Promises: domain/RateLimit.ts's, also where several processes
 * have a limiter each over one Store, and whatever their clocks do; a grant that could not be written is not given. A
 * reply that waits for the global limit goes before pushes. Edits are messages too. Mailbox: 1,024 requests; the next is
 * told `full` and asks again.
 */
import { Clock, Context, Effect, FiberHandle, Layer, Metric, Queue, Schedule, Schema, Semaphore } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import { type Grants, type Limits, RateLimit, TELEGRAM_LIMITS, Verdict } from "../domain/RateLimit.ts"
import { type Counted, type Decided, RateLimits } from "../layers/RateLimits.ts"
import { StoreError } from "../layers/Store.ts"
import { type ActorUnavailable, makeAsking, restarting } from "./Asking.ts"

const SendRequest = Schema.Struct({
  chatId: Schema.String,
  isGroup: Schema.Boolean,
  /** Somebody waits for an answer: it goes before what nobody asked for. */
  isReply: Schema.optionalKey(Schema.Boolean),
})
export type SendRequest = typeof SendRequest.Type
const Acquire = { requests: Schema.Array(SendRequest) }
const Landed = { numbers: Schema.Array(Schema.Int) }
const Paused = { chatId: Schema.String, untilMs: Schema.Int }

export const RateLimiterEntity = Entity.make("RateLimiter", [
  Rpc.make("Acquire", { payload: Acquire, success: Schema.Array(Verdict), error: StoreError }),
  Rpc.make("Landed", { payload: Landed }),
  Rpc.make("Paused", { payload: Paused, error: StoreError }),
]).annotate(ClusterSchema.ShardGroup, () => "delivery")

const verdicts = Metric.counter("rate_limiter_verdicts_total", {
  description: "Requests to send by verdict: granted, or the limit that made them wait",
})

/** Rows that say nothing any more are dropped once every so many grants. */
const PRUNE_EVERY = 1_000
/** A reply that was told to wait is expected this much after its time at the latest. */
const LATE_MS = 250
/** So long others over the same Store may not know that calls have landed. */
const TOLD_WITHIN = "1 second"
/** How long a limiter that ends may take to write what has landed. */
const LAST_WORDS = "2 seconds"
/** Landings told together at most; when full the oldest are forgotten, and count as lost. */
const LANDINGS = 1_024
/** A landing that could not be told is told again for as long as it is of use. */
const tellingAgain = Schedule.upTo(Schedule.spaced("250 millis"), { duration: `${TELEGRAM_LIMITS.lostMs} millis` })
const NANOS_PER_MS = 1_000_000n

/** Never goes back, whatever is done to the wall's clock. */
const monotonicMs = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / NANOS_PER_MS))

/** What a turn decides by one holder's time; `paceMs` is added to it to tell the wall's. */
const decideOn =
  (limiter: RateLimit, requests: ReadonlyArray<SendRequest>, nowMs: number, paceMs: number, repliesWaiting: number) =>
  (
    { chats, last, open }: Counted,
  ): Decided<Pick<Grants, "last" | "open"> & { readonly given: ReadonlyArray<Verdict> }> => {
    limiter.see({ last, open }, nowMs)
    const grants: Grants = {
      last,
      open: limiter.open,
      chats: new Map(chats.map(({ chatId, grants }) => [chatId, grants])),
    }
    const blocked = new Map(chats.map(({ blockedUntilMs, chatId }) => [chatId, blockedUntilMs]))
    const given = requests.map(({ chatId, isGroup, isReply }): Verdict => {
      const pausedUntilMs = (blocked.get(chatId) ?? 0) - paceMs
      const reserve = isReply === true ? 0 : repliesWaiting
      const verdict = limiter.acquire(grants, { chatId, isGroup, pausedUntilMs, reserve }, nowMs)
      return verdict._tag === "Wait" ? { ...verdict, untilMs: verdict.untilMs + paceMs } : verdict
    })
    const told = new Set(requests.flatMap(({ chatId }, at) => given[at]?._tag === "Granted" ? [chatId] : []))
    return {
      answer: { given, last: grants.last, open: grants.open },
      last: grants.last,
      open: grants.open,
      chats: [...told].map((chatId) => ({ chatId, grants: grants.chats.get(chatId) ?? [] })),
    }
  }

/** The actor itself; `limits` are Telegram's unless a test says otherwise. */
export const behaviour = (
  limits: Limits = TELEGRAM_LIMITS,
): Layer.Layer<never, never, RateLimits | Sharding> =>
  RateLimiterEntity.toLayer(
    Effect.gen(function* () {
      const rows = yield* RateLimits
      const limiter = new RateLimit(limits)
      /** Replies told to wait for the global limit, by when they are due again, in the holder's time. */
      const replies = new Map<string, number>()
      let grants = 0

      const expected = (nowMs: number): number => {
        for (const [chatId, untilMs] of replies) if (untilMs + LATE_MS < nowMs) replies.delete(chatId)
        return Math.min(replies.size, limits.global.grants - 1)
      }

      // What a turn has read must not be older than what another has already seen.
      const alone = (yield* Semaphore.make(1)).withPermits(1)
      const telling = yield* FiberHandle.make<void>()
      let isUntold = false
      const tell = Effect.suspend(() => isUntold ? Effect.asVoid(alone(acquire([]))) : Effect.void).pipe(
        Effect.catch((error) => Effect.logDebug("others learn later what has landed", error)),
      )
      const tellSoon = Effect.repeat(Effect.delay(tell, TOLD_WITHIN), { while: () => isUntold })
      const clock = yield* Clock.Clock
      yield* Effect.addFinalizer(() =>
        tell.pipe(
          Effect.provideService(Clock.Clock, clock),
          Effect.timeoutOption(LAST_WORDS),
          Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
        )
      )

      const acquire = Effect.fnUntraced(function* (requests: ReadonlyArray<SendRequest>) {
        const wallMs = yield* Clock.currentTimeMillis, nowMs = yield* monotonicMs
        const decide = decideOn(limiter, requests, nowMs, wallMs - nowMs, expected(nowMs))
        isUntold = false
        const { given, last, open } = yield* rows.turn(requests.map(({ chatId }) => chatId), decide, wallMs).pipe(
          Effect.onError(() => Effect.sync(() => void (isUntold = true))),
        )
        // Only now: what was not written was not granted, and its number will be another's.
        limiter.see({ last, open }, yield* monotonicMs)
        for (const [at, verdict] of given.entries()) {
          const outcome = verdict._tag === "Granted" ? "granted" : verdict.scope
          yield* Metric.update(Metric.withAttributes(verdicts, { outcome }), 1)
          const request = requests[at]
          if (verdict._tag === "Granted") grants++
          if (request?.isReply !== true) continue
          if (verdict._tag === "Wait" && verdict.scope === "global") {
            replies.set(request.chatId, verdict.untilMs - (wallMs - nowMs))
          } else replies.delete(request.chatId)
        }
        if (grants < PRUNE_EVERY) return given
        grants = 0
        yield* rows.prune(limiter.past, wallMs)
        return given
      })

      return RateLimiterEntity.of({
        Acquire: ({ payload }) => alone(acquire(payload.requests)),
        Landed: ({ payload: { numbers } }) =>
          Effect.gen(function* () {
            limiter.landed(numbers, yield* monotonicMs)
            isUntold = true
            yield* FiberHandle.run(telling, tellSoon, { onlyIfMissing: true })
          }),
        Paused: ({ payload: { chatId, untilMs } }) =>
          Effect.flatMap(Clock.currentTimeMillis, (nowMs) => rows.block(chatId, untilMs, nowMs)),
      })
    }),
    // A landing is heard at once, also while a turn is taken; turns are taken one after the other.
    { maxIdleTime: "10 minutes", mailboxCapacity: 1_024, concurrency: "unbounded", defectRetryPolicy: restarting },
  )

export class RateLimiterClient extends Context.Service<RateLimiterClient, {
  /** Asks for one send or edit, now. `Wait`: ask again at `untilMs`. */
  readonly acquire: (request: SendRequest) => Effect.Effect<Verdict, ActorUnavailable | StoreError>
  /** Asks for several in this order, at the cost of one. Out: a verdict each. */
  readonly acquireAll: (
    requests: ReadonlyArray<SendRequest>,
  ) => Effect.Effect<ReadonlyArray<Verdict>, ActorUnavailable | StoreError>
  /**
   * The call of this grant was answered, failed, was given up, or is not made: tell it as soon as it is known, whoever
   * waits for the place waits for that. Returns at once.
   */
  readonly landed: (number: number) => Effect.Effect<void>
  /** The messenger answered 429 for this chat: nothing more to it until then (ms). */
  readonly paused: (chatId: string, untilMs: number) => Effect.Effect<void, ActorUnavailable | StoreError>
}>()("arbedge/RateLimiterClient") {
  /** Asks the actor wherever it lives. */
  static readonly layer: Layer.Layer<RateLimiterClient, never, Sharding> = Layer.effect(
    RateLimiterClient,
    Effect.gen(function* () {
      const actor = (yield* RateLimiterEntity.client)("telegram")
      const asking = (yield* makeAsking("RateLimiter", "3 seconds"))("telegram")
      const landings = yield* Queue.sliding<number>(LANDINGS)
      yield* Queue.takeAll(landings).pipe(
        Effect.flatMap((numbers) => Effect.retry(asking(actor.Landed({ numbers })), tellingAgain)),
        Effect.catchCause((cause) => Effect.logDebug("calls have landed, and the limiter does not know", cause)),
        Effect.forever,
        Effect.forkScoped,
      )
      const acquireAll = (requests: ReadonlyArray<SendRequest>) => asking(actor.Acquire({ requests }))
      return {
        acquireAll,
        acquire: (request) =>
          Effect.flatMap(
            acquireAll([request]),
            ([verdict]) =>
              verdict === undefined ? Effect.die(new Error("the limiter gave no verdict")) : Effect.succeed(verdict),
          ),
        landed: (number) => Effect.asVoid(Queue.offer(landings, number)),
        paused: (chatId, untilMs) => asking(actor.Paused({ chatId, untilMs })),
      }
    }),
  )
}
