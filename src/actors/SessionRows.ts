/**
 * What starting and ending a session mean in rows, whoever does it: the Session actor, or its client when there is none.
 *
 * In: a chat's wish and the time. Out: rows of users, user_sessions, the queue and the outbox, all or none of them.
 * Promises: one active session a user however many start at once; the fact of a start or an end is in the outbox of the
 * transaction that made it true; whoever ends a session is owed nothing that still waited.
 */
import { Clock, Duration, Effect, Option, Schema } from "effect"
import type { Dialogue } from "../domain/Dialogue.ts"
import type { SessionFact } from "../domain/Fact.ts"
import { Session, SessionVerdict, verdictAt } from "../domain/Session.ts"
import * as Subject from "../domain/Subject.ts"
import { Dialogues } from "../layers/Dialogues.ts"
import { OpportunityQueue } from "../layers/OpportunityQueue.ts"
import { Outbox } from "../layers/Outbox.ts"
import { Sessions } from "../layers/Sessions.ts"
import { SessionAnalytics, type SessionSummary } from "../layers/SessionAnalytics.ts"
import { type Fenced, Store, type StoreError } from "../layers/Store.ts"
import { UserCache } from "../layers/UserCache.ts"
import { Users } from "../layers/Users.ts"

/** Who asks for a session, as Telegram tells it. */
export const Contact = Schema.Struct({
  telegramId: Schema.String,
  chatId: Schema.String,
  username: Schema.NullOr(Schema.String),
  firstName: Schema.NullOr(Schema.String),
  /** IETF tag such as "ru" or "en-GB"; a first session takes the user's language from it. */
  languageCode: Schema.NullOr(Schema.String),
})
export type Contact = typeof Contact.Type

/** `created`: the user's first session; `renewed`: the last one had ended; `already_active`: it was extended. */
export const StartOutcome = Schema.Literals(["created", "renewed", "already_active"])

export const Started = Schema.Struct({ session: Session, outcome: StartOutcome })
export type Started = typeof Started.Type

/** The session only where there is or was one; valid at the instant asked for. */
export const Judged = Schema.Struct({ verdict: SessionVerdict, session: Schema.NullOr(Session) })
export type Judged = typeof Judged.Type

/** How far its user has come; what is not given stays. */
export const Marks = Schema.Struct({
  onboardingCompleted: Schema.optionalKey(Schema.Boolean),
  preferencesSet: Schema.optionalKey(Schema.Boolean),
})
export type Marks = typeof Marks.Type

/** What the fact of an end tells of the session. */
export const toldOf = ({ alias, commandsUsed, durationMs, opportunitiesReceived }: SessionSummary) => ({
  session: alias,
  durationMs,
  commandsUsed,
  opportunitiesReceived,
})

const NOTHING_OWED = "session_ended"

