/**
 * The Blackouts port: which windows are known, and how well.
 *
 * Implementation: `blackouts/`. In: nothing. Out: the windows read last, when that was, and what is wrong since.
 * Promises: reading never fails a caller: a list that cannot be read keeps the one before it and says so in `trouble`;
 * with none configured there are no windows and no trouble.
 */
import { Context, type Effect, Schema } from "effect"
import type { Blackout } from "../domain/Blackout.ts"

/** All are tried again at the next refresh: `unreadable` (no such file, no answer, a status), `malformed`, `too_large`. */
export const BlackoutReason = Schema.Literals(["unreadable", "malformed", "too_large"])

export class BlackoutError extends Schema.TaggedError<BlackoutError>()("BlackoutError", {
  reason: BlackoutReason,
  /** Path or URL, without credentials. */
  where: Schema.String,
  detail: Schema.String,
}) {
  readonly retryable: boolean = true

  override get message(): string {
    return `blackout windows of ${this.where}: ${this.reason} (${this.detail}); see ARBEDGE_BLACKOUTS`
  }
}

export interface KnownBlackouts {
  readonly windows: ReadonlyArray<Blackout>
  /** Null: no list was read yet. */
  readonly readAtMs: number | null
  /** Why the list could not be read the last time; null: it could, or none is configured. */
  readonly trouble: BlackoutError | null
}

export const NONE: KnownBlackouts = { windows: [], readAtMs: null, trouble: null }

/** In trouble with no list ever read, nobody knows whether there is a window. */
export const isUnknown = ({ readAtMs, trouble }: KnownBlackouts): boolean => readAtMs === null && trouble !== null

export class Blackouts extends Context.Service<Blackouts, {
  readonly known: Effect.Effect<KnownBlackouts>
}>()("arbedge/Blackouts") {}
