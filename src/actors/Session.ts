/**
 * One chat's session: may it be served? An actor a telegram id, shard group `users`; it lives while the chat does things.
 *
 *   (activation) --row fenced: epoch + 1--> held | none
 *   none --Start--> held (a first session, or a new one after the last ended)
 *   held --Start | Touch, not expired--> held: expires 7 days from now, written before it is answered
 *   held --Touch, 7 days without one--> expired   held --End--> none (terminated; nothing that waited is owed)
 *   held --write fenced (ended, expired or taken over elsewhere)--> activates again, and answers what the row then says
 *   any --idle 10 minutes, shutdown, defect--> (passivated): all of it is in the row
 *
 * In: what the bot hears from the chat. Out: a verdict with the session. Promises: one session however many starts
 * arrive at once; an unknown chat never activates an actor; without one (mailbox or process full, its process gone) the
 * row alone answers, by the same rules. Mailbox: 256; the next goes by the row.
 */
import { Clock, Context, Duration, Effect, Layer, Metric, Option, Schema } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import type { Session } from "../domain/Session.ts"
import type { OpportunityQueue } from "../layers/OpportunityQueue.ts"
import type { Outbox } from "../layers/Outbox.ts"
import type { SessionExtensions } from "../layers/SessionExtensions.ts"
import { Sessions } from "../layers/Sessions.ts"
import { type Store, StoreError } from "../layers/Store.ts"
import type { Users } from "../layers/Users.ts"
import { makeAsking, restarting } from "./Asking.ts"
import { makeExtensionWriter } from "./ExtensionWriter.ts"
import { Contact, isValid, Judged, makeSessionRows, Started } from "./SessionRows.ts"

export const SessionEntity = Entity.make("Session", [
  Rpc.make("Start", { payload: Contact, success: Started, error: StoreError }),
  Rpc.make("Touch", { success: Judged, error: StoreError }),
  Rpc.make("End", { success: Schema.Boolean, error: StoreError }),
])
  .annotate(ClusterSchema.ShardGroup, () => "users")
  // Every update of every chat comes through here: metrics tell of it, not a span each.
  .annotate(ClusterSchema.ClientTracingEnabled, false)

export interface SessionOptions {
  /** How long a session lasts after the last interaction. 7 days. */
  readonly timeout?: Duration.Input
  /** How long an actor stays in memory after its last message. 10 minutes. */
  readonly idle?: Duration.Input
}

type Rows = Sessions | Users | Store | Outbox | OpportunityQueue

const timeoutOf = (options: SessionOptions) => Duration.fromInputUnsafe(options.timeout ?? Duration.days(7))

/** The actor itself. */
export const behaviour = (
  options: SessionOptions = {},
): Layer.Layer<never, never, Rows | SessionExtensions | Sharding> =>
  Layer.unwrap(Effect.gen(function* () {
    const sessions = yield* Sessions
    const rows = yield* makeSessionRows(timeoutOf(options))
    const extend = yield* makeExtensionWriter(rows.ttlMs)

    return SessionEntity.toLayer(
      Effect.gen(function* () {
        const telegramId = (yield* Entity.CurrentAddress).entityId
        const activate = Effect.map(sessions.activate(telegramId), Option.getOrNull)
        let held: Session | null = yield* activate.pipe(Effect.retry(restarting), Effect.orDie)

        /** The session if it is valid now; looks at the row when memory says it is not: others may have renewed it. */
        const current = Effect.fnUntraced(function* (nowMs: number) {
          if (!isValid(held, nowMs)) held = yield* activate
          return isValid(held, nowMs) ? held : null
        })

        const touch = Effect.gen(function* () {
          const nowMs = yield* Clock.currentTimeMillis
          for (const _attempt of ["as held", "as activated anew"]) {
            const session = yield* current(nowMs)
            if (session === null) break
            held = yield* extend(session)
            if (held !== null) return Judged.make({ verdict: "valid", session: held })
          }
          return yield* rows.judge(telegramId, nowMs)
        })

        const end = Effect.gen(function* () {
          const session = yield* current(yield* Clock.currentTimeMillis)
          if (session === null) return false
          const ended = yield* rows.endHeld(session).pipe(Effect.catchTag("Fenced", () => rows.endChat(telegramId)))
          held = null
          return ended
        })

        return SessionEntity.of({
          Start: Effect.fnUntraced(function* ({ payload }) {
            const started = yield* rows.start(payload)
            held = yield* activate
            return { ...started, session: held ?? started.session }
          }),
          Touch: () => touch,
          End: () => end,
        })
      }),
      { maxIdleTime: options.idle ?? "10 minutes", mailboxCapacity: 256, defectRetryPolicy: restarting },
    )
  }))

