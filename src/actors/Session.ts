/**
 * One chat's session: may it be served? An actor a telegram id, shard group `users`; it lives while the chat does things.
 *
 *   (activation) --row fenced: epoch + 1--> held | none
 *   none --Start--> held (a first session, or a new one after the last ended)
 *   held --Start | Touch, not expired--> held: expires 7 days from now, written before it is answered
 *   held --Touch, 7 days without one--> expired   held --End--> none (terminated; nothing that waited is owed)
 *   held --Mark | Ask--> held: how far they have come, or what they were asked (sealed), is in the row
 *   held --write fenced (ended, expired or taken over elsewhere)--> activates again, and answers what the row then says
 *   any --idle 10 minutes, shutdown, defect--> (passivated): all of it is in the row
 *
 * In: what the bot hears from the chat. Out: a verdict with the session. Promises: one session however many starts
 * arrive at once; an unknown chat never activates an actor; without one (not awake yet, mailbox or process full, its
 * process gone) the row alone answers, by the same rules. Mailbox: 256; the next goes by the row.
 */
import { Clock, Context, Duration, Effect, Layer, Metric, Option, Queue, Schema } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import * as EntityId from "effect/cluster/EntityId"
import { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import { Dialogue, isOpenAt } from "../domain/Dialogue.ts"
import type { Session } from "../domain/Session.ts"
import { Dialogues } from "../layers/Dialogues.ts"
import type { OpportunityQueue } from "../layers/OpportunityQueue.ts"
import type { Outbox } from "../layers/Outbox.ts"
import type { SessionAnalytics } from "../layers/SessionAnalytics.ts"
import type { SessionExtensions } from "../layers/SessionExtensions.ts"
import { Sessions } from "../layers/Sessions.ts"
import { type Store, StoreError } from "../layers/Store.ts"
import type { Users } from "../layers/Users.ts"
import { makeAsking, restarting } from "./Asking.ts"
import { makeExtensionWriter, makeRowWriter } from "./ExtensionWriter.ts"
import { ResidentSessions } from "./ResidentSessions.ts"
import { type Looked, makeLook } from "./SessionLook.ts"
import { Contact, isValid, Judged, makeSessionRows, Marks, Started } from "./SessionRows.ts"

const SHARD_GROUP = "users"

export const SessionEntity = Entity.make("Session", [
  Rpc.make("Start", { payload: Contact, success: Started, error: StoreError }),
  Rpc.make("Touch", { success: Judged, error: StoreError }),
  Rpc.make("End", { success: Schema.Boolean, error: StoreError }),
  // Null takes the question back. False: there is no session that could be asked.
  Rpc.make("Ask", { payload: { dialogue: Schema.NullOr(Dialogue) }, success: Schema.Boolean, error: StoreError }),
  // False: there is no session.
  Rpc.make("Mark", { payload: Marks, success: Schema.Boolean, error: StoreError }),
  // Being there is all that is asked.
  Rpc.make("Wake"),
])
  .annotate(ClusterSchema.ShardGroup, () => SHARD_GROUP)
  // Every update of every chat comes through here: metrics tell of it, not a span each.
  .annotate(ClusterSchema.ClientTracingEnabled, false)

export interface SessionOptions {
  /** How long a session lasts after the last interaction. 7 days. */
  readonly timeout?: Duration.Input
  /** How long an actor stays in memory after its last message. 10 minutes. */
  readonly idle?: Duration.Input
}

type Rows = Sessions | SessionAnalytics | Dialogues | SessionExtensions | Users | Store | Outbox | OpportunityQueue

const timeoutOf = (options: SessionOptions) => Duration.fromInputUnsafe(options.timeout ?? Duration.days(7))

/** The actor itself. */
export const behaviour = (options: SessionOptions = {}): Layer.Layer<never, never, Rows | Sharding> => {
  const idle = Duration.fromInputUnsafe(options.idle ?? "10 minutes")
  const mailDueMs = Duration.toMillis(idle) / 2

  return Layer.unwrap(Effect.gen(function* () {
    const sessions = yield* Sessions
    const residents = yield* ResidentSessions
    const rows = yield* makeSessionRows(timeoutOf(options))
    const extend = yield* makeExtensionWriter(rows.ttlMs)

    return SessionEntity.toLayer(
      Effect.gen(function* () {
        const telegramId = (yield* Entity.CurrentAddress).entityId
        // Made when it is asked for, as all below: an idle actor keeps no effects.
        const activate = () => Effect.map(sessions.activate(telegramId), Option.getOrNull)
        let held: Session | null = yield* activate().pipe(Effect.retry(restarting), Effect.orDie)
        let lastMailMs = yield* Clock.currentTimeMillis

        /** The session if it is valid now; looks at the row when memory says it is not: others may have renewed it. */
        const current = Effect.fnUntraced(function* (nowMs: number) {
          if (!isValid(held, nowMs)) held = yield* activate()
          return isValid(held, nowMs) ? held : null
        })

        const touch = Effect.fnUntraced(function* () {
          const nowMs = lastMailMs = yield* Clock.currentTimeMillis
          for (const _attempt of ["as held", "as activated anew"]) {
            const session = yield* current(nowMs)
            if (session === null) break
            held = yield* extend(session)
            if (held !== null) return Judged.make({ verdict: "valid", session: held })
          }
          return yield* rows.judge(telegramId, nowMs)
        })

        /**
         * Beside the mailbox, many at a time: it never activates, and takes what it wrote into memory only where memory
         * is still what it wrote. Now and then the mailbox has its turn: the cluster counts only mail as being alive.
         */
        const touchAtOnce = () =>
          Effect.flatMap(Clock.currentTimeMillis, (nowMs) => {
            const session = held
            if (!isValid(session, nowMs) || nowMs - lastMailMs >= mailDueMs) return Effect.succeed(null)
            return Effect.map(extend(session), (extended): Judged | null => {
              if (held?.sessionId === session.sessionId && held.epoch === session.epoch) held = extended
              return extended === null ? null : { verdict: "valid", session: extended }
            })
          })

        const end = Effect.fnUntraced(function* () {
          const session = yield* current(yield* Clock.currentTimeMillis)
          if (session === null) return false
          const ended = yield* rows.endHeld(session).pipe(Effect.catchTag("Fenced", () => rows.endChat(telegramId)))
          held = null
          return ended
        })

        /** Writes what is not the session's life; `write` answers what is held then, or null when it was fenced. */
        const written = Effect.fnUntraced(
          function* (write: (session: Session) => Effect.Effect<Session | null, StoreError>) {
            const nowMs = yield* Clock.currentTimeMillis
            for (const _attempt of ["as held", "as activated anew"]) {
              const session = yield* current(nowMs)
              if (session === null) return false
              held = yield* write(session)
              if (held !== null) return true
            }
            return false
          },
        )

        const ask = (dialogue: Option.Option<Dialogue>) =>
          written((session) => Effect.map(rows.ask(session, dialogue), (asked) => asked ? held ?? session : null))

        yield* residents.enter(telegramId, touchAtOnce)

        return SessionEntity.of({
          Start: Effect.fnUntraced(function* ({ payload }) {
            const started = yield* rows.start(payload)
            held = yield* activate()
            return { ...started, session: held ?? started.session }
          }),
          Touch: () => touch(),
          End: () => end(),
          Mark: ({ payload }) => written((session) => rows.mark(session, payload)),
          Ask: ({ payload: { dialogue } }) => ask(Option.fromNullOr(dialogue)),
          Wake: () => Effect.void,
        })
      }),
      { maxIdleTime: idle, mailboxCapacity: 256, defectRetryPolicy: restarting },
    )
  })).pipe(Layer.provide(ResidentSessions.layer))
}

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

/** Chats whose actors live elsewhere and are known to have a session; the oldest is forgotten first. */
const KNOWN_CHATS = 60_000

/** Chats whose actors are to come up; those beyond come up after a later touch. */
const TO_WAKE = 16_384

export class SessionClient extends Context.Service<SessionClient, {
  /** Creates, renews or extends the chat's session. */
  readonly start: (contact: Contact) => Effect.Effect<Started, StoreError>
  /** An interaction: judges the session and extends it. `activity` says what it was, for traces. */
  readonly touch: (telegramId: string, activity: string) => Effect.Effect<Judged, StoreError>
  /** Logout. False: there was no valid session. */
  readonly end: (telegramId: string) => Effect.Effect<{ readonly ended: boolean }, StoreError>
  /** What the chat has been asked and may answer by a message. */
  readonly dialogue: (telegramId: string) => Effect.Effect<Option.Option<Dialogue>, StoreError>
  /**
   * Asks, or (none) takes the question back. False: there is no valid session. Fails with `rejected` where nothing can
   * be sealed, for want of a master key.
   */
  readonly setDialogue: (telegramId: string, dialogue: Option.Option<Dialogue>) => Effect.Effect<boolean, StoreError>
  /** Records how far the user has come, carried over to later sessions. False: there is no valid session. */
  readonly mark: (telegramId: string, marks: Marks) => Effect.Effect<boolean, StoreError>
  /** For showing alone; it extends nothing. */
  readonly look: (telegramId: string) => Effect.Effect<Looked, StoreError>
}>()("arbedge/SessionClient") {
  /** Asks the chat's actor wherever it lives, or the rows where none answers. */
  static readonly layer = (options: SessionOptions = {}): Layer.Layer<SessionClient, never, Rows | Sharding> =>
    Layer.effect(
      SessionClient,
      Effect.gen(function* () {
        const rows = yield* makeSessionRows(timeoutOf(options))
        const extendRow = yield* makeRowWriter(rows.ttlMs)
        const dialogues = yield* Dialogues
        const residents = yield* ResidentSessions
        const { getShardId, hasShardId } = yield* Sharding
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

        /** Activating an actor costs many times the answer, so it happens behind the answers, one at a time. */
        const toWake = yield* Queue.dropping<string>(TO_WAKE)
        const waking = new Set<string>()
        const wakeNext = Effect.flatMap(
          Queue.take(toWake),
          (telegramId) =>
            asking(telegramId)(actorOf(telegramId).Wake()).pipe(
              // The row goes on answering; its next touch asks for it again.
              Effect.ignore,
              Effect.ensuring(Effect.sync(() => waking.delete(telegramId))),
            ),
        )
        yield* Effect.forkScoped(Effect.forever(wakeNext))

        const wake = (telegramId: string) => {
          if (!waking.has(telegramId) && Queue.offerUnsafe(toWake, telegramId)) waking.add(telegramId)
        }

        const answered = (by: AnsweredBy, judged: Judged) =>
          Effect.as(Metric.update(counters[by][judged.verdict], 1), judged)

        const askActor = (telegramId: string) =>
          askingSoon(telegramId)(actorOf(telegramId).Touch()).pipe(
            Effect.flatMap((judged) => answered("actor", judged)),
            Effect.catchTag("ActorUnavailable", () =>
              Effect.flatMap(rows.touch(telegramId), (judged) => answered("row_for_want_of_actor", judged))),
          )

        const askRow = Effect.fnUntraced(function* (telegramId: string) {
          const session = yield* extendRow(telegramId)
          // What did not let itself be extended says why, or has begun only just now.
          return session === null ? yield* rows.touch(telegramId) : Judged.make({ verdict: "valid", session })
        })

        /** No actor of this process's memory knows the chat. */
        const touchAbsent = Effect.fnUntraced(function* (telegramId: string) {
          const isOurs = hasShardId(getShardId(EntityId.make(telegramId), SHARD_GROUP))
          const elsewhere = !isOurs && known.has(telegramId)
          const judged = yield* elsewhere
            ? askActor(telegramId)
            : Effect.flatMap(askRow(telegramId), (judged) => answered("row", judged))
          if (!isOurs) remember(telegramId, judged)
          else if (judged.verdict === "valid") wake(telegramId)
          return judged
        })

        const touch = (telegramId: string) => {
          const atOnce = residents.find(telegramId)
          if (atOnce === undefined) return touchAbsent(telegramId)
          return Effect.flatMap(
            atOnce(),
            (judged) => judged === null ? askActor(telegramId) : answered("actor", judged),
          )
        }

        const dialogue = Effect.fn("SessionClient.dialogue")(function* (telegramId: string) {
          const nowMs = yield* Clock.currentTimeMillis
          return Option.filter(yield* dialogues.of(telegramId, nowMs), (asked) => isOpenAt(asked, nowMs))
        })

        const setDialogue = Effect.fn("SessionClient.setDialogue")(
          (telegramId: string, dialogue: Option.Option<Dialogue>) =>
            asking(telegramId)(actorOf(telegramId).Ask({ dialogue: Option.getOrNull(dialogue) })).pipe(
              Effect.catchTag("ActorUnavailable", () => rows.askChat(telegramId, dialogue)),
            ),
        )

        return {
          start: Effect.fn("SessionClient.start")(function* (contact: Contact) {
            const started = yield* asking(contact.telegramId)(actorOf(contact.telegramId).Start(contact)).pipe(
              Effect.catchTag("ActorUnavailable", () => rows.start(contact)),
            )
            return started
          }),
          touch: (telegramId, activity) =>
            Effect.andThen(Effect.annotateCurrentSpan("activity", activity), Effect.suspend(() => touch(telegramId))),
          end: Effect.fn("SessionClient.end")(function* (telegramId: string) {
            const judged = yield* rows.judge(telegramId, yield* Clock.currentTimeMillis)
            known.delete(telegramId)
            if (judged.verdict !== "valid") return { ended: false }
            const ended = yield* asking(telegramId)(actorOf(telegramId).End()).pipe(
              Effect.catchTag("ActorUnavailable", () => rows.endChat(telegramId)),
            )
            return { ended }
          }),
          dialogue,
          setDialogue,
          mark: Effect.fn("SessionClient.mark")((telegramId: string, marks: Marks) =>
            asking(telegramId)(actorOf(telegramId).Mark(marks)).pipe(
              Effect.catchTag("ActorUnavailable", () => rows.markChat(telegramId, marks)),
            )
          ),
          look: yield* makeLook(rows.judge),
        }
      }),
    ).pipe(Layer.provide(ResidentSessions.layer))
}
