/**
 * What becomes of the opportunities between two venues after they were found. An actor a venue pair ("a|b", sorted; one
 * venue for a triangle), shard group `market`.
 *
 *   (activation) --rows not closed--> each open one with its timer
 *   unknown --opened--> open: notify          open --improved--> open: edit, or notify anew when much better and rested
 *   open --fading--> open: edit               open --closed--> closed: edit those who were told
 *   open --expiresAt--> closed: the closing transition and `...expired` are published, then the row is written
 *   closed --anything newer--> closed: none   any --older revision--> none   any --the same again--> the same answer
 *   --idle 12 hours (pairs are few), shutdown, defect--> (passivated): rows hold all but what people were last told,
 *     for which the newest revision then stands; a timer lost so is made up by `sweep`
 *
 * In: transitions, at least once and in order. Out: who is to be told, rows of `global_opportunities`, closings.
 * Promises: the row is written before the answer is given; a closing is published at least once, under one message id.
 * Two owners at once (a process cut off) are fenced by the revision: the one overtaken learns it at its next write.
 * Mailbox: 1,024; the next is told `full`.
 */
import { Clock, Context, Effect, FiberMap, Layer, Metric, Option, Schema, Semaphore } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import * as Announcing from "../domain/Announcement.ts"
import { described, EXPIRED_LIVES, expiryId } from "../domain/contract/Headers.ts"
import { Opportunity, OpportunityJson } from "../domain/Opportunity.ts"
import { coordinatorKey } from "../domain/Route.ts"
import * as Subject from "../domain/Subject.ts"
import { Bus } from "../layers/Bus.ts"
import { Opportunities } from "../layers/Opportunities.ts"
import { StoreError } from "../layers/Store.ts"
import { type ActorUnavailable, makeAsking, restarting } from "./Asking.ts"

export const CoordinatorEntity = Entity.make("Coordinator", [
  Rpc.make("Handle", { payload: { transition: Opportunity }, success: Announcing.Announcement, error: StoreError }),
  /** Looks at its rows again. */
  Rpc.make("Recall", { error: StoreError }),
]).annotate(ClusterSchema.ShardGroup, () => "market")

/** Whether the books still hold enough for more people: asked before anyone is notified. Everything fits by default. */
export const SharedCapacity = Context.Reference<(opportunity: Opportunity) => Effect.Effect<boolean>>(
  "arbedge/SharedCapacity",
  { defaultValue: () => () => Effect.succeed(true) },
)

const answers = Metric.counter("coordinator_answers_total", { description: "Transitions by what became of them" })
const expiries = Metric.counter("coordinator_expiries_total", { description: "Opportunities closed by their expiry" })

/** Rows looked through for those of one pair. */
const RECALLED = 5_000

const encode = Schema.encodeEffect(OpportunityJson)
const encoder = new TextEncoder()

/** Tells that its lifetime has ended: the transition that closes it, and the event. */
const publishExpiry = Effect.fnUntraced(function* (bus: Bus["Service"], closing: Opportunity) {
  const data = encoder.encode(yield* Effect.orDie(encode(closing)))
  const headers = described({ publish: yield* Clock.currentTimeMillis })
  const messageId = `${closing.id}:${closing.revision}:expired`
  yield* bus.publish({ subject: Subject.opportunity(closing), data, messageId, headers })
  const event = { subject: Subject.expired(closing), messageId: expiryId(closing), timeToLive: EXPIRED_LIVES }
  yield* bus.publish({ ...event, data, headers })
})