/** Who answered a touch: without an actor the row does, by the same rules. */
type AnsweredBy = "actor" | "row" | "row_for_want_of_actor"

const touches = Metric.counter("session_touches_total", { description: "Interactions by verdict and by who answered" })

/** One counter each, made once: a touch is too hot to look them up. */
const touchCounters = (by: AnsweredBy) => ({
  valid: Metric.withAttributes(touches, { by, verdict: "valid" }),
  none: Metric.withAttributes(touches, { by, verdict: "none" }),
  expired: Metric.withAttributes(touches, { by, verdict: "expired" }),
  terminated: Metric.withAttributes(touches, { by, verdict: "terminated" }),
})

const counters = {
  actor: touchCounters("actor"),
  row: touchCounters("row"),
  row_for_want_of_actor: touchCounters("row_for_want_of_actor"),
}

/** Chats known to have a session, so that their next touch needs no look-up; the oldest is forgotten first. */
const KNOWN_CHATS = 60_000

export class SessionClient extends Context.Service<SessionClient, {
  /** Creates, renews or extends the chat's session. */
  readonly start: (contact: Contact) => Effect.Effect<Started, StoreError>
  /** An interaction: judges the session and extends it. `activity` says what it was, for traces. */
  readonly touch: (telegramId: string, activity: string) => Effect.Effect<Judged, StoreError>
  /** Logout. False: there was no valid session. */
  readonly end: (telegramId: string) => Effect.Effect<{ readonly ended: boolean }, StoreError>
  /** Judges without extending. */
  readonly look: (telegramId: string) => Effect.Effect<Judged, StoreError>
}>()("arbedge/SessionClient") {
  /** Asks the chat's actor wherever it lives, or the rows where none answers. */
  static readonly layer = (options: SessionOptions = {}): Layer.Layer<SessionClient, never, Rows | Sharding> =>
    Layer.effect(
      SessionClient,
      Effect.gen(function* () {
        const rows = yield* makeSessionRows(timeoutOf(options))
        const actorOf = yield* SessionEntity.client
        const known = new Set<string>()

        const remember = (telegramId: string, judged: Judged) => {
          known.delete(telegramId)
          if (judged.verdict !== "valid") return
          known.add(telegramId)
          if (known.size <= KNOWN_CHATS) return
          for (const oldest of known) {
            known.delete(oldest)
            break
          }
        }

        const asking = yield* makeAsking("Session", "2 seconds")
        /** A user waits for each touch, and the row is there: a process that has died is not waited for. */
        const askingSoon = yield* makeAsking("Session", "500 millis")

        const answered = (telegramId: string, by: AnsweredBy) => (judged: Judged) => {
          remember(telegramId, judged)
          return Effect.as(Metric.update(counters[by][judged.verdict], 1), judged)
        }

        const askActor = (telegramId: string) =>
          askingSoon(telegramId)(actorOf(telegramId).Touch()).pipe(
            Effect.flatMap(answered(telegramId, "actor")),
            Effect.catchTag("ActorUnavailable", () =>
              Effect.flatMap(rows.touch(telegramId), answered(telegramId, "row_for_want_of_actor"))),
          )

        const touch = (telegramId: string) => {
          if (known.has(telegramId)) return askActor(telegramId)
          return Clock.currentTimeMillis.pipe(
            Effect.flatMap((nowMs) => rows.judge(telegramId, nowMs)),
            Effect.flatMap((judged) =>
              judged.verdict === "valid" ? askActor(telegramId) : answered(telegramId, "row")(judged)
            ),
          )
        }

        return {
          start: Effect.fn("SessionClient.start")(function* (contact: Contact) {
            const started = yield* asking(contact.telegramId)(actorOf(contact.telegramId).Start(contact)).pipe(
              Effect.catchTag("ActorUnavailable", () => rows.start(contact)),
            )
            remember(contact.telegramId, { verdict: "valid", session: started.session })
            return started
          }),
          touch: (telegramId, activity) => Effect.annotateSpans(touch(telegramId), { activity }),
          end: Effect.fn("SessionClient.end")(function* (telegramId: string) {
            const judged = yield* rows.judge(telegramId, yield* Clock.currentTimeMillis)
            known.delete(telegramId)
            if (judged.verdict !== "valid") return { ended: false }
            const ended = yield* asking(telegramId)(actorOf(telegramId).End()).pipe(
              Effect.catchTag("ActorUnavailable", () => rows.endChat(telegramId)),
            )
            return { ended }
          }),
          look: Effect.fn("SessionClient.look")(function* (telegramId: string) {
            return yield* rows.judge(telegramId, yield* Clock.currentTimeMillis)
          }),
        }
      }),
    )
}
