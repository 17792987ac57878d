/**
 * Notification preferences: what one user wants to be sent, and when.
 *
 * In: rows and settings files. Out: the Schema with the defaults of the product, and the pure questions over it.
 * Promises: hours are in the user's zone and right across midnight and DST; an empty choice means everything.
 */
import { DateTime, Effect, Option, Schema } from "effect"
import { OpportunityType } from "./Opportunity.ts"

const Hour = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 24 }))
const withDefault = <S extends Schema.Constraint>(schema: S, value: S["Encoded"]) =>
  Schema.withDecodingDefaultKey<S>(Effect.succeed(value))(schema)

export const TimeZone = Schema.String.check(
  Schema.makeFilter((name: string) => Option.isSome(DateTime.zoneMakeNamed(name)) || "an IANA time zone"),
)

/** Languages that the product speaks. */
export const Language = Schema.Literals(["en", "ru"])
export type Language = typeof Language.Type

export const Preferences = Schema.Struct({
  pushEnabled: withDefault(Schema.Boolean, true),
  /** Empty: every type the tier admits. */
  opportunityTypes: withDefault(Schema.Array(OpportunityType), []),
  maxPerHour: withDefault(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)), 3),
  maxPerDay: withDefault(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)), 20),
  /** Pushed from this hour on ... */
  activeHoursStart: withDefault(Hour, 8),
  /** ... and before this one; equal to the start: around the clock; smaller: across midnight. */
  activeHoursEnd: withDefault(Hour, 22),
  timeZone: withDefault(TimeZone, "UTC"),
  doNotDisturb: withDefault(Schema.Boolean, false),
  highPriorityOnly: withDefault(Schema.Boolean, false),
  batchNotifications: withDefault(Schema.Boolean, true),
  minNetBps: withDefault(Schema.Finite, 0),
  /** Empty: every venue. Otherwise each leg's venue must be in it. */
  venues: withDefault(Schema.Array(Schema.String), []),
  /** Canonical bases ("BTC") or pairs ("BTC/USDT"); empty: all. */
  pairs: withDefault(Schema.Array(Schema.String), []),
  /** Pairs ("BTC/USDT") not to be told of, whatever `pairs` says. */
  mutedPairs: withDefault(Schema.Array(Schema.String), []),
  language: withDefault(Language, "en"),
})
export type Preferences = typeof Preferences.Type

export const DEFAULT_PREFERENCES: Preferences = Schema.decodeSync(Preferences)({})

const DAY_MS = 86_400_000

const zoned = (atMs: number, timeZone: string): DateTime.Zoned =>
  DateTime.makeZonedUnsafe(atMs, { timeZone, adjustForTimeZone: false })

/** Whether this instant lies inside the user's active hours. */
export const isActiveAt = (preferences: Preferences, atMs: number): boolean => {
  const { activeHoursEnd: end, activeHoursStart: start } = preferences
  if (start === end) return true
  const hour = DateTime.getPart(zoned(atMs, preferences.timeZone), "hour")
  return start < end ? hour >= start && hour < end : hour >= start || hour < end
}

/** The next instant inside the active hours: now, or the coming start hour in the user's zone (ms). */
export const nextActiveAt = (preferences: Preferences, atMs: number): number => {
  if (isActiveAt(preferences, atMs)) return atMs
  const now = zoned(atMs, preferences.timeZone)
  const atStart = (day: DateTime.Zoned): number =>
    DateTime.toEpochMillis(
      DateTime.setParts(day, { hour: preferences.activeHoursStart % 24, minute: 0, second: 0, millisecond: 0 }),
    )
  const today = atStart(now)
  return today > atMs ? today : atStart(DateTime.add(now, { days: 1 }))
}

/** First millisecond of the user's calendar day that holds this instant. */
export const startOfDay = (preferences: Preferences, atMs: number): number =>
  DateTime.toEpochMillis(DateTime.startOf(zoned(atMs, preferences.timeZone), "day"))

/** First millisecond of the user's next calendar day. */
export const startOfNextDay = (preferences: Preferences, atMs: number): number =>
  startOfDay(preferences, startOfDay(preferences, atMs) + DAY_MS + DAY_MS / 4)