/** The actor itself. */
export const behaviour = (
  policy: Announcing.AnnouncementPolicy = Announcing.DEFAULT_POLICY,
): Layer.Layer<never, never, Opportunities | Bus | Sharding> =>
  CoordinatorEntity.toLayer(
    Effect.gen(function* () {
      const key = (yield* Entity.CurrentAddress).entityId
      const rows = yield* Opportunities
      const bus = yield* Bus
      const hasCapacity = yield* SharedCapacity
      const open = new Map<string, Announcing.Known>()
      const timers = yield* FiberMap.make<string>()
      /** Messages and timers take turns: neither sees the other's half-done work. */
      const turn = (yield* Semaphore.make(1)).withPermits(1)

      /** Closes it if it is still open and past its time. */
      const expire = (id: string) =>
        turn(Effect.gen(function* () {
          const known = open.get(id)
          const nowMs = yield* Clock.currentTimeMillis
          if (known === undefined || nowMs < known.opportunity.expiresAt) return
          const closing = Announcing.expiryOf(known.opportunity)
          yield* publishExpiry(bus, closing)
          yield* rows.upsert(closing, nowMs)
          open.delete(id)
          yield* Metric.update(expiries, 1)
        })).pipe(Effect.tapError(Effect.logWarning), Effect.retry(restarting), Effect.orDie)

      const keep = Effect.fnUntraced(function* (known: Announcing.Known) {
        const { expiresAt, id } = known.opportunity
        open.set(id, known)
        const waitMs = Math.max(0, expiresAt - (yield* Clock.currentTimeMillis))
        yield* FiberMap.run(timers, id, Effect.andThen(Effect.sleep(waitMs), expire(id)))
      })

      const recall = Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        const found = [...yield* rows.open(nowMs, RECALLED), ...yield* rows.overdue(nowMs, RECALLED)]
        for (const opportunity of found) {
          if (coordinatorKey(opportunity.legs) !== key || open.has(opportunity.id)) continue
          yield* keep(Announcing.recalled(opportunity))
        }
      })

      /** What is known of an opportunity; "closed" with the revision that closed it. */
      const lookUp = Effect.fnUntraced(function* (id: string) {
        const known = open.get(id)
        if (known !== undefined) return known
        return Option.match(yield* rows.byId(id), { onNone: () => null, onSome: Announcing.recalled })
      })

      const answer = Effect.fnUntraced(function* (transition: Opportunity) {
        const nowMs = yield* Clock.currentTimeMillis
        const known = yield* lookUp(transition.id)
        const isRepeat = known?.opportunity.revision === transition.revision
        if (known?.opportunity.state === "closed" && !(isRepeat && transition.state === "closed")) {
          return Announcing.Announcement.make({ action: "none", reason: "already_closed" })
        }
        const wanted = Announcing.announce(known, transition, nowMs, policy)
        if (isRepeat || wanted.reason === "stale") return wanted
        const fits = wanted.action !== "notify" || (yield* hasCapacity(transition))
        const given = fits ? wanted : Announcing.Announcement.make({ action: "none", reason: "no_capacity" })
        if (!(yield* rows.upsert(transition, nowMs))) {
          open.delete(transition.id)
          return Announcing.Announcement.make({ action: "none", reason: "stale" })
        }
        if (transition.state === "closed") {
          open.delete(transition.id)
          yield* FiberMap.remove(timers, transition.id)
        } else yield* keep(Announcing.after(known, transition, given, nowMs))
        return given
      })

      yield* recall.pipe(Effect.retry(restarting), Effect.orDie)

      return CoordinatorEntity.of({
        Handle: ({ payload }) =>
          turn(answer(payload.transition)).pipe(
            Effect.tap(({ reason }) => Metric.update(Metric.withAttributes(answers, { reason }), 1)),
          ),
        Recall: () => turn(recall),
      })
    }),
    { maxIdleTime: "12 hours", mailboxCapacity: 1_024, defectRetryPolicy: restarting },
  )

/** Overdue opportunities looked at in one sweep. */
const SWEPT = 500

export class CoordinatorClient extends Context.Service<CoordinatorClient, {
  /** Records a transition and says who is to hear of it. Safe to repeat. */
  readonly handle: (opportunity: Opportunity) => Effect.Effect<Announcing.Announcement, ActorUnavailable | StoreError>
  /** Wakes the coordinators of what should have expired and has not: call it every few seconds. Out: how many pairs. */
  readonly sweep: Effect.Effect<number, ActorUnavailable | StoreError>
}>()("arbedge/CoordinatorClient") {
  /** Asks the pair's actor wherever it lives. */
  static readonly layer: Layer.Layer<CoordinatorClient, never, Opportunities | Sharding> = Layer.effect(
    CoordinatorClient,
    Effect.gen(function* () {
      const actorOf = yield* CoordinatorEntity.client
      const rows = yield* Opportunities
      const asking = yield* makeAsking("Coordinator", "3 seconds")

      const sweep = Effect.gen(function* () {
        const overdue = yield* rows.overdue(yield* Clock.currentTimeMillis, SWEPT)
        const keys = new Set(overdue.map(({ legs }) => coordinatorKey(legs)))
        yield* Effect.forEach(keys, (key) => asking(key)(actorOf(key).Recall()), { discard: true })
        return keys.size
      }).pipe(Effect.withSpan("CoordinatorClient.sweep"))

      return {
        handle: Effect.fn("CoordinatorClient.handle")(function* (opportunity: Opportunity) {
          const key = coordinatorKey(opportunity.legs)
          return yield* asking(key)(actorOf(key).Handle({ transition: opportunity }))
        }),
        sweep,
      }
    }),
  )
}
