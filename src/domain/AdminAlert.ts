/**
 * Alerts to admins: when a figure of the service is told as trouble, and when as over.
 *
 *   quiet --above `beginsAbove` for `beginsAfterMs`--> firing --below `endsBelow` for `endsAfterMs`--> quiet
 *
 * In: what is known of an alert, a figure, the time. Out: what is known then, and whether admins are told. Promises:
 * pure; a figure between the two bounds changes nothing; of one alert at most one message an hour leaves, each says the
 * opposite of the one before, so what begins and ends between two messages is not told at all; time in which nobody
 * looked counts for nothing.
 */
import { Schema } from "effect"

export const AlertKind = Schema.Literals(["stale_venue", "queue_age", "delivery_failures"])
export type AlertKind = typeof AlertKind.Type

export interface AlertRule {
  readonly beginsAbove: number
  readonly beginsAfterMs: number
  readonly endsBelow: number
  readonly endsAfterMs: number
}

const MINUTE_MS = 60_000
export const BETWEEN_MESSAGES_MS = 60 * MINUTE_MS
/** Who has not looked for so long begins to count anew. */
const UNWATCHED_MS = 2 * MINUTE_MS

/** Seconds of silence; seconds that the oldest message waits; the share of deliveries that failed. */
export const RULES: Readonly<Record<AlertKind, AlertRule>> = {
  stale_venue: { beginsAbove: 60, beginsAfterMs: MINUTE_MS, endsBelow: 30, endsAfterMs: 5 * MINUTE_MS },
  queue_age: { beginsAbove: 60, beginsAfterMs: 2 * MINUTE_MS, endsBelow: 30, endsAfterMs: 5 * MINUTE_MS },
  delivery_failures: { beginsAbove: 0.1, beginsAfterMs: 5 * MINUTE_MS, endsBelow: 0.05, endsAfterMs: 10 * MINUTE_MS },
}

export interface AlertReading {
  readonly kind: AlertKind
  /** Of which venue; empty where there is one for all. */
  readonly subject: string
  readonly value: number
}

export const nameOf = ({ kind, subject }: Pick<AlertReading, "kind" | "subject">): string => `${kind}:${subject}`

/** Times in ms; null: never yet, or not now. */
export interface AlertState {
  readonly firing: boolean
  /** Since when the figure has been beyond the bound that leads out of the state. */
  readonly turningSince: number | null
  /** Since when it has been in the state. */
  readonly since: number | null
  readonly lookedAt: number | null
  /** What admins were told last. */
  readonly toldFiring: boolean
  readonly toldAt: number | null
  /** Since when it was firing, as they were told. */
  readonly toldSince: number | null
}

export const QUIET: AlertState = {
  firing: false,
  turningSince: null,
  since: null,
  lookedAt: null,
  toldFiring: false,
  toldAt: null,
  toldSince: null,
}

/** What admins are told. */
export type AlertTelling =
  | { readonly _tag: "Began"; readonly sinceMs: number }
  | { readonly _tag: "Ended"; readonly beganMs: number; readonly endedMs: number }

const turned = (
  state: AlertState,
  { beginsAbove, beginsAfterMs, endsAfterMs, endsBelow }: AlertRule,
  value: number,
  nowMs: number,
) => {
  const { firing, lookedAt } = state
  const isBeyond = firing ? value < endsBelow : value > beginsAbove
  if (!isBeyond) return { ...state, lookedAt: nowMs, turningSince: null }
  const isWatched = lookedAt !== null && nowMs - lookedAt <= UNWATCHED_MS
  const turningSince = isWatched ? state.turningSince ?? nowMs : nowMs
  const hasTurned = nowMs - turningSince >= (firing ? endsAfterMs : beginsAfterMs)
  return hasTurned
    ? { ...state, lookedAt: nowMs, firing: !firing, since: turningSince, turningSince: null }
    : { ...state, lookedAt: nowMs, turningSince }
}

export const step = (
  before: AlertState,
  { kind, value }: Pick<AlertReading, "kind" | "value">,
  nowMs: number,
): { readonly state: AlertState; readonly telling: AlertTelling | null } => {
  const state = turned(before, RULES[kind], value, nowMs)
  const { firing, toldAt, toldFiring } = state, since = state.since ?? nowMs
  if (firing === toldFiring || (toldAt !== null && nowMs - toldAt < BETWEEN_MESSAGES_MS)) {
    return { state, telling: null }
  }
  return {
    state: { ...state, toldFiring: firing, toldAt: nowMs, toldSince: firing ? since : state.toldSince },
    telling: firing
      ? { _tag: "Began", sinceMs: since }
      : { _tag: "Ended", beganMs: state.toldSince ?? since, endedMs: since },
  }
}