export const makeSessionRows = Effect.fnUntraced(function* (timeout: Duration.Duration) {
  const store = yield* Store
  const sessions = yield* Sessions
  const dialogues = yield* Dialogues
  const users = yield* Users
  const queue = yield* OpportunityQueue
  const outbox = yield* Outbox
  const analytics = yield* SessionAnalytics
  const cache = yield* UserCache
  const ttlMs = Duration.toMillis(timeout)

  const fact = Effect.fnUntraced(function* (
    event: "started" | "ended",
    { sessionId, telegramId, userId }: Session,
    outcome: SessionFact["outcome"],
    at: number,
  ) {
    const [summary] = yield* analytics.summaries([sessionId])
    const of = summary === undefined ? {} : event === "started" ? { session: summary.alias } : toldOf(summary)
    yield* outbox.append([{
      subject: Subject.fact("session", event),
      payload: { v: 1, outcome, at, ...of } satisfies Omit<SessionFact, "person">,
      person: { userId, telegramId, sessionId },
    }], at)
  })

  const speakTheirLanguage = Effect.fnUntraced(function* (userId: string, languageCode: string | null, nowMs: number) {
    if (languageCode === null || !/^ru\b/i.test(languageCode)) return
    yield* users.setPreferences(userId, { ...(yield* users.preferences(userId)), language: "ru" }, nowMs)
  })

  /** Judges by the row alone; extends nothing. */
  const judge = Effect.fnUntraced(function* (telegramId: string, nowMs: number) {
    const { session, verdict } = yield* sessions.validateFromRow(telegramId, nowMs)
    return Judged.make({ verdict, session: Option.getOrNull(session) })
  })

  const start = Effect.fnUntraced(
    function* (contact: Contact) {
      const nowMs = yield* Clock.currentTimeMillis
      const before = yield* sessions.validateFromRow(contact.telegramId, nowMs)
      const user = yield* users.contact({
        telegramId: contact.telegramId,
        username: contact.username,
        firstName: contact.firstName,
        lastName: null,
        isGroup: contact.telegramId.startsWith("-"),
        nowMs,
      })
      const { created, session } = yield* sessions.start({
        userId: user.userId,
        telegramId: contact.telegramId,
        nowMs,
        ttlMs,
      })
      if (!created) return Started.make({ session, outcome: "already_active" })
      const outcome = before.verdict === "none" ? "created" : "renewed"
      if (outcome === "created") yield* speakTheirLanguage(user.userId, contact.languageCode, nowMs)
      yield* fact("started", session, outcome, nowMs)
      return Started.make({ session, outcome })
    },
    (started): Effect.Effect<Started, StoreError> => store.transaction(started),
  )

  /** What an end brings with it, in the transaction of `ending`; false: there was nothing to end. */
  const end = <E>(ending: (nowMs: number) => Effect.Effect<Option.Option<Session>, E>) =>
    Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const ended = yield* ending(nowMs)
      if (Option.isNone(ended)) return false
      yield* queue.cancelChat(ended.value.telegramId, NOTHING_OWED, nowMs)
      yield* fact("ended", ended.value, "logout", nowMs)
      yield* cache.keepAsked(ended.value.sessionId, Option.none())
      return true
    }).pipe((ended): Effect.Effect<boolean, E | StoreError> => store.transaction(ended))

  /** Ends the session that its owner holds. */
  const endHeld = (session: Session): Effect.Effect<boolean, StoreError | Fenced> =>
    end((nowMs) => Effect.asSome(sessions.terminate({ session, nowMs })))

  /** Ends the chat's session whoever holds it. */
  const endChat = (telegramId: string): Effect.Effect<boolean, StoreError> =>
    end((nowMs) => sessions.terminateChat(telegramId, nowMs))

  /** Judges and extends by the row alone, fencing nobody: for when no actor answers. */
  const touch = Effect.fnUntraced(function* (telegramId: string) {
    const nowMs = yield* Clock.currentTimeMillis
    const judged = yield* judge(telegramId, nowMs)
    if (judged.session === null || judged.verdict !== "valid") return judged
    return yield* sessions.extend({ session: judged.session, nowMs, ttlMs }).pipe(
      Effect.map((session): Judged => ({ verdict: "valid", session })),
      // Its actor or an end came between: what the row says now is the answer.
      Effect.catchTag("Fenced", () => judge(telegramId, nowMs)),
    )
  })

  /** Null: the session has ended, or somebody else holds it now. */
  const mark = Effect.fnUntraced(function* (session: Session, marks: Marks) {
    const nowMs = yield* Clock.currentTimeMillis
    return yield* sessions.mark({ session, ...marks, nowMs }).pipe(
      Effect.catchTag("Fenced", () => Effect.succeed(null)),
    )
  })

  /** False: the session has ended, or somebody else holds it now. */
  const ask = Effect.fnUntraced(function* (session: Session, dialogue: Option.Option<Dialogue>) {
    const nowMs = yield* Clock.currentTimeMillis
    // What was typed stays in the row.
    const asked = Option.map(dialogue, ({ askedAt, step, topic }) => ({ topic, step, askedAt }))
    return yield* dialogues.set({ session, dialogue, nowMs }).pipe(
      Effect.andThen(cache.keepAsked(session.sessionId, asked)),
      Effect.as(true),
      Effect.catchTag("Fenced", () => Effect.succeed(false)),
    )
  })

  /** By the row alone, for when no actor answers; its actor may come between, then once more. */
  const byRow = Effect.fnUntraced(
    function* (telegramId: string, write: (session: Session) => Effect.Effect<boolean, StoreError>) {
      for (const _attempt of ["as it is", "as it has become"]) {
        const { session, verdict } = yield* judge(telegramId, yield* Clock.currentTimeMillis)
        if (session === null || verdict !== "valid") return false
        if (yield* write(session)) return true
      }
      return false
    },
  )

  const askChat = (telegramId: string, dialogue: Option.Option<Dialogue>) =>
    byRow(telegramId, (session) => ask(session, dialogue))

  const markChat = (telegramId: string, marks: Marks) =>
    byRow(telegramId, (session) => Effect.map(mark(session, marks), (marked) => marked !== null))

  return { judge, start, touch, ask, askChat, mark, markChat, endHeld, endChat, ttlMs }
})

/** Whether a session held in memory still admits its user. */
export const isValid = (session: Session | null, nowMs: number): session is Session =>
  verdictAt(session, nowMs) === "valid"
