/**
 * The SessionAnalytics port: what people do with their sessions, tables `session_activity` and `user_sessions`.
 *
 * In: counted activities, and a span of time. Out: figures of the sessions that began in it. Promises: figures come from
 * rows alone and are the same whoever asks; what is unknown is null, not zero; a person who is erased is in none of them.
 */
import { Context, type Effect, Schema } from "effect"
import type { StoreError } from "./Store.ts"

/** How often something was done in a session on one day of UTC. */
export interface CountedActivity {
  readonly sessionId: string
  readonly userId: string
  /** "2026-11-21". */
  readonly day: string
  /** As the bot calls it: `command:keys`, `tap`, `message`. */
  readonly activity: string
  readonly times: number
}

/** Of people who came first in the span and whose Nth day is over. */
const Retention = Schema.Struct({
  /** Days after the first. */
  day: Schema.Int,
  people: Schema.Int,
  /** Who did something on that very day. */
  returned: Schema.Int,
})

export const SessionFigures = Schema.Struct({
  started: Schema.Int,
  /** Of those, by what became of them; one past its time counts as expired. */
  active: Schema.Int,
  expired: Schema.Int,
  terminated: Schema.Int,
  /** From start to last activity, ms, of those that have ended; null: none has. */
  durationP50Ms: Schema.NullOr(Schema.Finite),
  durationP95Ms: Schema.NullOr(Schema.Finite),
  /** What was done in them, the most frequent first. */
  activities: Schema.Array(Schema.Struct({ activity: Schema.String, times: Schema.Int, people: Schema.Int })),
  /** Delivered or shown between a session's start and its end. */
  opportunities: Schema.Int,
  retention: Schema.Array(Retention),
})
export type SessionFigures = typeof SessionFigures.Type

/** What a session came to. */
export const SessionSummary = Schema.Struct({
  sessionId: Schema.String,
  /** For facts: the same for one session always; says nothing about whose it is. */
  alias: Schema.String,
  /** From its start to the last interaction. */
  durationMs: Schema.Int,
  /** As far as counted. */
  commandsUsed: Schema.Int,
  opportunitiesReceived: Schema.Int,
})
export type SessionSummary = typeof SessionSummary.Type

export const RETENTION_DAYS: ReadonlyArray<number> = [1, 7, 30]

export class SessionAnalytics extends Context.Service<SessionAnalytics, {
  /** Adds up; sessions that are gone meanwhile are passed over. */
  readonly count: (counted: ReadonlyArray<CountedActivity>) => Effect.Effect<void, StoreError>
  /** Of these sessions, as far as they are there. Within a transaction: as that has left them. */
  readonly summaries: (sessionIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<SessionSummary>, StoreError>
  /** Of sessions that began from `sinceMs` up to `untilMs`, as known at `nowMs`. */
  readonly figures: (span: {
    readonly sinceMs: number
    readonly untilMs: number
    readonly nowMs: number
  }) => Effect.Effect<SessionFigures, StoreError>
}>()("arbedge/SessionAnalytics") {}
