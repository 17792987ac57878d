/**
 * The limiter of one messenger: who may send now, over all processes. One actor, "telegram", shard group `delivery`.
 *
 *   (activation) --rows of rate_limits--> counting
 *   counting --Acquire, all windows have room--> counting: the grant is written, then Granted
 *   counting --Acquire, else--> counting: Wait until when, and which limit it was (nothing is reserved)
 *   counting --Paused(chat)--> counting: that chat waits (retry_after), all others go on; written
 *   counting --idle 10 minutes, shutdown, defect--> (passivated): nothing is lost, all that counts is in rows
 *
 * In: requests to send, and the waits that the messenger asked for. Out: grants. Promises: domain/RateLimit.ts's, and
 * that a restart keeps windows and pauses: a grant that could not be written is not given. Edits are messages too.
 * Mailbox: 1,024 requests; the next is told `full` and asks again.
 */
import { Clock, Context, Effect, Layer, Metric, Schema } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import { type Limits, RateLimit, TELEGRAM_LIMITS, Verdict } from "../domain/RateLimit.ts"
import { RateLimits, type RateLimitState } from "../layers/RateLimits.ts"
import { StoreError } from "../layers/Store.ts"
import { type ActorUnavailable, makeAsking, restarting } from "./Asking.ts"

const SendRequest = Schema.Struct({ chatId: Schema.String, isGroup: Schema.Boolean })
export type SendRequest = typeof SendRequest.Type
const Acquire = { requests: Schema.Array(SendRequest) }
const Paused = { chatId: Schema.String, untilMs: Schema.Int }

export const RateLimiterEntity = Entity.make("RateLimiter", [
  Rpc.make("Acquire", { payload: Acquire, success: Schema.Array(Verdict), error: StoreError }),
  Rpc.make("Paused", { payload: Paused, error: StoreError }),
]).annotate(ClusterSchema.ShardGroup, () => "delivery")

const verdicts = Metric.counter("rate_limiter_verdicts_total", {
  description: "Requests to send by verdict: granted, or the limit that made them wait",
})

const ALL = "all"
const chatKey = (chatId: string) => `chat:${chatId}`

/** Rows older than this say nothing any more. */
const keptMs = (limits: Limits) => Math.max(limits.group.windowMs, limits.global.windowMs) + limits.marginMs

/** Old rows are dropped once every so many grants. */
const PRUNE_EVERY = 1_000

const restored = (limits: Limits, states: ReadonlyArray<RateLimitState>, nowMs: number): RateLimit => {
  const limiter = new RateLimit(limits)
  const byLastGrant = states.toSorted((a, b) => (a.sentAtMs.at(-1) ?? 0) - (b.sentAtMs.at(-1) ?? 0))
  for (const { blockedUntilMs, key, sentAtMs } of byLastGrant) {
    const chatId = key === ALL ? null : key.slice(chatKey("").length)
    limiter.restore(chatId, sentAtMs, nowMs)
    if (chatId !== null && blockedUntilMs > nowMs) limiter.pause(chatId, blockedUntilMs)
  }
  return limiter
}

/** The actor itself; `limits` are Telegram's unless a test says otherwise. */
export const behaviour = (
  limits: Limits = TELEGRAM_LIMITS,
): Layer.Layer<never, never, RateLimits | Sharding> =>
  RateLimiterEntity.toLayer(
    Effect.gen(function* () {
      const rows = yield* RateLimits
      const startedMs = yield* Clock.currentTimeMillis
      const states = yield* rows.load(startedMs - keptMs(limits)).pipe(Effect.retry(restarting), Effect.orDie)
      const limiter = restored(limits, states, startedMs)
      let grants = 0

      const stateOf = (chatId: string | null): RateLimitState => ({
        key: chatId === null ? ALL : chatKey(chatId),
        sentAtMs: limiter.grants(chatId),
        blockedUntilMs: chatId === null ? 0 : limiter.pausedUntil(chatId),
      })

      const acquire = Effect.fnUntraced(function* (requests: ReadonlyArray<SendRequest>) {
        const nowMs = yield* Clock.currentTimeMillis
        const given = requests.map(({ chatId, isGroup }) => limiter.acquire(chatId, isGroup, nowMs))
        for (const verdict of given) {
          const outcome = verdict._tag === "Granted" ? "granted" : verdict.scope
          yield* Metric.update(Metric.withAttributes(verdicts, { outcome }), 1)
        }
        const granted = requests.filter((_, at) => given[at]?._tag === "Granted")
        if (granted.length === 0) return given
        const chats = new Set(granted.map(({ chatId }) => chatId))
        yield* rows.save([null, ...chats].map(stateOf), nowMs)
        grants += granted.length
        if (grants < PRUNE_EVERY) return given
        grants = 0
        yield* rows.prune(nowMs - keptMs(limits))
        return given
      })

      return RateLimiterEntity.of({
        Acquire: ({ payload }) => acquire(payload.requests),
        Paused: Effect.fnUntraced(function* ({ payload }) {
          limiter.pause(payload.chatId, payload.untilMs)
          yield* rows.save([stateOf(payload.chatId)], yield* Clock.currentTimeMillis)
        }),
      })
    }),
    { maxIdleTime: "10 minutes", mailboxCapacity: 1_024, defectRetryPolicy: restarting },
  )

export class RateLimiterClient extends Context.Service<RateLimiterClient, {
  /** Asks for one send or edit, now. `Wait`: ask again at `untilMs`. */
  readonly acquire: (request: SendRequest) => Effect.Effect<Verdict, ActorUnavailable | StoreError>
  /** Asks for several in this order, at the cost of one. Out: a verdict each. */
  readonly acquireAll: (
    requests: ReadonlyArray<SendRequest>,
  ) => Effect.Effect<ReadonlyArray<Verdict>, ActorUnavailable | StoreError>
  /** The messenger answered 429 for this chat: nothing more to it until then (ms). */
  readonly paused: (chatId: string, untilMs: number) => Effect.Effect<void, ActorUnavailable | StoreError>
}>()("arbedge/RateLimiterClient") {
  /** Asks the actor wherever it lives. */
  static readonly layer: Layer.Layer<RateLimiterClient, never, Sharding> = Layer.effect(
    RateLimiterClient,
    Effect.gen(function* () {
      const actor = (yield* RateLimiterEntity.client)("telegram")
      const asking = (yield* makeAsking("RateLimiter", "3 seconds"))("telegram")
      const acquireAll = (requests: ReadonlyArray<SendRequest>) => asking(actor.Acquire({ requests }))
      return {
        acquireAll,
        acquire: (request) =>
          Effect.flatMap(
            acquireAll([request]),
            ([verdict]) =>
              verdict === undefined ? Effect.die(new Error("the limiter gave no verdict")) : Effect.succeed(verdict),
          ),
        paused: (chatId, untilMs) => asking(actor.Paused({ chatId, untilMs })),
      }
    }),
  )
}
